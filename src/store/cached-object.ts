// What a watch cache holds of each object. May import src/kinds.
import type { KubernetesObject } from "../kinds/object.ts";
import type { StoredRef } from "./object-ref.ts";

export interface CachedObject<Projection = unknown> {
  readonly key: string;
  /** Empty for objects of no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly ref: StoredRef;
  /** The few fields that selecting looks at, so that nothing has to be parsed for it. */
  readonly projection: Projection;
  /** Its value in each declared index, in their order. */
  readonly indexed: readonly string[];
  /** Events of it as they were encoded for watchers, by form; shared and dropped by the window. */
  readonly encoded: Map<string, Uint8Array>;
}

/** One resource's place in the store, and how its objects are looked at. */
export interface CacheSpec<Projection> {
  /** With a slash at its end: "/registry/pods/". */
  readonly prefix: string;
  readonly namespaced: boolean;
  /** Taken once of each version: labels, selectable fields … */
  project(object: KubernetesObject): Projection;
  /** Values by which lists and watches can be restricted without looking at every object: a pod's node. */
  readonly indexes?: Readonly<Record<string, (object: KubernetesObject) => string>>;
}

/** "/registry/pods/" + "default/web" → default, web. */
export function splitKey(prefix: string, namespaced: boolean, key: string): { namespace: string; name: string } {
  const rest = key.slice(prefix.length);
  const slash = namespaced ? rest.indexOf("/") : -1;
  return { namespace: slash < 0 ? "" : rest.slice(0, slash), name: rest.slice(slash + 1) };
}
