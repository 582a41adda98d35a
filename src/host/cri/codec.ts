// Protobuf messages by table: what CRI and containerd's own services need, no more. A message is a list of rows [number,
// name, type, repeated]; decoded objects have every scalar and list (proto3's defaults) and only the messages that came.
// 64-bit integers are numbers: past 2^53 they round, which only times in nanoseconds reach. Imports src/base.
import { assert } from "../../base/assert.ts";
import { ProtobufReader, ProtobufWriter } from "../../base/protobuf-wire.ts";

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
const wireBytes = 2;
const depthMax = 32;
const mapType = "map<string,string>";
const varintTypes = new Set(["int32", "int64", "uint32", "uint64", "bool"]);

const isEnum = (type: string): boolean => type.startsWith("enum ");
const enumOf = (type: string): string => type.slice("enum ".length);
const isVarint = (type: string): boolean => varintTypes.has(type) || isEnum(type);

function toNumber(type: string, raw: bigint): number {
  return Number(type === "int64" || type === "int32" ? BigInt.asIntN(64, raw) : raw);
}

function readMapEntry(reader: ProtobufReader): [string, string] {
  const entry: [string, string] = ["", ""];
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if ((number === 1 || number === 2) && wireType === wireBytes) entry[number - 1] = reader.text();
    else reader.skip(wireType);
  }
  return entry;
}

/** Enum values are their names; unknown ones are their number as text. */
class TableCodec implements Codec {
  readonly #messages: MessageTable;
  readonly #enums: EnumTable;
  readonly #enumNames = new Map<string, ReadonlyMap<number, string>>();
  readonly #byNumber = new Map<string, ReadonlyMap<number, FieldRow>>();

  constructor(messages: MessageTable, enums: EnumTable) {
    this.#messages = messages;
    this.#enums = enums;
    for (const [name, values] of Object.entries(enums)) {
      this.#enumNames.set(name, new Map(Object.entries(values).map(([text, number]) => [number, text])));
    }
    for (const [name, rows] of Object.entries(messages)) {
      this.#byNumber.set(name, new Map(rows.map((row) => [row[0], row])));
    }
  }

  encode(message: string, value: object): Uint8Array {
    const writer = new ProtobufWriter();
    this.#write(writer, message, value);
    return writer.finish();
  }

  decode(message: string, bytes: Uint8Array): Record<string, unknown> {
    return this.#read(message, new ProtobufReader(bytes), 0);
  }

  #write(writer: ProtobufWriter, message: string, value: object): void {
    const rows = this.#messages[message];
    assert(rows !== undefined, `codec: no message ${message}`);
    for (const row of rows) {
      const field = (value as Record<string, unknown>)[row[1]];
      if (field === undefined || field === "" || field === 0 || field === false) continue;
      this.#writeField(writer, row, field);
    }
  }

  #writeField(writer: ProtobufWriter, row: FieldRow, field: unknown): void {
    const [number, , type, repeated] = row;
    if (type === mapType) {
      for (const [key, text] of Object.entries(field as Record<string, string>)) {
        writer.messageField(number, (entry) => {
          entry.textField(1, key);
          entry.textField(2, text);
        });
      }
    } else if (!repeated) {
      this.#writeValue(writer, number, type, field);
    } else if (isVarint(type)) {
      const items = field as unknown[];
      if (items.length === 0) return;
      writer.messageField(number, (packed) => {
        for (const item of items) packed.varint(this.#integerOf(type, item));
      });
    } else {
      for (const item of field as unknown[]) this.#writeValue(writer, number, type, item);
    }
  }

  #integerOf(type: string, value: unknown): bigint | number {
    if (type === "bool") return value === true ? 1 : 0;
    return isEnum(type) ? (this.#enums[enumOf(type)]?.[value as string] ?? 0) : BigInt(value as number);
  }

  #writeValue(writer: ProtobufWriter, number: number, type: string, value: unknown): void {
    if (isVarint(type)) writer.integerField(number, this.#integerOf(type, value));
    else if (type === "string") writer.textField(number, value as string);
    else if (type === "bytes") writer.bytesField(number, value as Uint8Array);
    else if (type === "double") writer.doubleField(number, value as number);
    else writer.messageField(number, (inner) => this.#write(inner, type, value as object));
  }

  #emptyValue([, , type, repeated]: FieldRow): unknown {
    if (repeated) return [];
    if (type === "string") return "";
    if (type === "bool") return false;
    if (type === "bytes") return new Uint8Array(0);
    if (type === mapType) return Object.create(null);
    if (isEnum(type)) return this.#enumNames.get(enumOf(type))?.get(0) ?? "";
    return varintTypes.has(type) || type === "double" ? 0 : undefined;
  }

  #readInteger(reader: ProtobufReader, type: string): unknown {
    const raw = reader.varint();
    if (type === "bool") return raw !== 0n;
    if (!isEnum(type)) return toNumber(type, raw);
    return this.#enumNames.get(enumOf(type))?.get(Number(raw)) ?? String(raw);
  }

  #readValue(reader: ProtobufReader, type: string, depth: number): unknown {
    if (isVarint(type)) return this.#readInteger(reader, type);
    if (type === "double") return reader.double();
    if (type === "string") return reader.text();
    // A copy: the message that it lies in is much larger, and would be kept alive.
    if (type === "bytes") return Uint8Array.from(reader.bytes());
    return this.#read(type, reader.message(), depth + 1);
  }

  #readField(reader: ProtobufReader, row: FieldRow, wireType: number, value: Record<string, unknown>, depth: number) {
    const [, name, type, repeated] = row;
    if (type === mapType) {
      const [key, text] = readMapEntry(reader.message());
      (value[name] as Record<string, string>)[key] = text;
    } else if (!repeated) {
      value[name] = this.#readValue(reader, type, depth);
    } else if (isVarint(type) && wireType === wireBytes) {
      const packed = reader.message();
      while (!packed.done) (value[name] as unknown[]).push(this.#readInteger(packed, type));
    } else {
      (value[name] as unknown[]).push(this.#readValue(reader, type, depth));
    }
  }

  #read(message: string, reader: ProtobufReader, depth: number): Record<string, unknown> {
    const rows = this.#messages[message];
    const numbers = this.#byNumber.get(message);
    assert(rows !== undefined && numbers !== undefined, `codec: no message ${message}`);
    if (depth > depthMax) throw new Error("protobuf: messages are nested too deeply");
    const value: Record<string, unknown> = {};
    for (const row of rows) {
      const empty = this.#emptyValue(row);
      if (empty !== undefined) value[row[1]] = empty;
    }
    while (!reader.done) {
      const { number, wireType } = reader.tag();
      const row = numbers.get(number);
      if (row && fits(row, wireType)) this.#readField(reader, row, wireType, value, depth);
      else reader.skip(wireType);
    }
    return value;
  }
}

function fits([, , type, repeated]: FieldRow, wireType: number): boolean {
  if (isVarint(type)) return wireType === wireVarint || (repeated === true && wireType === wireBytes);
  return wireType === (type === "double" ? 1 : wireBytes);
}

/** A codec over a table of messages and enums. */
export const createCodec = (messages: MessageTable, enums: EnumTable): Codec => new TableCodec(messages, enums);
