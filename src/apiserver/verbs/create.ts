// POST of an object. May import src/base and src/kinds.
import type { ApiReply } from "../../kinds/request.ts";
import { writeOptions } from "../request/query.ts";
import { refOf } from "../reply.ts";
import { objectReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { admissionContext, mutate } from "../write/admit.ts";
import { createStored, wipeSystemFields } from "../write/create-stored.ts";
import { readObject } from "../write/decode-body.ts";
import { trackManagedFields } from "../write/managed-fields.ts";
import { dedupOwners, matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject } from "../write/write.ts";

/** Creates the object of the body. Throws 400, 409, 415, 422 and what admission refuses with. */
export async function createObject(context: ResourceContext): Promise<ApiReply> {
  const { resource, request } = context;
  const draft = await readObject(context, () => writeOptions(request.query, "CreateOptions"));
  const write = writeOf(context, writeOptions(request.query, "CreateOptions"), "CreateOptions");
  wipeSystemFields(draft);
  if (resource.kind.namespaced) matchNamespace(write, draft);
  else delete draft.metadata["namespace"];
  dedupOwners(write, draft, false);
  trackManagedFields(write, undefined, draft);
  const admission = admissionContext(context, {
    operation: "CREATE",
    name: typeof draft.metadata["name"] === "string" ? draft.metadata["name"] : "",
    object: draft,
    oldObject: undefined,
    options: write.optionsObject,
    dryRun: write.options.dryRun,
    subresource: "",
  });
  await mutate(context, admission);
  const admitted = (admission.object ?? draft) as DraftObject;
  dedupOwners(write, admitted, true);
  const { object, stored } = await createStored(write, admitted);
  return objectReply(context, 201, stored?.ref ?? refOf(object));
}
