// DELETE of one object. May import src/base and src/kinds.
import type { ApiReply } from "../../kinds/request.ts";
import { refOf, statusReply } from "../reply.ts";
import { objectReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { returnsDeletedObject } from "../write/delete-policy.ts";
import { readDeleteOptions } from "../write/delete-options.ts";
import { deleteStored } from "../write/delete-stored.ts";

/** Deletes the object, or marks it. Throws 400, 404, 409, 415, 422 and what admission refuses with. */
export async function deleteObject(context: ResourceContext, name: string): Promise<ApiReply> {
  const { resource } = context;
  const options = await readDeleteOptions(context);
  const { object, gone } = await deleteStored(context, name, options);
  const accepted = !gone && options.orphanDependents === false;
  const status = accepted ? 202 : 200;
  if (!gone || returnsDeletedObject(resource)) return objectReply(context, status, refOf(object));
  const { group, plural } = resource.kind;
  const details = { name, ...(group ? { group } : {}), kind: plural, uid: object.metadata.uid ?? "" };
  const answer = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } as const;
  return statusReply(answer, context.media);
}
