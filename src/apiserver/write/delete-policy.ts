// How kinds differ in being deleted: who is answered with the object, whose dependents are orphaned unless asked
// otherwise, who is left alone by garbage collection (the DefaultGarbageCollectionPolicy and ReturnDeletedObject of
// upstream's registries). May import src/kinds.
import type { KubernetesObject } from "../../kinds/object.ts";
import type { DeleteOptions } from "../request/query.ts";
import type { Resource } from "../registry.ts";

const returnsObject = new Set([
  "/pods",
  "/services",
  "/serviceaccounts",
  "/resourcequotas",
  "/podtemplates",
  "/persistentvolumes",
  "/persistentvolumeclaims",
  "/namespaces",
  "resource.k8s.io/resourceclaims",
  "resource.k8s.io/resourceclaimtemplates",
  "resource.k8s.io/resourceslices",
  "resource.k8s.io/deviceclasses",
  "storage.k8s.io/csidrivers",
  "storage.k8s.io/csinodes",
  "storage.k8s.io/storageclasses",
  "storage.k8s.io/volumeattachments",
  "storage.k8s.io/volumeattributesclasses",
]);
const orphansByDefault = new Set(["batch/jobs", "/replicationcontrollers"]);
const withoutCollection = new Set(["/events", "events.k8s.io/events"]);

const nameOf = (resource: Resource): string => `${resource.kind.group}/${resource.kind.plural}`;

/** Whether a DELETE that removed the object is answered with it instead of a Status. */
export const returnsDeletedObject = (resource: Resource): boolean => returnsObject.has(nameOf(resource));

const orphan = "orphan";
const foreground = "foregroundDeletion";

function shouldOrphan(resource: Resource, object: KubernetesObject, options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return options.orphanDependents;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === "Orphan";
  for (const finalizer of object.metadata.finalizers ?? []) {
    if (finalizer === orphan) return true;
    if (finalizer === foreground) return false;
  }
  return orphansByDefault.has(nameOf(resource));
}

function shouldWaitForDependents(object: KubernetesObject, options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return false;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === "Foreground";
  for (const finalizer of object.metadata.finalizers ?? []) {
    if (finalizer === foreground) return true;
    if (finalizer === orphan) return false;
  }
  return false;
}

/** The finalizers that a deletion with these options leaves on the object. */
export function deletionFinalizers(
  resource: Resource,
  object: KubernetesObject,
  options: DeleteOptions,
): readonly string[] {
  const before = object.metadata.finalizers ?? [];
  if (withoutCollection.has(nameOf(resource))) return before;
  const after = before.filter((name) => name !== orphan && name !== foreground);
  if (shouldOrphan(resource, object, options)) after.push(orphan);
  if (shouldWaitForDependents(object, options)) after.push(foreground);
  const same = after.length === before.length && after.every((name) => before.includes(name));
  return same ? before : after;
}

/** Jobs warn that their pods stay. */
export function deletionWarning(resource: Resource, options: DeleteOptions): string | undefined {
  if (nameOf(resource) !== "batch/jobs") return undefined;
  if (options.orphanDependents !== undefined || options.propagationPolicy !== undefined) return undefined;
  return (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set " +
    "propagationPolicy=Orphan to suppress this warning"
  );
}
