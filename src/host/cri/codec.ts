// Protobuf messages by table: what CRI and containerd's own services need, no more. A message is a list of rows [number,
// name, type, repeated]; decoded objects have every scalar and list (proto3's defaults) and only the messages that came.
// 64-bit integers are numbers: past 2^53 they round, which only times in nanoseconds reach. May import node.
import { assert } from "../../base/assert.ts";

export type FieldRow = readonly [number: number, name: string, type: string, repeated?: boolean];
export type MessageTable = Readonly<Record<string, readonly FieldRow[]>>;
export type EnumTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What encode takes: any part of a message may be left out. */
export type Draft<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Draft<Item>[]
    : T extends object
      ? { readonly [K in keyof T]?: Draft<T[K]> | undefined }
      : T;

export interface Codec {
  encode(message: string, value: object): Uint8Array;
  /** Throws an Error on bytes that are no such message. Unknown fields are skipped. */
  decode(message: string, bytes: Uint8Array): Record<string, unknown>;
}

const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;
const wireFixed32 = 5;
const depthMax = 32;
const varintTypes = new Set(["int32", "int64", "uint32", "uint64", "bool"]);
const utf8 = new TextDecoder("utf-8");

class Writer {
  bytes = Buffer.allocUnsafe(256);
  length = 0;
  reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + size));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
  varint(value: number): void {
    this.reserve(10);
    if (value >= 0 && value < 0x80) {
      this.bytes[this.length++] = value;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }
  block(value: Uint8Array): void {
    this.varint(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }
  double(value: number): void {
    this.reserve(8);
    this.bytes.writeDoubleLE(value, this.length);
    this.length += 8;
  }
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

class Reader {
  at = 0;
  readonly bytes: Buffer;
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  get done(): boolean {
    return this.at >= this.bytes.length;
  }
  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new Error("protobuf: the message ends too early");
    this.at += 1;
    return value;
  }
  /** As an unsigned number; `negative` says that the 64th bit was set. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error("protobuf: an integer is too long");
  }
  take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new Error("protobuf: the message ends too early");
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }
  block(): Buffer {
    return this.take(Number(this.varint()));
  }
  skip(wire: number): void {
    if (wire === wireVarint) this.varint();
    else if (wire === wireFixed64) this.take(8);
    else if (wire === wireBytes) this.block();
    else if (wire === wireFixed32) this.take(4);
    else throw new Error(`protobuf: wire type ${wire}`);
  }
}

const isVarint = (type: string): boolean => varintTypes.has(type) || type.startsWith("enum ");

function toNumber(type: string, raw: bigint): number {
  if (type === "int64" || type === "int32") return Number(BigInt.asIntN(64, raw));
  return Number(raw);
}

/** A codec over a table of messages and enums. Enum values are their names; unknown ones are `"NUMBER"`. */
export function createCodec(messages: MessageTable, enums: EnumTable): Codec {
  const enumNames = new Map<string, Map<number, string>>();
  for (const [name, values] of Object.entries(enums)) {
    enumNames.set(name, new Map(Object.entries(values).map(([text, number]) => [number, text])));
  }
  const byNumber = new Map<string, Map<number, FieldRow>>();
  for (const [name, rows] of Object.entries(messages)) {
    byNumber.set(name, new Map(rows.map((row) => [row[0], row])));
  }

  function writeScalar(writer: Writer, type: string, value: unknown): void {
    if (type === "string") writer.block(Buffer.from(value as string, "utf8"));
    else if (type === "bytes") writer.block(value as Uint8Array);
    else if (type === "bool") writer.varint(value === true ? 1 : 0);
    else if (type === "double") writer.double(value as number);
    else if (type.startsWith("enum ")) writer.varint(enums[type.slice(5)]?.[value as string] ?? 0);
    else if (varintTypes.has(type)) writer.varint(value as number);
    else writer.block(encode(type, value as object));
  }

  function wireOf(type: string): number {
    if (isVarint(type)) return wireVarint;
    return type === "double" ? wireFixed64 : wireBytes;
  }

  function writeMap(writer: Writer, number: number, entries: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(entries)) {
      const entry = new Writer();
      entry.varint((1 << 3) | wireBytes);
      entry.block(Buffer.from(key, "utf8"));
      entry.varint((2 << 3) | wireBytes);
      entry.block(Buffer.from(value, "utf8"));
      writer.varint((number << 3) | wireBytes);
      writer.block(entry.finish());
    }
  }

  function encode(message: string, value: object): Uint8Array {
    const rows = messages[message];
    assert(rows !== undefined, `codec: no message ${message}`);
    const writer = new Writer();
    for (const [number, name, type, repeated] of rows) {
      const field = (value as Record<string, unknown>)[name];
      if (field === undefined || field === "" || field === 0 || field === false) continue;
      if (type === "map<string,string>") {
        writeMap(writer, number, field as Record<string, string>);
      } else if (!repeated) {
        writer.varint((number << 3) | wireOf(type));
        writeScalar(writer, type, field);
      } else if (isVarint(type)) {
        const packed = new Writer();
        for (const item of field as unknown[]) writeScalar(packed, type, item);
        if (packed.length === 0) continue;
        writer.varint((number << 3) | wireBytes);
        writer.block(packed.finish());
      } else {
        for (const item of field as unknown[]) {
          writer.varint((number << 3) | wireBytes);
          writeScalar(writer, type, item);
        }
      }
    }
    return writer.finish();
  }

  function emptyValue(type: string, repeated: boolean | undefined): unknown {
    if (repeated) return [];
    if (type === "string") return "";
    if (type === "bool") return false;
    if (type === "bytes") return new Uint8Array(0);
    if (type === "map<string,string>") return Object.create(null);
    if (type.startsWith("enum ")) return enumNames.get(type.slice(5))?.get(0) ?? "";
    if (varintTypes.has(type) || type === "double") return 0;
    return undefined;
  }

  function readVarintValue(reader: Reader, type: string): unknown {
    const raw = reader.varint();
    if (type === "bool") return raw !== 0n;
    if (!type.startsWith("enum ")) return toNumber(type, raw);
    return enumNames.get(type.slice(5))?.get(Number(raw)) ?? String(raw);
  }

  function readValue(reader: Reader, type: string, depth: number): unknown {
    if (isVarint(type)) return readVarintValue(reader, type);
    if (type === "double") return reader.take(8).readDoubleLE(0);
    const block = reader.block();
    if (type === "string") return utf8.decode(block);
    if (type === "bytes") return new Uint8Array(block);
    return decodeAt(type, block, depth + 1);
  }

  function readMapEntry(block: Buffer): [string, string] {
    const reader = new Reader(block);
    const entry: [string, string] = ["", ""];
    while (!reader.done) {
      const tag = Number(reader.varint());
      if (tag === ((1 << 3) | wireBytes)) entry[0] = utf8.decode(reader.block());
      else if (tag === ((2 << 3) | wireBytes)) entry[1] = utf8.decode(reader.block());
      else reader.skip(tag & 7);
    }
    return entry;
  }

  function readField(reader: Reader, row: FieldRow, wire: number, value: Record<string, unknown>, depth: number): void {
    const [, name, type, repeated] = row;
    if (type === "map<string,string>") {
      const [key, text] = readMapEntry(reader.block());
      (value[name] as Record<string, string>)[key] = text;
    } else if (!repeated) {
      value[name] = readValue(reader, type, depth);
    } else if (isVarint(type) && wire === wireBytes) {
      const packed = new Reader(reader.block());
      while (!packed.done) (value[name] as unknown[]).push(readVarintValue(packed, type));
    } else {
      (value[name] as unknown[]).push(readValue(reader, type, depth));
    }
  }

  function decodeAt(message: string, bytes: Uint8Array, depth: number): Record<string, unknown> {
    const rows = messages[message];
    const numbers = byNumber.get(message);
    assert(rows !== undefined && numbers !== undefined, `codec: no message ${message}`);
    if (depth > depthMax) throw new Error("protobuf: messages are nested too deeply");
    const value: Record<string, unknown> = {};
    for (const [, name, type, repeated] of rows) {
      const empty = emptyValue(type, repeated);
      if (empty !== undefined) value[name] = empty;
    }
    const reader = new Reader(bytes);
    while (!reader.done) {
      const tag = Number(reader.varint());
      const row = numbers.get(tag >>> 3);
      const wire = tag & 7;
      const expected = row && (row[2] === "map<string,string>" ? wireBytes : wireOf(row[2]));
      if (row && (wire === expected || (wire === wireBytes && row[3]))) readField(reader, row, wire, value, depth);
      else reader.skip(wire);
    }
    return value;
  }

  return { encode, decode: (message, bytes) => decodeAt(message, bytes, 0) };
}
