// The words with which Go's JSON decoder names what it found where it wanted something else. Imports kinds/schema.
import type { Json } from "../schema.ts";

/** The kind of a JSON value in `json: cannot unmarshal KIND into Go value of type …`. */
export function goJsonKind(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value !== "object") return typeof value;
  return Array.isArray(value) ? "array" : "object";
}

/** `json: cannot unmarshal array into Go value of type map[string]interface {}`. */
export const cannotUnmarshalToMap = (value: Json): string =>
  `json: cannot unmarshal ${goJsonKind(value)} into Go value of type map[string]interface {}`;
