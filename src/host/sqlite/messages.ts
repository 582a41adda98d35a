// What the store's two threads tell each other: small records around packed bytes. May import src/base.
import { assert } from "../../base/assert.ts";

/** One version of a key as it lies in the file; without a value, the key was deleted. */
export interface Row {
  /** Its number in the file; it grows with each row, and never comes again. */
  readonly sequence: number;
  readonly revision: number;
  readonly createRevision: number;
  readonly expiresAtMs: number | undefined;
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

export type ToWorker =
  /** Rows that become durable together. `epoch`: after a failure, all of the same epoch fail. */
  | { readonly kind: "write"; readonly id: number; readonly epoch: number; readonly rows: Uint8Array }
  /** The values of rows that are durable and not compacted. */
  | { readonly kind: "read"; readonly id: number; readonly sequences: Float64Array }
  /** Deletes rows; history up to `revision` is gone. */
  | { readonly kind: "compact"; readonly id: number; readonly revision: number; readonly sequences: Float64Array }
  | { readonly kind: "close" };

export type FromWorker =
  /** While the file is being opened: its newest numbers, and then its rows (without values) in order of their sequence. */
  | { readonly kind: "meta"; readonly revision: number; readonly compactedRevision: number; readonly sequence: number }
  | { readonly kind: "rows"; readonly rows: Uint8Array }
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "written"; readonly ids: readonly number[] }
  | { readonly kind: "unwritten"; readonly ids: readonly number[]; readonly message: string }
  | { readonly kind: "values"; readonly id: number; readonly values: Uint8Array }
  | { readonly kind: "unread"; readonly id: number; readonly message: string; readonly damaged: boolean }
  | { readonly kind: "compacted"; readonly id: number }
  | { readonly kind: "uncompacted"; readonly id: number; readonly message: string };

export interface SqliteWorkerData {
  readonly kind: "sqlite";
  readonly file: string;
}

const headBytes = 4 * 8 + 2 * 4;
const noValue = 0xffffffff;

/** Rows as bytes that own their memory, so that they can be transferred. */
export function packRows(rows: readonly Row[], withValues: boolean): Uint8Array<ArrayBuffer> {
  let size = 0;
  const keyBytes = rows.map((row) => Buffer.byteLength(row.key));
  for (const [number, row] of rows.entries()) {
    size += headBytes + keyBytes[number]! + (withValues ? (row.value?.length ?? 0) : 0);
  }
  const bytes = Buffer.from(new ArrayBuffer(size));
  let offset = 0;
  for (const [number, row] of rows.entries()) {
    bytes.writeDoubleLE(row.sequence, offset);
    bytes.writeDoubleLE(row.revision, offset + 8);
    bytes.writeDoubleLE(row.createRevision, offset + 16);
    bytes.writeDoubleLE(row.expiresAtMs ?? NaN, offset + 24);
    bytes.writeUInt32LE(keyBytes[number]!, offset + 32);
    bytes.writeUInt32LE(row.value === undefined ? noValue : withValues ? row.value.length : 0, offset + 36);
    offset += headBytes;
    offset += bytes.write(row.key, offset);
    if (withValues && row.value) {
      bytes.set(row.value, offset);
      offset += row.value.length;
    }
  }
  assert(offset === size, "packed rows have another size than was counted");
  return bytes;
}

/** The rows again; their values are views of `packed`. */
export function unpackRows(packed: Uint8Array): Row[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const rows: Row[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const expiresAtMs = bytes.readDoubleLE(offset + 24);
    const keyLength = bytes.readUInt32LE(offset + 32);
    const valueLength = bytes.readUInt32LE(offset + 36);
    const keyAt = offset + headBytes;
    const valueAt = keyAt + keyLength;
    const end = valueAt + (valueLength === noValue ? 0 : valueLength);
    rows.push({
      sequence: bytes.readDoubleLE(offset),
      revision: bytes.readDoubleLE(offset + 8),
      createRevision: bytes.readDoubleLE(offset + 16),
      expiresAtMs: Number.isNaN(expiresAtMs) ? undefined : expiresAtMs,
      key: bytes.toString("utf8", keyAt, valueAt),
      value: valueLength === noValue ? undefined : packed.subarray(valueAt, end),
    });
    offset = end;
  }
  return rows;
}

/** Values, each after its length. */
export function packValues(values: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = values.reduce((sum, value) => sum + 4 + value.length, 0);
  const bytes = Buffer.from(new ArrayBuffer(size));
  let offset = 0;
  for (const value of values) {
    bytes.writeUInt32LE(value.length, offset);
    bytes.set(value, offset + 4);
    offset += 4 + value.length;
  }
  return bytes;
}

/** The values again, each with memory of its own: one that is kept must not keep its neighbours. */
export function unpackValues(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const values: Uint8Array[] = [];
  for (let offset = 0; offset < packed.length;) {
    const length = view.getUint32(offset, true);
    values.push(packed.slice(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  return values;
}
