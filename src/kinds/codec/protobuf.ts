// Objects as upstream's protobuf (`application/vnd.kubernetes.protobuf`): an envelope (runtime.Unknown) around the
// message of the kind, driven by the same definitions as JSON. Source: k8s.io/apimachinery runtime/serializer/protobuf.
// May import src/base.
import { ProtobufReader, ProtobufWriter, WireError } from "../../base/protobuf-wire.ts";
import { QuantityError } from "../../base/quantity.ts";
import type { JsonObject } from "../object.ts";
import type { Definitions } from "../schema.ts";
import { readMessage } from "./protobuf-read.ts";
import { writeMessage } from "./protobuf-write.ts";
import { readFields } from "./protobuf-scalars.ts";

/** A body that can't be decoded; the message is upstream's. `gvk` is what it says it is, where that was read. */
export class ProtobufError extends Error {
  override name = "ProtobufError";
  readonly gvk: { group: string; version: string; kind: string } | undefined;
  constructor(message: string, gvk?: ProtobufError["gvk"], options?: { cause?: unknown }) {
    super(message, options);
    this.gvk = gvk;
  }
}

/** "k8s" and a zero byte. */
const prefix = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The message of the kind: a view of the given bytes. */
  readonly raw: Uint8Array;
}

/** Opens the envelope. Throws ProtobufError. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new ProtobufError("empty data");
  if (!prefix.every((byte, index) => bytes[index] === byte)) {
    throw new ProtobufError(
      `provided data does not appear to be a protobuf message, expected prefix [${[...prefix].join(" ")}]`,
    );
  }
  if (bytes.length === prefix.length) throw new ProtobufError("empty body");
  const envelope = { apiVersion: "", kind: "", raw: new Uint8Array() as Uint8Array };
  const reader = new ProtobufReader(bytes, prefix.length);
  try {
    readFields(reader, (number, wireType) => {
      if (wireType !== 2) return false;
      if (number === 1) {
        const meta = reader.message();
        readFields(meta, (part, partType) => {
          if (partType !== 2 || part > 2) return false;
          if (part === 1) envelope.apiVersion = meta.text();
          else envelope.kind = meta.text();
          return true;
        });
      } else if (number === 2) envelope.raw = reader.bytes();
      else return false;
      return true;
    });
  } catch (cause) {
    if (cause instanceof WireError) throw new ProtobufError(cause.message, undefined, { cause });
    throw cause;
  }
  return envelope;
}

/** Wraps a message into the envelope. */
export function writeEnvelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.raw(prefix);
  writer.messageField(1, (meta) => {
    meta.textField(1, apiVersion);
    meta.textField(2, kind);
  });
  writer.bytesField(2, raw);
  writer.textField(3, "");
  writer.textField(4, "");
  return writer.finish();
}

export interface DecodedProtobuf {
  /** Without kind and apiVersion. */
  readonly object: JsonObject;
  /** As the envelope says; empty where it doesn't. */
  readonly apiVersion: string;
  readonly kind: string;
}

/** Decodes a body whose kind is the expected one; that of another is only opened. Throws ProtobufError. */
export function decodeProtobuf(
  bytes: Uint8Array,
  definitions: Definitions,
  target: { definitionName: string; expected: { group: string; version: string; kind: string } },
): DecodedProtobuf {
  const { apiVersion, kind, raw } = readEnvelope(bytes);
  if (kind !== "" && kind !== target.expected.kind) return { object: {}, apiVersion, kind };
  try {
    return { object: readMessage(raw, definitions, target.definitionName), apiVersion, kind };
  } catch (cause) {
    const known = cause instanceof WireError || cause instanceof QuantityError || cause instanceof SyntaxError;
    if (!known) throw cause;
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const gvk = kind === "" ? target.expected : { group: group!, version: version!, kind };
    throw new ProtobufError((cause as Error).message, gvk, { cause });
  }
}

/** The message of an object, without envelope. */
export function encodeMessage(object: unknown, definitions: Definitions, definitionName: string): Uint8Array {
  const writer = new ProtobufWriter();
  writeMessage(writer, object as JsonObject, definitions, definitionName);
  return writer.finish();
}

/** An object that has kind and apiVersion, in its envelope. */
export function encodeProtobuf(object: unknown, definitions: Definitions, definitionName: string): Uint8Array {
  const { apiVersion = "", kind = "" } = object as { apiVersion?: string; kind?: string };
  return writeEnvelope(apiVersion, kind, encodeMessage(object, definitions, definitionName));
}

/** A list in its envelope, from its items' messages (encodeMessage); `metadata` is the ListMeta. */
export function encodeProtobufList(
  list: { apiVersion: string; kind: string; metadata: object },
  items: readonly Uint8Array[],
  definitions: Definitions,
): Uint8Array {
  const writer = new ProtobufWriter();
  writer.bytesField(1, encodeMessage(list.metadata, definitions, "meta.v1.ListMeta"));
  for (const item of items) writer.bytesField(2, item);
  return writeEnvelope(list.apiVersion, list.kind, writer.finish());
}

/** A watch event as a frame: four bytes of length, then the event around the object in its envelope. */
export function encodeWatchFrame(type: string, object: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.textField(1, type);
  writer.messageField(2, (extension) => extension.bytesField(1, object));
  const event = writer.finish();
  const frame = new Uint8Array(4 + event.length);
  new DataView(frame.buffer).setUint32(0, event.length);
  frame.set(event, 4);
  return frame;
}
