// Ownership through the scale subresource: who owns a parent's replicas, in the terms of autoscaling/v1 Scale, and back
// (k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go). Imports kinds/schema, and what is beside it.
import type { Json } from "../../schema.ts";
import type { JsonMap } from "../json-value.ts";
import { difference, hasPath, setOfPaths } from "./fields/field-set.ts";
import { type Owner, readOwners, withFields, writeOwnerList } from "./owners.ts";
import { fieldElement } from "./fields/path-element.ts";

/** Where a kind's replicas are, by version: `{ "apps/v1": ["spec", "replicas"] }`. Absent: the version is unknown. */
export type ReplicasPaths = Readonly<Record<string, readonly string[] | null>>;

const scaleVersion = "autoscaling/v1";
const scalePath = ["f:spec", "f:replicas"];
const scaleFields = setOfPaths([scalePath]);

const pathOf = (paths: ReplicasPaths, apiVersion: string): string[] | null | undefined =>
  Object.hasOwn(paths, apiVersion) ? (paths[apiVersion]?.map(fieldElement) ?? null) : undefined;

/** managedFields of the Scale of an object. Throws ManagedFieldsError. */
export function ownersOfScale(parentEntries: Json | undefined, paths: ReplicasPaths): readonly JsonMap[] | undefined {
  const scale: Owner[] = [];
  for (const owner of readOwners(parentEntries).values()) {
    const path = pathOf(paths, owner.apiVersion);
    if (!path || !hasPath(owner.fields, path)) continue;
    scale.push({ ...owner, apiVersion: scaleVersion, fields: scaleFields, entry: undefined });
  }
  return writeOwnerList(scale);
}

/**
 * managedFields of the object after its Scale was written: replicas go to who owns them in `scaleEntries`. `apiVersion` is
 * the parent's. As upstream has it, an entry that comes from the Scale has no time, and an updater, which is known by its
 * version too, loses replicas and gets them back in an entry of their own. Throws ManagedFieldsError.
 */
export function ownersAfterScale(
  parentEntries: Json | undefined,
  scaleEntries: Json | undefined,
  apiVersion: string,
  paths: ReplicasPaths,
): readonly JsonMap[] | undefined {
  const parents = readOwners(parentEntries);
  const scale = new Map(readOwners(scaleEntries));
  const owners: Owner[] = [];
  for (const [id, owner] of parents) {
    const path = pathOf(paths, owner.apiVersion);
    if (path === undefined) continue;
    if (path === null || !hasPath(owner.fields, path) || scale.delete(id)) owners.push(owner);
    else {
      const rest = difference(owner.fields, setOfPaths([path]));
      if (rest.size > 0) owners.push(withFields(owner, rest));
    }
  }
  const path = pathOf(paths, apiVersion);
  for (const [id, owner] of scale) {
    if (!path || !hasPath(owner.fields, scalePath)) continue;
    const fields = setOfPaths([path]);
    owners.push({ ...owner, apiVersion, time: parents.get(id)?.time, fields, entry: undefined });
  }
  return writeOwnerList(owners);
}
