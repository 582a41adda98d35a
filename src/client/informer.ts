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
  /** Takes what a write was answered with, before the watch tells it: the writer sees its own writes. */
  observe(object: T): void;
  /** The same for an object that is gone for good. */
  observeDeleted(object: T): void;
  /** Adds named indexes, also over what is here already; a name that is known keeps its function. */
  addIndexes(indexes: Indexes<T>): void;
  /** Runs until the signal is aborted. */
  start(signal: AbortSignal): void;
  /** Resolves when the first state is complete. */
  readonly synced: Promise<void>;
  hasSynced(): boolean;
}

/** How long a failed watch waits before the next try; doubled up to the most (client-go: 800 ms to 30 s). */
const retryDelayMs = 800;
const retryDelayMsMax = 30_000;
/** A watch that the server ends sooner than this is taken for a failure, so that it is not asked in a tight loop. */
const watchShortMs = 1_000;
/** Deletions remembered, so that the late answer to a write does not bring an object back; the oldest goes first. */
const tombstonesMax = 4096;

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
const initialEventsEnd = "k8s.io/initial-events-end";

interface Index<T> {
  readonly keysOf: (object: T) => readonly string[];
  /** what the function gives → keys of objects */
  readonly keys: Map<string, Set<string>>;
}

function addToIndex<T>({ keysOf, keys }: Index<T>, key: string, object: T): void {
  for (const value of keysOf(object)) {
    const found = keys.get(value) ?? new Set();
    keys.set(value, found.add(key));
  }
}

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
  readonly #indexes = new Map<string, Index<T>>();
  readonly #listeners: ((change: Change<T>) => void)[] = [];
  /** uid → the revision of its deletion; infinite: the deleter knows it, and the watch has not told it yet. */
  readonly #tombstones = new Map<string, number>();
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
    const keys = this.#indexes.get(index)?.keys.get(key) ?? [];
    return [...keys].flatMap((found) => this.#refs.get(found)?.object() ?? []);
  }

  onChange(listener: (change: Change<T>) => void): void {
    this.#listeners.push(listener);
    for (const ref of this.#refs.values()) listener({ type: "ADDED", object: ref.object() });
  }

  addIndexes(indexes: Indexes<T>): void {
    for (const [name, keysOf] of Object.entries(indexes)) {
      if (this.#indexes.has(name)) continue;
      const index: Index<T> = { keysOf, keys: new Map() };
      this.#indexes.set(name, index);
      for (const [key, ref] of this.#refs) addToIndex(index, key, ref.object());
    }
  }

  observe(object: T): void {
    const deletedAt = this.#tombstones.get(object.metadata.uid);
    if (deletedAt !== undefined && Number(object.metadata.resourceVersion) <= deletedAt) return;
    this.#put(objectRef(object));
  }

  observeDeleted(object: T): void {
    const { namespace, name, uid } = object.metadata;
    const key = keyOf(namespace, name);
    if (this.#refs.get(key)?.object().metadata.uid !== uid) return;
    this.#bury(uid, Number.POSITIVE_INFINITY);
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
    let delayMs = 0;
    while (!signal.aborted) {
      const startedAtMs = clock.monotonic();
      let failed = false;
      try {
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        failed = true;
        const gone = error instanceof StatusError && error.code === 410;
        if (gone) this.#resourceVersion = "";
        else log.info("watch failed", { kind: this.#kind.kind, error });
      }
      const lastedMs = clock.monotonic() - startedAtMs;
      const well = lastedMs >= retryDelayMsMax || (!failed && lastedMs >= watchShortMs);
      delayMs = well ? 0 : Math.min(Math.max(delayMs * 2, retryDelayMs), retryDelayMsMax);
      if (delayMs > 0) await sleep(clock, delayMs, signal).catch(() => {});
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
            this.#removeUnseen(seen, Number(metadata.resourceVersion));
            seen = undefined;
          }
          if (!seen) this.#resourceVersion = metadata.resourceVersion;
        } else {
          this.#apply(event, seen);
        }
      }
    }
  }

  /** What the first state at `revision` did not have is gone; what was observed since is newer than that state. */
  #removeUnseen(seen: ReadonlySet<string>, revision: number): void {
    for (const [key, ref] of this.#refs) {
      if (seen.has(key) || Number(ref.object().metadata.resourceVersion) > revision) continue;
      const last = ref.object();
      this.#bury(last.metadata.uid, revision);
      this.#remove(key, last);
    }
    for (const [uid, deletedAt] of this.#tombstones) {
      if (deletedAt === Number.POSITIVE_INFINITY) this.#tombstones.set(uid, revision);
    }
    this.#complete = true;
    this.#resolveSynced();
  }

  #apply(event: WatchEvent<T>, seen: Set<string> | undefined): void {
    const object = event.ref.object();
    const { namespace, name, resourceVersion, uid } = object.metadata;
    const key = keyOf(namespace, name);
    if (event.type === "DELETED") {
      this.#bury(uid, Number(resourceVersion));
      if (this.#refs.get(key)?.object().metadata.uid === uid) this.#remove(key, object);
    } else {
      seen?.add(key);
      this.#put(event.ref);
    }
    if (!seen) this.#resourceVersion = resourceVersion;
  }

  #bury(uid: string, revision: number): void {
    this.#tombstones.delete(uid);
    this.#tombstones.set(uid, revision);
    if (this.#tombstones.size <= tombstonesMax) return;
    const [oldest] = this.#tombstones.keys();
    this.#tombstones.delete(oldest!);
  }

  /** Takes a version, unless a newer one is here already. */
  #put(ref: ObjectRef<T>): void {
    const object = ref.object();
    const { namespace, name, resourceVersion, uid } = object.metadata;
    if (this.#tombstones.get(uid) === Number.POSITIVE_INFINITY) return;
    const key = keyOf(namespace, name);
    let old = this.#refs.get(key)?.object();
    if (old && Number(old.metadata.resourceVersion) >= Number(resourceVersion)) return;
    if (old && old.metadata.uid !== uid) {
      // The name was taken anew in a gap: listeners learn of both.
      this.#remove(key, old);
      old = undefined;
    }
    if (old) this.#unindex(key, old);
    this.#refs.set(key, ref);
    for (const index of this.#indexes.values()) addToIndex(index, key, object);
    this.#tell(old ? { type: "MODIFIED", object, old } : { type: "ADDED", object });
  }

  #remove(key: string, last: T): void {
    const old = this.#refs.get(key)?.object();
    if (!old) return;
    this.#unindex(key, old);
    this.#refs.delete(key);
    this.#tell({ type: "DELETED", object: last, old });
  }

  #unindex(key: string, old: T): void {
    for (const { keysOf, keys } of this.#indexes.values()) {
      for (const value of keysOf(old)) {
        const found = keys.get(value);
        found?.delete(key);
        if (found?.size === 0) keys.delete(value);
      }
    }
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
