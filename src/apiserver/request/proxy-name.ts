// The name in a proxy's path: "name", "name:port" or "scheme:name:port" (k8s.io/apimachinery/pkg/util/net SplitSchemeNamePort).
// Imports nothing.

export interface ProxyName {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** undefined: it is none of the forms. */
export function splitNameWithPort(text: string): ProxyName | undefined {
  const parts = text.split(":");
  let found: ProxyName;
  if (parts.length === 1) found = { scheme: "", name: parts[0]!, port: "" };
  else if (parts.length === 2) found = { scheme: "", name: parts[0]!, port: parts[1]! };
  else if (parts.length === 3) found = { scheme: parts[0]!, name: parts[1]!, port: parts[2]! };
  else return undefined;
  if (parts.length === 3 && !["", "http", "https"].includes(found.scheme)) return undefined;
  return found.name === "" ? undefined : found;
}
