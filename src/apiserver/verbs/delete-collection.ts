// DELETE of a collection: a list, then each of its objects. May import src/base and src/kinds.
import { StatusError } from "../../base/errors.ts";
import type { KubernetesObject, ObjectRef } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { deleteCollectionParallelMax } from "../limits.ts";
import { listOptions } from "../request/query.ts";
import type { DeleteOptions } from "../request/query.ts";
import { listReply } from "../represent.ts";
import { selectionOf } from "../request/selectors.ts";
import type { ResourceContext } from "../server.ts";
import { readDeleteOptions } from "../write/delete-options.ts";
import { deleteStored } from "../write/delete-stored.ts";
import { readList } from "./list.ts";

/** Deletes what the selectors select, and answers with the list of it. Throws the first error. */
export async function deleteCollection(context: ResourceContext): Promise<ApiReply> {
  const { request, resource, info } = context;
  const options = listOptions(request.query, false);
  const selection = selectionOf(resource, options.labelSelector, options.fieldSelector, "");
  const deletion = await readDeleteOptions(context);
  const { items, metadata } = await readList(context, info.namespace, options, selection);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next]!;
      next += 1;
      await deleteItem(context, item, deletion);
    }
  };
  const workers = Array.from({ length: Math.min(deleteCollectionParallelMax, items.length) }, worker);
  await Promise.all(workers);
  return listReply(context, items, metadata);
}

async function deleteItem(
  context: ResourceContext,
  item: ObjectRef<KubernetesObject>,
  deletion: DeleteOptions,
): Promise<void> {
  const { metadata } = item.object();
  const info = { ...context.info, namespace: metadata.namespace ?? context.info.namespace };
  try {
    await deleteStored({ ...context, info }, metadata.name ?? "", { ...deletion });
  } catch (error) {
    // Somebody else deleted it meanwhile: that is what was wanted.
    if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
  }
}
