// GET of one object. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { invalid } from "../../base/field-error.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { plainError } from "../reply.ts";
import { booleanOf } from "../request/request-info.ts";
import { objectReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import type { StoredObject } from "../storage.ts";

const revisionText = /^[0-9]{1,19}$/;

/** The number of a resourceVersion; undefined: it is none. */
export function parseRevision(text: string): number | undefined {
  return revisionText.test(text) ? Number(text) : undefined;
}

/** What Go says of a resourceVersion that is no number. */
export function revisionError(text: string): string {
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  const { field, message } = invalid("resourceVersion", text, why);
  return `${field}: ${message}`;
}

function checkQuery(query: URLSearchParams): number | undefined {
  if (query.size === 0) return undefined;
  if (query.has("export") && booleanOf(query.get("export"))) {
    throw errors.badRequest("the export parameter, deprecated since v1.14, is no longer supported");
  }
  const text = query.get("resourceVersion");
  if (text === null || text === "") return undefined;
  const revision = parseRevision(text);
  if (revision === undefined) throw plainError(revisionError(text));
  return revision;
}

/** The object of a path. Throws 404. */
export function findObject(context: ResourceContext, name: string): StoredObject {
  const { server, resource, info } = context;
  const found = server.storage.get(resource, info.namespace, name);
  if (!found) throw errors.notFound(resource.groupResource, name);
  return found;
}

/** Answers with the object, as it is now or newer than `resourceVersion`. */
export function getObject(context: ResourceContext, name: string): ApiReply | Promise<ApiReply> {
  const { server, resource, request } = context;
  const revision = checkQuery(request.query);
  if (revision === undefined) {
    const fresh = server.storage.fresh(resource);
    if (fresh !== undefined) return fresh.then(() => objectReply(context, 200, findObject(context, name).ref));
  } else if (revision > server.storage.revision(resource)) {
    const waiting = server.storage.waitFor(resource, revision);
    return waiting.then(() => objectReply(context, 200, findObject(context, name).ref));
  }
  return objectReply(context, 200, findObject(context, name).ref);
}
