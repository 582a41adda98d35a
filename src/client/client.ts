// The client: typed access to the API over a Transport. Components, controllers, tests and embedding programs all use it.
// May import src/base and src/kinds.
import type { Kind } from "../kinds/kind.ts";
import type { Draft, JsonObject, KubernetesObject, ObjectRef } from "../kinds/object.ts";
import type { WatchEvent } from "../kinds/request.ts";

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
}
export interface ListResult<T> {
  readonly items: readonly ObjectRef<T>[];
  readonly resourceVersion: string;
  readonly continue?: string;
}
export interface WatchOptions extends ListOptions {
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
  readonly signal: AbortSignal;
}
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}
export interface PatchOptions {
  readonly type: "merge" | "strategic" | "json" | "apply";
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly force?: boolean;
}
export interface WriteOptions {
  readonly subresource?: string;
  readonly fieldManager?: string;
}

/** Every call rejects with StatusError (src/base/errors.ts) as the server answered, or with errors.serviceUnavailable. */
export interface Client {
  get<T extends KubernetesObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T>;
  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ListResult<T>>;
  /** Events as they come, in batches. Ends when the server ends it; throws StatusError on an ERROR event. */
  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>;
  create<T extends KubernetesObject>(kind: Kind<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  update<T extends KubernetesObject>(kind: Kind<T>, object: T | Draft<T>, options?: WriteOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    patch: JsonObject | readonly JsonObject[],
    options: PatchOptions,
  ): Promise<T>;
  /** Resolves to the object as it stands while it is being deleted, or to undefined when it is gone. */
  delete<T extends KubernetesObject>(
    kind: Kind<T>,
    name: string,
    namespace?: string,
    options?: DeleteOptions,
  ): Promise<T | undefined>;
  /** Deletes all that the selectors name. */
  deleteCollection<T extends KubernetesObject>(kind: Kind<T>, options: ListOptions & DeleteOptions): Promise<void>;
  /** POST to a subresource that takes a body of its own: binding, eviction, token. Resolves to the answer's JSON. */
  post(path: string, body: object): Promise<JsonObject>;
}
