// Removes what an applier applied last time and no longer applies, unless another applier or updater owns it
// (structured-merge-diff's prune). Imports what is beside it.
import type { JsonMap } from "../json-value.ts";
import { extractFields } from "./fields/extract.ts";
import { difference, type FieldSet, intersection, union } from "./fields/field-set.ts";
import { withNamedFields } from "./fields/named-fields.ts";
import type { Owner, Owners } from "./owners.ts";
import { removeFields } from "./fields/remove.ts";
import { inVersion, type OwnershipTarget, type Versioned } from "./target.ts";

/** `merged` without the fields of `last` that nobody owns now. Throws ShapeError. */
export function pruneFields(
  target: OwnershipTarget,
  merged: JsonMap,
  owners: Owners,
  last: Owner | undefined,
): JsonMap {
  if (last === undefined || last.fields.size === 0) return merged;
  const whole = inVersion(target, merged, last.apiVersion);
  if (whole === undefined) return merged;
  const lastFields = withNamedFields(whole.shape, last.fields);
  let pruned = removeFields(whole.shape, whole.object, lastFields);
  pruned = addBackOwned(target, whole, pruned, owners);
  pruned = addBackDangling(whole, pruned, lastFields);
  return backToTarget(target, whole, pruned);
}

function backToTarget(target: OwnershipTarget, whole: Versioned, pruned: JsonMap): JsonMap {
  if (whole.apiVersion === target.apiVersion) return pruned;
  const back = target.convert?.(pruned, target.apiVersion);
  return back?.object ?? pruned;
}

/** All fields that are owned, by the version that their owners speak. */
function ownedByVersion(owners: Owners, first: string): Map<string, FieldSet> {
  const owned = new Map<string, FieldSet>();
  const sorted = [...owners.values()].sort(
    (left, right) => Number(right.apiVersion === first) - Number(left.apiVersion === first),
  );
  for (const { apiVersion, fields } of sorted) owned.set(apiVersion, union(owned.get(apiVersion) ?? new Map(), fields));
  return owned;
}

function addBackOwned(target: OwnershipTarget, whole: Versioned, pruned: JsonMap, owners: Owners): JsonMap {
  let result = pruned;
  for (const [apiVersion, owned] of ownedByVersion(owners, whole.apiVersion)) {
    const same = apiVersion === whole.apiVersion;
    const full = same ? whole : target.convert && convertFrom(target, whole.object, apiVersion);
    const part = same ? { ...whole, object: result } : target.convert && convertFrom(target, result, apiVersion);
    if (full === undefined || part === undefined) continue;
    const fullFields = withNamedFields(full.shape, extractFields(full.shape, full.object));
    const kept = union(fieldsIn(part), withNamedFields(full.shape, owned));
    const restored = removeFields(full.shape, full.object, difference(fullFields, kept));
    result = same ? restored : (target.convert?.(restored, whole.apiVersion)?.object ?? result);
  }
  return result;
}

const convertFrom = (target: OwnershipTarget, object: JsonMap, apiVersion: string): Versioned | undefined =>
  inVersion(target, object, apiVersion);

const fieldsIn = ({ shape, object }: Versioned): FieldSet => withNamedFields(shape, extractFields(shape, object));

/** What the applier did not own last time was not its to remove. */
function addBackDangling(whole: Versioned, pruned: JsonMap, lastFields: FieldSet): JsonMap {
  const gone = difference(fieldsIn(whole), fieldsIn({ ...whole, object: pruned }));
  return removeFields(whole.shape, whole.object, intersection(gone, lastFields));
}
