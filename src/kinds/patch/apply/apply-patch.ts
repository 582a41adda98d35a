// Server-side apply: merges an applied configuration into the live object, removes what its applier no longer applies,
// and refuses to take fields that others own, unless forced (KEP-555, structured-merge-diff). Imports base/errors,
// kinds/schema, and what is beside it.
import { errors, type StatusError } from "../../../base/errors.ts";
import { equalJson, getField, isMap, type JsonMap } from "../json-value.ts";
import { reconcileOwners, takeChangedFields } from "./change-owners.ts";
import { checkConfig } from "./fields/check.ts";
import { conflictError, Conflicts } from "./conflicts.ts";
import { dropNulls } from "./drop-nulls.ts";
import { extractFields } from "./fields/extract.ts";
import { difference } from "./fields/field-set.ts";
import { allowedByLastApplied, withLastApplied } from "./last-applied.ts";
import { mergeObjects } from "./fields/merge.ts";
import { ManagedFieldsError, ownerId, type Owner, type Owners, readOwners, writeOwners } from "./owners.ts";
import { ShapeError } from "./fields/path-element.ts";
import { pruneFields } from "./prune.ts";
import { shapeOf } from "./fields/shape.ts";
import { neverOwnedFields, newObject, withoutResetFields } from "./target.ts";
import { managedFieldsOf, type TrackOptions, updateOwners, withManagedFields } from "./track-update.ts";

export interface ApplyOptions extends TrackOptions {
  /** Takes fields that others own. */
  readonly force: boolean;
}

const plainError = (message: string): StatusError => errors.failure(500, "", message);

function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

const textOf = (map: JsonMap, key: string): string => {
  const value = getField(map, key);
  return typeof value === "string" ? value : "";
};

/** `apps/v1, Kind=Deployment`; the core group is empty: `/v1, Kind=Pod`. */
function printKind(config: JsonMap): string {
  const { group, version } = parseApiVersion(textOf(config, "apiVersion"));
  return `${group}/${version}, Kind=${textOf(config, "kind")}`;
}

/**
 * Applies a decoded configuration. `live` is undefined when there is no object yet. Returns the object with its new
 * managedFields, not yet defaulted, and possibly with values in another form than the server's (a quantity as it was
 * applied): decode it as any new object. Where nothing changed, all but managedFields is shared with `live`. Throws 400
 * (another kind or version, managedFields given), 409 with causes (conflicts), 500 (the configuration does not fit).
 */
export function applyPatch(live: JsonMap | undefined, config: JsonMap, options: ApplyOptions): { object: JsonMap } {
  const before = live ?? newObject(options);
  const owners = readLiveOwners(before);
  if (textOf(config, "apiVersion") !== options.apiVersion || textOf(config, "kind") !== options.kind) {
    throw errors.badRequest(`invalid object type: ${printKind(config)}`);
  }
  try {
    const started = owners.size > 0 ? owners : startTracking(before, options);
    const applied = applyWithLastApplied(before, config, started, options);
    const object = withLastApplied(applied.object, config, options);
    return { object: withManagedFields(object, writeOwners(applied.owners, managedFieldsOf(before))) };
  } catch (error) {
    if (error instanceof Conflicts) throw conflictError(error);
    if (error instanceof ShapeError) throw plainError(error.message);
    throw error;
  }
}

function readLiveOwners(live: JsonMap): Owners {
  try {
    return readOwners(managedFieldsOf(live));
  } catch (error) {
    if (!(error instanceof ManagedFieldsError)) throw error;
    throw plainError(`failed to decode managed fields: ${error.message}`);
  }
}

/** An object that nobody owns: what it has now is an update of before the first apply. */
const startTracking = (live: JsonMap, options: ApplyOptions): Owners =>
  updateOwners(newObject(options), live, new Map(), {
    ...options,
    manager: "before-first-apply",
  });

interface Applied {
  readonly object: JsonMap;
  readonly owners: Owners;
}

/** kubectl may take over, without force, what it applied itself by client-side apply. */
function applyWithLastApplied(live: JsonMap, config: JsonMap, owners: Owners, options: ApplyOptions): Applied {
  try {
    return applyConfig(live, config, owners, options);
  } catch (error) {
    if (!(error instanceof Conflicts) || options.manager !== "kubectl") throw error;
    const allowed = allowedByLastApplied(live, options);
    if (allowed === undefined) throw error;
    const rest = error.without(allowed);
    if (rest !== undefined) throw rest;
    return applyConfig(live, config, owners, { ...options, force: true });
  }
}

function checkPatch(config: JsonMap, options: ApplyOptions): void {
  const metadata = getField(config, "metadata");
  const inner = isMap(metadata) ? metadata : {};
  if ((getField(inner, "managedFields") ?? null) !== null) {
    throw errors.badRequest("metadata.managedFields must be nil");
  }
  try {
    checkConfig(shapeOf(options.definitions, options.definition), config);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const name = `${textOf(inner, "namespace")}/${textOf(inner, "name")}; ${printKind(config)}`;
    throw plainError(`failed to create typed patch object (${name}): ${error.message}`);
  }
}

function applyConfig(live: JsonMap, config: JsonMap, before: Owners, options: ApplyOptions): Applied {
  checkPatch(config, options);
  const shape = shapeOf(options.definitions, options.definition);
  const owners = reconcileOwners(options, live, before);
  const applier: Omit<Owner, "fields" | "time"> = {
    manager: options.manager || "unknown",
    operation: "Apply",
    apiVersion: options.apiVersion,
    subresource: options.subresource ?? "",
  };
  const id = ownerId(applier);
  const last = owners.get(id);
  const merged = mergeObjects(shape, live, config);
  const fields = withoutResetFields(options, extractFields(shape, config));
  owners.set(id, { ...applier, time: last?.time, fields });
  const pruned = pruneFields(options, merged, owners, last);
  takeChangedFields(options, live, pruned, owners, id, options.force);
  const isSame = equalJson(live, pruned);
  const mine = owners.get(id);
  const rest = mine === undefined ? undefined : difference(mine.fields, neverOwnedFields);
  if (rest === undefined || rest.size === 0) owners.delete(id);
  else owners.set(id, { ...applier, time: isSame ? last?.time : options.now, fields: rest });
  const object = isSame ? live : options.custom ? pruned : dropNulls(shape, live, pruned);
  return { object, owners };
}
