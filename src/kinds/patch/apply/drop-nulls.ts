// Drops the nulls that an apply leaves in an object of a built-in kind, which decoding would drop. Imports kinds/schema.
import type { Json } from "../../schema.ts";
import { isList, isMap, type JsonDraft, type JsonMap, setField } from "../json-value.ts";
import type { Shape } from "./fields/shape.ts";

/** The object without fields that are null; what it shares with `live` is left as it is. */
export function dropNulls(shape: Shape, live: JsonMap, object: JsonMap): JsonMap {
  return drop(shape, live, object) as JsonMap;
}

function drop(shape: Shape | undefined, live: Json | undefined, value: Json): Json {
  if (value === live || shape === undefined) return value;
  if (isList(value)) return value.map((item) => drop(shape.list?.element, undefined, item));
  if (!isMap(value)) return value;
  // Raw JSON keeps its nulls.
  if (shape.scalar !== undefined) return value;
  const before = isMap(live) ? live : {};
  const kept: JsonDraft = {};
  for (const key of Object.keys(value)) {
    if (value[key] === null) continue;
    const child = shape.map?.fields?.get(key) ?? shape.map?.element;
    setField(kept, key, drop(child, before[key], value[key]!));
  }
  return kept;
}
