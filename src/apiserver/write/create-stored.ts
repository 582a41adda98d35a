// A new object on its way into the store: what the system fills in, the kind's preparation, checks, validating admission,
// and the write itself, tried with other names where the name is generated. The order is that of upstream's
// registry/generic/registry/store.go. May import src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import { errors } from "../../base/errors.ts";
import type { StatusError } from "../../base/errors.ts";
import { randomSuffix } from "../../base/random.ts";
import { validateCreate } from "../../kinds/meta/validate-write.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import { generateNameLengthMax, generatedNameAttemptsMax, generatedSuffixLength } from "../limits.ts";
import { keyOf } from "../registry.ts";
import { plainError } from "../reply.ts";
import { admissionContext, validate } from "./admit.ts";
import { checkSize } from "./check-size.ts";
import { copyJson, groupOfErrors } from "./write.ts";
import type { DraftObject, Write, WriteResult } from "./write.ts";

/** What a client may not set on a new object. */
export function wipeSystemFields(draft: DraftObject): void {
  const { metadata } = draft;
  delete metadata["uid"];
  delete metadata["creationTimestamp"];
  delete metadata["deletionTimestamp"];
  delete metadata["deletionGracePeriodSeconds"];
  delete metadata["selfLink"];
}

/** Creates an object that admission has seen. Throws 409, 422 and what validating admission refuses with. */
export async function createStored(write: Write, draft: DraftObject): Promise<WriteResult> {
  const { metadata } = draft;
  if (!metadata["generateName"] || metadata["name"]) return createOnce(write, draft);
  let last: unknown;
  for (let attempt = 0; attempt < generatedNameAttemptsMax; attempt += 1) {
    try {
      return await createOnce(write, copyJson(draft));
    } catch (error) {
      last = error;
      if (!isAlreadyExists(error)) throw error;
    }
  }
  throw last;
}

const isAlreadyExists = (error: unknown): error is StatusError =>
  error instanceof Error && "reason" in error && error.reason === "AlreadyExists";

function generateName(write: Write, base: string): string {
  const cut = base.length > generateNameLengthMax ? base.slice(0, generateNameLengthMax) : base;
  return cut + randomSuffix(write.context.server.ports.random, generatedSuffixLength);
}

/** The part of a create that is pure: everything up to validating admission. Throws 422. */
function prepare(write: Write, draft: DraftObject): KubernetesObject {
  const { context, strategyContext } = write;
  const { kind } = context.resource;
  const { strategy } = kind;
  const { metadata } = draft;
  metadata["creationTimestamp"] = toTime(context.nowMs);
  metadata["uid"] = context.server.ports.crypto.uuid();
  const base = metadata["generateName"];
  if (typeof base === "string" && base !== "" && !metadata["name"]) metadata["name"] = generateName(write, base);
  strategy.prepareForCreate?.(draft as Draft<KubernetesObject>, strategyContext);
  if (strategy.generationOf) metadata["generation"] = 1;
  const object = draft as unknown as KubernetesObject;
  const found = validateCreate(kind, object, strategyContext);
  if (found.length > 0) throw errors.invalid(groupOfErrors(kind), kind.kind, object.metadata.name ?? "", found);
  for (const text of strategy.warnings?.(object, undefined) ?? []) context.warnings.add(text);
  strategy.canonicalize?.(draft as Draft<KubernetesObject>);
  return object;
}

async function createOnce(write: Write, draft: DraftObject): Promise<WriteResult> {
  const { context, options } = write;
  const { server, resource } = context;
  const object = prepare(write, draft);
  const name = object.metadata.name ?? "";
  const admission = admissionContext(context, {
    operation: "CREATE",
    name,
    object: draft,
    oldObject: undefined,
    options: write.optionsObject,
    dryRun: options.dryRun,
    subresource: write.subresource,
  });
  const finish = await validate(context, admission);
  let succeeded = false;
  try {
    checkNoRevision(draft);
    const key = keyOf(resource, object.metadata.namespace ?? "", name);
    const bytes = server.storage.encode(resource, object);
    checkSize(bytes);
    if (options.dryRun) {
      const existing = server.storage.get(resource, object.metadata.namespace ?? "", name);
      if (existing) throw exists(write, object, existing.ref.object());
      succeeded = false;
      return { object: server.storage.normalize(resource, object), stored: undefined, created: true };
    }
    const stored = await server.storage.put(resource, key, bytes, undefined);
    if (!stored) {
      const existing = server.storage.get(resource, object.metadata.namespace ?? "", name);
      throw exists(write, object, existing?.ref.object());
    }
    succeeded = true;
    return { object: stored.ref.object(), stored, created: true };
  } finally {
    finish(succeeded);
  }
}

/** A new object has no version yet. */
function checkNoRevision(draft: DraftObject): void {
  const revision = draft.metadata["resourceVersion"];
  if (revision === undefined) return;
  if (typeof revision === "string" && revision !== "" && revision !== "0") {
    if (!/^[0-9]+$/.test(revision)) {
      throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(revision)}: invalid syntax`);
    }
    throw plainError("resourceVersion should not be set on objects to be created");
  }
  delete draft.metadata["resourceVersion"];
}

function exists(write: Write, object: KubernetesObject, existing: KubernetesObject | undefined): StatusError {
  const { groupResource } = write.context.resource;
  const name = object.metadata.name ?? "";
  if (object.metadata.generateName) return generatedExists(write, name);
  const error = errors.alreadyExists(groupResource, name);
  if (!existing?.metadata.deletionTimestamp) return error;
  const { message, details } = error.status;
  return errors.failure(409, "AlreadyExists", `object is being deleted: ${message}`, details);
}

function generatedExists(write: Write, name: string): StatusError {
  const { group, resource } = write.context.resource.groupResource;
  const full = group ? `${resource}.${group}` : resource;
  const message = `${full} "${name}" already exists, the server was not able to generate a unique name for the object`;
  const details = { name, ...(group ? { group } : {}), kind: resource, retryAfterSeconds: 1 };
  return errors.failure(409, "AlreadyExists", message, details);
}
