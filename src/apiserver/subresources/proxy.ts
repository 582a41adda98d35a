// The proxy subresource of pods, services and nodes: any request is passed on to what they serve. May import src/base and
// src/kinds.
import { errors } from "../../base/errors.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { splitNameWithPort } from "../request/proxy-name.ts";
import type { ResourceContext } from "../server.ts";
import { findObject } from "../verbs/get.ts";
import { connectorOf } from "./pod-target.ts";
import type { PodView } from "./pod-target.ts";

const kinds: Readonly<Record<string, "pod" | "service" | "node">> = {
  pods: "pod",
  services: "service",
  nodes: "node",
};

/** What follows ".../proxy" in the path, with its leading slash; a trailing slash is kept. */
function pathBehind(context: ResourceContext): { prefix: string; path: string } {
  const { path } = context.request;
  const { info } = context;
  const depth = path.split("/").filter((part) => part !== "").length - (info.parts.length - 3);
  let at = 0;
  let parts = 0;
  while (at < path.length && parts < depth) {
    while (path[at] === "/") at += 1;
    while (at < path.length && path[at] !== "/") at += 1;
    parts += 1;
  }
  return { prefix: path.slice(0, at), path: path.slice(at) };
}

/** Addresses that a proxy must not reach. */
function checkAddress(pod: PodView): void {
  const address = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? "";
  if (address === "" || address.startsWith("127.") || address === "::1" || address.startsWith("169.254.")) {
    throw errors.badRequest("address not allowed");
  }
}

/** Passes the request on. Throws 400, 404, 503. */
export async function serveProxy(context: ResourceContext, name: string): Promise<ApiReply> {
  const kind = kinds[context.resource.kind.plural];
  const split = splitNameWithPort(name);
  if (!kind || !split) throw errors.badRequest(`invalid ${kind ?? "proxy"} request ${JSON.stringify(name)}`);
  const object = findObject(context, split.name).ref.object();
  if (kind === "pod") checkAddress(object as PodView);
  const { prefix, path } = pathBehind(context);
  const target = { kind, namespace: context.info.namespace, name, object, path, prefix };
  return connectorOf(context).proxy(target, context.request);
}
