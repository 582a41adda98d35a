// /openapi/v2 and /openapi/v3: documents that are made by a port, each cached until the kinds change. May import
// src/kinds.
import type { ApiReply } from "../../kinds/request.ts";
import { baseHeaders, pageNotFound } from "../reply.ts";
import type { RequestContext } from "../server.ts";

export const openApiPaths: readonly string[] = ["/openapi/v2", "/openapi/v3", "/openapi/v3/"];

/** Serves an OpenAPI path, given the segments behind /openapi. */
export async function serveOpenApi(context: RequestContext, parts: readonly string[]): Promise<ApiReply> {
  const { request, server } = context;
  const document = await server.ports.openApi?.(parts, request.headers["accept"] ?? "", request.query);
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
