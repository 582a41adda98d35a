// ObjectRefs of a client: bytes that came over a network, or objects that were parsed already. May import src/base and
// src/kinds.
import { deepFreeze, type ObjectRef } from "../kinds/object.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A reference to bytes that are parsed when somebody first asks. */
export function bytesRef<T>(bytes: Uint8Array): ObjectRef<T> {
  let parsed: T | undefined;
  return {
    bytes,
    object() {
      parsed ??= deepFreeze(JSON.parse(decoder.decode(bytes)) as T);
      return parsed;
    },
  };
}

/** A reference to an object whose bytes are made when somebody first asks. */
export function objectRef<T>(object: T): ObjectRef<T> {
  deepFreeze(object);
  let bytes: Uint8Array | undefined;
  return {
    get bytes() {
      bytes ??= encoder.encode(JSON.stringify(object));
      return bytes;
    },
    object: () => object,
  };
}
