// The newest state and the recent past of one resource, for GET, LIST and WATCH: loaded from the store, then fed by its
// watch. Bytes are what it keeps; parsed objects come and go. May import src/base and src/kinds.
import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import { CacheWatch } from "./cache-watch.ts";
import type { CacheWatchOptions } from "./cache-watch.ts";
import { splitKey } from "./cached-object.ts";
import type { CachedObject, CacheSpec } from "./cached-object.ts";
import { loadPageObjects, reloadDelayMs } from "./limits.ts";
import { StoredRef } from "./object-ref.ts";
import type { ParsedObjects, SpliceResourceVersion } from "./object-ref.ts";
import { RevisionIndex } from "./revision-index.ts";
import type { Change } from "./revision-index.ts";
import { CompactedError, FutureRevisionError, StoreUnavailableError } from "./store.ts";
import type { Store, StoreEvent, StoreWatch } from "./store.ts";
import { WatcherSet } from "./watcher-set.ts";
import type { WatchWindow } from "./watch-window.ts";

/** What all caches of a process share. */
export interface CacheShared {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly splice: SpliceResourceVersion;
  readonly parsed: ParsedObjects;
  readonly window: WatchWindow;
}

export interface CacheQuery<Projection> {
  /** Only this namespace; absent or empty: all. */
  readonly namespace?: string;
  /** Only keys after this one. */
  readonly after?: string;
  readonly limit?: number;
  /** As it was then; throws CompactedError or FutureRevisionError. Without it: as it is now. */
  readonly atRevision?: number;
  /** Only objects with this value in an index. */
  readonly index?: { readonly name: string; readonly value: string };
  select?(object: CachedObject<Projection>): boolean;
}
export interface CachePage<Projection> {
  /** In order of keys. */
  readonly items: readonly CachedObject<Projection>[];
  /** Whether more that would be selected remain after the page's last. */
  readonly more: boolean;
  /** How many keys remain after the page's last; exact where nothing is selected away. */
  readonly remaining: number;
  readonly revision: number;
}

/** A change as it is told to observers. For DELETED, `object` is the last version with the deletion's resourceVersion. */
export interface CacheChange<Projection> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly object: CachedObject<Projection>;
  readonly previous: CachedObject<Projection> | undefined;
}
export interface CacheObserver<Projection> {
  /** Whole revisions, in order, before the write that caused them is acknowledged. Must not throw and must not block. */
  onChanges(changes: readonly CacheChange<Projection>[], revision: number): void;
  /** Nothing more was there up to this revision. */
  onProgress?(revision: number): void;
  /** The cache has lost its place (or was closed): begin anew. */
  onEnd?(): void;
}

interface Wait {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

export class WatchCache<Projection = unknown> {
  readonly spec: CacheSpec<Projection>;
  readonly shared: CacheShared;
  readonly #indexNames: readonly string[];
  readonly #watchers: WatcherSet<Projection>;
  readonly #observers = new Set<CacheObserver<Projection>>();
  #waits: Wait[] = [];
  #index = new RevisionIndex<CachedObject<Projection>>();
  /** For each declared index: value → keys. */
  #keysByValue: Map<string, Set<string>>[] = [];
  /** Objects that left a selection, with the revision of the change: one for all watchers. */
  #left = new WeakMap<Change<CachedObject<Projection>>, CachedObject<Projection>>();
  #watch: StoreWatch | undefined;
  #closed = false;

  constructor(spec: CacheSpec<Projection>, shared: CacheShared) {
    this.spec = spec;
    this.shared = shared;
    this.#indexNames = Object.keys(spec.indexes ?? {});
    this.#watchers = new WatcherSet(this.#indexNames);
  }

  /** Reads everything and follows the store from there. To be awaited before anything else is called. */
  async load(): Promise<void> {
    const { store } = this.shared;
    const { prefix } = this.spec;
    const first = await store.range({ prefix, limit: loadPageObjects });
    const index = new RevisionIndex<CachedObject<Projection>>(first.revision, first.revision);
    const keysByValue = this.#indexNames.map(() => new Map<string, Set<string>>());
    for (let page = first; ;) {
      for (const item of page.items) {
        const object = this.objectOf(item.key, item.value, item.modRevision, item.createRevision);
        const { key, modRevision, createRevision } = item;
        index.restore(key, { key, modRevision, createRevision, expiresAtMs: undefined, slot: object });
        addToIndexes(keysByValue, object);
      }
      const after = page.items.at(-1)?.key;
      if (page.remaining === 0 || after === undefined) break;
      page = await store.range({ prefix, after, limit: loadPageObjects, atRevision: first.revision });
    }
    if (this.#closed) return;
    this.#index = index;
    this.#keysByValue = keysByValue;
    this.#watch = store.watch({
      prefix,
      afterRevision: first.revision,
      previousValues: false,
      onEvents: (events, revision) => this.#onEvents(events, revision),
      onProgress: (revision) => this.#onProgress(revision),
      onEnd: (error) => this.#onEnd(error),
    });
    this.#settleWaits();
  }

  /** The newest revision that reads see. */
  revision(): number {
    return this.#index.revision;
  }
  /** Watches after this revision need not ask the store for its history. */
  windowRevision(): number {
    return this.#index.compactedRevision;
  }
  get size(): number {
    return this.#index.size;
  }
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Resolves when reads see all that was acknowledged before the call; undefined: they do already. */
  fresh(): Promise<void> | undefined {
    const revision = this.shared.store.revision();
    return revision <= this.#index.revision ? undefined : this.waitFor(revision);
  }

  /** Resolves when reads see this revision; with a time limit, rejects with FutureRevisionError after it. */
  async waitFor(revision: number, timeoutMs?: number): Promise<void> {
    if (revision <= this.#index.revision) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wait = { revision, resolve, reject };
    this.#waits.push(wait);
    const timer =
      timeoutMs === undefined
        ? undefined
        : this.shared.clock.after(timeoutMs, () => {
            this.#waits = this.#waits.filter((one) => one !== wait);
            reject(new FutureRevisionError(revision, this.#index.revision));
          });
    try {
      await promise;
    } finally {
      timer?.cancel();
    }
  }

  /** The newest version of a key. */
  get(key: string): CachedObject<Projection> | undefined {
    return this.#index.get(key)?.slot;
  }

  /** The version of a key that a write has made, also when it is not the newest any more. */
  written(key: string, revision: number, createRevision: number, bytes: Uint8Array): CachedObject<Projection> {
    const newest = this.#index.get(key);
    if (newest?.modRevision === revision) return newest.slot;
    return this.objectOf(key, bytes, revision, createRevision);
  }

  /** A list or a page of one. Only what is older than the window is a promise: it comes from the store. */
  list(query: CacheQuery<Projection>): CachePage<Projection> | Promise<CachePage<Projection>> {
    const { atRevision } = query;
    const { store } = this.shared;
    const prefix = this.#prefixOf(query.namespace);
    if (atRevision !== undefined && atRevision !== this.#index.revision) {
      if (atRevision > this.#index.revision) throw new FutureRevisionError(atRevision, this.#index.revision);
      // The window may reach further back than the store: clients rely on tokens to expire, upstream's do.
      const compacted = store.compactedRevision();
      if (atRevision < compacted) throw new CompactedError(atRevision, compacted);
      if (atRevision < this.#index.compactedRevision) return this.#listFromStore(prefix, query, atRevision);
    } else if (query.index) return this.#select(this.#indexed(prefix, query), query, this.#index.revision);
    if (query.select === undefined && query.index === undefined) {
      const { after, limit } = query;
      const { versions, remaining, revision } = this.#index.range({ prefix, after, limit, atRevision });
      return { items: versions.map((version) => version.slot), more: remaining > 0, remaining, revision };
    }
    const { versions, revision } = this.#index.range({ prefix, after: query.after, atRevision });
    const objects = versions.map((version) => version.slot);
    return this.#select(objects, query, revision);
  }

  /** Every object, in order of keys, until `visit` returns false. */
  forEach(namespace: string, visit: (object: CachedObject<Projection>) => boolean | void): void {
    this.#index.walk(this.#prefixOf(namespace), undefined, ({ slot }) => visit(slot) !== false);
  }

  /** A watch that is pulled from. Throws CompactedError when the changes after its revision are gone. */
  watch(options: CacheWatchOptions<Projection>): CacheWatch<Projection> {
    return new CacheWatch(this, this.#watchers, options);
  }

  /** Tells all changes after the current revision at once when they happen. Nothing is filtered. */
  observe(observer: CacheObserver<Projection>): { close(): void } {
    this.#observers.add(observer);
    return { close: () => void this.#observers.delete(observer) };
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#endAll(false);
    const error = new StoreUnavailableError("the watch cache is closed");
    for (const { reject } of this.#waits) reject(error);
    this.#waits = [];
  }

  /** For watches: positions of changes. */
  get history(): RevisionIndex<CachedObject<Projection>> {
    return this.#index;
  }

  /** What the window shares, told to forget its oldest. */
  forgetRevision(revision: number): void {
    if (revision <= this.#index.revision) this.#index.compact(revision);
  }

  /** An object of stored bytes. */
  objectOf(key: string, stored: Uint8Array, revision: number, createRevision: number): CachedObject<Projection> {
    const ref = new StoredRef(this.shared.parsed, this.shared.splice, stored, revision);
    const object = this.#describe(key, ref, revision, createRevision, ref.object());
    // To be looked at once is no reason to be remembered longer than others.
    ref.takeUsed();
    return object;
  }

  /** The last version of an object with the resourceVersion of the change that took it away (from the watcher). */
  leaving(change: Change<CachedObject<Projection>>): CachedObject<Projection> {
    if (change.deletion) return change.deletion;
    let object = this.#left.get(change);
    if (!object) this.#left.set(change, (object = this.#withRevision(change.previous!.slot, change.revision)));
    return object;
  }

  #withRevision(object: CachedObject<Projection>, revision: number): CachedObject<Projection> {
    const { parsed, splice } = this.shared;
    const ref = new StoredRef(parsed, splice, object.ref.stored(), revision);
    return { ...object, revision, ref, encoded: new Map() };
  }

  #describe(
    key: string,
    ref: StoredRef,
    revision: number,
    createRevision: number,
    object: KubernetesObject,
  ): CachedObject<Projection> {
    const { prefix, namespaced, indexes } = this.spec;
    const { namespace, name } = splitKey(prefix, namespaced, key);
    const projection = this.spec.project(object);
    const indexed = this.#indexNames.map((index) => indexes![index]!(object));
    return { key, namespace, name, revision, createRevision, ref, projection, indexed, encoded: new Map() };
  }

  #prefixOf(namespace: string | undefined): string {
    return namespace === undefined || namespace === "" ? this.spec.prefix : `${this.spec.prefix}${namespace}/`;
  }

  #onEvents(events: readonly StoreEvent[], revision: number): void {
    const changes: Change<CachedObject<Projection>>[] = [];
    let sizeBytes = 0;
    for (const event of events) {
      const change = this.#changeOf(event, revision);
      if (!change) continue;
      changes.push(change);
      if (change.previous) removeFromIndexes(this.#keysByValue, change.previous.slot);
      if (change.version) addToIndexes(this.#keysByValue, change.version.slot);
      sizeBytes += 300 + 2 * (change.previous?.slot.ref.bytes.length ?? change.key.length);
    }
    this.#index.apply(revision, changes);
    if (changes.length > 0) this.shared.window.history.push({ member: this, revision }, sizeBytes);
    this.#tell(changes, revision);
    this.#settleWaits();
  }

  #changeOf(event: StoreEvent, revision: number): Change<CachedObject<Projection>> | undefined {
    if (event.kind === "put") {
      const { key, value, modRevision, createRevision } = event.item;
      const slot = this.objectOf(key, value, modRevision, createRevision);
      const version = { key, modRevision, createRevision, expiresAtMs: undefined, slot };
      return { revision, key, version, previous: this.#index.get(key) };
    }
    const { key } = event;
    const previous = this.#index.get(key);
    return (
      previous && { revision, key, version: undefined, previous, deletion: this.#withRevision(previous.slot, revision) }
    );
  }

  #tell(changes: readonly Change<CachedObject<Projection>>[], revision: number): void {
    if (this.#observers.size > 0) {
      const told = changes.map(({ version, previous, deletion }): CacheChange<Projection> => {
        if (!version) return { type: "DELETED", revision, object: deletion!, previous: previous!.slot };
        return { type: previous ? "MODIFIED" : "ADDED", revision, object: version.slot, previous: previous?.slot };
      });
      for (const observer of this.#observers) observer.onChanges(told, revision);
    }
    const first = this.#index.end - changes.length;
    for (const [number, change] of changes.entries()) {
      for (const watcher of this.#watchers.concerned(change))
        watcher.notice(change, first + number, this.shared.window);
    }
  }

  #onProgress(revision: number): void {
    this.#index.advance(revision);
    for (const observer of this.#observers) observer.onProgress?.(revision);
    if (this.#waits.length > 0) this.#settleWaits();
  }

  #onEnd(error: Error | undefined): void {
    this.#watch = undefined;
    if (this.#closed) return;
    this.#endAll(error !== undefined);
    if (error) void this.#reload(error);
  }

  /** The store's watch has ended: what happened since is unknown, so watchers have to begin anew. */
  async #reload(cause: Error): Promise<void> {
    const { log, clock } = this.shared;
    for (let error: unknown = cause; !this.#closed;) {
      log.error("a watch cache has to load again", { prefix: this.spec.prefix, error });
      await sleep(clock, reloadDelayMs);
      try {
        await this.load();
        return;
      } catch (failure) {
        error = failure;
      }
    }
  }

  /** `lost`: the watchers' places are, so they are told 410; else their streams just end. */
  #endAll(lost: boolean): void {
    const { revision } = this.#index;
    for (const watcher of this.#watchers.all()) {
      if (lost) watcher.expire(revision);
      else watcher.finish();
    }
    const observers = Array.from(this.#observers);
    this.#observers.clear();
    for (const observer of observers) observer.onEnd?.();
  }

  #settleWaits(): void {
    if (this.#waits.length === 0) return;
    const { revision } = this.#index;
    const ready = this.#waits.filter((wait) => wait.revision <= revision);
    this.#waits = this.#waits.filter((wait) => wait.revision > revision);
    for (const { resolve } of ready) resolve();
  }

  #indexed(prefix: string, { index, after }: CacheQuery<Projection>): CachedObject<Projection>[] {
    const keys = this.#keysByValue[this.#indexNames.indexOf(index!.name)]!.get(index!.value) ?? [];
    const mine = [...keys].filter((key) => key.startsWith(prefix) && (after === undefined || key > after));
    return mine.sort().map((key) => this.#index.get(key)!.slot);
  }

  #select(
    objects: readonly CachedObject<Projection>[],
    query: CacheQuery<Projection>,
    revision: number,
  ): CachePage<Projection> {
    const limit = query.limit !== undefined && query.limit > 0 ? query.limit : Infinity;
    const items: CachedObject<Projection>[] = [];
    for (const [number, object] of objects.entries()) {
      if (!this.matches(object, query)) continue;
      if (items.length === limit) return { items, more: true, remaining: objects.length - number, revision };
      items.push(object);
    }
    return { items, more: false, remaining: 0, revision };
  }

  /** Whether an object has the index value and is selected. */
  matches(object: CachedObject<Projection>, query: Pick<CacheQuery<Projection>, "index" | "select">): boolean {
    const { index } = query;
    if (index && object.indexed[this.#indexNames.indexOf(index.name)] !== index.value) return false;
    return query.select === undefined || query.select(object);
  }

  async #listFromStore(
    prefix: string,
    query: CacheQuery<Projection>,
    atRevision: number,
  ): Promise<CachePage<Projection>> {
    const { after } = query;
    const filtered = query.select !== undefined || query.index !== undefined;
    const limit = filtered ? undefined : query.limit;
    const { items, remaining, revision } = await this.shared.store.range({ prefix, after, limit, atRevision });
    const objects = items.map((item) => this.objectOf(item.key, item.value, item.modRevision, item.createRevision));
    if (filtered) return this.#select(objects, query, revision);
    return { items: objects, more: remaining > 0, remaining, revision };
  }
}

type KeysByValue = readonly Map<string, Set<string>>[];

function addToIndexes(keysByValue: KeysByValue, { key, indexed }: CachedObject<unknown>): void {
  for (const [number, value] of indexed.entries()) {
    const keys = keysByValue[number]!.get(value);
    if (keys) keys.add(key);
    else keysByValue[number]!.set(value, new Set([key]));
  }
}

function removeFromIndexes(keysByValue: KeysByValue, { key, indexed }: CachedObject<unknown>): void {
  for (const [number, value] of indexed.entries()) {
    const keys = keysByValue[number]!.get(value);
    keys?.delete(key);
    if (keys?.size === 0) keysByValue[number]!.delete(value);
  }
}
