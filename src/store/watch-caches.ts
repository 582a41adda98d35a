// All watch caches of a process: each is made at its first use; together they are bounded. May import src/base.
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { CacheSpec } from "./cached-object.ts";
import { parsedObjectBytesMax } from "./limits.ts";
import { ParsedObjects } from "./object-ref.ts";
import type { SpliceResourceVersion } from "./object-ref.ts";
import type { Store } from "./store.ts";
import { WatchCache } from "./watch-cache.ts";
import type { CacheShared } from "./watch-cache.ts";
import { createWatchWindow } from "./watch-window.ts";

export interface WatchCachesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly splice: SpliceResourceVersion;
  readonly historyBytesMax?: number;
  readonly parsedBytesMax?: number;
}

export class WatchCaches {
  readonly #shared: CacheShared;
  readonly #caches = new Map<string, { readonly cache: WatchCache<never>; readonly loaded: Promise<void> }>();

  constructor(options: WatchCachesOptions) {
    const { store, clock, log, splice } = options;
    const parsed = new ParsedObjects(options.parsedBytesMax ?? parsedObjectBytesMax);
    this.#shared = { store, clock, log, splice, parsed, window: createWatchWindow(clock, options.historyBytesMax) };
  }

  /** The cache of a prefix, loaded. The first call's spec makes it. Rejects when it can't be loaded now. */
  async open<Projection>(spec: CacheSpec<Projection>): Promise<WatchCache<Projection>> {
    let entry = this.#caches.get(spec.prefix);
    if (entry === undefined) {
      const cache = new WatchCache<Projection>(spec, this.#shared);
      entry = { cache: cache as unknown as WatchCache<never>, loaded: cache.load() };
      this.#caches.set(spec.prefix, entry);
    }
    try {
      await entry.loaded;
    } catch (error) {
      if (this.#caches.get(spec.prefix) === entry) this.#caches.delete(spec.prefix);
      throw error;
    }
    return entry.cache as unknown as WatchCache<Projection>;
  }

  /** The resource is gone (its definition was deleted): its watches end. */
  drop(prefix: string): void {
    this.#caches.get(prefix)?.cache.close();
    this.#caches.delete(prefix);
  }

  close(): void {
    for (const { cache } of this.#caches.values()) cache.close();
    this.#caches.clear();
  }
}
