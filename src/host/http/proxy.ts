// Passes a request on to an HTTP server (a pod, a node, a service) and its answer back, bodies and upgrades included, as
// they come. Upstream: apimachinery/pkg/util/proxy. May import node, src/base, src/kinds.
import { type IncomingMessage, request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { Duplex } from "node:stream";
import { errors } from "../../base/errors.ts";
import type { ApiReply, ApiRequest } from "../../kinds/request.ts";
import { duplexStream } from "../streams/duplex-stream.ts";

export interface ProxyDestination {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** With its leading slash. */
  readonly path: string;
  /** What stands before `path` in the client's eyes: redirects are written back to it. */
  readonly prefix: string;
}

/** Headers that belong to one connection, or to the API server alone. */
const ownHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "authorization",
  "host",
  "http2-settings",
]);

function outgoingHeaders(request: ApiRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!ownHeaders.has(name) && !name.startsWith("impersonate-")) headers[name] = value;
  }
  const forwarded = request.headers["x-forwarded-for"];
  headers["x-forwarded-for"] = forwarded ? `${forwarded}, ${request.peer.address}` : request.peer.address;
  if (request.upgrade) {
    headers["connection"] = "Upgrade";
    headers["upgrade"] = request.headers["upgrade"] ?? "websocket";
  }
  return headers;
}

/** A redirect to the server itself becomes one through the proxy. */
function rewriteLocation(location: string, { host, port, scheme, prefix }: ProxyDestination): string {
  const base = `${scheme}://${host}:${port}`;
  const absolute = new URL(location, base);
  if (absolute.host !== new URL(base).host) return location;
  return `${prefix}${absolute.pathname}${absolute.search}${absolute.hash}`;
}

function replyHeaders(answer: IncomingMessage, destination: ProxyDestination): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !ownHeaders.has(name)) headers[name] = value;
  }
  const { location } = answer.headers;
  if (location !== undefined) headers["location"] = rewriteLocation(location, destination);
  return headers;
}

/** Rejects with 503 where the server can't be reached. */
export function proxyRequest(destination: ProxyDestination, request: ApiRequest): Promise<ApiReply> {
  const { scheme, host, port, path } = destination;
  const query = request.query.toString();
  const options: RequestOptions = {
    host,
    port,
    method: request.method,
    path: `${path || "/"}${query ? `?${query}` : ""}`,
    headers: outgoingHeaders(request),
    signal: request.signal as globalThis.AbortSignal,
    ...({ rejectUnauthorized: false } as object),
  };
  return new Promise((resolve, reject) => {
    const outgoing = (scheme === "https" ? requestHttps : requestHttp)(options);
    outgoing.on("response", (answer) => {
      const status = answer.statusCode ?? 502;
      resolve({ status, headers: replyHeaders(answer, destination), body: { kind: "stream", chunks: answer } });
    });
    outgoing.on("upgrade", (answer: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (head.length > 0) socket.unshift(head);
      resolve(upgradeReply(answer, socket));
    });
    outgoing.on("error", (error) => {
      reject(errors.serviceUnavailable(`error trying to reach service: ${error.message}`));
    });
    sendBody(request, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
}

async function sendBody(request: ApiRequest, outgoing: ReturnType<typeof requestHttp>): Promise<void> {
  if (request.upgrade || request.method === "GET" || request.method === "HEAD") {
    outgoing.end();
    return;
  }
  for await (const piece of request.bodyStream?.() ?? []) {
    if (!outgoing.write(piece)) await new Promise((resolve) => outgoing.once("drain", resolve));
  }
  outgoing.end();
}

function upgradeReply(answer: IncomingMessage, socket: Duplex): ApiReply {
  const head: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) if (value !== undefined) head[name] = String(value);
  return {
    status: 101,
    headers: {},
    body: {
      kind: "upgrade",
      upgrade: {
        kind: "raw",
        head,
        async serve(client) {
          const server = duplexStream(socket);
          const pass = async (from: typeof client, to: typeof client): Promise<void> => {
            try {
              for await (const bytes of from.readable) await to.write(bytes);
            } finally {
              to.end();
            }
          };
          await Promise.allSettled([pass(client, server), pass(server, client)]);
        },
      },
    },
  };
}
