// The protobuf wire format: varints, tags, lengths. Readers trust nothing: every length is checked. Imports nothing.

/** Bytes that aren't protobuf; the message is that of Go's generated decoders. */
export class WireError extends Error {
  override name = "WireError";
}

export type WireType = 0 | 1 | 2 | 5;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw new WireError("unexpected EOF");
    this.#at = start + length;
    return start;
  }

  /** The next field's number and wire type. */
  tag(): { number: number; wireType: number } {
    const value = this.varint();
    const number = Number(value >> 3n);
    if (number < 1 || number > 0x1fffffff)
      throw new WireError(`proto: illegal tag ${number} (wire type ${value & 7n})`);
    return { number, wireType: Number(value & 7n) };
  }

  /** An unsigned varint of at most 64 bits. */
  varint(): bigint {
    let low = 0;
    let shift = 0;
    // Up to four bytes fit a small integer.
    while (shift < 28) {
      const byte = this.#bytes[this.#take(1)]!;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
      shift += 7;
    }
    let value = BigInt(low);
    for (let wide = 28n; wide < 70n; wide += 7n) {
      const byte = this.#bytes[this.#take(1)]!;
      value |= BigInt(byte & 0x7f) << wide;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireError("proto: integer overflow");
  }
  int64(): bigint {
    return BigInt.asIntN(64, this.varint());
  }
  int32(): number {
    return Number(BigInt.asIntN(32, this.varint()));
  }
  bool(): boolean {
    return this.varint() !== 0n;
  }
  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A length-delimited field's bytes: a view, not a copy. */
  bytes(): Uint8Array {
    const length = this.varint();
    if (length > BigInt(this.#end - this.#at)) throw new WireError("unexpected EOF");
    const start = this.#take(Number(length));
    return this.#bytes.subarray(start, this.#at);
  }
  text(): string {
    return textDecoder.decode(this.bytes());
  }
  message(): ProtobufReader {
    return new ProtobufReader(this.bytes());
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#take(8);
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#take(4);
    else throw new WireError(`proto: illegal wireType ${wireType}`);
  }
}

/** Writes fields in the order of the calls. */
export class ProtobufWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  #reserve(length: number): number {
    const start = this.#length;
    const needed = start + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    this.#length = needed;
    return start;
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** The written bytes: a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  varint(value: bigint | number): void {
    let rest = typeof value === "number" && value >= 0 && value < 0x80000000 ? value : undefined;
    if (rest === undefined) {
      let wide = BigInt.asUintN(64, BigInt(value));
      while (wide >= 0x80n) {
        this.#byte(Number(wide & 0x7fn) | 0x80);
        wide >>= 7n;
      }
      this.#byte(Number(wide));
      return;
    }
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
  }
  tag(number: number, wireType: WireType): void {
    this.varint(number * 8 + wireType);
  }
  /** Raw bytes, without tag or length. */
  raw(bytes: Uint8Array): void {
    const start = this.#reserve(bytes.length);
    this.#bytes.set(bytes, start);
  }

  /** An int32, int64, bool or enum. */
  integerField(number: number, value: bigint | number): void {
    this.tag(number, 0);
    this.varint(value);
  }
  boolField(number: number, value: boolean): void {
    this.integerField(number, value ? 1 : 0);
  }
  doubleField(number: number, value: number): void {
    this.tag(number, 1);
    const start = this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(start, value, true);
  }
  bytesField(number: number, bytes: Uint8Array): void {
    this.tag(number, 2);
    this.varint(bytes.length);
    this.raw(bytes);
  }
  textField(number: number, text: string): void {
    this.bytesField(number, textEncoder.encode(text));
  }
  messageField(number: number, write: (writer: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    this.tag(number, 2);
    this.varint(inner.#length);
    this.raw(inner.#bytes.subarray(0, inner.#length));
  }
}
