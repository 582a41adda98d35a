// What every Kubernetes object has in common, and the one way in which objects are shared. May import src/base.
import type { ObjectMeta } from "./types/meta-v1.gen.ts";
import type { Json } from "./schema.ts";

/** Any object as it is served: frozen, shared by all that see it. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** A change is a new object: while it is being made, its fields may be set and may be missing. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? Draft<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]?: Draft<T[Key]> }
    : T;

/** One version of one object. The bytes are the truth; the parsed form is made on demand and remembered. */
export interface ObjectRef<T = KubernetesObject> {
  /** JSON as it is served: with metadata.resourceVersion. Must not be changed. */
  readonly bytes: Uint8Array;
  /** The parsed object, deeply frozen; the same one at each call while it is remembered. */
  object(): T;
}

export type JsonObject = { [key: string]: Json };

/** Freezes a JSON value through and through. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (let at = 0; at < value.length; at += 1) deepFreeze(value[at]);
  else for (const key in value) deepFreeze(value[key]);
  return value;
}
