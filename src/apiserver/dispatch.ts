// Which handler serves a request: the method table of every resource, and the paths that are no resources. The answers
// for what doesn't exist are upstream's, plain text included. May import src/base and src/kinds.
import { errors } from "../base/errors.ts";
import type { ApiReply } from "../kinds/request.ts";
import { serveEndpoint } from "./endpoints/serve-endpoint.ts";
import { checkProduces, negotiate, notAcceptable } from "./request/negotiate.ts";
import type { MediaType } from "./request/negotiate.ts";
import { methodNotAllowed, notFoundPath, pageNotFound } from "./reply.ts";
import type { Resource } from "./registry.ts";
import { createVirtual } from "./reviews/create-virtual.ts";
import type { RequestContext, ResourceContext } from "./server.ts";
import { serveSubresource } from "./subresources/serve-subresource.ts";
import { createObject } from "./verbs/create.ts";
import { deleteCollection } from "./verbs/delete-collection.ts";
import { deleteObject } from "./verbs/delete.ts";
import { getObject } from "./verbs/get.ts";
import { listObjects } from "./verbs/list.ts";
import { patchObject } from "./verbs/patch.ts";
import { updateObject } from "./verbs/update.ts";
import { watchObjects } from "./watch/watch.ts";

type Answer = ApiReply | Promise<ApiReply>;

/** Serves a request that is allowed. Throws StatusError. */
export function dispatch(context: RequestContext): Answer {
  const { info } = context;
  if (!info.resourceRequest) return serveEndpoint(context);
  if (info.path.startsWith("//")) return pageNotFound();
  const { registry } = context.server;
  const resource = registry.find(info.group, info.version, info.resource);
  if (!resource) return unknownResource(context);
  const pending = resource.kind.virtual ? undefined : context.server.storage.ready(resource);
  return pending === undefined ? route(context, resource) : pending.then(() => route(context, resource));
}

async function unknownResource(context: RequestContext): Promise<ApiReply> {
  const { info, server, request, user } = context;
  if (info.prefix === "apis" && server.ports.delegate && !server.registry.hasVersion(info.group, info.version)) {
    const reply = await server.ports.delegate(request, user);
    if (reply) return reply;
  }
  if (info.prefix === "apis" && (info.group === "" || !server.registry.hasGroup(info.group))) return pageNotFound();
  throw notFoundPath();
}

/** In which place of the path the resource stands tells whether a namespaced kind was asked for in a namespace. */
function route(context: RequestContext, resource: Resource): Answer {
  const { info } = context;
  const { namespaced } = resource.kind;
  const inNamespace = isInNamespace(context, resource);
  if (!namespaced && inNamespace) throw notFoundPath();
  const depth = info.parts.length;
  const name = info.parts[1] ?? "";
  if (depth > 2) {
    if (name === "" && resource.subresources.has(info.parts[2]!)) throw errors.badRequest("name must be provided");
    if (namespaced && !inNamespace) throw notFoundPath();
    return serveSubresource(scoped(context, resource, false), name);
  }
  if (depth === 2 && name !== "") {
    if (namespaced && !inNamespace) throw notFoundPath();
    return namedRoute(context, resource);
  }
  return collectionRoute(context, resource, namespaced && !inNamespace);
}

function isInNamespace(context: RequestContext, resource: Resource): boolean {
  const { path, parts, namespace } = context.info;
  if (resource.kind.plural === "namespaces" && resource.kind.group === "") return false;
  if (namespace !== "") return true;
  return parts.length > 0 && path.includes("/namespaces//");
}

function scoped(context: RequestContext, resource: Resource, list: boolean): ResourceContext {
  const accept = context.request.headers["accept"];
  if (resource.deprecation !== undefined) context.warnings.add(resource.deprecation);
  checkProduces(accept, list);
  const media = negotiateFor(context, resource, accept);
  return { ...context, resource, media };
}

function negotiateFor(context: RequestContext, resource: Resource, accept: string | undefined): MediaType {
  const { query, headers } = context.request;
  const restrictions = resource.custom ? customRestrictions : builtInRestrictions;
  const media = negotiate(accept, query, headers["user-agent"] ?? "", restrictions);
  if (media === undefined) throw notAcceptable(resource.custom);
  return media;
}
const builtInRestrictions = { transforms: true };
const customRestrictions = { transforms: true, noProtobuf: true };

function collectionRoute(context: RequestContext, resource: Resource, allNamespaces: boolean): Answer {
  const { method } = context.request;
  const { verbs } = resource;
  if (method === "GET") {
    const watching = context.info.verb === "watch";
    if (watching ? !verbs.has("watch") : !verbs.has("list")) throw methodNotAllowed();
    return watching ? watchObjects(scoped(context, resource, true), "") : listObjects(scoped(context, resource, true));
  }
  if (allNamespaces) throw methodNotAllowed();
  if (method === "POST" && verbs.has("create")) {
    const create = resource.kind.virtual ? createVirtual : createObject;
    return create(scoped(context, resource, false));
  }
  if (method === "DELETE" && verbs.has("deletecollection")) return deleteCollection(scoped(context, resource, false));
  throw methodNotAllowed();
}

const isWatchPath = (context: RequestContext): boolean => {
  const { info } = context;
  const start = info.prefix === "api" ? `/api/${info.version}/watch/` : `/apis/${info.group}/${info.version}/watch/`;
  return info.path.startsWith(start);
};

function namedRoute(context: RequestContext, resource: Resource): Answer {
  const { method } = context.request;
  const { verbs } = resource;
  const name = context.info.parts[1]!;
  if (method === "GET") {
    if (isWatchPath(context)) {
      if (!verbs.has("watch")) throw methodNotAllowed();
      return watchObjects(scoped(context, resource, true), name);
    }
    if (!verbs.has("get")) throw methodNotAllowed();
    return getObject(scoped(context, resource, false), name);
  }
  if (method === "PUT" && verbs.has("update")) return updateObject(scoped(context, resource, false), name);
  if (method === "PATCH" && verbs.has("patch")) return patchObject(scoped(context, resource, false), name);
  if (method === "DELETE" && verbs.has("delete")) return deleteObject(scoped(context, resource, false), name);
  throw methodNotAllowed();
}
