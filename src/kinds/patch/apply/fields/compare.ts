// Compares two objects field by field (structured-merge-diff's Compare). What is added and what is modified is one set,
// `changed`, since every use of a comparison joins them. Imports kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { equalJson, isList, isMap, type JsonMap } from "../../json-value.ts";
import { addedEntry } from "./added.ts";
import { emptySet, type FieldEntry, type FieldSet, type FieldSetDraft, leaf, makeEntry } from "./field-set.ts";
import { fieldElement, itemElement } from "./path-element.ts";
import { childShape, deduced, type ListShape, type MapShape, type Shape, sortOf } from "./shape.ts";

export interface Comparison {
  /** Fields that are new or have another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** What differs at one place. */
interface Difference {
  readonly changed: FieldEntry | undefined;
  readonly removed: FieldEntry | undefined;
}
/** What differs below one place. */
interface Below {
  readonly changed: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const changedLeaf: Difference = Object.freeze({ changed: leaf, removed: undefined });
const removedLeaf: Difference = Object.freeze({ changed: undefined, removed: leaf });

/** What turns `before` into `after`. Throws ShapeError. */
export function compareObjects(shape: Shape, before: JsonMap, after: JsonMap): Comparison {
  const found = compareValues(shape, before, after);
  return { changed: found?.changed?.children ?? emptySet, removed: found?.removed?.children ?? emptySet };
}

function compareValues(shape: Shape, before: Json | undefined, after: Json | undefined): Difference | undefined {
  if (before === after || shape.ignored) return undefined;
  if (before === undefined) {
    const changed = addedEntry(shape, after!, true);
    return changed && { changed, removed: undefined };
  }
  const sort = sortOf(shape, after === undefined ? before : after);
  const found = compareAs(sort, shape, before, after);
  if (before === undefined || after === undefined) return found;
  const other = sortOf(shape, before);
  return other === sort ? found : join(compareAs(other, shape, before, after), found);
}

function join(left: Difference | undefined, right: Difference | undefined): Difference | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const joinEntries = (a: FieldEntry | undefined, b: FieldEntry | undefined): FieldEntry | undefined =>
    makeEntry(a?.member === true || b?.member === true, joinSets(a?.children, b?.children));
  return { changed: joinEntries(left.changed, right.changed), removed: joinEntries(left.removed, right.removed) };
}

const joinSets = (left: FieldSet | undefined, right: FieldSet | undefined): FieldSet | undefined =>
  left === undefined || right === undefined ? (left ?? right) : new Map([...left, ...right]);

function compareAs(
  sort: "map" | "scalar" | "list",
  shape: Shape,
  before: Json | undefined,
  after: Json | undefined,
): Difference | undefined {
  if (sort === "scalar") return compareLeaf(before, after);
  if (sort === "list") {
    const left = isList(before) ? before : undefined;
    const right = isList(after) ? after : undefined;
    if (shape.list!.atomic || (!left?.length && !right?.length)) return compareLeaf(before, after);
    return combine(compareItems(shape.list!, left ?? [], right ?? []), before, after);
  }
  const left = isMap(before) && hasFields(before) ? before : undefined;
  const right = isMap(after) && hasFields(after) ? after : undefined;
  if (shape.map!.atomic || (left === undefined && right === undefined)) return compareLeaf(before, after);
  return combine(compareMaps(shape.map!, left, right), before, after);
}

function hasFields(map: JsonMap): boolean {
  for (const key in map) if (Object.hasOwn(map, key)) return true;
  return false;
}

function compareLeaf(before: Json | undefined, after: Json | undefined): Difference | undefined {
  if (before === undefined) return changedLeaf;
  if (after === undefined) return removedLeaf;
  return equalJson(before, after) ? undefined : changedLeaf;
}

/** A container that came or went is itself changed or removed, with all that is in it. */
function combine(below: Below, before: Json | undefined, after: Json | undefined): Difference | undefined {
  const changed = makeEntry(before === undefined, below.changed);
  const removed = makeEntry(after === undefined, below.removed);
  return changed === undefined && removed === undefined ? undefined : { changed, removed };
}

function compareMaps(map: MapShape, before: JsonMap | undefined, after: JsonMap | undefined): Below {
  let changed: FieldSetDraft | undefined;
  let removed: FieldSetDraft | undefined;
  const compareField = (key: string, left: Json | undefined, right: Json | undefined): void => {
    if (left === right) return;
    const found = compareValues(childShape(map, key) ?? deduced, left, right);
    if (found === undefined) return;
    const element = fieldElement(key);
    if (found.changed !== undefined) (changed ??= new Map()).set(element, found.changed);
    if (found.removed !== undefined) (removed ??= new Map()).set(element, found.removed);
  };
  for (const key in after) {
    if (!Object.hasOwn(after, key)) continue;
    compareField(key, before !== undefined && Object.hasOwn(before, key) ? before[key] : undefined, after[key]);
  }
  for (const key in before) {
    if (!Object.hasOwn(before, key) || (after !== undefined && Object.hasOwn(after, key))) continue;
    compareField(key, before[key], undefined);
  }
  return { changed, removed };
}

/** A list's items by path element. Those that occur more than once are compared together. */
interface Index {
  readonly items: Map<string, Json>;
  repeated: Map<string, Json[]> | undefined;
}

function indexItems(list: ListShape, items: readonly Json[]): Index {
  const index: Index = { items: new Map(), repeated: undefined };
  for (const item of items) {
    const element = itemElement(list, item);
    const first = index.items.get(element);
    if (first === undefined) {
      index.items.set(element, item);
      continue;
    }
    index.repeated ??= new Map();
    const all = index.repeated.get(element);
    if (all === undefined) index.repeated.set(element, [first, item]);
    else all.push(item);
  }
  return index;
}

function compareItems(list: ListShape, before: readonly Json[], after: readonly Json[]): Below {
  const left = indexItems(list, before);
  const right = indexItems(list, after);
  let changed: FieldSetDraft | undefined;
  let removed: FieldSetDraft | undefined;
  const compareItem = (element: string): void => {
    const found =
      left.repeated?.has(element) || right.repeated?.has(element)
        ? compareRepeated(list, element, left, right)
        : compareValues(list.element, left.items.get(element), right.items.get(element));
    if (found?.changed !== undefined) (changed ??= new Map()).set(element, found.changed);
    if (found?.removed !== undefined) (removed ??= new Map()).set(element, found.removed);
  };
  for (const element of right.items.keys()) compareItem(element);
  for (const element of left.items.keys()) if (!right.items.has(element)) compareItem(element);
  return { changed, removed };
}

/** Items that occur more than once are owned as one, whole. */
function compareRepeated(list: ListShape, element: string, left: Index, right: Index): Difference | undefined {
  const before = left.repeated?.get(element);
  const after = right.repeated?.get(element);
  if (before !== undefined && after !== undefined) return equalJson(before, after) ? undefined : changedLeaf;
  if (before !== undefined) {
    const one = right.items.get(element);
    return join(one === undefined ? undefined : compareValues(list.element, undefined, one), removedLeaf);
  }
  const one = left.items.get(element);
  return join(one === undefined ? undefined : compareValues(list.element, one, undefined), changedLeaf);
}
