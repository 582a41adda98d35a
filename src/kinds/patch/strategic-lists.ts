// The lists of strategic merge patches: types of items, looking items up by their merge key, order, duplicates. The rules
// are those of k8s.io/apimachinery/pkg/util/strategicpatch. Imports kinds/schema, and what is beside it.
import type { Json } from "../schema.ts";
import { goPrint, goType } from "./go-print.ts";
import { getField, isMap, type JsonMap } from "./json-value.ts";
import { badArgType, listOfLists, StrategicPatchError } from "./strategic-schema.ts";

export type List = readonly Json[];

export const noMergeKey = (map: JsonMap, mergeKey: string): StrategicPatchError =>
  new StrategicPatchError(`map: ${goPrint(map)} does not contain declared merge key: ${mergeKey}`);

/** An item that must be an object. */
export function mapItem(item: Json): JsonMap {
  if (!isMap(item)) throw badArgType("map[string]interface {}", goType(item));
  return item;
}

export function mergeKeyOf(item: Json, mergeKey: string): Json {
  const map = mapItem(item);
  const value = getField(map, mergeKey);
  if (value === undefined) throw noMergeKey(map, mergeKey);
  return value;
}

/** Whether the items of all lists are objects. Throws when they are of several types, lists, or none at all. */
export function itemsAreMaps(...lists: List[]): boolean {
  let type: string | undefined;
  for (const item of lists.flat()) {
    const current = goType(item);
    if (current === "[]interface {}") throw listOfLists();
    if (type !== undefined && type !== current) {
      throw new StrategicPatchError(`list element types are not identical: ${goPrint(lists)}`);
    }
    type = current;
  }
  if (type === undefined) throw new StrategicPatchError("no elements in any of the given slices");
  return type === "map[string]interface {}";
}

/** Removes later duplicates; the last item takes the place of one that is removed, as upstream does. */
export function withoutDuplicates(scalars: List): Json[] {
  if (new Set(scalars).size === scalars.length) return [...scalars];
  const kept = [...scalars];
  const seen = new Set<Json>();
  for (let index = 0; index < kept.length;) {
    const value = kept[index]!;
    if (!seen.has(value)) {
      seen.add(value);
      index++;
      continue;
    }
    const last = kept.pop()!;
    if (index < kept.length) kept[index] = last;
  }
  return kept;
}

const byPrinted = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Scalars in the order of their printed form. */
export const sortScalars = (scalars: List): Json[] =>
  scalars.toSorted((left, right) => byPrinted(goPrint(left), goPrint(right)));

/** Objects in the order of their merge key's printed form. */
export function sortByMergeKey(items: List, mergeKey: string): Json[] {
  const printed = (item: Json): string => goPrint(getField(mapItem(item), mergeKey));
  return items.toSorted((left, right) => byPrinted(printed(left), printed(right)));
}

/** What an item is known by in its list: its merge key's value, or itself. */
const identity = (item: Json, mergeKey: string, maps: boolean): Json | undefined =>
  maps ? (isMap(item) ? getField(item, mergeKey) : undefined) : item;

/** The first place of each item by its identity. */
function placesOf(order: List, mergeKey: string, maps: boolean): Map<Json | undefined, number> {
  const places = new Map<Json | undefined, number>();
  order.forEach((item, index) => {
    const key = identity(item, mergeKey, maps);
    if (!places.has(key)) places.set(key, index);
  });
  return places;
}

/** Objects marked for deletion go last; the others are sorted by their place in `order`. */
export function sortByOrder(items: List, order: List, mergeKey: string, maps: boolean): Json[] {
  if (maps) for (const item of [...items, ...order]) mergeKeyOf(item, mergeKey);
  const places = placesOf(order, mergeKey, maps);
  const isDeletion = (item: Json): boolean => maps && isMap(item) && item.$patch === "delete";
  const placeOf = (item: Json): number => places.get(identity(item, mergeKey, maps)) ?? -1;
  const kept = items.filter((item) => !isDeletion(item)).toSorted((left, right) => placeOf(left) - placeOf(right));
  return [...kept, ...items.filter(isDeletion)];
}

/** Puts what only the server has among what the patch has, by the server's order as far as both are known there. */
function interleave(serverOnly: List, patched: List, order: List, mergeKey: string, maps: boolean): Json[] {
  const places = placesOf(order, mergeKey, maps);
  const placeOf = (item: Json): number | undefined => places.get(identity(item, mergeKey, maps));
  const merged: Json[] = [];
  let left = 0;
  for (const item of patched) {
    // An item whose place the server does not know comes at once.
    const place = placeOf(item) ?? -1;
    while (left < serverOnly.length && (placeOf(serverOnly[left]!) ?? Infinity) < place) {
      merged.push(serverOnly[left++]!);
    }
    merged.push(item);
  }
  return [...merged, ...serverOnly.slice(left)];
}

/**
 * The merged list in its order: items that `patchOrder` names keep its order, the others keep the server's.
 */
export function orderMerged(
  merged: List,
  patchOrder: List,
  serverOrder: List,
  mergeKey: string,
  maps: boolean,
): Json[] {
  const byKey = mergeKey !== "";
  const named = new Set<Json | undefined>(patchOrder.map((item) => identity(item, mergeKey, byKey)));
  if (byKey) for (const item of merged) mergeKeyOf(item, mergeKey);
  const isNamed = (item: Json): boolean => named.has(identity(item, mergeKey, byKey));
  const patched = sortByOrder(merged.filter(isNamed), patchOrder, mergeKey, maps);
  const serverOnly = merged.filter((item) => !isNamed(item));
  return interleave(sortByOrder(serverOnly, serverOrder, mergeKey, maps), patched, serverOrder, mergeKey, maps);
}
