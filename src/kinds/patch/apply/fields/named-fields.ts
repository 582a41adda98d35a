// Two views of a set of fields by a schema: with the named fields that lead to its members, and brought in line with a
// schema that has changed since the set was written. Imports what is beside it.
import { type FieldEntry, type FieldSet, type FieldSetDraft, leaf, makeEntry } from "./field-set.ts";
import { childShape, deduced, type MapShape, type Shape } from "./shape.ts";

/**
 * The set with every named field on the way to a member added: `a` for `a.b.c`, but not `a.b` where `a` is a map with free
 * keys (structured-merge-diff's EnsureNamedFieldsAreMembers).
 */
export function withNamedFields(shape: Shape | undefined, set: FieldSet): FieldSet {
  const out: FieldSetDraft = new Map();
  for (const [element, entry] of set) {
    const isField = element.startsWith("f:");
    const name = isField ? element.slice(2) : "";
    const isNamed = isField && entry.children !== undefined && shape?.map?.fields?.has(name) === true;
    let below: Shape | undefined;
    if (isField) below = shape?.map === undefined ? undefined : childShape(shape.map, name);
    else if (element.startsWith("k:")) below = shape?.list?.element;
    const children = entry.children && withNamedFields(below, entry.children);
    out.set(element, makeEntry(entry.member || isNamed, children) ?? entry);
  }
  return out;
}

const reconciled = new WeakMap<FieldSet, { readonly shape: Shape; readonly set: FieldSet }>();

/**
 * The set where what is below a list or map that is atomic now counts as the whole of it. Other changes of a schema
 * leave sets as they are (structured-merge-diff's ReconcileFieldSetWithSchema).
 */
export function reconcileFields(shape: Shape, set: FieldSet): FieldSet {
  const known = reconciled.get(set);
  if (known?.shape === shape) return known.set;
  const result = reconcileBelow(shape, set);
  reconciled.set(set, { shape, set: result });
  if (result !== set) reconciled.set(result, { shape, set: result });
  return result;
}

/** Maps of which the schema says nothing are left alone. */
const isDeduced = (map: MapShape): boolean => map.element === deduced && (map.fields?.size ?? 0) === 0;

function reconcileBelow(shape: Shape, set: FieldSet): FieldSet {
  let out: FieldSetDraft | undefined;
  for (const [element, entry] of set) {
    const below = elementShape(shape, element);
    const next = below === undefined ? entry : reconcileEntry(below, entry);
    if (next !== entry) (out ??= new Map(set)).set(element, next);
  }
  return out ?? set;
}

function elementShape(shape: Shape, element: string): Shape | undefined {
  if (shape.map !== undefined) {
    return element.startsWith("f:") ? childShape(shape.map, element.slice(2)) : shape.map.element;
  }
  return shape.list?.element;
}

function reconcileEntry(shape: Shape, entry: FieldEntry): FieldEntry {
  if (entry.children === undefined) return entry;
  if (shape.map !== undefined) {
    if (isDeduced(shape.map)) return entry;
    if (shape.map.atomic) return leaf;
  } else if (shape.list === undefined) return entry;
  else if (shape.list.atomic) return leaf;
  const children = reconcileBelow(shape, entry.children);
  return children === entry.children ? entry : (makeEntry(entry.member, children) ?? leaf);
}
