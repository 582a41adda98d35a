// /openapi/v2 (JSON and gnostic's protobuf) and /openapi/v3 (JSON): the documents derived from the kinds, each made at its
// first use and kept until the kinds change. May import src/kinds.
import { encodeOpenApiV2 } from "../../kinds/openapi/v2-protobuf.ts";
import { openApiV2Document } from "../../kinds/openapi/v2.ts";
import { documentNames, documentOf, indexDocument } from "../../kinds/openapi/v3.ts";
import type { OpenApiOptions } from "../../kinds/openapi/v3.ts";
import type { ApiReply } from "../../kinds/request.ts";
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
  const descriptions = ports.descriptions?.();
  return { definitions, version: "1.36", ...(descriptions ? { descriptions } : {}) };
}

const encodeJson = (document: object): Uint8Array => new TextEncoder().encode(JSON.stringify(document));

function entryOf(
  server: Server,
  name: string,
  make: () => object | undefined,
  encode: (document: never) => Uint8Array = encodeJson,
): Entry | undefined {
  const entries = documentsOf(server);
  const known = entries.get(name);
  if (known) return known;
  const document = make();
  if (!document) return undefined;
  const bytes = encode(document as never);
  const digest = server.ports.crypto.sha256(bytes);
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
  const entry = { bytes, hash };
  entries.set(name, entry);
  return entry;
}

const v2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const v2ProtobufNames = new Set([v2Protobuf, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"]);
const jsonNames = new Set(["application/json", "application/*", "*/*", ""]);

/** The form of the first media type of an Accept header that is known. */
function prefersProtobuf(accept: string): boolean {
  const names = accept.split(",").map((one) => one.split(";")[0]!.trim().toLowerCase());
  const first = names.find((name) => v2ProtobufNames.has(name) || jsonNames.has(name));
  return first !== undefined && v2ProtobufNames.has(first);
}

function v2Entry(server: Server, protobuf: boolean): Entry | undefined {
  const make = (): object => openApiV2Document(server.registry.kinds(), optionsOf(server));
  return protobuf ? entryOf(server, "v2/protobuf", make, encodeOpenApiV2) : entryOf(server, "v2", make);
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

interface OpenApiDocument extends Entry {
  readonly contentType: string;
  /** The query named this very content: it may be kept for ever. */
  readonly immutable: boolean;
}

function findDocument(context: RequestContext, parts: readonly string[]): OpenApiDocument | undefined {
  const { request, server } = context;
  let entry: Entry | undefined;
  const protobuf = parts[0] === "v2" && prefersProtobuf(request.headers["accept"] ?? "");
  if (parts[0] === "v2" && parts.length === 1) {
    entry = v2Entry(server, protobuf);
  } else if (parts[0] === "v3") {
    entry = parts.length === 1 ? v3Index(server) : v3Entry(server, parts.slice(1).join("/"));
  }
  if (!entry) return undefined;
  const immutable = parts.length > 1 && request.query.get("hash") === entry.hash;
  return { ...entry, contentType: protobuf ? v2Protobuf : "application/json", immutable };
}

/** Serves an OpenAPI path, given the segments behind /openapi. */
export function serveOpenApi(context: RequestContext, parts: readonly string[]): ApiReply {
  const document = findDocument(context, parts);
  if (!document) return pageNotFound();
  const { bytes, contentType, hash, immutable } = document;
  const etag = `"${hash}"`;
  const headers = {
    ...baseHeaders,
    "content-type": contentType,
    etag,
    vary: "Accept",
    ...(immutable ? { "cache-control": "public, immutable" } : {}),
  };
  if (context.request.headers["if-none-match"] === etag) return { status: 304, headers, body: { kind: "none" } };
  return { status: 200, headers, body: { kind: "bytes", bytes } };
}
