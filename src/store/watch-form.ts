// How events are handed to a watcher: as objects, and as bytes for the wire. May import src/kinds.
import type { ObjectRef } from "../kinds/object.ts";
import type { WatchEventType } from "../kinds/request.ts";
import type { CachedObject } from "./cached-object.ts";

export interface WatchForm<Projection = unknown> {
  /** Watchers with the same name are given the same bytes: it must name all that the bytes depend on. */
  readonly name: string;
  /** The object as it is served; without it: the cached one. */
  refOf?(object: CachedObject<Projection>): ObjectRef<unknown>;
  /** One event, framed. */
  encode(type: WatchEventType, ref: ObjectRef<unknown>): Uint8Array;
  /** The object of a BOOKMARK; `initialEventsEnd` asks for the annotation k8s.io/initial-events-end. */
  bookmark(revision: number, initialEventsEnd: boolean): ObjectRef<unknown>;
}

const encoder = new TextEncoder();
const opening = new Map<WatchEventType, Uint8Array>();
const closing = encoder.encode("}\n");

/** A line of JSON, as upstream frames it: {"type":"ADDED","object":{…}} and a line feed. */
export function encodeEventLine(type: WatchEventType, ref: ObjectRef<unknown>): Uint8Array {
  let start = opening.get(type);
  if (!start) opening.set(type, (start = encoder.encode(`{"type":"${type}","object":`)));
  const line = new Uint8Array(start.length + ref.bytes.length + closing.length);
  line.set(start);
  line.set(ref.bytes, start.length);
  line.set(closing, start.length + ref.bytes.length);
  return line;
}

/** A reference to an object that is in memory only: a bookmark, a Status. */
export function refOfObject(object: object): ObjectRef<unknown> {
  const frozen = Object.freeze(object);
  return { bytes: encoder.encode(JSON.stringify(frozen)), object: () => frozen };
}

/** Objects as they are cached, as lines of JSON. */
export function jsonForm(apiVersion: string, kind: string): WatchForm {
  return {
    name: `json ${apiVersion} ${kind}`,
    encode: encodeEventLine,
    bookmark(revision, initialEventsEnd) {
      const annotations = initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
      const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
      return refOfObject({ kind, apiVersion, metadata });
    },
  };
}
