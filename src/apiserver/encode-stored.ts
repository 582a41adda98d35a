// The one serialisation of an object: its fields in the order of its definition, without empty ones, and without the
// resourceVersion, which the store's revision gives and which is put into the bytes afterwards. May import src/kinds.
import { decodeValue } from "../kinds/codec/decode-value.ts";
import type { JsonObject, KubernetesObject } from "../kinds/object.ts";
import type { Resource } from "./registry.ts";

const encoder = new TextEncoder();

/** Metadata begins with these, as upstream prints it; the resourceVersion comes behind the uid. */
const metadataOrder = ["name", "generateName", "namespace", "uid"] as const;

function orderedMetadata(metadata: JsonObject): JsonObject {
  const ordered: JsonObject = {};
  for (const key of metadataOrder) if (metadata[key] !== undefined) ordered[key] = metadata[key];
  for (const key of Object.keys(metadata)) {
    if (key !== "resourceVersion" && key !== "selfLink" && !Object.hasOwn(ordered, key)) ordered[key] = metadata[key]!;
  }
  return ordered;
}

/** The object as it is stored: what its definition knows, in order. A fresh object. */
export function normalizeStored(resource: Resource, object: KubernetesObject): JsonObject {
  const plain = resource.codec
    ? (object as unknown as JsonObject)
    : decodeValue(resource.definitions, resource.kind.definition, object).object;
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = plain;
  return {
    kind: resource.kind.kind,
    apiVersion: resource.apiVersion,
    metadata: orderedMetadata((metadata ?? {}) as JsonObject),
    ...rest,
  };
}

export const encodeJson = (object: object): Uint8Array => encoder.encode(JSON.stringify(object));

const quote = 34;
const uidKey = encoder.encode('"uid":"');
const metadataKey = encoder.encode('"metadata":{');

function indexAfter(bytes: Uint8Array, part: Uint8Array, from: number): number {
  const last = bytes.length - part.length;
  for (let at = from; at <= last; at += 1) {
    let index = 0;
    while (index < part.length && bytes[at + index] === part[index]) index += 1;
    if (index === part.length) return at + index;
  }
  return -1;
}

/**
 * Puts the resourceVersion into stored bytes: behind the uid. Bytes from elsewhere that have none get it at the start of
 * their metadata.
 */
export function spliceResourceVersion(bytes: Uint8Array, resourceVersion: string): Uint8Array {
  const metadata = indexAfter(bytes, metadataKey, 0);
  if (metadata < 0) return bytes;
  const uid = indexAfter(bytes, uidKey, metadata);
  const end = uid < 0 ? -1 : bytes.indexOf(quote, uid);
  if (end >= 0) return inserted(bytes, end + 1, `,"resourceVersion":"${resourceVersion}"`);
  const empty = bytes[metadata] === 125;
  return inserted(bytes, metadata, `"resourceVersion":"${resourceVersion}"${empty ? "" : ","}`);
}

function inserted(bytes: Uint8Array, at: number, text: string): Uint8Array {
  const whole = new Uint8Array(bytes.length + text.length);
  whole.set(bytes.subarray(0, at));
  for (let index = 0; index < text.length; index += 1) whole[at + index] = text.charCodeAt(index);
  whole.set(bytes.subarray(at), at + text.length);
  return whole;
}
