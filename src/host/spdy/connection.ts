// SPDY/3.1 over any duplex stream, for both sides: what kubectl and containerd speak for exec, attach and port-forward.
// Neither moby/spdystream nor we use its flow control windows (it never sends WINDOW_UPDATE): back-pressure is the
// connection's own. May import node, src/base, src/kinds.
import type { Duplex } from "node:stream";
import type { ByteStream } from "../../kinds/request.ts";
import { ByteQueue, SharedFlow } from "../streams/byte-queue.ts";
import { HeaderDecoder, HeaderEncoder, type SpdyHeaders } from "./header-codec.ts";

const frameType = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8 } as const;
const flagFin = 0x01;
const rstCancel = 5;
/** Data frames that we send; a reader must be able to interleave streams. */
const dataFrameBytesMax = 32 * 1024;
/** A frame's length has 24 bits; nobody honest sends more than this at once. */
const frameBytesMax = 4 * 1024 * 1024;
/** Streams open at once on one connection: port-forward opens two for each TCP connection. */
const streamsMax = 2048;

export interface SpdyStream extends ByteStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
}

export interface SpdyOptions {
  readonly role: "server" | "client";
  /** A stream that the other side opened. It is answered (SYN_REPLY) already. */
  onStream?(stream: SpdyStream): void;
  /** Called once, when the connection is over. */
  onClose?(error: Error | undefined): void;
}

export class SpdyConnection {
  readonly #duplex: Duplex;
  readonly #options: SpdyOptions;
  readonly #encoder = new HeaderEncoder();
  readonly #decoder = new HeaderDecoder();
  readonly #streams = new Map<number, OpenStream>();
  readonly #replies = new Map<number, () => void>();
  readonly #flow: SharedFlow;
  #nextId: number;
  #sending: Promise<void> = Promise.resolve();
  #paused: Promise<void> = Promise.resolve();
  #resume: () => void = () => {};
  #writable: () => void = () => {};
  #closed = false;

  constructor(duplex: Duplex, options: SpdyOptions, head?: Uint8Array) {
    this.#duplex = duplex;
    this.#options = options;
    this.#nextId = options.role === "client" ? 1 : 2;
    this.#flow = new SharedFlow({
      pause: () => {
        this.#paused = new Promise((resolve) => {
          this.#resume = resolve;
        });
      },
      resume: () => this.#resume(),
    });
    duplex.on("error", () => {});
    duplex.on("drain", () => this.#writable());
    duplex.on("close", () => this.#end(undefined));
    if (head && head.length > 0) duplex.unshift(head);
    void this.#read();
  }

  /** Opens a stream; resolves when the other side has accepted it. */
  async openStream(headers: SpdyHeaders): Promise<SpdyStream> {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = new OpenStream(this, id, headers, this.#flow);
    this.#streams.set(id, stream);
    const accepted = new Promise<void>((resolve) => this.#replies.set(id, resolve));
    await this.#send(async () => {
      const block = await this.#encoder.encode(headers);
      const fixed = Buffer.alloc(10);
      fixed.writeUInt32BE(id, 0);
      return controlFrame(frameType.synStream, 0, Buffer.concat([fixed, block]));
    });
    await accepted;
    if (this.#closed) throw new Error("the connection is closed");
    return stream;
  }

  /** Ends the connection after what was written. */
  close(): void {
    void this.#sending.catch(() => {}).then(() => this.#duplex.end());
  }

  destroy(error?: Error): void {
    this.#duplex.destroy();
    this.#end(error);
  }

  async sendData(id: number, bytes: Uint8Array, fin: boolean): Promise<void> {
    let offset = 0;
    do {
      const piece = bytes.subarray(offset, offset + dataFrameBytesMax);
      offset += piece.length;
      const last = fin && offset >= bytes.length;
      await this.#send(() => {
        const head = Buffer.alloc(8);
        head.writeUInt32BE(id, 0);
        head.writeUInt32BE(piece.length | ((last ? flagFin : 0) << 24), 4);
        return Buffer.concat([head, piece]);
      });
    } while (offset < bytes.length);
  }

  sendReset(id: number): void {
    const body = Buffer.alloc(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(rstCancel, 4);
    this.#send(() => controlFrame(frameType.rstStream, 0, body)).catch(() => {});
  }

  forget(id: number): void {
    this.#streams.delete(id);
  }

  /** Writes frames one after the other: header blocks share a context, and so must keep their order. */
  #send(frame: () => Buffer | Promise<Buffer>): Promise<void> {
    const sent = this.#sending.then(async () => {
      if (this.#closed || this.#duplex.destroyed) throw new Error("the connection is closed");
      const bytes = await frame();
      if (!this.#duplex.write(bytes)) await this.#drained();
    });
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** Resolves when more may be written, or when nothing ever will. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#writable = resolve;
    });
  }

  async #read(): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of this.#duplex) {
        rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
        while (rest.length >= 8) {
          const length = rest.readUInt32BE(4) & 0xffffff;
          if (length > frameBytesMax) throw new Error("a SPDY frame is too large");
          if (rest.length < 8 + length) break;
          await this.#frame(rest.subarray(0, 8), rest.subarray(8, 8 + length));
          rest = rest.subarray(8 + length);
        }
        await this.#paused;
      }
      this.#end(undefined);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  async #frame(head: Buffer, body: Buffer): Promise<void> {
    const first = head.readUInt32BE(0);
    const flags = head[4]!;
    if ((first & 0x80000000) === 0) {
      const stream = this.#streams.get(first);
      // A copy: the chunk that it lies in is much larger and would be kept alive.
      stream?.queue.push(Uint8Array.from(body));
      if (flags & flagFin) stream?.remoteEnded();
      return;
    }
    switch (first & 0xffff) {
      case frameType.synStream:
        return this.#accept(body, (flags & flagFin) !== 0);
      case frameType.synReply:
        await this.#decoder.decode(body.subarray(4));
        this.#replies.get(body.readUInt32BE(0))?.();
        this.#replies.delete(body.readUInt32BE(0));
        return;
      case frameType.headers:
        await this.#decoder.decode(body.subarray(4));
        return;
      case frameType.rstStream: {
        const id = body.readUInt32BE(0) & 0x7fffffff;
        this.#replies.get(id)?.();
        this.#streams.get(id)?.reset();
        return;
      }
      case frameType.ping: {
        const id = Buffer.from(body.subarray(0, 4));
        const ours = (id.readUInt32BE(0) % 2 === 1) === (this.#options.role === "client");
        if (!ours) await this.#send(() => controlFrame(frameType.ping, 0, id));
        return;
      }
      default:
        // SETTINGS, GOAWAY, WINDOW_UPDATE: nothing to do.
        return;
    }
  }

  async #accept(body: Buffer, ended: boolean): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#decoder.decode(body.subarray(10));
    if (this.#streams.has(id) || this.#streams.size >= streamsMax) {
      this.sendReset(id);
      return;
    }
    const stream = new OpenStream(this, id, headers, this.#flow);
    this.#streams.set(id, stream);
    await this.#send(async () => {
      const block = await this.#encoder.encode({});
      const fixed = Buffer.alloc(4);
      fixed.writeUInt32BE(id, 0);
      return controlFrame(frameType.synReply, 0, Buffer.concat([fixed, block]));
    });
    if (ended) stream.remoteEnded();
    this.#options.onStream?.(stream);
  }

  #end(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writable();
    this.#resume();
    for (const stream of this.#streams.values()) stream.queue.end(error);
    for (const resolve of this.#replies.values()) resolve();
    this.#streams.clear();
    this.#encoder.close();
    this.#decoder.close();
    this.#options.onClose?.(error);
  }
}

function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(body.length | (flags << 24), 4);
  return Buffer.concat([head, body]);
}

class OpenStream implements SpdyStream {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly queue: ByteQueue;
  readonly #connection: SpdyConnection;
  #localEnded = false;
  #remoteEnded = false;

  constructor(connection: SpdyConnection, id: number, headers: SpdyHeaders, flow: SharedFlow) {
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    this.queue = new ByteQueue(flow);
  }

  get readable(): AsyncIterable<Uint8Array> {
    return this.queue;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#localEnded) throw new Error("the stream is ended");
    if (bytes.length > 0) await this.#connection.sendData(this.id, bytes, false);
  }

  end(): void {
    if (this.#localEnded) return;
    this.#localEnded = true;
    this.#connection.sendData(this.id, new Uint8Array(), true).catch(() => {});
    this.#forgetWhenDone();
  }

  destroy(): void {
    if (!this.#localEnded || !this.#remoteEnded) this.#connection.sendReset(this.id);
    this.reset();
  }

  remoteEnded(): void {
    this.#remoteEnded = true;
    this.queue.end();
    this.#forgetWhenDone();
  }

  reset(): void {
    this.#localEnded = true;
    this.#remoteEnded = true;
    this.queue.end();
    this.#connection.forget(this.id);
  }

  #forgetWhenDone(): void {
    if (this.#localEnded && this.#remoteEnded) this.#connection.forget(this.id);
  }
}
