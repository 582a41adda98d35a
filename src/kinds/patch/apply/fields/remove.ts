// Removes a set of fields from an object (structured-merge-diff's RemoveItems). A container that is left empty becomes
// null, as upstream's does. Imports kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { isList, isMap, type JsonDraft, type JsonMap, setField } from "../../json-value.ts";
import type { FieldSet } from "./field-set.ts";
import { fieldElement, itemElement } from "./path-element.ts";
import { childShape, deduced, type ListShape, type MapShape, type Shape, sortOf } from "./shape.ts";

/** The object without the fields; the same object when none of them is in it. */
export function removeFields(shape: Shape, object: JsonMap, fields: FieldSet): JsonMap {
  return (removeFrom(shape, object, fields) ?? {}) as JsonMap;
}

function removeFrom(shape: Shape, value: Json, fields: FieldSet): Json {
  switch (sortOf(shape, value)) {
    case "scalar":
      return value;
    case "list":
      if (shape.list!.atomic || !isList(value) || value.length === 0) return null;
      return removeItems(shape.list!, value, fields);
    default:
      if (shape.map!.atomic || !isMap(value) || Object.keys(value).length === 0) return null;
      return removeKeys(shape.map!, value, fields);
  }
}

function removeItems(list: ListShape, items: readonly Json[], fields: FieldSet): Json {
  const kept: Json[] = [];
  let changed = false;
  for (const item of items) {
    const entry = fields.get(itemElement(list, item));
    if (entry?.member) {
      changed = true;
      continue;
    }
    const rest = entry?.children ? removeFrom(list.element, item, entry.children) : item;
    changed ||= rest !== item;
    kept.push(rest);
  }
  if (kept.length === 0) return null;
  return changed ? kept : items;
}

function removeKeys(map: MapShape, value: JsonMap, fields: FieldSet): Json {
  const kept: JsonDraft = {};
  let changed = false;
  let count = 0;
  for (const key of Object.keys(value)) {
    const entry = fields.get(fieldElement(key));
    if (entry?.member) {
      changed = true;
      continue;
    }
    const inner = value[key]!;
    const rest = entry?.children ? removeFrom(childShape(map, key) ?? deduced, inner, entry.children) : inner;
    changed ||= rest !== inner;
    count++;
    setField(kept, key, rest);
  }
  if (count === 0) return null;
  return changed ? kept : value;
}
