// PUT of an object, or of one of the subresources that write it. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { writeOptions } from "../request/query.ts";
import { refOf } from "../reply.ts";
import { objectReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { readObject } from "../write/decode-body.ts";
import { trackManagedFields } from "../write/managed-fields.ts";
import { updateStored } from "../write/update-stored.ts";
import { copyJson, dedupOwners, matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject } from "../write/write.ts";

/** The body's name must be the path's. Throws 400. */
export function checkName(draft: DraftObject, name: string): void {
  const actual = draft.metadata["name"];
  if (actual === undefined || actual === "") {
    const why = "name must be provided";
    throw errors.badRequest(`the name of the object (${name} based on URL) was undeterminable: ${why}`);
  }
  if (actual !== name) {
    const why = `the name of the object (${String(actual)}) does not match the name on the URL (${name})`;
    throw errors.badRequest(why);
  }
}

/** Replaces the object. Throws 400, 404, 409, 415, 422 and what admission refuses with. */
export async function updateObject(context: ResourceContext, name: string, subresource = ""): Promise<ApiReply> {
  const { request } = context;
  const draft = await readObject(context, () => writeOptions(request.query, "UpdateOptions"), true);
  const write = writeOf(context, writeOptions(request.query, "UpdateOptions"), "UpdateOptions", subresource);
  matchNamespace(write, draft);
  checkName(draft, name);
  dedupOwners(write, draft, false);
  const uid = draft.metadata["uid"];
  const result = await updateStored(write, name, {
    uid: typeof uid === "string" ? uid : undefined,
    forceAllowCreate: false,
    make(current) {
      const fresh = copyJson(draft);
      trackManagedFields(write, current, fresh);
      return fresh;
    },
  });
  return objectReply(context, result.created ? 201 : 200, result.stored?.ref ?? refOf(result.object));
}
