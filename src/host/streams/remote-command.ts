// exec and attach for clients over WebSocket and SPDY: which stream is which, terminal sizes, and how the end is told, in
// each version of the protocol (k8s.io/kubelet remotecommand). May import node, ws, src/base, src/kinds.
import type { WebSocket } from "ws";
import type { Status } from "../../base/errors.ts";
import type { RemoteCommandStreams, Upgrade } from "../../kinds/request.ts";
import type { SpdyConnection, SpdyOptions, SpdyStream } from "../spdy/connection.ts";
import { WebSocketChannels } from "./channels.ts";

type RemoteCommand = Extract<Upgrade, { kind: "remote-command" }>;

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
/** How long a SPDY client may take to open its streams. Upstream: 30 s. */
const streamCreationTimeoutMs = 30_000;
/** Upstream closes the connection some time after the error stream, so that slow clients have read it. */
const lingerMs = 5_000;

/** Terminal sizes are JSON objects, one after the other. */
async function* readSizes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<{ width: number; height: number }> {
  let text = "";
  for await (const chunk of chunks) {
    text = (text + Buffer.from(chunk).toString("utf8")).slice(-4096);
    for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}")) {
      const piece = text.slice(0, end + 1);
      text = text.slice(end + 1);
      const size = parseSize(piece);
      if (size) yield size;
    }
  }
}

function parseSize(text: string): { width: number; height: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    return typeof Width === "number" && typeof Height === "number" ? { width: Width, height: Height } : undefined;
  } catch {
    return undefined;
  }
}

/** What is written to the error stream: a Status since v4, before that the message of a failure. */
function endText(status: Status, structured: boolean): string | undefined {
  if (structured) return JSON.stringify(status);
  return status.status === "Success" ? undefined : (status.message ?? "command failed");
}

export async function serveRemoteCommandWebSocket(
  socket: WebSocket,
  upgrade: RemoteCommand,
  signal: AbortSignal,
): Promise<void> {
  const channels = new WebSocketChannels(socket, 5);
  const structured = /^v[45]\./.test(socket.protocol);
  const first = upgrade.stdout ? channel.stdout : upgrade.stderr ? channel.stderr : channel.error;
  // An empty message tells the client that the connection stands.
  await channels.write(first, new Uint8Array());
  const streams: RemoteCommandStreams = {
    stdin: upgrade.stdin ? channels.stream(channel.stdin).readable : undefined,
    stdout: upgrade.stdout ? channels.stream(channel.stdout) : undefined,
    stderr: upgrade.stderr && !upgrade.tty ? channels.stream(channel.stderr) : undefined,
    resize: upgrade.tty ? readSizes(channels.stream(channel.resize).readable) : undefined,
    async finish(status) {
      const text = endText(status as Status, structured);
      if (text !== undefined) await channels.write(channel.error, Buffer.from(text)).catch(() => {});
      channels.close();
    },
    signal,
  };
  await upgrade.serve(streams);
}

type OpenSpdy = (options: SpdyOptions) => SpdyConnection;

/** Waits until the client has opened the streams that its request announced. */
function collectStreams(
  open: OpenSpdy,
  wanted: ReadonlySet<string>,
): Promise<{ connection: SpdyConnection; streams: ReadonlyMap<string, SpdyStream> }> {
  return new Promise((resolve, reject) => {
    const streams = new Map<string, SpdyStream>();
    const timer = setTimeout(() => {
      connection.destroy();
      reject(new Error("timed out waiting for client to create streams"));
    }, streamCreationTimeoutMs);
    const connection = open({
      role: "server",
      onStream(stream) {
        const type = stream.headers["streamtype"] ?? "";
        if (!wanted.has(type)) {
          stream.destroy();
          return;
        }
        streams.set(type, stream);
        if (streams.size < wanted.size) return;
        clearTimeout(timer);
        resolve({ connection, streams });
      },
      onClose() {
        clearTimeout(timer);
        reject(new Error("the client is gone"));
      },
    });
  });
}

export async function serveRemoteCommandSpdy(
  open: OpenSpdy,
  protocol: string,
  upgrade: RemoteCommand,
  signal: AbortSignal,
): Promise<void> {
  const version = Number(/^v(\d)/.exec(protocol)?.[1] ?? 1);
  const wanted = new Set(["error"]);
  if (upgrade.stdin) wanted.add("stdin");
  if (upgrade.stdout) wanted.add("stdout");
  if (upgrade.stderr && !(upgrade.tty && version >= 2)) wanted.add("stderr");
  if (upgrade.tty && version >= 3) wanted.add("resize");
  const { connection, streams } = await collectStreams(open, wanted);
  const resize = streams.get("resize");
  await upgrade.serve({
    stdin: streams.get("stdin")?.readable,
    stdout: streams.get("stdout"),
    stderr: streams.get("stderr"),
    resize: resize ? readSizes(resize.readable) : undefined,
    async finish(status) {
      const text = endText(status as Status, version >= 4);
      const error = streams.get("error")!;
      if (text !== undefined) await error.write(Buffer.from(text)).catch(() => {});
      for (const stream of streams.values()) stream.end();
      connection.close();
      setTimeout(() => connection.destroy(), lingerMs).unref();
    },
    signal,
  });
}
