// The paths that are no resources: discovery, health, version, metrics, OpenAPI, OpenID. May import src/base, src/kinds.
import type { ApiReply } from "../../kinds/request.ts";
import { encodedReply, methodNotAllowed, pageNotFound } from "../reply.ts";
import type { MediaType } from "../request/negotiate.ts";
import { splitPath } from "../request/request-info.ts";
import type { RequestContext } from "../server.ts";
import { serveDiscovery } from "./discovery.ts";
import { healthPaths, serveHealth } from "./health.ts";
import { serveMetrics } from "./metrics.ts";
import { openApiPaths, serveOpenApi } from "./openapi.ts";
import { version } from "./version.ts";

const json: MediaType = { encoding: "json", pretty: false };
const prettyJson: MediaType = { encoding: "json", pretty: true };

/** All paths, as "/" lists them. */
function paths(context: RequestContext): string[] {
  const discovery = context.server.registry
    .kinds()
    .flatMap(({ group, version: one }) =>
      group === "" ? ["/api", `/api/${one}`] : [`/apis/${group}`, `/apis/${group}/${one}`],
    );
  const fixed = ["/.well-known/openid-configuration", "/apis", "/apis/", "/metrics", "/openid/v1/jwks", "/version"];
  return [...new Set([...discovery, ...fixed, ...openApiPaths, ...healthPaths(context)])].sort();
}

async function serveOpenId(context: RequestContext, keys: boolean): Promise<ApiReply> {
  const { tokenIssuer } = context.server.ports;
  if (!tokenIssuer) return pageNotFound();
  const document = keys ? await tokenIssuer.keySet() : await tokenIssuer.openIdConfiguration();
  const reply = encodedReply(200, json, document);
  const type = keys ? "application/jwk-set+json" : "application/json";
  return { ...reply, headers: { "content-type": type, "cache-control": "public, max-age=3600" } };
}

/** Serves the path of a request that names no resource. Throws 404, 405, 406. */
export async function serveEndpoint(context: RequestContext): Promise<ApiReply> {
  const { path } = context.info;
  const { method } = context.request;
  if (path.startsWith("//")) return pageNotFound();
  const parts = splitPath(path);
  const [first = "", ...rest] = parts;
  if (first === "api" || first === "apis") return serveDiscovery(context, parts);
  if (first === "healthz" || first === "livez" || first === "readyz") {
    return serveHealth(context, first, rest.join("/"));
  }
  if (first === "openapi") return serveOpenApi(context, rest);
  switch (path) {
    case "":
    case "/":
      return encodedReply(200, prettyJson, { paths: paths(context) });
    case "/version":
    case "/version/":
      if (method !== "GET") throw methodNotAllowed();
      return encodedReply(200, prettyJson, version);
    case "/metrics":
      return serveMetrics(context);
    case "/.well-known/openid-configuration":
      return serveOpenId(context, false);
    case "/openid/v1/jwks":
      return serveOpenId(context, true);
    default:
      return pageNotFound();
  }
}
