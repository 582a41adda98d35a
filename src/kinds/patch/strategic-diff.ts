// The making of strategic merge patches from two or three documents, for `kubectl apply` and for events. The rules are
// those of k8s.io/apimachinery/pkg/util/strategicpatch. Imports kinds/schema, and what is beside it.
import type { Definitions, Json } from "../schema.ts";
import { goPrint } from "./go-print.ts";
import { equalJson, getField, isList, isMap, type JsonDraft, type JsonMap, setField } from "./json-value.ts";
import { itemsAreMaps, type List, mergeKeyOf, sortByMergeKey, sortByOrder, sortScalars } from "./strategic-lists.ts";
import { deletionPrefix, mergeMaps, orderPrefix } from "./strategic-merge.ts";
import { lookupList, lookupStruct, type PatchSchema, rootSchema, StrategicPatchError } from "./strategic-schema.ts";

interface DiffOptions {
  readonly changes: boolean;
  readonly deletions: boolean;
  readonly elementOrder: boolean;
  readonly retainKeys: boolean;
}

/** The patch that turns `original` into `modified`. Throws StrategicPatchError. */
export function createTwoWayMergePatch(
  original: JsonMap,
  modified: JsonMap,
  definitions: Definitions,
  definition: string,
): JsonMap {
  const options = { changes: true, deletions: true, elementOrder: true, retainKeys: false };
  return diffMaps(original, modified, rootSchema(definitions, definition), options);
}

/**
 * The patch that brings `current` to `modified` and deletes what `original` had and `modified` lacks; what others added to
 * `current` stays. Throws StrategicPatchError.
 */
export function createThreeWayMergePatch(
  original: JsonMap,
  modified: JsonMap,
  current: JsonMap,
  definitions: Definitions,
  definition: string,
): JsonMap {
  const schema = rootSchema(definitions, definition);
  const both = { elementOrder: true, retainKeys: false };
  const changes = diffMaps(current, modified, schema, { ...both, changes: true, deletions: false });
  const deletions = diffMaps(original, modified, schema, { ...both, changes: false, deletions: true });
  return mergeMaps(deletions, changes, schema, { carryOut: false });
}

function diffMaps(original: JsonMap, modified: JsonMap, schema: PatchSchema, options: DiffOptions): JsonMap {
  const patch: JsonDraft = {};
  const retained: string[] = [];
  for (const key of Object.keys(modified)) {
    const after = modified[key]!;
    if (options.retainKeys && after !== null) retained.push(key);
    const before = getField(original, key);
    if (before === undefined) {
      if (options.changes) setField(patch, key, after);
    } else if (key === "$patch") diffDirective(before, after, patch);
    else if (isMap(before) && isMap(after)) diffMapField(key, before, after, patch, schema, options);
    else if (isList(before) && isList(after)) diffListField(key, before, after, patch, schema, options);
    else if (options.changes && !equalJson(before, after)) setField(patch, key, after);
  }
  if (options.deletions) {
    for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setField(patch, key, null);
  }
  const gone = (key: string): boolean => original[key] !== null && !Object.hasOwn(modified, key);
  if (retained.length > 0 && (Object.keys(patch).length > 0 || Object.keys(original).some(gone))) {
    patch.$retainKeys = sortScalars(retained);
  }
  return patch;
}

function diffDirective(before: Json, after: Json, patch: JsonDraft): void {
  if (typeof before !== "string" || typeof after !== "string") {
    throw new StrategicPatchError("invalid value for special key: $patch");
  }
  if (before !== after) patch.$patch = after;
}

function diffMapField(
  key: string,
  before: JsonMap,
  after: JsonMap,
  patch: JsonDraft,
  schema: PatchSchema,
  options: DiffOptions,
): void {
  if (equalJson(before, after) && !isKnown(schema, key, lookupStruct)) return;
  const meta = lookupStruct(schema, key);
  if (meta.strategy === "replace") {
    if (options.changes) setField(patch, key, after);
    return;
  }
  const inner = diffMaps(before, after, meta.schema, { ...options, retainKeys: meta.retainKeys });
  if (Object.keys(inner).length > 0) setField(patch, key, inner);
}

/** Whether the field is one of the definition's; equal values of unknown fields are no error. */
function isKnown(schema: PatchSchema, key: string, lookup: typeof lookupStruct): boolean {
  try {
    lookup(schema, key);
    return true;
  } catch (error) {
    if (error instanceof StrategicPatchError) return false;
    throw error;
  }
}

function diffListField(
  key: string,
  before: List,
  after: List,
  patch: JsonDraft,
  schema: PatchSchema,
  options: DiffOptions,
): void {
  if (equalJson(before, after) && !isKnown(schema, key, lookupList)) return;
  const meta = lookupList(schema, key);
  if (meta.strategy !== "merge") {
    if (options.changes && !equalJson(before, after)) setField(patch, key, after);
    return;
  }
  const inner = { ...options, retainKeys: meta.retainKeys };
  const difference = diffLists(before, after, meta.schema, meta.mergeKey, inner);
  if (difference.items.length > 0) setField(patch, key, difference.items);
  if (difference.deletions.length > 0) patch[`${deletionPrefix}/${key}`] = difference.deletions;
  if (difference.order.length > 0) patch[`${orderPrefix}/${key}`] = difference.order;
}

interface ListDifference {
  readonly items: List;
  readonly deletions: List;
  readonly order: List;
}

function diffLists(
  before: List,
  after: List,
  schema: PatchSchema,
  mergeKey: string,
  options: DiffOptions,
): ListDifference {
  if (before.length === 0) {
    return { items: options.changes ? after : [], deletions: [], order: [] };
  }
  if (itemsAreMaps(before, after)) return diffMapLists(before, after, schema, mergeKey, options);
  const { added, deleted } = diffScalars(before, after, options);
  const reordered = options.changes && !equalJson(before, after);
  const ordered = options.elementOrder && ((options.deletions && deleted.length > 0) || reordered);
  return {
    items: sortByOrder(added, after, mergeKey, false),
    deletions: deleted,
    order: ordered ? after : [],
  };
}

function diffMapLists(
  before: List,
  after: List,
  schema: PatchSchema,
  mergeKey: string,
  options: DiffOptions,
): ListDifference {
  const { changed, deleted } = diffItems(before, after, schema, mergeKey, options);
  const items = [...sortByOrder(changed, after, mergeKey, true), ...deleted];
  const sameOrder =
    before.length === after.length &&
    after.every((item, index) => mergeKeyOf(before[index]!, mergeKey) === mergeKeyOf(item, mergeKey));
  const ordered =
    options.elementOrder &&
    ((options.changes && (items.length > 0 || !sameOrder)) || (options.deletions && items.length > 0));
  const order = ordered ? after.map((item) => ({ [mergeKey]: getField(item as JsonMap, mergeKey) ?? null })) : [];
  return { items, deletions: [], order };
}

/** Walks both lists in the order of their merge keys' printed values. */
function diffItems(
  before: List,
  after: List,
  schema: PatchSchema,
  mergeKey: string,
  options: DiffOptions,
): { changed: Json[]; deleted: Json[] } {
  const left = sortByMergeKey(before, mergeKey);
  const right = sortByMergeKey(after, mergeKey);
  const changed: Json[] = [];
  const deleted: Json[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const leftKey = i < left.length ? mergeKeyOf(left[i]!, mergeKey) : undefined;
    const rightKey = j < right.length ? mergeKeyOf(right[j]!, mergeKey) : undefined;
    const both = leftKey !== undefined && rightKey !== undefined;
    if (both && goPrint(leftKey) === goPrint(rightKey)) {
      const inner = diffMaps(left[i] as JsonMap, right[j] as JsonMap, schema, options);
      if (Object.keys(inner).length > 0) changed.push({ ...inner, [mergeKey]: rightKey });
      i++;
      j++;
    } else if (leftKey === undefined || (both && goPrint(leftKey) > goPrint(rightKey))) {
      if (options.changes) changed.push(right[j]!);
      j++;
    } else {
      if (options.deletions) deleted.push({ [mergeKey]: leftKey, $patch: "delete" });
      i++;
    }
  }
  return { changed, deleted };
}

function diffScalars(before: List, after: List, options: DiffOptions): { added: Json[]; deleted: Json[] } {
  const left = sortScalars(before);
  const right = sortScalars(after);
  const added: Json[] = [];
  const deleted = new Set<Json>();
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const leftText = i < left.length ? goPrint(left[i]) : undefined;
    const rightText = j < right.length ? goPrint(right[j]) : undefined;
    if (leftText === rightText) {
      i++;
      j++;
    } else if (leftText === undefined || (rightText !== undefined && leftText > rightText)) {
      if (options.changes) added.push(right[j]!);
      j++;
    } else {
      if (options.deletions) deleted.add(left[i]!);
      i++;
    }
  }
  return { added, deleted: [...deleted] };
}
