// Several byte channels over one WebSocket (channel.k8s.io and its successors): each message begins with its channel's
// number. May import node, ws, src/kinds.
import type { WebSocket } from "ws";
import type { ByteStream } from "../../kinds/request.ts";
import { ByteQueue, SharedFlow } from "./byte-queue.ts";
import { sendMessage } from "./stream-websocket.ts";

/** v5's message that half-closes a channel: [255, channel]. */
const closeChannel = 255;

export class WebSocketChannels {
  readonly #socket: WebSocket;
  readonly #queues: ByteQueue[];
  readonly #base64: boolean;

  constructor(socket: WebSocket, count: number) {
    this.#socket = socket;
    this.#base64 = socket.protocol.includes("base64");
    const flow = new SharedFlow({ pause: () => socket.pause(), resume: () => socket.resume() });
    this.#queues = Array.from({ length: count }, () => new ByteQueue(flow));
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on("close", () => {
      for (const queue of this.#queues) queue.end();
    });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (data.length === 0) return;
    const channel = this.#base64 && !isBinary ? data[0]! - 48 : data[0]!;
    if (channel === closeChannel && this.#socket.protocol === "v5.channel.k8s.io") {
      this.#queues[data[1]!]?.end();
      return;
    }
    const body = data.subarray(1);
    this.#queues[channel]?.push(this.#base64 ? Buffer.from(body.toString("latin1"), "base64") : body);
  }

  async write(channel: number, bytes: Uint8Array): Promise<void> {
    const message = this.#base64
      ? String.fromCharCode(48 + channel) + Buffer.from(bytes).toString("base64")
      : Buffer.concat([Buffer.of(channel), bytes]);
    if (!(await sendMessage(this.#socket, message))) throw new Error("the connection is closed");
  }

  /** One channel as a stream. Ending one side of it has no sign on the wire before v5. */
  stream(channel: number): ByteStream {
    return {
      readable: this.#queues[channel]!,
      write: (bytes) => this.write(channel, bytes),
      end: () => {
        if (this.#socket.protocol === "v5.channel.k8s.io") {
          void sendMessage(this.#socket, Buffer.of(closeChannel, channel));
        }
      },
      destroy: () => this.#queues[channel]!.discard(),
    };
  }

  close(): void {
    this.#socket.close(1000);
  }
}
