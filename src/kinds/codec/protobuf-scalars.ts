// Protobuf messages that stand for scalars in JSON: quantities, times, int-or-string, raw JSON. May import src/base.
import { toMicroTime, toTime } from "../../base/clock.ts";
import { ProtobufReader, ProtobufWriter } from "../../base/protobuf-wire.ts";
import { canonicalQuantity } from "../../base/quantity.ts";
import type { Json } from "../schema.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Calls `read` for each field; the others are skipped. */
export function readFields(reader: ProtobufReader, read: (number: number, wireType: number) => boolean): void {
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (!read(number, wireType)) reader.skip(wireType);
  }
}

export function readQuantity(reader: ProtobufReader): string {
  let text = "";
  readFields(reader, (number, wireType) => {
    if (number !== 1 || wireType !== 2) return false;
    text = reader.text();
    return true;
  });
  return canonicalQuantity(text === "" ? "0" : text);
}
export function writeQuantity(writer: ProtobufWriter, text: string): void {
  writer.textField(1, canonicalQuantity(text));
}

/** undefined: the zero time, which JSON leaves out. */
export function readTime(reader: ProtobufReader, micro: boolean): string | undefined {
  if (reader.done) return undefined;
  let seconds = 0n;
  let nanos = 0;
  readFields(reader, (number, wireType) => {
    if (wireType !== 0 || number > 2) return false;
    if (number === 1) seconds = reader.int64();
    else nanos = reader.int32();
    return true;
  });
  const timeMs = Number(seconds) * 1000;
  if (Math.abs(timeMs) > 8.64e15) return undefined;
  if (!micro) return toTime(timeMs);
  const fraction = String(Math.floor(nanos / 1000)).padStart(6, "0");
  return `${toMicroTime(timeMs).slice(0, -7)}${fraction}Z`;
}
export function writeTime(writer: ProtobufWriter, text: string | undefined, micro: boolean): void {
  if (text === undefined) return;
  writer.integerField(1, Math.floor(Date.parse(text) / 1000));
  const fraction = micro ? (/\.([0-9]{1,6})/.exec(text)?.[1] ?? "") : "";
  writer.integerField(2, Number(fraction.padEnd(6, "0")) * 1000);
}

export function readIntOrString(reader: ProtobufReader): number | string {
  let isText = false;
  let int = 0;
  let text = "";
  readFields(reader, (number, wireType) => {
    if (number === 1 && wireType === 0) isText = reader.varint() === 1n;
    else if (number === 2 && wireType === 0) int = reader.int32();
    else if (number === 3 && wireType === 2) text = reader.text();
    else return false;
    return true;
  });
  return isText ? text : int;
}
export function writeIntOrString(writer: ProtobufWriter, value: number | string): void {
  writer.integerField(1, typeof value === "string" ? 1 : 0);
  writer.integerField(2, typeof value === "number" ? value : 0);
  writer.textField(3, typeof value === "string" ? value : "");
}

/** RawExtension, FieldsV1 and JSON hold JSON text. undefined: nothing. Throws SyntaxError. */
export function readRaw(reader: ProtobufReader): Json | undefined {
  let bytes: Uint8Array | undefined;
  readFields(reader, (number, wireType) => {
    if (number !== 1 || wireType !== 2) return false;
    bytes = reader.bytes();
    return true;
  });
  return bytes === undefined || bytes.length === 0 ? undefined : (JSON.parse(decoder.decode(bytes)) as Json);
}
export function writeRaw(writer: ProtobufWriter, value: unknown): void {
  writer.bytesField(1, encoder.encode(JSON.stringify(value)));
}

export function bytesToBase64(bytes: Uint8Array): string {
  const sliceMax = 8192;
  let text = "";
  for (let at = 0; at < bytes.length; at += sliceMax) {
    text += String.fromCharCode(...bytes.subarray(at, at + sliceMax));
  }
  return btoa(text);
}
export function base64ToBytes(text: string): Uint8Array {
  const decoded = atob(text);
  const bytes = new Uint8Array(decoded.length);
  for (let at = 0; at < decoded.length; at += 1) bytes[at] = decoded.charCodeAt(at);
  return bytes;
}
