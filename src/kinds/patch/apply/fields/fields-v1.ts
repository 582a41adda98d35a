// FieldsV1: how a set of fields is written in metadata.managedFields. What was read or written once is remembered by
// identity, so that a set that did not change costs nothing. Imports kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { isMap, type JsonMap } from "../../json-value.ts";
import {
  emptyFields,
  emptySet,
  type FieldEntry,
  type FieldSet,
  type FieldSetDraft,
  leaf,
  makeEntry,
  sortedElements,
} from "./field-set.ts";
import { readElement, ShapeError } from "./path-element.ts";

const written = new WeakMap<FieldSet, JsonMap>();

/** The set that FieldsV1 describes. Throws ShapeError. */
export function readFields(fields: Json | undefined): FieldSet {
  if (fields === undefined || fields === null) return emptySet;
  if (!isMap(fields)) throw new ShapeError("ReadMapCB: expect { or n");
  const set = readLevel(fields) ?? emptySet;
  if (Object.isFrozen(fields) && set !== emptySet) written.set(set, fields);
  return set;
}

function readLevel(fields: JsonMap): FieldSet | undefined {
  let set: FieldSetDraft | undefined;
  for (const key in fields) {
    if (key === "." || !Object.hasOwn(fields, key)) continue;
    const element = readElement(key);
    if (element === undefined) continue;
    const entry = readEntry(fields[key]!);
    if (entry !== undefined) (set ??= new Map()).set(element, entry);
  }
  return set;
}

function readEntry(below: Json): FieldEntry | undefined {
  if (below === null) return leaf;
  if (!isMap(below)) throw new ShapeError("ReadMapCB: expect { or n");
  const children = readLevel(below);
  if (children === undefined) return leaf;
  const entry = makeEntry(Object.hasOwn(below, "."), children);
  if (entry !== undefined && Object.isFrozen(below)) entry.written = below;
  return entry;
}

/** A set as FieldsV1, frozen. */
export function writeFields(set: FieldSet): JsonMap {
  const known = written.get(set);
  if (known !== undefined) return known;
  const fields = writeLevel(set, false);
  written.set(set, fields);
  return fields;
}

function writeLevel(set: FieldSet, member: boolean): JsonMap {
  const fields: Record<string, JsonMap> = {};
  if (member) fields["."] = emptyFields;
  for (const element of sortedElements(set)) {
    const entry = set.get(element)!;
    fields[element] = entry.written ??= writeLevel(entry.children!, entry.member);
  }
  return Object.freeze(fields);
}
