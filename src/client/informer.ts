// An informer: a live copy of one kind's objects (all, or those a selector names), kept by a watch. It begins with the
// watch's own initial events, so that there is one path for the first state and for what follows; after a gap it
// replaces its state and tells listeners the difference. May import src/base and src/kinds.
import { type Clock, sleep } from "../base/clock.ts";
import { StatusError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubernetesObject, ObjectRef } from "../kinds/object.ts";
import type { WatchEvent } from "../kinds/request.ts";
import type { Client } from "./client.ts";
import type { Indexes } from "./informer-set.ts";
import { objectRef } from "./json-ref.ts";

export interface Change<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
  /** The version before, for MODIFIED and DELETED. */
  readonly old?: T;
}

export interface InformerOptions<T extends KubernetesObject> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Named indexes: each object is found under the keys that the function gives. */
  readonly indexes?: Indexes<T>;
}

/**
 * Everything it returns is frozen and may be stale by the time a watch event needs. Listeners are called in order, one
 * change at a time, after the copy has changed; they must not throw.
 */
export interface Informer<T extends KubernetesObject> {
  get(namespace: string | undefined, name: string): T | undefined;
  list(namespace?: string): readonly T[];
  byIndex(index: string, key: string): readonly T[];
  onChange(listener: (change: Change<T>) => void): void;
  /** Adds indexes; one whose name is known already is left as it is. */
  addIndexes(indexes: Indexes<T>): void;
  /** Takes what a write was answered with, before the watch tells it: the writer sees its own writes. */
  observe(object: T): void;
  /** The same for an object that is gone for good. */
  observeDeleted(object: T): void;
  /** Runs until the signal is aborted. */
  start(signal: AbortSignal): void;
  /** Resolves when the first state is complete. */
  readonly synced: Promise<void>;
  hasSynced(): boolean;
}

/** How long a failed watch waits before the next try; doubled up to the most (client-go: 800 ms to 30 s). */
const retryDelayMs = 800;
const retryDelayMsMax = 30_000;

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
const initialEventsEnd = "k8s.io/initial-events-end";

export function createInformer<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  options: InformerOptions<T>,
): Informer<T> {
  return new WatchingInformer(client, kind, options);
}

class WatchingInformer<T extends KubernetesObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #client: Client;
  readonly #kind: Kind<T>;
  readonly #options: InformerOptions<T>;
  readonly #refs = new Map<string, ObjectRef<T>>();
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #keysOf = new Map<string, Indexes<T>[string]>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  /** uids of objects whose deletion was observed before the watch told it. */
  readonly #deleted = new Set<string>();
  #resourceVersion = "";
  #complete = false;
  #resolveSynced: () => void = () => {};

  constructor(client: Client, kind: Kind<T>, options: InformerOptions<T>) {
    this.#client = client;
    this.#kind = kind;
    this.#options = options;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
    this.addIndexes(options.indexes ?? {});
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#refs.get(keyOf(namespace, name))?.object();
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#refs.values()].map((ref) => ref.object());
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  byIndex(index: string, key: string): readonly T[] {
    const keys = this.#indexes.get(index)?.get(key) ?? [];
    return [...keys].flatMap((found) => this.#refs.get(found)?.object() ?? []);
  }

  onChange(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
    for (const ref of this.#refs.values()) listener({ type: "ADDED", object: ref.object() });
  }

  addIndexes(indexes: Indexes<T>): void {
    const added = Object.entries(indexes).filter(([name]) => !this.#keysOf.has(name));
    for (const [name, keysOf] of added) {
      this.#keysOf.set(name, keysOf);
      this.#indexes.set(name, new Map());
    }
    if (added.length === 0) return;
    for (const [key, ref] of this.#refs) this.#index(key, ref.object());
  }

  observe(object: T): void {
    this.#put(objectRef(object));
  }

  observeDeleted(object: T): void {
    const { namespace, name, uid } = object.metadata;
    const key = keyOf(namespace, name);
    if (this.#refs.get(key)?.object().metadata.uid !== uid) return;
    this.#deleted.add(uid);
    this.#remove(key, object);
  }

  hasSynced(): boolean {
    return this.#complete;
  }

  start(signal: AbortSignal): void {
    void this.#run(signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let delayMs = retryDelayMs;
    while (!signal.aborted) {
      const startedAtMs = clock.monotonic();
      try {
        await this.#watch(signal);
        delayMs = 0;
      } catch (error) {
        if (signal.aborted) return;
        const gone = error instanceof StatusError && error.code === 410;
        if (gone) this.#resourceVersion = "";
        else log.info("watch failed", { kind: this.#kind.kind, error: String(error) });
      }
      if (clock.monotonic() - startedAtMs > retryDelayMsMax) delayMs = retryDelayMs;
      await sleep(clock, delayMs, signal).catch(() => {});
      delayMs = Math.min(Math.max(delayMs * 2, retryDelayMs), retryDelayMsMax);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const fresh = this.#resourceVersion === "";
    const { namespace, labelSelector, fieldSelector } = this.#options;
    let seen: Set<string> | undefined = fresh ? new Set() : undefined;
    const batches = this.#client.watch(this.#kind, {
      namespace,
      labelSelector,
      fieldSelector,
      allowWatchBookmarks: true,
      ...(fresh
        ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" as const }
        : { resourceVersion: this.#resourceVersion }),
      signal,
    });
    for await (const events of batches) {
      for (const event of events) {
        if (event.type === "BOOKMARK") {
          const { metadata } = event.ref.object();
          if (metadata.annotations?.[initialEventsEnd] === "true" && seen) {
            this.#removeUnseen(seen);
            seen = undefined;
          }
          if (!seen) this.#resourceVersion = metadata.resourceVersion;
        } else {
          this.#apply(event, seen);
        }
      }
    }
  }

  #removeUnseen(seen: ReadonlySet<string>): void {
    for (const [key, ref] of this.#refs) {
      if (!seen.has(key)) this.#remove(key, ref.object());
    }
    this.#deleted.clear();
    this.#complete = true;
    this.#resolveSynced();
  }

  #apply(event: WatchEvent<T>, seen: Set<string> | undefined): void {
    const object = event.ref.object();
    const { namespace, name, resourceVersion, uid } = object.metadata;
    const key = keyOf(namespace, name);
    if (event.type === "DELETED") {
      this.#deleted.delete(uid);
      if (this.#refs.get(key)?.object().metadata.uid === uid) this.#remove(key, object);
    } else {
      seen?.add(key);
      this.#put(event.ref);
    }
    if (!seen) this.#resourceVersion = resourceVersion;
  }

  /** Takes a version, unless a newer one is here already. */
  #put(ref: ObjectRef<T>): void {
    const object = ref.object();
    const { namespace, name, resourceVersion, uid } = object.metadata;
    if (this.#deleted.has(uid)) return;
    const key = keyOf(namespace, name);
    const old = this.#refs.get(key)?.object();
    if (old && Number(old.metadata.resourceVersion) >= Number(resourceVersion)) return;
    this.#unindex(key, old);
    this.#refs.set(key, ref);
    this.#index(key, object);
    this.#tell(old ? { type: "MODIFIED", object, old } : { type: "ADDED", object });
  }

  #remove(key: string, last: T): void {
    const old = this.#refs.get(key)?.object();
    if (!old) return;
    this.#unindex(key, old);
    this.#refs.delete(key);
    this.#tell({ type: "DELETED", object: last, old });
  }

  #index(key: string, object: T): void {
    for (const [name, keysOf] of this.#keysOf) {
      const index = this.#indexes.get(name)!;
      for (const value of keysOf(object)) {
        const keys = index.get(value) ?? new Set();
        index.set(value, keys.add(key));
      }
    }
  }

  #unindex(key: string, old: T | undefined): void {
    if (!old) return;
    for (const [name, keysOf] of this.#keysOf) {
      const index = this.#indexes.get(name)!;
      for (const value of keysOf(old)) {
        const keys = index.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(value);
      }
    }
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
