// The front door on the wire: HTTPS with HTTP/2 and HTTP/1.1 on one port, in front of a Transport (the API server's or a
// node's handle()). It turns requests into ApiRequests and replies into HTTP, and knows nothing of Kubernetes beyond that.
// May import node, src/base, src/kinds.
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { errors } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { ApiRequest, Peer, Transport, UpgradeOffer } from "../../kinds/request.ts";
import { headerBytesMax, http2SessionMemoryMegabytes, http2StreamsMax, keepAliveTimeoutMs } from "../limits.ts";
import { serveUpgrade } from "../streams/serve-upgrade.ts";
import { parseQuery } from "./parse-query.ts";
import { writeReply } from "./write-reply.ts";

export interface HttpServerOptions {
  readonly transport: Transport;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Who may sign client certificates. */
  readonly clientCaPem: string;
  readonly log: Log;
}
export interface HttpServer {
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

export type Incoming = IncomingMessage | Http2ServerRequest;
export type Outgoing = ServerResponse | Http2ServerResponse;

/** Rejects with Node's own error (EADDRINUSE, EACCES) when the port can't be had. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: options.certificatePem,
    key: options.keyPem,
    ca: options.clientCaPem,
    requestCert: true,
    rejectUnauthorized: false,
    maxSessionMemory: http2SessionMemoryMegabytes,
    settings: { maxConcurrentStreams: http2StreamsMax, initialWindowSize: 1024 * 1024 },
    maxHeaderListPairs: 256,
    // Node takes this option for the HTTP/1.1 side of an allowHTTP1 server.
    ...({ maxHeaderSize: headerBytesMax, keepAliveTimeout: keepAliveTimeoutMs } as object),
  });
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket: TLSSocket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.on("sessionError", () => {});
  server.on("clientError", answerClientError);
  server.on("request", (incoming: Incoming, outgoing: Outgoing) => {
    serveRequest(options, incoming, outgoing).catch((error: unknown) => {
      options.log.error("request failed", { path: incoming.url, error });
      outgoing.destroy();
    });
  });
  // `upgrade` exists on the HTTP/1.1 side only.
  (server as unknown as NodeJS.EventEmitter).on(
    "upgrade",
    (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      serveUpgradeRequest(options, incoming, socket, head).catch((error: unknown) => {
        options.log.error("upgrade failed", { path: incoming.url, error });
        socket.destroy();
      });
    },
  );
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Http2SecureServer, options: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

const peers = new WeakMap<object, Peer>();

/** The connection's other side; worked out once for each connection. */
function peerOf(incoming: Incoming): Peer {
  const socket = incoming.socket as TLSSocket;
  const session = "stream" in incoming && incoming.stream ? incoming.stream.session : undefined;
  const key = session ?? socket;
  const known = peers.get(key);
  if (known) return known;
  const address = socket.remoteAddress ?? "";
  const certificate = socket.getPeerCertificate?.();
  let peer: Peer = { address };
  if (certificate && Object.keys(certificate).length > 0) {
    const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] };
    const commonName = [CN ?? ""].flat()[0] ?? "";
    peer = socket.authorized
      ? {
          address,
          certificate: {
            commonName,
            organizations: O === undefined ? [] : [O].flat(),
            fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
          },
        }
      : { address, certificateError: String(socket.authorizationError) };
  }
  peers.set(key, peer);
  return peer;
}

function headersOf(incoming: Incoming): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const authority = incoming.headers[constants.HTTP2_HEADER_AUTHORITY];
  if (typeof authority === "string") headers["host"] ??= authority;
  return headers;
}

async function readBody(incoming: Incoming, limitBytes: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming) {
    length += (piece as Buffer).length;
    if (length > limitBytes) {
      throw errors.requestEntityTooLarge(`Request entity too large: limit is ${limitBytes}`);
    }
    pieces.push(piece as Buffer);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** Node's parser knows a fixed list of methods: what it refuses is answered as the API server answers an unknown one. */
function answerClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const unknownMethod = error.code === "HPE_INVALID_METHOD";
  const line = unknownMethod ? "405 Method Not Allowed" : "400 Bad Request";
  const body = unknownMethod ? JSON.stringify(unknownMethodStatus) : "400 Bad Request";
  const type = unknownMethod ? "application/json" : "text/plain; charset=utf-8";
  const headers = `content-type: ${type}\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${line}\r\n${headers}\r\n\r\n${body}`);
}
const unknownMethodStatus = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "the server does not allow this method on the requested resource",
  reason: "MethodNotAllowed",
  details: {},
  code: 405,
};

function toRequest(incoming: Incoming, signal: AbortSignal, upgrade?: UpgradeOffer): ApiRequest {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  return {
    method: incoming.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: parseQuery(mark < 0 ? "" : url.slice(mark + 1)),
    headers: headersOf(incoming),
    body: (limitBytes) => readBody(incoming, limitBytes),
    bodyStream: () => incoming as AsyncIterable<Uint8Array>,
    peer: peerOf(incoming),
    upgrade,
    signal,
  };
}

async function serveRequest(options: HttpServerOptions, incoming: Incoming, outgoing: Outgoing): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort(new Error("the client is gone")));
  outgoing.on("error", () => gone.abort(new Error("the client is gone")));
  const request = toRequest(incoming, gone.signal);
  const reply = await options.transport(request);
  await writeReply(request, reply, outgoing, gone.signal);
}

function offerOf(incoming: IncomingMessage): UpgradeOffer | undefined {
  const split = (text: string | string[] | undefined): string[] =>
    [text ?? []]
      .flat()
      .flatMap((one) => one.split(","))
      .map((one) => one.trim())
      .filter(Boolean);
  const upgrade = incoming.headers.upgrade?.toLowerCase();
  if (upgrade === "websocket") {
    return { protocol: "websocket", subprotocols: split(incoming.headers["sec-websocket-protocol"]) };
  }
  if (upgrade?.startsWith("spdy/")) {
    return { protocol: "spdy", subprotocols: split(incoming.headers["x-stream-protocol-version"]) };
  }
  return undefined;
}

async function serveUpgradeRequest(
  options: HttpServerOptions,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const gone = new AbortController();
  socket.on("close", () => gone.abort(new Error("the client is gone")));
  socket.on("error", () => gone.abort(new Error("the client is gone")));
  const request = toRequest(incoming, gone.signal, offerOf(incoming));
  const reply = await options.transport(request);
  await serveUpgrade({ incoming, socket, head, request, reply, signal: gone.signal, log: options.log });
}
