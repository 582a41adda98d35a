// Who owns which fields of an object: metadata.managedFields, read and written. The entries' rules, their identity and
// their order are those of k8s.io/apimachinery/pkg/util/managedfields. Imports kinds/schema, and what is beside it.
import { deepFreeze } from "../../object.ts";
import type { Json } from "../../schema.ts";
import { getField, isList, isMap, type JsonMap } from "../json-value.ts";
import type { FieldSet } from "./fields/field-set.ts";
import { readFields, writeFields } from "./fields/fields-v1.ts";
import { ShapeError } from "./fields/path-element.ts";

export type Operation = "Apply" | "Update";

/** One entry of managedFields. */
export interface Owner {
  readonly manager: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339 with seconds. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** The entry as it was read, for as long as it says the same. */
  readonly entry?: JsonMap | undefined;
}

/** Owners by identity: manager, operation and subresource, and for updates the version. */
export type Owners = ReadonlyMap<string, Owner>;
export type OwnersDraft = Map<string, Owner>;

/** managedFields that cannot be read, in upstream's words. */
export class ManagedFieldsError extends Error {
  override name = "ManagedFieldsError";
}

type Identity = Pick<Owner, "manager" | "operation" | "apiVersion" | "subresource">;

/** The identity as upstream forms it, JSON, since owners are sorted by it. An applier is the same in every version. */
export function ownerId({ manager, operation, apiVersion, subresource }: Identity): string {
  return JSON.stringify({
    manager: manager || undefined,
    operation,
    apiVersion: operation === "Apply" ? undefined : apiVersion,
    subresource: subresource || undefined,
  });
}

const noOwners: Owners = new Map();
const known = new WeakMap<readonly Json[], Owners>();

/** Reads metadata.managedFields. Throws ManagedFieldsError. A frozen list is read once. */
export function readOwners(entries: Json | undefined): Owners {
  if (!isList(entries) || entries.length === 0) return noOwners;
  let owners = known.get(entries);
  if (owners === undefined) {
    owners = readEntries(entries);
    if (Object.isFrozen(entries)) known.set(entries, owners);
  }
  return owners;
}

function readEntries(entries: readonly Json[]): Owners {
  const owners: OwnersDraft = new Map();
  for (const [index, entry] of entries.entries()) {
    const owner = readEntry(isMap(entry) ? entry : {}, index);
    owners.set(ownerId(owner), owner);
  }
  return owners;
}

function readEntry(entry: JsonMap, index: number): Owner {
  const text = (key: string): string => {
    const value = getField(entry, key);
    return typeof value === "string" ? value : "";
  };
  const operation = text("operation");
  if (operation !== "Apply" && operation !== "Update") {
    throw new ManagedFieldsError("operation must be `Apply` or `Update`");
  }
  if (text("apiVersion") === "") throw new ManagedFieldsError("apiVersion must not be empty");
  const fieldsType = text("fieldsType");
  if (fieldsType === "") throw new ManagedFieldsError(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType !== "FieldsV1") {
    throw new ManagedFieldsError(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
  }
  return {
    manager: text("manager"),
    operation,
    apiVersion: text("apiVersion"),
    subresource: text("subresource"),
    time: text("time") || undefined,
    fields: readFieldsOf(entry),
    entry: Object.isFrozen(entry) ? entry : undefined,
  };
}

function readFieldsOf(entry: JsonMap): FieldSet {
  try {
    return readFields(getField(entry, "fieldsV1"));
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new ManagedFieldsError(`error decoding versioned set: error decoding set: ${error.message}`, {
      cause: error,
    });
  }
}

const seconds = (time: string | undefined): number => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000));
const compareText = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);

export const compareTimes = (left: Owner, right: Owner): number =>
  left.time === right.time ? 0 : seconds(left.time) - seconds(right.time);

function compareOwners(left: Owner, right: Owner): number {
  return (
    compareText(left.operation, right.operation) ||
    compareTimes(left, right) ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}

/**
 * metadata.managedFields, frozen; undefined when nobody owns anything. Where it is as `before`, it is that very list.
 */
export function writeOwners(owners: Owners, before?: Json): readonly JsonMap[] | undefined {
  const sorted = [...owners.values()].sort(compareOwners);
  const entries = writeOwnerList(sorted);
  if (entries === undefined) return undefined;
  if (isList(before) && before.length === entries.length && entries.every((entry, index) => entry === before[index])) {
    return before as readonly JsonMap[];
  }
  const written: OwnersDraft = new Map();
  for (const [index, owner] of sorted.entries()) written.set(ownerId(owner), { ...owner, entry: entries[index] });
  known.set(entries, written);
  return entries;
}

/** The same of owners that may have one identity. */
export function writeOwnerList(owners: readonly Owner[]): readonly JsonMap[] | undefined {
  if (owners.length === 0) return undefined;
  const sorted = owners.length === 1 ? owners : owners.toSorted(compareOwners);
  return deepFreeze(sorted.map((owner) => owner.entry ?? writeEntry(owner)));
}

function writeEntry({ manager, operation, apiVersion, subresource, time, fields }: Owner): JsonMap {
  return {
    ...(manager === "" ? {} : { manager }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: writeFields(fields),
    ...(subresource === "" ? {} : { subresource }),
  };
}

/** The owner with another set of fields. */
export const withFields = (owner: Owner, fields: FieldSet): Owner =>
  owner.fields === fields ? owner : { ...owner, fields, entry: undefined };
