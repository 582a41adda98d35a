// SPDY/3.1 header blocks: names and values, deflated with one context for each direction of a connection. So blocks must
// be encoded and decoded in the order in which they travel. May import node.
import { createDeflate, createInflate, constants as zlib } from "node:zlib";
import { spdyDictionary } from "./dictionary.ts";

export type SpdyHeaders = Readonly<Record<string, string>>;

/** Inflated size of one block. A hostile block inflates a thousandfold; honest ones have a few hundred bytes. */
const blockBytesMax = 64 * 1024;

export class HeaderEncoder {
  readonly #deflate = createDeflate({ dictionary: spdyDictionary });
  #output: Buffer[] = [];

  constructor() {
    this.#deflate.on("data", (piece: Buffer) => this.#output.push(piece));
  }

  encode(headers: SpdyHeaders): Promise<Buffer> {
    const entries = Object.entries(headers);
    const parts: Buffer[] = [uint32(entries.length)];
    for (const [name, value] of entries) {
      for (const text of [name.toLowerCase(), value]) {
        const bytes = Buffer.from(text);
        parts.push(uint32(bytes.length), bytes);
      }
    }
    return new Promise((resolve, reject) => {
      this.#deflate.once("error", reject);
      this.#deflate.write(Buffer.concat(parts));
      this.#deflate.flush(zlib.Z_SYNC_FLUSH, () => {
        this.#deflate.off("error", reject);
        const block = Buffer.concat(this.#output);
        this.#output = [];
        resolve(block);
      });
    });
  }

  close(): void {
    this.#deflate.close();
  }
}

export class HeaderDecoder {
  readonly #inflate = createInflate({ dictionary: spdyDictionary });
  #output: Buffer[] = [];
  #sizeBytes = 0;

  constructor() {
    this.#inflate.on("data", (piece: Buffer) => {
      this.#sizeBytes += piece.length;
      if (this.#sizeBytes <= blockBytesMax) this.#output.push(piece);
    });
    this.#inflate.on("error", () => {});
  }

  /** Rejects when the block is not well-formed; the connection cannot go on then. */
  decode(block: Buffer): Promise<SpdyHeaders> {
    this.#output = [];
    this.#sizeBytes = 0;
    return new Promise((resolve, reject) => {
      this.#inflate.once("error", reject);
      this.#inflate.write(block);
      this.#inflate.flush(zlib.Z_SYNC_FLUSH, () => {
        this.#inflate.off("error", reject);
        try {
          if (this.#sizeBytes > blockBytesMax) throw new Error("a SPDY header block is too large");
          resolve(parseBlock(Buffer.concat(this.#output)));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  close(): void {
    this.#inflate.close();
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function parseBlock(block: Buffer): SpdyHeaders {
  const headers: Record<string, string> = Object.create(null);
  let offset = 4;
  const text = (): string => {
    const length = block.readUInt32BE(offset);
    if (offset + 4 + length > block.length) throw new Error("a SPDY header block is cut short");
    offset += 4 + length;
    return block.toString("utf8", offset - length, offset);
  };
  for (let rest = block.readUInt32BE(0); rest > 0; rest -= 1) {
    const name = text();
    headers[name] = text();
  }
  return headers;
}
