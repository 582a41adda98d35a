// The runtime's streaming server: exec, attach and port-forward over SPDY, which (unlike the WebSocket protocol that
// containerd speaks) can end standard input while output goes on. Each command and each forwarded connection has a
// connection of its own, so that a slow reader holds up nobody else. May import node, src/base, src/kinds,
// src/kubelet's port.
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { type Status, StatusError } from "../../base/errors.ts";
import type { ByteStream, RemoteCommandStreams } from "../../kinds/request.ts";
import { RuntimeError } from "../../kubelet/runtime.ts";
import { SpdyConnection, type SpdyStream } from "../spdy/connection.ts";

const remoteCommandProtocol = "v4.channel.k8s.io";
const portForwardProtocol = "portforward.k8s.io";
const connectTimeoutMs = 30_000;
const statusBytesMax = 64 * 1024;

/** Asks the streaming server to upgrade. Resolves to the raw connection. */
function upgrade(url: string, protocol: string): Promise<{ socket: Duplex; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": protocol };
    const call = request(url, { method: "POST", headers, timeout: connectTimeoutMs, agent: false });
    call.on("upgrade", (_reply, socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve({ socket, head });
    });
    call.on("response", (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("end", () =>
        reject(new RuntimeError(Buffer.concat(chunks).toString().trim() || `status ${reply.statusCode}`)),
      );
      reply.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new RuntimeError("timed out connecting to the runtime's streaming server")));
    call.on("error", (error) => reject(new RuntimeError(error.message, { cause: error })));
    call.end();
  });
}

async function connect(url: string, protocol: string): Promise<SpdyConnection> {
  const { socket, head } = await upgrade(url, protocol);
  return new SpdyConnection(socket, { role: "client" }, head);
}

async function readAll(stream: SpdyStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream.readable) {
    size += chunk.length;
    if (size <= statusBytesMax) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The exit code that the error stream's Status tells (v4 of the remote command protocol). Throws other Statuses. */
export function exitCodeOf(text: string): number {
  if (text === "") throw new RuntimeError("the runtime ended the command's connection without a status");
  const status = JSON.parse(text) as Status;
  if (status.status === "Success") return 0;
  if (status.reason === "NonZeroExitCode") {
    const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
    const code = Number(cause?.message);
    if (Number.isInteger(code)) return code;
  }
  // The runtime's words are already a Status's, with all that upstream's clients see before them.
  throw new StatusError(status);
}

async function copyOut(from: SpdyStream, to: ByteStream): Promise<void> {
  for await (const chunk of from.readable) await to.write(chunk);
}

async function copyIn(from: AsyncIterable<Uint8Array>, to: SpdyStream): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
  to.end();
}

async function copySizes(from: AsyncIterable<{ width: number; height: number }>, to: SpdyStream): Promise<void> {
  for await (const { width, height } of from) {
    await to.write(Buffer.from(JSON.stringify({ Width: width, Height: height })));
  }
}

/**
 * Serves the streams of one exec or attach whose URL the runtime has given; resolves to the exit code when the command
 * has ended and all of its output is written.
 */
export async function serveRemoteCommand(url: string, streams: RemoteCommandStreams, tty: boolean): Promise<number> {
  const connection = await connect(url, remoteCommandProtocol);
  const stop = (): void => connection.destroy(new RuntimeError("the client is gone"));
  streams.signal.addEventListener("abort", stop, { once: true });
  try {
    if (streams.signal.aborted) throw new RuntimeError("the client is gone");
    // The order is that of upstream's client; the server begins when it has all that the request announced.
    const open = (streamtype: string): Promise<SpdyStream> => connection.openStream({ streamtype });
    const error = await open("error");
    const stdin = streams.stdin && (await open("stdin"));
    const stdout = streams.stdout && (await open("stdout"));
    const stderr = streams.stderr && !tty ? await open("stderr") : undefined;
    const resize = tty ? await open("resize") : undefined;
    const gone = (): void => connection.destroy();
    // A client that goes away while it sends is no failure of the command: its signal tells.
    if (stdin) copyIn(streams.stdin!, stdin).catch(() => stdin.end());
    if (resize && streams.resize) copySizes(streams.resize, resize).catch(() => {});
    const outputs: Promise<void>[] = [];
    if (stdout) outputs.push(copyOut(stdout, streams.stdout!));
    if (stderr) outputs.push(copyOut(stderr, streams.stderr!));
    const copied = Promise.all(outputs);
    copied.catch(gone);
    const text = await readAll(error);
    await copied;
    return exitCodeOf(text);
  } finally {
    streams.signal.removeEventListener("abort", stop);
    connection.close();
  }
}

/** Connects to a port inside the sandbox whose port-forward URL the runtime has given. */
export async function connectToPort(url: string, port: number): Promise<ByteStream> {
  const connection = await connect(url, portForwardProtocol);
  const headers = { port: String(port), requestid: "0" };
  const error = await connection.openStream({ ...headers, streamtype: "error" });
  const data = await connection.openStream({ ...headers, streamtype: "data" });
  // Nothing is ever sent on the error stream from this side.
  error.end();
  const failure = readAll(error);
  failure.catch(() => {});
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of data.readable) yield chunk;
      const message = await failure;
      if (message !== "") throw new RuntimeError(message);
    } finally {
      connection.close();
    }
  }
  return {
    readable: read(),
    write: (bytes) => data.write(bytes),
    end: () => data.end(),
    destroy: () => connection.destroy(),
  };
}
