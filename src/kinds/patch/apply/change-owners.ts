// What a change of an object does to its owners (structured-merge-diff's merge.Updater): who loses changed fields, who
// conflicts, and who cannot be kept since its version is gone. Imports what is beside it.
import type { JsonMap } from "../json-value.ts";
import { compareObjects, type Comparison } from "./fields/compare.ts";
import { Conflicts } from "./conflicts.ts";
import { difference, type FieldSet, intersection } from "./fields/field-set.ts";
import { reconcileFields } from "./fields/named-fields.ts";
import { type Owners, type OwnersDraft, withFields } from "./owners.ts";
import { inVersion, isKnownVersion, type OwnershipTarget, withoutResetFields } from "./target.ts";

/** Owners whose version still exists, their fields in line with its schema. */
export function reconcileOwners(target: OwnershipTarget, live: JsonMap, owners: Owners): OwnersDraft {
  const kept: OwnersDraft = new Map();
  for (const [id, owner] of owners) {
    const versioned = inVersion(target, live, owner.apiVersion);
    if (versioned !== undefined) kept.set(id, withFields(owner, reconcileFields(versioned.shape, owner.fields)));
    else if (isKnownVersion(target, owner.apiVersion)) kept.set(id, owner);
  }
  return kept;
}

function compareIn(
  target: OwnershipTarget,
  before: JsonMap,
  after: JsonMap,
  apiVersion: string,
): Comparison | undefined {
  const left = inVersion(target, before, apiVersion);
  const right = inVersion(target, after, apiVersion);
  if (left === undefined || right === undefined) return undefined;
  const { changed, removed } = compareObjects(left.shape, left.object, right.object);
  if (apiVersion !== target.apiVersion) return { changed, removed };
  return { changed: withoutResetFields(target, changed), removed: withoutResetFields(target, removed) };
}

/**
 * Takes from all owners but `self` the fields that were changed or removed. Without `force` the owners of changed fields
 * are conflicts, which are thrown. Changes `owners`; returns what differs.
 */
export function takeChangedFields(
  target: OwnershipTarget,
  before: JsonMap,
  after: JsonMap,
  owners: OwnersDraft,
  self: string,
  force: boolean,
): Comparison {
  const comparisons = new Map<string, Comparison | undefined>();
  const own = compareIn(target, before, after, target.apiVersion)!;
  comparisons.set(target.apiVersion, own);
  const conflicts: [string, FieldSet][] = [];
  for (const [id, owner] of owners) {
    if (id === self) continue;
    if (!comparisons.has(owner.apiVersion)) {
      comparisons.set(owner.apiVersion, compareIn(target, before, after, owner.apiVersion));
    }
    const found = comparisons.get(owner.apiVersion);
    if (found === undefined) {
      if (!isKnownVersion(target, owner.apiVersion)) owners.delete(id);
      continue;
    }
    if (!force) {
      const conflict = intersection(owner.fields, found.changed);
      if (conflict.size > 0) conflicts.push([id, conflict]);
    }
    const rest = difference(difference(owner.fields, found.changed), found.removed);
    if (rest !== owner.fields) owners.set(id, withFields(owner, rest));
  }
  if (conflicts.length > 0) throw new Conflicts(conflicts);
  for (const [id, owner] of owners) if (owner.fields.size === 0) owners.delete(id);
  return own;
}
