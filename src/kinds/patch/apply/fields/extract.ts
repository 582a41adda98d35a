// The set of fields that an object mentions (structured-merge-diff's ToFieldSet): leaves, items of lists, free keys, and
// what is null or an empty object. Imports kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { isList, isMap, type JsonMap } from "../../json-value.ts";
import { emptySet, type FieldEntry, type FieldSet, type FieldSetDraft, leaf, makeEntry } from "./field-set.ts";
import { fieldElement, itemElement } from "./path-element.ts";
import { childShape, deduced, type ListShape, type MapShape, type Shape, sortOf } from "./shape.ts";

/** The fields of an object. Throws ShapeError. */
export function extractFields(shape: Shape, object: JsonMap): FieldSet {
  return extractEntry(shape, object)?.children ?? emptySet;
}

function extractEntry(shape: Shape, value: Json): FieldEntry | undefined {
  switch (sortOf(shape, value)) {
    case "scalar":
      return leaf;
    case "list":
      if (shape.list!.atomic) return leaf;
      return isList(value) ? makeEntry(false, extractItems(shape.list!, value)) : undefined;
    default:
      if (shape.map!.atomic) return leaf;
      return isMap(value) ? makeEntry(false, extractMap(shape.map!, value)) : undefined;
  }
}

function extractItems(list: ListShape, items: readonly Json[]): FieldSet {
  const set: FieldSetDraft = new Map();
  for (const item of items) {
    const element = itemElement(list, item);
    // An item that occurs twice is owned as a whole.
    if (set.has(element)) set.set(element, leaf);
    else set.set(element, makeEntry(true, extractEntry(list.element, item)?.children)!);
  }
  return set;
}

function extractMap(map: MapShape, value: JsonMap): FieldSet | undefined {
  let set: FieldSetDraft | undefined;
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    const inner = value[key];
    if (inner === undefined) continue;
    const shape = childShape(map, key) ?? deduced;
    if (shape.ignored) continue;
    const entry = extractEntry(shape, inner);
    const isEmpty = inner === null || (isMap(inner) && Object.keys(inner).length === 0);
    const member = entry?.member === true || isEmpty || !map.fields?.has(key);
    const whole = makeEntry(member, entry?.children);
    if (whole !== undefined) (set ??= new Map()).set(fieldElement(key), whole);
  }
  return set;
}
