// /api, /apis and what is below them down to a version: plain or aggregated, with ETags. May import src/base, src/kinds.
import {
  aggregatedDiscovery,
  coreVersions,
  groupDocument,
  groupList,
  resourceList,
} from "../../kinds/discovery/discovery.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { checkProduces, negotiate, notAcceptable } from "../request/negotiate.ts";
import type { MediaType } from "../request/negotiate.ts";
import { baseHeaders, encodedReply, methodNotAllowed, notFoundPath, pageNotFound } from "../reply.ts";
import type { RequestContext, Server } from "../server.ts";

interface Snapshot {
  readonly changes: number;
  readonly kinds: readonly Kind[];
  readonly documents: Map<string, { readonly document: object; readonly etag: string }>;
}

const snapshots = new WeakMap<Server, Snapshot>();

function snapshotOf(server: Server): Snapshot {
  const known = snapshots.get(server);
  if (known && known.changes === server.registry.changes) return known;
  const made: Snapshot = {
    changes: server.registry.changes,
    kinds: server.registry.kinds(),
    documents: new Map(),
  };
  snapshots.set(server, made);
  return made;
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function remembered(
  server: Server,
  name: string,
  make: (snapshot: Snapshot) => object,
): { document: object; etag: string } {
  const snapshot = snapshotOf(server);
  let entry = snapshot.documents.get(name);
  if (!entry) {
    const document = make(snapshot);
    const hash = server.ports.crypto.sha256(new TextEncoder().encode(JSON.stringify(document)));
    entry = { document, etag: `"${hexadecimal(hash).toUpperCase()}"` };
    snapshot.documents.set(name, entry);
  }
  return entry;
}

const aggregatedKind = /;\s*as=APIGroupDiscoveryList\b/;
const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether the client's best acceptable form is the aggregated one. */
function wantsAggregated(accept: string): boolean {
  for (const part of accept.split(",")) {
    const clause = part.trim();
    if (!aggregatedKind.test(clause)) {
      if (clause.startsWith("application/json") || clause.startsWith("*/*")) return false;
      continue;
    }
    const known = /;\s*g=apidiscovery\.k8s\.io\b/.test(clause) && /;\s*v=v2(?![a-z0-9])/.test(clause);
    if (known && clause.startsWith("application/json")) return true;
  }
  return false;
}

function mediaOf(context: RequestContext): MediaType {
  const { headers, query } = context.request;
  checkProduces(headers["accept"], false);
  const media = negotiate(headers["accept"], query, headers["user-agent"] ?? "", { transforms: false });
  if (!media) throw notAcceptable();
  return media.encoding === "protobuf" ? { encoding: "json", pretty: media.pretty } : media;
}

function rootDocument(context: RequestContext, core: boolean): object {
  const { server } = context;
  if (core) return coreVersions(server.registry.kinds(), server.ports.serverAddress ?? "");
  return remembered(server, "apis", ({ kinds }) => groupList(kinds)).document;
}

function serveRoot(context: RequestContext, core: boolean): ApiReply {
  const { server, request } = context;
  const accept = request.headers["accept"] ?? "";
  if (!wantsAggregated(accept)) {
    const reply = encodedReply(200, mediaOf(context), rootDocument(context, core));
    return { ...reply, headers: { ...reply.headers, vary: "Accept" } };
  }
  const { document, etag } = remembered(server, core ? "aggregated-core" : "aggregated", ({ kinds }) =>
    aggregatedDiscovery(kinds, core ? "core" : "groups"),
  );
  const headers = { etag, vary: "Accept" };
  if (request.headers["if-none-match"] === etag) {
    return { status: 304, headers: { ...baseHeaders, ...headers }, body: { kind: "none" } };
  }
  const reply = encodedReply(200, { encoding: "json", pretty: false }, document);
  return { ...reply, headers: { ...baseHeaders, "content-type": aggregatedType, ...headers } };
}

/** Serves a discovery path, given its segments. Throws 404, 405, 406. */
export async function serveDiscovery(context: RequestContext, parts: readonly string[]): Promise<ApiReply> {
  const { server, request, user } = context;
  const [prefix, group = "", version] = parts;
  const core = prefix === "api";
  const known = parts.length === 1 || core || server.registry.hasGroup(group);
  if (!known) {
    const delegated = await server.ports.delegate?.(request, user);
    return delegated ?? pageNotFound();
  }
  if (request.method !== "GET") throw methodNotAllowed();
  if (parts.length === 1) return serveRoot(context, core);
  if (!core && version === undefined) {
    const document = groupDocument(snapshotOf(server).kinds, group);
    if (!document) throw notFoundPath();
    return encodedReply(200, mediaOf(context), document);
  }
  return serveVersion(context, core ? "" : group, core ? group : version!);
}

function serveVersion(context: RequestContext, group: string, version: string): ApiReply {
  const { server } = context;
  const list = (kinds: readonly Kind[]): object | undefined => resourceList(kinds, group, version, server.ports.crypto);
  if (!server.registry.hasVersion(group, version)) throw notFoundPath();
  const { document } = remembered(server, `${group}/${version}`, ({ kinds }) => list(kinds) ?? {});
  return encodedReply(200, mediaOf(context), document);
}
