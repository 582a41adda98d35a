// JSON values as patches handle them: what sort they are, whether they are equal, and copies. Imports kinds/schema.
import type { Json } from "../schema.ts";

/** An object whose values may be set: a fresh one that the function at work owns. */
export type JsonDraft = { [key: string]: Json };
export type JsonMap = { readonly [key: string]: Json };

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** The own value of a key. Never what a prototype holds. */
export const getField = (map: JsonMap, key: string): Json | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;

/** Sets an own field, `__proto__` too, which an assignment would take for the prototype. */
export function setField(map: JsonDraft, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else map[key] = value;
}

/** Whether two JSON values are the same, whatever the order of keys. Absent is unlike null. */
export function equalJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) if (!equalJson(left[index], right[index])) return false;
    return true;
  }
  if (isList(right)) return false;
  return equalMaps(left as JsonMap, right as JsonMap);
}

function equalMaps(left: JsonMap, right: JsonMap): boolean {
  let count = 0;
  for (const key in left) {
    if (!Object.hasOwn(left, key) || left[key] === undefined) continue;
    count++;
    if (!Object.hasOwn(right, key) || !equalJson(left[key], right[key])) return false;
  }
  for (const key in right) if (Object.hasOwn(right, key) && right[key] !== undefined) count--;
  return count === 0;
}

/** A copy that shares nothing. Fails past `depth` levels. */
export function cloneJson(value: Json, depth: number, tooDeep: () => Error): Json {
  if (typeof value !== "object" || value === null) return value;
  if (depth <= 0) throw tooDeep();
  if (isList(value)) return value.map((item) => cloneJson(item, depth - 1, tooDeep));
  const copy: JsonDraft = {};
  for (const key of Object.keys(value)) setField(copy, key, cloneJson((value as JsonMap)[key]!, depth - 1, tooDeep));
  return copy;
}
