// A change of an object on its way into the store: the object as it is now, the change made from it, admission, versions
// compared, the kind's preparation, checks, and the write; from the start again when somebody else was faster and the
// client doesn't insist on a version. The order is that of upstream's registry/generic/registry/store.go and
// rest/update.go. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { invalid } from "../../base/field-error.ts";
import { equalJson } from "../../kinds/patch/json-value.ts";
import { validateUpdate } from "../../kinds/meta/validate-write.ts";
import type { Draft, JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { writeAttemptsMax } from "../limits.ts";
import { attributesOf, forbiddenRequest } from "../handle.ts";
import { plainError } from "../reply.ts";
import type { StoredObject } from "../storage.ts";
import { admissionContext, mutate, validate } from "./admit.ts";
import { checkSize } from "./check-size.ts";
import { createStored } from "./create-stored.ts";
import { keepManagedTimes } from "./managed-fields.ts";
import { dedupOwners, groupOfErrors, matchNamespace } from "./write.ts";
import type { DraftObject, Write, WriteResult } from "./write.ts";

export interface Change {
  /**
   * Makes the new object, with its managed fields. `current` is as it is stored; undefined: there is none. Called again
   * after a lost race.
   */
  make(current: KubernetesObject | undefined): DraftObject | Promise<DraftObject>;
  /** The uid that the client believes the object has. */
  readonly uid: string | undefined;
  /** Creates what is absent although the kind doesn't (apply). */
  readonly forceAllowCreate: boolean;
}

/** Changes the object of this name. Throws 404, 409, 422 and what admission refuses with. */
export async function updateStored(write: Write, name: string, change: Change): Promise<WriteResult> {
  const { context, strategy } = write;
  const { resource, server, info } = context;
  const mayCreate = change.forceAllowCreate || (strategy.allowCreateOnUpdate === true && write.subresource === "");
  const pending = server.storage.fresh(resource);
  if (pending !== undefined) await pending;
  for (let attempt = 0; attempt < writeAttemptsMax; attempt += 1) {
    const current = server.storage.get(resource, info.namespace, name);
    if (!current && !mayCreate) throw errors.notFound(resource.groupResource, name);
    checkUid(write, name, change.uid, current);
    const draft = await change.make(current?.ref.object());
    if (!current) return createThrough(write, name, draft);
    const result = await updateOnce(write, name, draft, current);
    if (result) return result;
  }
  throw errors.modified(resource.groupResource, name);
}

function checkUid(write: Write, name: string, uid: string | undefined, current: StoredObject | undefined): void {
  if (uid === undefined || uid === "") return;
  const { resource, info } = write.context;
  const actual = current?.ref.object().metadata.uid ?? "";
  if (actual === uid) return;
  // A dry run is refused before the key gets the prefix that all in the store have.
  const place = write.options.dryRun ? resource.prefix.replace(/^\/registry/, "") : resource.prefix;
  const key = resource.kind.namespaced ? `${place}${info.namespace}/${name}` : `${place}${name}`;
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual}`;
  throw errors.conflict(
    resource.groupResource,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  );
}

/** A write of an absent object that creates it: that needs the right to create, too. */
async function createThrough(write: Write, name: string, draft: DraftObject): Promise<WriteResult> {
  const { context } = write;
  const { server, request, user, info } = context;
  const attributes = { ...attributesOf(info, user, request.query), verb: "create", name };
  const decision = await server.ports.authorizer.authorize(attributes);
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason);
  const admission = admissionContext(context, {
    operation: "CREATE",
    name,
    object: draft,
    oldObject: undefined,
    options: { ...write.optionsObject, kind: "CreateOptions" },
    dryRun: write.options.dryRun,
    subresource: write.subresource,
  });
  await mutate(context, admission);
  const admitted = (admission.object ?? draft) as DraftObject;
  dedupOwners(write, admitted, true);
  matchNamespace(write, admitted);
  return createStored(write, admitted);
}

function revisionOf(draft: DraftObject): number {
  const text = draft.metadata["resourceVersion"];
  if (text === undefined || text === "" || text === null) return 0;
  if (typeof text === "string" && /^[0-9]+$/.test(text)) return Number(text);
  throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function checkRevision(write: Write, name: string, draft: DraftObject, current: StoredObject): void {
  const { groupResource } = write.context.resource;
  const asked = revisionOf(draft);
  if (asked === 0 && write.strategy.allowUnconditionalUpdate === true) {
    draft.metadata["resourceVersion"] = String(current.revision);
    return;
  }
  if (asked === 0) {
    const field = invalid("metadata.resourceVersion", 0, "must be specified for an update");
    throw errors.invalid(groupResource.group, groupResource.resource, name, [field]);
  }
  if (asked !== current.revision) throw errors.modified(groupResource, name);
}

/** What an update can never change. */
function keepSystemFields(draft: DraftObject, old: KubernetesObject): void {
  const metadata = draft.metadata;
  const before = old.metadata as unknown as JsonObject;
  if (!metadata["uid"]) set(metadata, "uid", before["uid"]);
  if (before["creationTimestamp"]) metadata["creationTimestamp"] = before["creationTimestamp"];
  if (before["deletionTimestamp"]) metadata["deletionTimestamp"] = before["deletionTimestamp"];
  if (before["deletionGracePeriodSeconds"] !== undefined && metadata["deletionGracePeriodSeconds"] === undefined) {
    metadata["deletionGracePeriodSeconds"] = before["deletionGracePeriodSeconds"];
  }
  delete metadata["selfLink"];
}

function set(target: JsonObject, name: string, value: JsonObject[string] | undefined): void {
  if (value === undefined) delete target[name];
  else target[name] = value;
}

/** The pure part of an update, up to validating admission. Throws 422. */
function prepare(write: Write, draft: DraftObject, old: KubernetesObject): KubernetesObject {
  const { context, strategy, strategyContext } = write;
  const { kind } = context.resource;
  matchNamespace(write, draft);
  set(draft.metadata, "generation", old.metadata.generation);
  strategy.prepareForUpdate?.(draft as Draft<KubernetesObject>, old, strategyContext);
  const object = draft as unknown as KubernetesObject;
  const { generationOf } = strategy;
  if (generationOf && !equalJson(generationOf(object) as never, generationOf(old) as never)) {
    draft.metadata["generation"] = (old.metadata.generation ?? 0) + 1;
  }
  keepSystemFields(draft, old);
  const found = validateUpdate(kind, strategy, object, old, strategyContext);
  if (found.length > 0) throw errors.invalid(groupOfErrors(kind), kind.kind, object.metadata.name ?? "", found);
  for (const text of strategy.warnings?.(object, old) ?? []) context.warnings.add(text);
  strategy.canonicalize?.(draft as Draft<KubernetesObject>);
  keepManagedTimes(draft, old);
  return object;
}

/** One attempt. undefined: somebody else was faster. */
async function updateOnce(
  write: Write,
  name: string,
  draft: DraftObject,
  current: StoredObject,
): Promise<WriteResult | undefined> {
  const { context, options } = write;
  const { server, resource } = context;
  const old = current.ref.object();
  const request = {
    operation: "UPDATE" as const,
    name,
    object: draft,
    oldObject: old,
    options: { ...write.optionsObject, kind: "UpdateOptions" },
    dryRun: options.dryRun,
    subresource: write.subresource,
  };
  const admission = admissionContext(context, request);
  await mutate(context, admission);
  const admitted = (admission.object ?? draft) as DraftObject;
  dedupOwners(write, admitted, true);
  checkRevision(write, name, admitted, current);
  const object = prepare(write, admitted, old);
  const finish = await validate(context, admissionContext(context, { ...request, object: admitted }));
  let succeeded = false;
  try {
    if (deletesItself(resource.groupResource, object, old)) {
      succeeded = await deleteFinalized(write, current);
      if (!succeeded && !options.dryRun) return undefined;
      const normal = withRevision(server.storage.normalize(resource, object), current.revision);
      return { object: normal, stored: undefined, created: false };
    }
    delete admitted.metadata["resourceVersion"];
    const bytes = server.storage.encode(resource, object);
    if (server.storage.isStored(resource, current, bytes)) return { object: old, stored: current, created: false };
    checkSize(bytes);
    if (options.dryRun) {
      const normal = withRevision(server.storage.normalize(resource, object), current.revision);
      return { object: normal, stored: undefined, created: false };
    }
    const stored = await server.storage.put(resource, current.key, bytes, current);
    if (!stored) return undefined;
    succeeded = true;
    return { object: stored.ref.object(), stored, created: false };
  } finally {
    finish(succeeded);
  }
}

export const withRevision = (object: KubernetesObject, revision: number): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

/** The last finalizer of an object that is being deleted went away with this update. */
function deletesItself(
  resource: { group: string; resource: string },
  object: KubernetesObject,
  old: KubernetesObject,
): boolean {
  if ((object.metadata.finalizers?.length ?? 0) > 0 || !old.metadata.deletionTimestamp) return false;
  if ((old.metadata.deletionGracePeriodSeconds ?? 0) !== 0) return false;
  if (resource.resource !== "namespaces" || resource.group !== "") return true;
  return namespaceFinalizers(object).length === 0;
}

/** The finalizers in a namespace's spec. */
export function namespaceFinalizers(object: KubernetesObject): readonly string[] {
  const { spec } = object as KubernetesObject & { readonly spec?: { readonly finalizers?: readonly string[] } };
  return spec?.finalizers ?? [];
}

async function deleteFinalized(write: Write, current: StoredObject): Promise<boolean> {
  if (write.options.dryRun) return false;
  const { server, resource } = write.context;
  return (await server.storage.delete(resource, current)) !== undefined;
}
