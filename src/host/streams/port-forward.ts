// Port-forward for clients: SPDY streams in pairs (data and error with one requestID), the same SPDY inside WebSocket
// messages (kubectl since 1.31), and numbered WebSocket channels. May import node, ws, src/base, src/kinds.
import { createWebSocketStream, type WebSocket } from "ws";
import type { ByteStream, PortForwardConnection, Upgrade } from "../../kinds/request.ts";
import { SpdyConnection, type SpdyOptions, type SpdyStream } from "../spdy/connection.ts";
import { WebSocketChannels } from "./channels.ts";

type PortForward = Extract<Upgrade, { kind: "port-forward" }>;

/** A list that is filled while it is read. */
class Handoff<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift()!;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}

/** The data stream, whose end is the error stream's, too: clients wait for both before they close their connection. */
function endingBoth(data: SpdyStream, error: SpdyStream): ByteStream {
  return {
    readable: data.readable,
    write: (bytes) => data.write(bytes),
    end() {
      data.end();
      error.end();
    },
    destroy() {
      data.destroy();
      error.end();
    },
  };
}

/** Pairs a connection's streams by requestID; a data stream without its error stream waits. */
class StreamPairs {
  readonly connections = new Handoff<PortForwardConnection>();
  readonly #waiting = new Map<string, { data?: SpdyStream; error?: SpdyStream }>();

  add(stream: SpdyStream): void {
    const type = stream.headers["streamtype"];
    const port = Number(stream.headers["port"]);
    if ((type !== "data" && type !== "error") || !Number.isInteger(port) || port < 1 || port > 65535) {
      stream.destroy();
      return;
    }
    // Clients before requestID (1.2) open the error stream first and the data stream right after it.
    const id = stream.headers["requestid"] ?? String(type === "error" ? stream.id : stream.id - 2);
    const pair = { ...this.#waiting.get(id), [type]: stream };
    if (!pair.data || !pair.error) {
      this.#waiting.set(id, pair);
      return;
    }
    this.#waiting.delete(id);
    const { data, error } = pair;
    this.connections.push({
      port,
      data: endingBoth(data, error),
      fail(message) {
        error
          .write(Buffer.from(message))
          .catch(() => {})
          .finally(() => {
            error.end();
            data.end();
          });
      },
    });
  }
}

/** Serves port-forward over a SPDY connection that `open` makes. */
export async function servePortForwardSpdy(
  open: (options: SpdyOptions) => SpdyConnection,
  upgrade: PortForward,
  signal: AbortSignal,
): Promise<void> {
  const pairs = new StreamPairs();
  const connection = open({
    role: "server",
    onStream: (stream) => pairs.add(stream),
    onClose: () => pairs.connections.end(),
  });
  try {
    await upgrade.serve(pairs.connections, signal);
  } finally {
    connection.close();
  }
}

/** The same, inside a WebSocket's binary messages (subprotocol SPDY/3.1+portforward.k8s.io). */
export function servePortForwardTunnel(socket: WebSocket, upgrade: PortForward, signal: AbortSignal): Promise<void> {
  const duplex = createWebSocketStream(socket);
  return servePortForwardSpdy((options) => new SpdyConnection(duplex, options), upgrade, signal);
}

/** Two channels a port: data and error; the first message of each is the port, little-endian. */
export async function servePortForwardWebSocket(
  socket: WebSocket,
  upgrade: PortForward,
  signal: AbortSignal,
): Promise<void> {
  const channels = new WebSocketChannels(socket, upgrade.ports.length * 2);
  const connections = new Handoff<PortForwardConnection>();
  socket.on("close", () => connections.end());
  for (const [index, port] of upgrade.ports.entries()) {
    const head = Buffer.alloc(2);
    head.writeUInt16LE(port);
    await channels.write(index * 2, head);
    await channels.write(index * 2 + 1, head);
    connections.push({
      port,
      data: channels.stream(index * 2),
      fail: (message) => void channels.write(index * 2 + 1, Buffer.from(message)).catch(() => {}),
    });
  }
  await upgrade.serve(connections, signal);
  channels.close();
}
