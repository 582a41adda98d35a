// The token that continues a list: base64url of {"v":"meta.k8s.io/v1","rv":…,"start":…}, as upstream writes it
// (k8s.io/apiserver/pkg/storage/continue.go). May import src/base.
import { errors } from "../../base/errors.ts";
import type { StatusError } from "../../base/errors.ts";

export interface Position {
  /** -1: continue with whatever is there now. */
  readonly revision: number;
  /** Keys below the list's prefix from this one on. */
  readonly start: string;
}

const version = "meta.k8s.io/v1";

const toBinary = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

export function writeToken({ revision, start }: Position): string {
  const json = JSON.stringify({ v: version, rv: revision, start });
  return btoa(toBinary(new TextEncoder().encode(json)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** `start` of the key after `key`. */
export const startAfter = (key: string): string => `${key}\0`;

const invalidToken = (why: string): StatusError =>
  errors.badRequest(`invalid continue token: continue key is not valid: ${why}`);

/** Throws 400 for a token that the server has not made. */
export function readToken(token: string): Position {
  const parsed = parseToken(token);
  if (parsed["v"] !== version) {
    throw invalidToken(`server does not recognize this encoded version ${String(parsed["v"] ?? "")}`);
  }
  const start = typeof parsed["start"] === "string" ? parsed["start"] : "";
  const revision = typeof parsed["rv"] === "number" ? parsed["rv"] : 0;
  if (start === "") throw invalidToken(`encoded start key empty (version ${version})`);
  if (revision === 0) throw invalidToken(`incorrect encoded start resourceVersion (version ${version})`);
  const cleaned = cleanKey(`/${start}`);
  if (cleaned !== start) throw invalidToken(start);
  return { revision, start };
}

/** path.Clean, but a trailing slash stays: a start that climbs out of its prefix is refused. */
function cleanKey(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/") + (path.endsWith("/") ? "/" : "");
}

function parseToken(token: string): Record<string, unknown> {
  let text: string;
  try {
    const binary = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    text = new TextDecoder("utf-8").decode(bytes);
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
    return {};
  } catch {
    throw invalidToken(describe(token));
  }
}

/** Go's JSON decoder names the first byte that cannot begin a value. */
function describe(token: string): string {
  try {
    const first = atob(token.replaceAll("-", "+").replaceAll("_", "/")).charCodeAt(0);
    const letter = first < 32 || first > 126 ? `\\u${first.toString(16).padStart(4, "0")}` : String.fromCharCode(first);
    return `invalid character '${letter}' looking for beginning of value`;
  } catch {
    return "illegal base64 data at input byte 0";
  }
}
