// Where an object lives in the API. May import src/base and src/kinds.
import type { Kind } from "../kinds/kind.ts";

/** "/api/v1/namespaces/n/pods/p/status"; every part is escaped. Without a name it is the collection. */
export function pathOf(
  kind: Pick<Kind, "group" | "version" | "plural" | "namespaced">,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const base = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  const scope = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const object = name ? `/${encodeURIComponent(name)}` : "";
  return `${base}${scope}/${kind.plural}${object}${subresource ? `/${subresource}` : ""}`;
}
