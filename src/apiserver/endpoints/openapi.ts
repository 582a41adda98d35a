// /openapi/v2 and /openapi/v3: the documents derived from the kinds, each made at its first use and kept until the kinds
// change. What isn't JSON (gnostic's protobuf of v2) is asked of a port. May import src/kinds.
import { openApiV2Document } from "../../kinds/openapi/v2.ts";
import { documentNames, documentOf, indexDocument } from "../../kinds/openapi/v3.ts";
import type { OpenApiOptions } from "../../kinds/openapi/v3.ts";
import type { ApiReply } from "../../kinds/request.ts";
import type { OpenApiDocument } from "../ports.ts";
import { baseHeaders, pageNotFound } from "../reply.ts";
import type { RequestContext, Server } from "../server.ts";

export const openApiPaths: readonly string[] = ["/openapi/v2", "/openapi/v3", "/openapi/v3/"];

interface Entry {
  readonly bytes: Uint8Array;
  readonly hash: string;
}
interface Documents {
  readonly changes: number;
  readonly entries: Map<string, Entry>;
}

const kept = new WeakMap<Server, Documents>();

function documentsOf(server: Server): Map<string, Entry> {
  let documents = kept.get(server);
  if (documents?.changes !== server.registry.changes) {
    documents = { changes: server.registry.changes, entries: new Map() };
    kept.set(server, documents);
  }
  return documents.entries;
}

function optionsOf({ registry, ports }: Server): OpenApiOptions {
  const definitions = {};
  for (const resource of registry.resources()) Object.assign(definitions, resource.definitions);
  const { descriptions } = ports;
  return { definitions, version: "1.36", ...(descriptions ? { descriptions } : {}) };
}

function entryOf(server: Server, name: string, make: () => object | undefined): Entry | undefined {
  const entries = documentsOf(server);
  const known = entries.get(name);
  if (known) return known;
  const document = make();
  if (!document) return undefined;
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const digest = server.ports.crypto.sha256(bytes);
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
  const entry = { bytes, hash };
  entries.set(name, entry);
  return entry;
}

function v3Entry(server: Server, name: string): Entry | undefined {
  return entryOf(server, `v3/${name}`, () => documentOf(name, server.registry.kinds(), optionsOf(server)));
}

function v3Index(server: Server): Entry | undefined {
  return entryOf(server, "v3", () => {
    const names = documentNames(server.registry.kinds());
    return indexDocument(new Map(names.map((name) => [name, v3Entry(server, name)?.hash ?? ""])));
  });
}

function jsonDocument(server: Server, parts: readonly string[], query: URLSearchParams): OpenApiDocument | undefined {
  let entry: Entry | undefined;
  if (parts[0] === "v2" && parts.length === 1) {
    entry = entryOf(server, "v2", () => openApiV2Document(server.registry.kinds(), optionsOf(server)));
  } else if (parts[0] === "v3") {
    entry = parts.length === 1 ? v3Index(server) : v3Entry(server, parts.slice(1).join("/"));
  }
  if (!entry) return undefined;
  const immutable = parts.length > 1 && query.get("hash") === entry.hash;
  return { bytes: entry.bytes, contentType: "application/json", etag: `"${entry.hash}"`, immutable };
}

/** Serves an OpenAPI path, given the segments behind /openapi. */
export async function serveOpenApi(context: RequestContext, parts: readonly string[]): Promise<ApiReply> {
  const { request, server } = context;
  const accept = request.headers["accept"] ?? "";
  const other = await server.ports.openApi?.(parts, accept, request.query);
  const document = other ?? jsonDocument(server, parts, request.query);
  if (!document) return pageNotFound();
  const { bytes, contentType, etag, immutable } = document;
  const headers = {
    ...baseHeaders,
    "content-type": contentType,
    etag,
    vary: "Accept",
    ...(immutable ? { "cache-control": "public, immutable" } : {}),
  };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: { kind: "none" } };
  return { status: 200, headers, body: { kind: "bytes", bytes } };
}
