// Answers a request that asked for an upgrade: picks the protocol, sends the 101, and joins the connection's framing to
// what the API server (or node) wants to do with it. May import node, ws, src/base, src/kinds.
import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { errors, type StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { ApiReply, ApiRequest, Upgrade } from "../../kinds/request.ts";
import { concatenate } from "../../client/reply.ts";
import { SpdyConnection } from "../spdy/connection.ts";
import { duplexStream } from "./duplex-stream.ts";
import { servePortForwardSpdy, servePortForwardWebSocket, servePortForwardTunnel } from "./port-forward.ts";
import { serveRemoteCommandSpdy, serveRemoteCommandWebSocket } from "./remote-command.ts";
import { serveStreamWebSocket, serveWatchWebSocket } from "./stream-websocket.ts";

export interface UpgradeContext {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly request: ApiRequest;
  readonly reply: ApiReply;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The subprotocols that each kind of upgrade speaks over WebSocket, best first. */
const webSocketProtocols: Record<string, readonly string[]> = {
  "remote-command": [
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
  ],
  "port-forward": ["SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io"],
  stream: ["binary.k8s.io", "base64.binary.k8s.io"],
};
const spdyProtocols: Record<string, readonly string[]> = {
  "remote-command": ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"],
  "port-forward": ["portforward.k8s.io"],
};

/** A message may be as large as what kubectl sends at once (32 KiB), with room. */
const messageBytesMax = 4 * 1024 * 1024;

export async function serveUpgrade(context: UpgradeContext): Promise<void> {
  const { reply, request } = context;
  const { body } = reply;
  if (reply.status >= 300 && body.kind !== "upgrade") return writeAnswer(context, reply);
  if (body.kind === "watch" || body.kind === "stream") {
    if (request.upgrade?.protocol !== "websocket") return writeAnswer(context, reply);
    const socket = await acceptWebSocket(context, "stream");
    return body.kind === "watch" ? serveWatchWebSocket(socket, body.stream) : serveStreamWebSocket(socket, body.chunks);
  }
  if (body.kind !== "upgrade") return writeAnswer(context, reply);
  const { upgrade } = body;
  if (upgrade.kind === "raw") return serveRaw(context, upgrade);
  if (request.upgrade?.protocol === "websocket") return serveWebSocket(context, upgrade);
  if (request.upgrade?.protocol === "spdy" && upgrade.kind !== "stream") return serveSpdy(context, upgrade);
  return writeError(context, errors.badRequest("Upgrade request required"));
}

async function serveWebSocket(context: UpgradeContext, upgrade: Exclude<Upgrade, { kind: "raw" }>): Promise<void> {
  const socket = await acceptWebSocket(context, upgrade.kind);
  switch (upgrade.kind) {
    case "stream":
      return serveStreamWebSocket(socket, upgrade.body);
    case "remote-command":
      return serveRemoteCommandWebSocket(socket, upgrade, context.signal);
    case "port-forward":
      return socket.protocol.startsWith("SPDY/")
        ? servePortForwardTunnel(socket, upgrade, context.signal)
        : servePortForwardWebSocket(socket, upgrade, context.signal);
  }
}

async function serveSpdy(
  context: UpgradeContext,
  upgrade: Extract<Upgrade, { kind: "remote-command" | "port-forward" }>,
): Promise<void> {
  const supported = spdyProtocols[upgrade.kind]!;
  const offered = context.request.upgrade!.subprotocols;
  const protocol = offered.find((one) => supported.includes(one));
  if (protocol === undefined && (offered.length > 0 || upgrade.kind === "port-forward")) {
    const text = `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(" ")}], server accepts [${supported.join(" ")}]`;
    return writeError(context, errors.failure(403, "Forbidden", text));
  }
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "Upgrade: SPDY/3.1",
    ...(protocol ? [`X-Stream-Protocol-Version: ${protocol}`] : []),
  ];
  context.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const open = (options: ConstructorParameters<typeof SpdyConnection>[1]): SpdyConnection =>
    new SpdyConnection(context.socket, options, context.head);
  return upgrade.kind === "remote-command"
    ? serveRemoteCommandSpdy(open, protocol ?? "channel.k8s.io", upgrade, context.signal)
    : servePortForwardSpdy(open, upgrade, context.signal);
}

const webSocketServer = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: messageBytesMax,
  perMessageDeflate: false,
  handleProtocols(offered, request) {
    const supported = webSocketProtocols[wantedKinds.get(request) ?? ""] ?? [];
    return [...offered].map(fromToken).find((one) => supported.includes(one)) ?? false;
  },
});
/**
 * Upstream's name for SPDY inside WebSocket holds a slash, which RFC 6455 (and ws with it) does not allow in a subprotocol:
 * it is offered to ws under a name that it takes, and answered under its own.
 */
const tunnel = { name: "SPDY/3.1+", token: "SPDY-3.1+" } as const;
const fromToken = (offered: string): string => offered.replace(tunnel.token, tunnel.name);

const wantedKinds = new WeakMap<IncomingMessage, string>();

function acceptWebSocket(context: UpgradeContext, kind: string): Promise<WebSocket> {
  wantedKinds.set(context.incoming, kind);
  const { headers } = context.incoming;
  const offered = headers["sec-websocket-protocol"];
  if (offered) headers["sec-websocket-protocol"] = offered.replaceAll(tunnel.name, tunnel.token);
  return new Promise((resolve) => {
    webSocketServer.handleUpgrade(context.incoming, context.socket, context.head, (socket) => {
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

async function serveRaw(context: UpgradeContext, upgrade: Extract<Upgrade, { kind: "raw" }>): Promise<void> {
  const lines = Object.entries(upgrade.head).map(([name, value]) => `${name}: ${value}`);
  context.socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  if (context.head.length > 0) context.socket.unshift(context.head);
  await upgrade.serve(duplexStream(context.socket));
}

const writeError = (context: UpgradeContext, error: StatusError): Promise<void> =>
  writeAnswer(context, {
    status: error.code,
    headers: { "content-type": "application/json" },
    body: { kind: "bytes", bytes: Buffer.from(JSON.stringify(error.status)) },
  });

/** The request ends as an ordinary one: its answer is written on the raw socket, which is then closed. */
async function writeAnswer(context: UpgradeContext, reply: ApiReply): Promise<void> {
  const { body } = reply;
  const pieces: Uint8Array[] = [];
  if (body.kind === "bytes") pieces.push(body.bytes);
  if (body.kind === "object") pieces.push(body.ref.bytes);
  if (body.kind === "list") pieces.push(...body.chunks());
  if (body.kind === "stream") for await (const chunk of body.chunks) pieces.push(chunk);
  if (body.kind === "watch") body.stream.close();
  const whole = concatenate([...pieces, new Uint8Array()]);
  const headers = Object.entries(reply.headers).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`),
  );
  const head = [
    `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ""}`,
    ...headers,
    `content-length: ${whole.length}`,
    "connection: close",
  ].join("\r\n");
  context.socket.end(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), whole]));
}
