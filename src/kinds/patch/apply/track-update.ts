// Field ownership of creates, updates and patches: the writer owns what it changed, as MANAGER with operation Update
// (k8s.io/apimachinery/pkg/util/managedfields, KEP-555). Imports kinds/schema, and what is beside it.
import type { Json } from "../../schema.ts";
import { getField, isList, isMap, type JsonDraft, type JsonMap, setField } from "../json-value.ts";
import { maxUpdateEntries } from "../limits.ts";
import { takeChangedFields, reconcileOwners } from "./change-owners.ts";
import { difference, union } from "./fields/field-set.ts";
import {
  compareTimes,
  ManagedFieldsError,
  ownerId,
  type Owner,
  type Owners,
  type OwnersDraft,
  readOwners,
  withFields,
  writeOwners,
} from "./owners.ts";
import { ShapeError } from "./fields/path-element.ts";
import { neverOwnedFields, newObject, type OwnershipTarget, withoutResetFields } from "./target.ts";

export interface TrackOptions extends OwnershipTarget {
  /** The field manager, from the request's fieldManager or its User-Agent. */
  readonly manager: string;
  /** The time of the request, RFC 3339 with seconds. */
  readonly now: string;
}

const currentOperation = "current-operation";
const noOwners: Owners = new Map();

export const managedFieldsOf = (object: JsonMap): Json | undefined => {
  const metadata = getField(object, "metadata");
  return isMap(metadata) ? getField(metadata, "managedFields") : undefined;
};

/** The object with other managedFields; undefined: with none. */
export function withManagedFields(object: JsonMap, entries: Json | undefined): JsonMap {
  const before = managedFieldsOf(object);
  if (before === entries) return object;
  const metadata = getField(object, "metadata");
  const changed: JsonDraft = isMap(metadata) ? { ...metadata } : {};
  if (entries === undefined) delete changed.managedFields;
  else setField(changed, "managedFields", entries);
  return { ...object, metadata: changed };
}

/**
 * The updated object with metadata.managedFields brought up to date; the rest of it is shared. `live` is undefined for a
 * create. managedFields that the writer sent count, unless they cannot be read or the request is for a subresource; an
 * empty list, or one empty entry, ends the tracking. Never throws for what is in the objects: what cannot be tracked is
 * answered without managedFields, as upstream does.
 */
export function trackUpdate(live: JsonMap | undefined, updated: JsonMap, options: TrackOptions): JsonMap {
  try {
    const owners = ownersBefore(live, updated, options);
    const isNew = live === undefined || !getField((getField(live, "metadata") ?? {}) as JsonMap, "uid");
    if (owners.size === 0 && !isNew) return withManagedFields(updated, undefined);
    const after = updateOwners(live ?? newObject(options), updated, owners, options);
    return withManagedFields(updated, writeOwners(after, live && managedFieldsOf(live)));
  } catch (error) {
    if (error instanceof ShapeError) return withManagedFields(updated, undefined);
    throw error;
  }
}

function readOrNone(entries: Json | undefined): Owners {
  try {
    return readOwners(entries);
  } catch (error) {
    if (error instanceof ManagedFieldsError) return noOwners;
    throw error;
  }
}

/** An empty list, or one empty entry, asks that tracking end. */
function isReset(entries: Json | undefined): boolean {
  if (!isList(entries)) return false;
  const first = entries[0];
  return entries.length === 0 || (entries.length === 1 && isMap(first) && Object.keys(first).length === 0);
}

function ownersBefore(live: JsonMap | undefined, updated: JsonMap, options: TrackOptions): Owners {
  const liveEntries = live === undefined ? undefined : managedFieldsOf(live);
  const sent = managedFieldsOf(updated);
  if (options.subresource) return readOrNone(liveEntries);
  if (isReset(sent)) return noOwners;
  const owners = readOrNone(sent);
  return owners.size > 0 ? owners : readOrNone(liveEntries);
}

/** The owners after an update; what was changed goes to the writer. Throws ShapeError. */
export function updateOwners(live: JsonMap, updated: JsonMap, before: Owners, options: TrackOptions): Owners {
  const owners = reconcileOwners(options, live, before);
  const { changed } = takeChangedFields(options, live, updated, owners, currentOperation, true);
  const fields = difference(withoutResetFields(options, changed), neverOwnedFields);
  if (fields.size > 0) {
    const writer = writerOf(options);
    const id = ownerId(writer);
    const previous = owners.get(id);
    const all = previous === undefined ? fields : union(previous.fields, fields);
    owners.set(id, { ...writer, time: options.now, fields: all });
  }
  capUpdates(owners);
  return owners;
}

const writerOf = (options: TrackOptions): Omit<Owner, "time" | "fields"> => ({
  manager: options.manager || "unknown",
  operation: "Update",
  apiVersion: options.apiVersion,
  subresource: options.subresource ?? "",
});

/** Merges the oldest updates into one entry a version, until there are no more than the limit. */
function capUpdates(owners: OwnersDraft): void {
  const updates = [...owners].filter(([, owner]) => owner.operation === "Update");
  let count = updates.length;
  if (count <= maxUpdateEntries) return;
  updates.sort(([leftId, left], [rightId, right]) => compareTimes(left, right) || (leftId < rightId ? -1 : 1));
  const firstOfVersion = new Map<string, string>();
  for (const [id, owner] of updates) {
    if (count <= maxUpdateEntries) return;
    const { apiVersion } = owner;
    const bucketOwner = { manager: "ancient-changes", operation: "Update" as const, apiVersion, subresource: "" };
    const bucketId = ownerId(bucketOwner);
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    if (!owners.has(bucketId)) {
      const oldest = owners.get(first)!;
      owners.delete(first);
      owners.set(bucketId, { ...bucketOwner, time: oldest.time, fields: oldest.fields });
    }
    const bucket = owners.get(bucketId)!;
    const merged = withFields(bucket, union(owner.fields, bucket.fields));
    // The merged update is the more recent of the two.
    owners.delete(id);
    owners.set(bucketId, { ...merged, time: owner.time, entry: undefined });
    count--;
  }
}
