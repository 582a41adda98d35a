// Strategic merge patch, applied: lists merge by key, and the directives $patch, $retainKeys, $setElementOrder and
// $deleteFromPrimitiveList. The rules and words are those of k8s.io/apimachinery/pkg/util/strategicpatch; what it says and
// what is answered is in the recorded area `patch`. Imports base/errors, kinds/schema, and what is beside it.
import { errors, type StatusError } from "../../base/errors.ts";
import type { Definitions, Json } from "../schema.ts";
import { cannotUnmarshalToMap } from "./decode-words.ts";
import { goPrint, goPrintAsString, goType } from "./go-print.ts";
import { equalJson, getField, isList, isMap, type JsonDraft, type JsonMap, setField } from "./json-value.ts";
import { itemsAreMaps, type List, mapItem, mergeKeyOf, orderMerged, withoutDuplicates } from "./strategic-lists.ts";
import {
  badArgType,
  badElementOrder,
  badPrimitiveList,
  badRetainKeys,
  lookupList,
  lookupStruct,
  type PatchMeta,
  type PatchSchema,
  rootSchema,
  StrategicPatchError,
} from "./strategic-schema.ts";

export const deletionPrefix = "$deleteFromPrimitiveList";
export const orderPrefix = "$setElementOrder";

export interface MergeOptions {
  /** Directives are carried out; else the document is a patch too, and they are kept. */
  readonly carryOut: boolean;
}

/**
 * Applies a decoded strategic merge patch to an object of the named definition; `document` stays as it is. Throws 400 when
 * the patch is not an object or a directive is badly formed, 500 where upstream does.
 */
export function applyStrategicMergePatch(
  document: JsonMap,
  patch: Json,
  definitions: Definitions,
  definition: string,
): JsonMap {
  if (patch === null) return document;
  if (!isMap(patch)) throw errors.badRequest(cannotUnmarshalToMap(patch));
  try {
    return mergeMaps(document, patch, rootSchema(definitions, definition), { carryOut: true });
  } catch (error) {
    throw error instanceof StrategicPatchError ? asStatusError(error) : error;
  }
}

function asStatusError(error: StrategicPatchError): StatusError {
  if (error.code === 400) return errors.badRequest(error.message);
  if (error.code === 422) {
    const message = "the server rejected our request due to an error in our request";
    return errors.failure(422, "Invalid", message, {}, { cause: error });
  }
  return errors.failure(500, "", error.message);
}

/** Merges `patch` into `original`; both stay as they are. */
export function mergeMaps(original: JsonMap, patch: JsonMap, schema: PatchSchema, options: MergeOptions): JsonMap {
  const directive = getField(patch, "$patch");
  if (directive !== undefined) return carryOutDirective(directive, patch);
  const merged: JsonDraft = { ...original };
  const rest: JsonDraft = { ...patch };
  applyRetainKeys(merged, rest, options);
  applyElementOrder(merged, rest, schema, options);
  for (const patchKey of Object.keys(rest)) mergeField(merged, patchKey, rest[patchKey]!, schema, options);
  return merged;
}

function carryOutDirective(directive: Json, patch: JsonMap): JsonMap {
  if (directive === "replace") {
    const { $patch: _, ...rest } = patch;
    return rest;
  }
  if (directive === "delete") return {};
  throw unknownDirective(directive, patch);
}

const unknownDirective = (directive: Json, map: JsonMap): StrategicPatchError =>
  new StrategicPatchError(`unknown patch type: ${goPrintAsString(directive)} in map: ${goPrint(map)}`);

function applyRetainKeys(merged: JsonDraft, rest: JsonDraft, options: MergeOptions): void {
  const retain = getField(rest, "$retainKeys");
  if (retain === undefined) return;
  delete rest.$retainKeys;
  if (!options.carryOut) {
    const present = getField(merged, "$retainKeys");
    if (present === undefined) merged.$retainKeys = retain;
    else if (!equalJson(present, retain)) {
      const words = "are not deep equal: this may happen when calculating the 3-way diff patch";
      throw new StrategicPatchError(`${goPrint(present)} and ${goPrint(retain)} ${words}`);
    }
    return;
  }
  if (!isList(retain)) throw badRetainKeys();
  const kept = new Set<Json>(retain);
  for (const key of Object.keys(rest)) {
    const ignored = rest[key] === null || key.startsWith(deletionPrefix) || key.startsWith(orderPrefix);
    if (!ignored && !kept.has(key)) throw badRetainKeys();
  }
  for (const key of Object.keys(merged)) if (!kept.has(key)) delete merged[key];
}

/** The field's name in a directive's key: `$setElementOrder/containers`. */
function fieldOfDirective(key: string, prefix: string, malformed: () => StrategicPatchError): string {
  const slash = key.indexOf("/");
  if (slash < 0 || key.slice(0, slash) !== prefix) throw malformed();
  return key.slice(slash + 1);
}

/** Carries out each `$setElementOrder/FIELD` with the patch's list of that field, and takes both out of the patch. */
function applyElementOrder(merged: JsonDraft, rest: JsonDraft, schema: PatchSchema, options: MergeOptions): void {
  for (const key of Object.keys(rest)) {
    if (!key.startsWith(orderPrefix)) continue;
    const order = rest[key]!;
    if (!options.carryOut) {
      const present = getField(merged, key);
      if (present === undefined) setField(merged, key, order);
      else if (!equalJson(present, order)) throw badElementOrder();
    }
    delete rest[key];
    if (!isList(order)) throw badArgType("[]interface {}", goType(order));
    const field = fieldOfDirective(key, orderPrefix, badElementOrder);
    const ours = listOrAbsent(getField(merged, field));
    const theirs = listOrAbsent(getField(rest, field));
    const meta = lookupList(schema, field);
    checkOrder(theirs ?? [], order, meta.mergeKey);
    const list = mergeOrdered(ours, theirs, meta, options);
    if (list === undefined) continue;
    const maps = itemsAreMaps(ours ?? [], theirs ?? []);
    setField(merged, field, orderMerged(list, order, ours ?? [], meta.mergeKey, maps));
    delete rest[field];
  }
}

function listOrAbsent(value: Json | undefined): List | undefined {
  if (value === undefined || isList(value)) return value;
  throw badArgType("[]interface {}", goType(value));
}

function mergeOrdered(
  ours: List | undefined,
  theirs: List | undefined,
  meta: PatchMeta,
  options: MergeOptions,
): List | undefined {
  if (ours === undefined) return theirs === undefined ? undefined : (withoutDirectives(theirs) as List);
  if (theirs === undefined) return ours;
  return mergeListField(ours, theirs, meta, false, options);
}

/** Throws when the items of the patch's list are not in the order, or not all, of the directive's list. */
function checkOrder(items: List, order: List, mergeKey: string): void {
  if (items.length === 0 || order.length === 0) return;
  const kept = mergeKey === "" ? items : items.filter((item) => mapItem(item).$patch !== "delete");
  const keyOf = (item: Json): Json => (mergeKey === "" ? item : mergeKeyOf(item, mergeKey));
  let index = 0;
  let place = 0;
  while (index < kept.length && place < order.length) {
    const item = kept[index]!;
    if (isMap(item) && Object.hasOwn(item, "$patch")) {
      index++;
      continue;
    }
    if (keyOf(item) === keyOf(order[place]!)) index++;
    place++;
  }
  if (index < kept.length && place >= order.length) {
    throw new StrategicPatchError(
      `The order in patch list:\n${goPrint(items)}\n doesn't match ${orderPrefix} list:\n${goPrint(order)}\n`,
    );
  }
}

function mergeField(
  merged: JsonDraft,
  patchKey: string,
  value: Json,
  schema: PatchSchema,
  options: MergeOptions,
): void {
  const isDeletion = patchKey.startsWith(deletionPrefix);
  if (isDeletion && !options.carryOut) return setField(merged, patchKey, value);
  const key = isDeletion ? fieldOfDirective(patchKey, deletionPrefix, badPrimitiveList) || patchKey : patchKey;
  if (value === null) {
    delete merged[key];
    if (options.carryOut) return;
  }
  const current = getField(merged, key);
  if (current === undefined || goSort(current) !== goSort(value)) {
    if (!isDeletion) setOrRemove(merged, key, options.carryOut ? withoutNulls(value) : value);
  } else if (isMap(current)) {
    const meta = lookupStruct(schema, key);
    const map = value as JsonMap;
    setField(merged, key, meta.strategy === "replace" ? map : mergeMaps(current, map, meta.schema, options));
  } else if (isList(current)) {
    setField(merged, key, mergeListField(current, value as List, lookupList(schema, key), isDeletion, options));
  } else setOrRemove(merged, key, value);
}

/** Objects, lists and all else: what may be merged with what. */
const goSort = (value: Json): string => (isMap(value) ? "map" : isList(value) ? "list" : goType(value));

function setOrRemove(merged: JsonDraft, key: string, value: Json): void {
  const kept = withoutDirectives(value);
  if (kept === undefined) delete merged[key];
  else setField(merged, key, kept);
}

/** A value for a place where nothing is to be merged. undefined: it is itself a directive, and not kept. */
function withoutDirectives(value: Json): Json | undefined {
  if (isList(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isMap(value)) return value;
  if (Object.hasOwn(value, "$patch")) return undefined;
  const kept: JsonDraft = {};
  for (const key of Object.keys(value)) {
    const inner = withoutDirectives(value[key]!);
    if (inner !== undefined) setField(kept, key, inner);
  }
  return kept;
}

function withoutNulls(value: Json): Json {
  if (isList(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const kept: JsonDraft = {};
  for (const key of Object.keys(value)) if (value[key] !== null) setField(kept, key, withoutNulls(value[key]!));
  return kept;
}

function mergeListField(ours: List, theirs: List, meta: PatchMeta, isDeletion: boolean, options: MergeOptions): List {
  if (meta.strategy !== "merge" && !isDeletion) return theirs;
  if (ours.length === 0 && theirs.length === 0) return ours;
  const maps = itemsAreMaps(ours, theirs);
  if (!maps) {
    if (options.carryOut && isDeletion) {
      const deleted = new Set(theirs);
      return ours.filter((item) => !deleted.has(item));
    }
    return orderMerged(withoutDuplicates([...ours, ...theirs]), theirs, ours, meta.mergeKey, maps);
  }
  if (meta.mergeKey === "") {
    throw new StrategicPatchError("cannot merge lists without merge key for struct");
  }
  const { kept, changes } = carryOutItemDirectives(ours, theirs, meta.mergeKey);
  return orderMerged(mergeItems(kept, changes, meta, options), changes, kept, meta.mergeKey, maps);
}

/** Carries out `$patch` of items: deletes by key; one `replace` makes the patch's other items the whole list. */
function carryOutItemDirectives(ours: List, theirs: List, mergeKey: string): { kept: List; changes: List } {
  const deleted = new Set<Json>();
  const changes: Json[] = [];
  let replace = false;
  for (const item of theirs as readonly JsonMap[]) {
    const directive = getField(item, "$patch");
    if (directive === undefined) changes.push(item);
    else if (directive === "delete") deleted.add(mergeKeyOf(item, mergeKey));
    else if (directive === "replace") replace = true;
    else if (directive === "merge") {
      throw new StrategicPatchError("merging lists cannot yet be specified in the patch");
    } else throw unknownDirective(directive, item);
  }
  if (replace) return { kept: changes, changes: [] };
  if (deleted.size === 0) return { kept: ours, changes };
  const isDeleted = (item: Json): boolean => {
    const key = getField(item as JsonMap, mergeKey);
    return key !== undefined && deleted.has(key);
  };
  return { kept: ours.filter((item) => !isDeleted(item)), changes };
}

function mergeItems(ours: List, theirs: List, meta: PatchMeta, options: MergeOptions): Json[] {
  const merged = [...ours];
  const places = new Map<Json, number>();
  merged.forEach((item, index) => {
    const key = getField(item as JsonMap, meta.mergeKey);
    if (key !== undefined && !places.has(key)) places.set(key, index);
  });
  for (const item of theirs) {
    const key = mergeKeyOf(item, meta.mergeKey);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, merged.length);
      merged.push(item);
    } else merged[place] = mergeMaps(merged[place] as JsonMap, item as JsonMap, meta.schema, options);
  }
  return merged;
}
