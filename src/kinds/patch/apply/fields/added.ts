// The fields of a value that was not there before. Objects made from one template have the same fields, so that what is
// below a place is one entry for all of them: it is found by its elements and what is below those, and is written as
// FieldsV1 once. Imports kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { isList, isMap, type JsonMap } from "../../json-value.ts";
import { type FieldEntry, leaf, makeEntry } from "./field-set.ts";
import { fieldElement, itemElement } from "./path-element.ts";
import { childShape, deduced, type ListShape, type MapShape, type Shape, sortOf } from "./shape.ts";

/** An entry and its number, which no other entry has. */
interface Numbered {
  readonly entry: FieldEntry;
  readonly id: number;
}

/** Entries that are kept, and the longest signature of one: some 10 MB at the most. Upstream keeps none. */
const keptMax = 10_000;
const signatureCharactersMax = 1_000;

const numberedLeaf: Numbered = { entry: leaf, id: 0 };
const kept = new Map<string, Numbered>();
let lastId = 0;

/** The entry of a new value; `member`: the place itself is new, too. Throws ShapeError. */
export const addedEntry = (shape: Shape, after: Json, member: boolean): FieldEntry | undefined =>
  numbered(shape, after, member)?.entry;

function numbered(shape: Shape, after: Json, member: boolean): Numbered | undefined {
  if (shape.ignored) return undefined;
  const sort = sortOf(shape, after);
  if (sort === "list" && isList(after) && after.length > 0 && !shape.list!.atomic) {
    return addedItems(shape.list!, after, member);
  }
  if (sort === "map" && isMap(after) && !shape.map!.atomic) return addedFields(shape.map!, after, member);
  return numberedLeaf;
}

function addedFields(map: MapShape, after: JsonMap, member: boolean): Numbered | undefined {
  const elements: string[] = [];
  const entries: FieldEntry[] = [];
  let signature = member ? "+" : "-";
  let empty = true;
  for (const key in after) {
    if (!Object.hasOwn(after, key)) continue;
    empty = false;
    const value = after[key];
    if (value === undefined) continue;
    const below = numbered(childShape(map, key) ?? deduced, value, true);
    if (below === undefined) continue;
    const element = fieldElement(key);
    elements.push(element);
    entries.push(below.entry);
    signature += `${element}\0${below.id}\0`;
  }
  return empty ? numberedLeaf : entryOf(signature, elements, entries, member);
}

function addedItems(list: ListShape, after: readonly Json[], member: boolean): Numbered | undefined {
  const below = new Map<string, Numbered>();
  for (const item of after) {
    const element = itemElement(list, item);
    // Items that occur more than once are owned as one, whole.
    if (below.has(element)) below.set(element, numberedLeaf);
    else below.set(element, numbered(list.element, item, true) ?? numberedLeaf);
  }
  let signature = member ? "+" : "-";
  for (const [element, { id }] of below) signature += `${element}\0${id}\0`;
  return entryOf(
    signature,
    [...below.keys()],
    [...below.values()].map(({ entry }) => entry),
    member,
  );
}

function entryOf(
  signature: string,
  elements: readonly string[],
  entries: readonly FieldEntry[],
  member: boolean,
): Numbered | undefined {
  const known = kept.get(signature);
  if (known !== undefined) return known;
  const children = new Map(elements.map((element, index) => [element, entries[index]!]));
  const entry = makeEntry(member, children);
  if (entry === undefined) return undefined;
  lastId += 1;
  const made = { entry, id: lastId };
  if (signature.length > signatureCharactersMax) return made;
  if (kept.size >= keptMax) kept.clear();
  kept.set(signature, made);
  return made;
}
