// JSON as it comes from clients: one pass over the bytes finds out whether JSON.parse keeps everything (it nearly
// always does); only where it would not, the exact parser takes over. May import src/base.
import { JsonSyntaxError, parseJsonExact } from "./json-exact.ts";
import type { JsonNode } from "./json-exact.ts";
import { jsonDepthMax } from "../limits.ts";

export interface JsonScan {
  /** How many members the objects of the text have, duplicates included. */
  readonly members: number;
  /** How deep it is nested. */
  readonly depth: number;
  /** A number has a fraction, an exponent, a minus zero, or 16 digits and more. */
  readonly oddNumbers: boolean;
}

const doubleExactDigits = 15;

/** Where the string that begins at `at` ends (the index after its closing quote). */
function skipString(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < bytes.length && bytes[end] !== 0x22) end += bytes[end] === 0x5c ? 2 : 1;
  return end + 1;
}

/** Looks at the bytes once. What isn't JSON gets some answer: JSON.parse refuses it afterwards. */
export function scanJson(bytes: Uint8Array): JsonScan {
  let members = 0;
  let level = 0;
  let depth = 0;
  let oddNumbers = false;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte === 0x22) {
      at = skipString(bytes, at);
      continue;
    }
    if (byte === 0x3a) members += 1;
    else if (byte === 0x7b || byte === 0x5b) {
      level += 1;
      if (level > depth) depth = level;
    } else if (byte === 0x7d || byte === 0x5d) level -= 1;
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      const start = at;
      at += 1;
      while (at < bytes.length && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at += 1;
      const next = bytes[at];
      const minusZero = byte === 0x2d && bytes[start + 1] === 0x30;
      if (next === 0x2e || next === 0x65 || next === 0x45 || minusZero || at - start > doubleExactDigits)
        oddNumbers = true;
      continue;
    }
    at += 1;
  }
  return { members, depth, oddNumbers };
}

/** Counts the members of a parsed value's objects; fewer than the text has: some were duplicates. */
function countMembers(root: unknown): number {
  const open: object[] = [];
  let members = 0;
  let value: unknown = root;
  while (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) pushObject(open, value[at]);
    } else {
      // JSON.parse makes own members alone, "__proto__" included, and what it makes inherits nothing that counts here.
      for (const key in value) {
        members += 1;
        pushObject(open, (value as Record<string, unknown>)[key]);
      }
    }
    value = open.pop();
  }
  return members;
}

function pushObject(open: object[], value: unknown): void {
  if (typeof value === "object" && value !== null) open.push(value);
}

export interface ParsedJson {
  /** Plain JSON unless `exact`. */
  readonly value: unknown;
  /** True: objects are JsonEntries, and numbers may be JsonNumber (see json-exact.ts). */
  readonly exact: boolean;
}

/** UTF-8 with what is invalid replaced, as Go reads it; a byte order mark is kept, and refused as JSON. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Parses a body's bytes without losing anything. Throws JsonSyntaxError with Go's message. */
export function parseJsonBytes(bytes: Uint8Array): ParsedJson {
  const scan = scanJson(bytes);
  const text = decoder.decode(bytes);
  if (scan.depth > jsonDepthMax) return { value: parseJsonExact(text), exact: true };
  if (!scan.oddNumbers) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      const node: JsonNode = parseJsonExact(text);
      throw new JsonSyntaxError(`unexpected JSON ${typeof node}`, { cause });
    }
    if (countMembers(value) === scan.members) return { value, exact: false };
  }
  return { value: parseJsonExact(text), exact: true };
}
