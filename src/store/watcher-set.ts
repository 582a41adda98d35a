// The watchers of one cache, by what they are restricted to: a change is shown only to those that it may concern. May
// import src/kinds.
import type { CacheWatch } from "./cache-watch.ts";
import type { CachedObject } from "./cached-object.ts";
import type { Change } from "./revision-index.ts";

export class WatcherSet<Projection> {
  readonly #indexNames: readonly string[];
  readonly #unrestricted = new Set<CacheWatch<Projection>>();
  /** For each index: value → watchers. */
  readonly #byValue: Map<string, Set<CacheWatch<Projection>>>[];
  #size = 0;

  constructor(indexNames: readonly string[]) {
    this.#indexNames = indexNames;
    this.#byValue = indexNames.map(() => new Map());
  }

  get size(): number {
    return this.#size;
  }

  add(watcher: CacheWatch<Projection>): void {
    this.#size += 1;
    const { index } = watcher.options;
    if (!index) {
      this.#unrestricted.add(watcher);
      return;
    }
    const values = this.#byValue[this.#indexNames.indexOf(index.name)]!;
    const watchers = values.get(index.value);
    if (watchers) watchers.add(watcher);
    else values.set(index.value, new Set([watcher]));
  }

  delete(watcher: CacheWatch<Projection>): void {
    this.#size -= 1;
    const { index } = watcher.options;
    if (!index) {
      this.#unrestricted.delete(watcher);
      return;
    }
    const values = this.#byValue[this.#indexNames.indexOf(index.name)]!;
    const watchers = values.get(index.value);
    watchers?.delete(watcher);
    if (watchers?.size === 0) values.delete(index.value);
  }

  *all(): Generator<CacheWatch<Projection>> {
    yield* this.#unrestricted;
    for (const values of this.#byValue) for (const watchers of values.values()) yield* watchers;
  }

  *concerned({ version, previous }: Change<CachedObject<Projection>>): Generator<CacheWatch<Projection>> {
    yield* this.#unrestricted;
    for (const [number, values] of this.#byValue.entries()) {
      if (values.size === 0) continue;
      const now = version?.slot.indexed[number];
      const before = previous?.slot.indexed[number];
      if (now !== undefined) yield* values.get(now) ?? [];
      if (before !== undefined && before !== now) yield* values.get(before) ?? [];
    }
  }
}
