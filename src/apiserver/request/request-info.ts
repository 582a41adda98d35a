// What a request's path says: RequestInfo, as upstream's RequestInfoFactory (k8s.io/apiserver/pkg/endpoints/request)
// reads it. Imports nothing.

export interface RequestInfo {
  readonly resourceRequest: boolean;
  /** As it was asked for, with slashes. */
  readonly path: string;
  /** Kubernetes' verb for resources; the method in small letters for other paths. */
  verb: string;
  /** "api", "apis" or "". */
  readonly prefix: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  name: string;
  /** The path's segments from the resource on, decoded. */
  readonly parts: readonly string[];
}

/** A path without its escapes. undefined: a bad escape. */
export function decodePath(path: string): string | undefined {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return decodeBytes(path);
  }
}

/** The segments of a decoded path, without empty ones at both ends (inner ones stay). */
export function splitPath(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === 47) start += 1;
  while (end > start && path.charCodeAt(end - 1) === 47) end -= 1;
  return start === end ? [] : path.slice(start, end).split("/");
}

/** Escapes that are well formed but no UTF-8 become replacement characters, as Go's strings do in JSON. */
function decodeBytes(path: string): string | undefined {
  const raw = new TextEncoder().encode(path);
  const bytes = new Uint8Array(raw.length);
  let length = 0;
  for (let index = 0; index < raw.length; index += 1) {
    let byte = raw[index]!;
    if (byte === 37) {
      byte = hexByte(raw[index + 1], raw[index + 2]);
      if (byte < 0) return undefined;
      index += 2;
    }
    bytes[length] = byte;
    length += 1;
  }
  return new TextDecoder("utf-8").decode(bytes.subarray(0, length));
}

function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function hexByte(high: number | undefined, low: number | undefined): number {
  const first = hexDigit(high);
  const second = hexDigit(low);
  return first < 0 || second < 0 ? -1 : first * 16 + second;
}

const verbOfMethod = new Map([
  ["POST", "create"],
  ["GET", "get"],
  ["HEAD", "get"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);
const specialVerbs = new Set(["proxy", "watch"]);
const specialVerbsNoSubresources = new Set(["proxy"]);
const namespaceSubresources = new Set(["status", "finalize"]);

function nonResource(path: string, method: string): RequestInfo {
  return {
    resourceRequest: false,
    path,
    verb: method.toLowerCase(),
    prefix: "",
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    parts: [],
  };
}

/** Reads method, decoded path and query. */
export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const all = splitPath(path);
  const prefix = all[0];
  if (all.length < 3 || (prefix !== "api" && prefix !== "apis")) return nonResource(path, method);
  let at = 1;
  let group = "";
  if (prefix === "apis") {
    if (all.length < 4) return nonResource(path, method);
    group = all[1]!;
    at = 2;
  }
  const version = all[at]!;
  at += 1;
  let verb = verbOfMethod.get(method) ?? "";
  if (specialVerbs.has(all[at]!)) {
    if (all.length < at + 2) return { ...nonResource(path, method), prefix, group, version };
    verb = all[at]!;
    at += 1;
  }
  return finish(path, query, { prefix, group, version, verb, parts: all.slice(at) });
}

function finish(
  path: string,
  query: URLSearchParams,
  start: { prefix: string; group: string; version: string; verb: string; parts: string[] },
): RequestInfo {
  let { parts } = start;
  const { verb } = start;
  let namespace = "";
  if (parts[0] === "namespaces") {
    if (parts.length > 1) {
      namespace = parts[1]!;
      // A namespace is itself an object: its own subresources are not resources inside it.
      if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2);
    }
  }
  const resource = parts[0] ?? "";
  const name = parts[1] ?? "";
  const subresource = parts.length >= 3 && !specialVerbsNoSubresources.has(verb) ? parts[2]! : "";
  const info: RequestInfo = {
    resourceRequest: true,
    path,
    verb,
    prefix: start.prefix,
    group: start.group,
    version: start.version,
    namespace,
    resource,
    subresource,
    name,
    parts,
  };
  if (name === "" && verb === "get") {
    info.verb = isWatch(query) ? "watch" : "list";
    info.name = nameOfFieldSelector(query);
  }
  if (info.name === "" && verb === "delete") info.verb = "deletecollection";
  return info;
}

/** A list whose field selector names one object is authorized as that object. */
function nameOfFieldSelector(query: URLSearchParams): string {
  const selector = query.get("fieldSelector");
  if (selector === null || !selector.includes("metadata.name")) return "";
  for (const term of selector.split(",")) {
    const match = term.startsWith("metadata.name==")
      ? term.slice(15)
      : term.startsWith("metadata.name=")
        ? term.slice(14)
        : "";
    if (match !== "" && !match.includes("\\")) return isPathSegment(match) ? match : "";
  }
  return "";
}

const isPathSegment = (name: string): boolean =>
  name !== "." && name !== ".." && !name.includes("/") && !name.includes("%");

/** Whether `watch=` asks for a watch. */
export function isWatch(query: URLSearchParams): boolean {
  return booleanOf(query.get("watch"));
}

/** A boolean of a query as runtime.Convert_Slice_string_To_bool reads it: absent of false and 0, it is true. */
export function booleanOf(text: string | null): boolean {
  return text !== null && text !== "0" && text.toLowerCase() !== "false";
}
