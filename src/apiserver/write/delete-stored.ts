// Deleting an object: preconditions, finalizers, grace, and the moment when it is really gone. After upstream's
// registry/generic/registry/store.go and core/namespace/storage. May import src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import { errors } from "../../base/errors.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { writeAttemptsMax } from "../limits.ts";
import type { DeleteOptions } from "../request/query.ts";
import type { ResourceContext } from "../server.ts";
import type { StoredObject } from "../storage.ts";
import { admissionContext, mutate, validate } from "./admit.ts";
import { deletionFinalizers, deletionWarning } from "./delete-policy.ts";
import { graceOf } from "./grace.ts";
import type { Grace } from "./grace.ts";
import { namespaceFinalizers, withRevision } from "./update-stored.ts";

export interface Deletion {
  /** The object as it was deleted, or as it is now while it waits. */
  readonly object: KubernetesObject;
  /** It is gone. */
  readonly gone: boolean;
}

/** Further conditions that a caller sets on the object (eviction). Throws what it refuses with. */
export type DeletionCheck = (object: KubernetesObject) => void;

/** Deletes the object of this name. Throws 404, 409 and what admission refuses with. */
export async function deleteStored(
  context: ResourceContext,
  name: string,
  options: DeleteOptions,
  check?: DeletionCheck,
): Promise<Deletion> {
  const { resource, server, info } = context;
  const pending = server.storage.fresh(resource);
  if (pending !== undefined) await pending;
  const warning = deletionWarning(resource, options);
  if (warning !== undefined) context.warnings.add(warning);
  for (let attempt = 0; attempt < writeAttemptsMax; attempt += 1) {
    const current = server.storage.get(resource, info.namespace, name);
    if (!current) throw errors.notFound(resource.groupResource, name);
    const object = current.ref.object();
    checkPreconditions(context, name, object, options);
    check?.(object);
    const deletion = isNamespace(context)
      ? await deleteNamespace(context, name, current, options)
      : await deleteOnce(context, name, current, options);
    if (deletion) return deletion;
  }
  throw errors.modified(resource.groupResource, name);
}

const isNamespace = ({ resource }: ResourceContext): boolean =>
  resource.kind.plural === "namespaces" && resource.kind.group === "";
const isPod = ({ resource }: ResourceContext): boolean => resource.kind.plural === "pods" && resource.kind.group === "";

function checkPreconditions(
  context: ResourceContext,
  name: string,
  object: KubernetesObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { kind } = context.resource;
  const { metadata } = object;
  if (isNamespace(context)) return checkNamespacePreconditions(name, object, options);
  const resource = { group: kind.group, resource: kind.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ""})`;
    throw errors.conflict(resource, name, `${why}. The object might have been deleted and then recreated`);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const record = `does not match the ResourceVersion in record (${metadata.resourceVersion ?? ""})`;
    const why = `the ResourceVersion in the precondition (${resourceVersion}) ${record}`;
    throw errors.conflict(resource, name, `${why}. The object might have been modified`);
  }
}

function checkNamespacePreconditions(name: string, object: KubernetesObject, options: DeleteOptions): void {
  const resource = { group: "", resource: "namespaces" };
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ""}`;
    throw errors.conflict(resource, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const versions = `${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion ?? ""}`;
    throw errors.conflict(resource, name, `Precondition failed: ResourceVersion in precondition: ${versions}`);
  }
}

/** Admission of a deletion. The answer is told how it ended. */
async function admitDeletion(
  context: ResourceContext,
  name: string,
  object: KubernetesObject,
  options: DeleteOptions,
): Promise<(succeeded: boolean) => void> {
  const admission = admissionContext(context, {
    operation: "DELETE",
    name,
    object: undefined,
    oldObject: object,
    options: optionsObject(options),
    dryRun: options.dryRun,
    subresource: "",
  });
  await mutate(context, admission);
  return validate(context, admission);
}

function optionsObject(options: DeleteOptions): JsonObject {
  const { gracePeriodSeconds, preconditions, orphanDependents, propagationPolicy, dryRun } = options;
  return {
    kind: "DeleteOptions",
    apiVersion: "meta.k8s.io/v1",
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions === undefined ? {} : { preconditions: { ...preconditions } }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(dryRun ? { dryRun: ["All"] } : {}),
  };
}

/** One attempt. undefined: somebody else was faster. */
async function deleteOnce(
  context: ResourceContext,
  name: string,
  current: StoredObject,
  options: DeleteOptions,
): Promise<Deletion | undefined> {
  const object = current.ref.object();
  const grace = isPod(context) ? graceOf(object, options, context.nowMs) : undefined;
  if (grace?.kind === "pending") return { object, gone: false };
  const finish = await admitDeletion(context, name, object, options);
  let done: Deletion | undefined;
  try {
    done = await carryOut(context, current, options, grace);
    return done;
  } finally {
    finish(done?.gone === true && !options.dryRun);
  }
}

async function carryOut(
  context: ResourceContext,
  current: StoredObject,
  options: DeleteOptions,
  grace: Grace | undefined,
): Promise<Deletion | undefined> {
  const { server, resource, nowMs } = context;
  const object = current.ref.object();
  const finalizers = deletionFinalizers(resource, object, options);
  const graceful = grace?.kind === "begin";
  const marked = graceful ? withGrace(object, grace, finalizers) : withFinalizers(object, finalizers, nowMs);
  if (finalizers.length > 0 || (graceful && grace.seconds > 0)) {
    const waiting = marked ?? object;
    if (options.dryRun) return { object: withRevision(waiting, current.revision), gone: false };
    const written = await write(context, current, waiting);
    return written === undefined ? undefined : { object: written, gone: false };
  }
  const last = graceful ? marked! : object;
  if (options.dryRun) return { object: last, gone: true };
  const revision = await server.storage.delete(resource, current);
  if (revision === undefined) return undefined;
  return { object: graceful ? withRevision(last, revision) : last, gone: true };
}

/** Stores a marked object; the same one is not written again. undefined: somebody else was faster. */
async function write(
  context: ResourceContext,
  current: StoredObject,
  object: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  const { server, resource } = context;
  const { resourceVersion: _revision, ...metadata } = object.metadata;
  const bytes = server.storage.encode(resource, { ...object, metadata } as KubernetesObject);
  if (server.storage.isStored(resource, current, bytes)) return current.ref.object();
  const stored = await server.storage.put(resource, current.key, bytes, current);
  return stored?.ref.object();
}

function withMetadata(object: KubernetesObject, change: Partial<KubernetesObject["metadata"]>): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, ...change } };
}

function withGrace(object: KubernetesObject, grace: Grace, finalizers: readonly string[]): KubernetesObject {
  const { generation } = object.metadata;
  return withMetadata(object, {
    deletionTimestamp: grace.deletionTimestamp,
    deletionGracePeriodSeconds: grace.seconds,
    ...(grace.first && generation ? { generation: generation + 1 } : {}),
    ...(finalizers.length > 0 ? { finalizers } : {}),
  });
}

/** Marks an object that has finalizers as being deleted. */
function withFinalizers(
  object: KubernetesObject,
  finalizers: readonly string[],
  nowMs: number,
): KubernetesObject | undefined {
  if (finalizers.length === 0) return undefined;
  const { generation, deletionTimestamp } = object.metadata;
  const later = deletionTimestamp !== undefined && Date.parse(deletionTimestamp) > nowMs;
  return withMetadata(object, {
    deletionTimestamp: deletionTimestamp === undefined || later ? toTime(nowMs) : deletionTimestamp,
    deletionGracePeriodSeconds: 0,
    ...(deletionTimestamp === undefined && generation ? { generation: generation + 1 } : {}),
    finalizers,
  });
}

/** A namespace is emptied by its controller first; it goes when its spec has no finalizers left. */
async function deleteNamespace(
  context: ResourceContext,
  name: string,
  current: StoredObject,
  options: DeleteOptions,
): Promise<Deletion | undefined> {
  const object = current.ref.object();
  if (object.metadata.deletionTimestamp) {
    if (namespaceFinalizers(object).length > 0) return { object, gone: false };
    return deleteOnce(context, name, current, options);
  }
  const finish = await admitDeletion(context, name, object, options);
  try {
    const status = { ...(object as { status?: object }).status, phase: "Terminating" };
    const finalizers = namespaceDeletionFinalizers(object, options);
    const terminating = {
      ...withMetadata(object, { deletionTimestamp: toTime(context.nowMs), ...(finalizers ? { finalizers } : {}) }),
      status,
    };
    if (options.dryRun) return { object: withRevision(terminating, current.revision), gone: false };
    const written = await write(context, current, terminating);
    return written === undefined ? undefined : { object: written, gone: false };
  } finally {
    finish(false);
  }
}

function namespaceDeletionFinalizers(object: KubernetesObject, options: DeleteOptions): string[] | undefined {
  const { orphanDependents, propagationPolicy } = options;
  if (orphanDependents === undefined && propagationPolicy === undefined) return undefined;
  const orphan = orphanDependents ?? propagationPolicy === "Orphan";
  const foreground = orphanDependents === undefined ? propagationPolicy === "Foreground" : !orphanDependents;
  const before = object.metadata.finalizers ?? [];
  const after = before.filter((one) => one !== "orphan" && one !== "foregroundDeletion");
  if (orphan) after.push("orphan");
  if (foreground) after.push("foregroundDeletion");
  return after.length === 0 && before.length === 0 ? undefined : after;
}
