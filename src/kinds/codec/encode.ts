// Objects into the bytes that are stored and served: serialised once, without the resourceVersion, which is the store's
// revision and is put in afterwards without parsing. May import src/base.
import { assert } from "../../base/assert.ts";
import type { Definitions } from "../schema.ts";
import { canonicalObject } from "./canonical.ts";

const encoder = new TextEncoder();

/**
 * The bytes of an object as the store keeps them: kind, apiVersion and metadata first, no metadata.resourceVersion.
 * With a definition, what upstream leaves out is left out, and what it always prints is there. Undefined values are
 * dropped.
 */
export function encodeStored(object: object, definitions?: Definitions, definitionName?: string): Uint8Array {
  const whole =
    definitions && definitionName !== undefined ? canonicalObject(definitions, definitionName, object) : object;
  const { kind, apiVersion, metadata, ...rest } = whole as Record<string, unknown>;
  const { resourceVersion: _, ...meta } = (metadata ?? {}) as Record<string, unknown>;
  return encoder.encode(JSON.stringify({ kind, apiVersion, metadata: meta, ...rest }));
}

const metadataMark = encoder.encode('"metadata":{');
/** Kind and apiVersion come before the metadata and are short. */
const markOffsetMax = 1024;

function findMetadata(bytes: Uint8Array): number {
  const end = Math.min(bytes.length - metadataMark.length, markOffsetMax);
  for (let at = 1; at <= end; at += 1) {
    let same = 0;
    while (same < metadataMark.length && bytes[at + same] === metadataMark[same]) same += 1;
    if (same === metadataMark.length) return at + same;
  }
  return -1;
}

/** The served bytes: stored bytes with `"resourceVersion":"N"` as the first member of metadata. */
export function spliceResourceVersion(stored: Uint8Array, revision: string | number | bigint): Uint8Array {
  const at = findMetadata(stored);
  assert(at > 0, "stored bytes have metadata near their start");
  const empty = stored[at] === 0x7d;
  const member = encoder.encode(`"resourceVersion":"${revision}"${empty ? "" : ","}`);
  const served = new Uint8Array(stored.length + member.length);
  served.set(stored.subarray(0, at));
  served.set(member, at);
  served.set(stored.subarray(at), at + member.length);
  return served;
}
