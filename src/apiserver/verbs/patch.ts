// PATCH: JSON patch, merge patch, strategic merge patch and server-side apply, of an object or of one of the subresources
// that write it. After upstream's endpoints/handlers/patch.go. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { requestBodyBytesMax } from "../limits.ts";
import { unsupportedMediaType } from "../request/negotiate.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import type { Definitions } from "../../kinds/schema.ts";
import { writeOptions } from "../request/query.ts";
import type { WriteOptions } from "../request/query.ts";
import { refOf } from "../reply.ts";
import { objectReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { applyConfiguration, readConfiguration } from "../write/apply-configuration.ts";
import { patchedObject, readPatch } from "../write/patched-object.ts";
import type { PatchType, ReadPatch } from "../write/patched-object.ts";
import { trackManagedFields } from "../write/managed-fields.ts";
import { updateStored } from "../write/update-stored.ts";
import type { Change } from "../write/update-stored.ts";
import { matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject, Write } from "../write/write.ts";
import { checkName } from "./update.ts";

const patchTypes = new Map<string, PatchType | "apply">([
  ["application/json-patch+json", "json"],
  ["application/merge-patch+json", "merge"],
  ["application/strategic-merge-patch+json", "strategic"],
  ["application/apply-patch+yaml", "apply"],
]);

/** The patch's type by its content type, which is compared to the letter. Throws 415. */
function patchTypeOf(context: ResourceContext): PatchType | "apply" {
  const contentType = context.request.headers["content-type"] ?? "";
  const at = contentType.indexOf(";");
  const type = patchTypes.get((at < 0 ? contentType : contentType.slice(0, at)).trim());
  if (type === undefined) throw errors.failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  if (type === "strategic" && context.resource.custom) {
    throw unsupportedMediaType(
      "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
  }
  return type;
}

/** Patches the object of this name; apply creates it where it is absent. Throws 400, 404, 409, 415, 422. */
export async function patchObject(context: ResourceContext, name: string, subresource = ""): Promise<ApiReply> {
  const type = patchTypeOf(context);
  const bytes = await context.request.body(requestBodyBytesMax);
  const options = writeOptions(context.request.query, "PatchOptions", type === "apply");
  const write = writeOf(context, options, "PatchOptions", subresource);
  const make =
    type === "apply"
      ? makeApplied(write, name, bytes)
      : makePatched(write, name, readPatch(context, type, bytes, options));
  const result = await updateStored(write, name, {
    uid: undefined,
    forceAllowCreate: type === "apply" && subresource === "",
    make,
  });
  return objectReply(context, result.created ? 201 : 200, result.stored?.ref ?? refOf(result.object));
}

function checkIdentity(write: Write, name: string, draft: DraftObject, current: KubernetesObject | undefined): void {
  if (!current && draft.metadata["uid"]) {
    const uid = String(draft.metadata["uid"]);
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw errors.conflict(write.context.resource.groupResource, name, why);
  }
  matchNamespace(write, draft);
  checkName(draft, name);
}

function makePatched(write: Write, name: string, patch: ReadPatch): Change["make"] {
  return (current) => {
    if (!current) throw errors.notFound(write.context.resource.groupResource, name);
    const draft = patchedObject(write, current, patch);
    checkIdentity(write, name, draft, current);
    trackManagedFields(write, current, draft);
    return draft;
  };
}

function makeApplied(write: Write, name: string, bytes: Uint8Array): Change["make"] {
  const configuration = readConfiguration(write, bytes);
  return (current) => {
    const draft = applyConfiguration(write, current, configuration);
    checkIdentity(write, name, draft, current);
    return draft;
  };
}

/** A patch of a body that is not the resource's own kind (Scale): read once, applied to each version of it. */
export interface OtherPatch {
  readonly options: WriteOptions;
  apply(current: JsonObject, definition: string, definitions: Definitions): JsonObject;
}

/** Throws 400, 413, 415, 422. */
export async function patchBody(context: ResourceContext): Promise<OtherPatch> {
  const type = patchTypeOf(context);
  const bytes = await context.request.body(requestBodyBytesMax);
  const options = writeOptions(context.request.query, "PatchOptions", type === "apply");
  if (type === "apply") {
    const write = writeOf(context, options, "PatchOptions");
    const configuration = readConfiguration(write, bytes);
    const merge: ReadPatch = { type: "merge", patch: configuration, strictErrors: [], bytes };
    return { options, apply: (current) => patchedOther(context, current, merge) };
  }
  const patch = readPatch(context, type, bytes, options);
  return { options, apply: (current) => patchedOther(context, current, patch) };
}

function patchedOther(context: ResourceContext, current: JsonObject, patch: ReadPatch): JsonObject {
  const write = writeOf(context, writeOptions(context.request.query, "PatchOptions"), "PatchOptions");
  return patchedObject(write, current as unknown as KubernetesObject, patch, "autoscaling.v1.Scale");
}
