// The part of a path behind an object's name: which subresource, whether it knows the method, and who serves it. May
// import src/base and src/kinds.
import type { Subresource, Verb } from "../../kinds/kind.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { methodNotAllowed, notFoundPath } from "../reply.ts";
import type { ResourceContext } from "../server.ts";
import { getObject } from "../verbs/get.ts";
import { patchObject } from "../verbs/patch.ts";
import { updateObject } from "../verbs/update.ts";
import { bindPod } from "./binding.ts";
import { evictPod } from "./eviction.ts";
import { serveLog } from "./log.ts";
import { serveProxy } from "./proxy.ts";
import { serveRemote } from "./remote.ts";
import { serveScale } from "./scale.ts";
import { issueToken } from "./token.ts";

type Answer = ApiReply | Promise<ApiReply>;

const verbOfMethod = new Map<string, Verb>([
  ["GET", "get"],
  ["POST", "create"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);
/** A proxy passes on these, too; they have no verb of their own. */
const proxyMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Serves a path with a subresource. Throws 404, 405 and what the subresource throws. */
export function serveSubresource(context: ResourceContext, name: string): Answer {
  const { resource, info, request } = context;
  const subresource = resource.subresources.get(info.parts[2]!);
  if (!subresource) throw notFoundPath();
  if (subresource.name === "proxy") {
    if (!proxyMethods.has(request.method)) throw methodNotAllowed();
    return serveProxy(context, name);
  }
  if (info.parts.length > 3) throw notFoundPath();
  const verb = verbOfMethod.get(request.method);
  if (verb === undefined || !subresource.verbs.includes(verb)) throw methodNotAllowed();
  return serve(context, subresource, verb, name);
}

function serve(context: ResourceContext, subresource: Subresource, verb: Verb, name: string): Answer {
  switch (subresource.name) {
    case "scale":
      return serveScale(context, verb, name);
    case "binding":
      return bindPod(context, name);
    case "eviction":
      return evictPod(context, name);
    case "token":
      return issueToken(context, name);
    case "log":
      return serveLog(context, name);
    case "exec":
    case "attach":
    case "portforward":
      return serveRemote(context, subresource.name, name);
    default:
      return serveObject(context, subresource, verb, name);
  }
}

/** Subresources that are another view of the object itself: status, finalize, resize … */
function serveObject(context: ResourceContext, subresource: Subresource, verb: Verb, name: string): Answer {
  if (verb === "get") return getObject(context, name);
  if (verb === "update") return updateObject(context, name, subresource.name);
  if (verb === "patch") return patchObject(context, name, subresource.name);
  throw methodNotAllowed();
}
