// Changes from before a cache's window, which the store still knows: for a watch that begins there (a client that comes
// back after the server was started again). May import src/kinds.
import type { CachedObject } from "./cached-object.ts";
import { catchUpBytesMax } from "./limits.ts";
import type { Change, Version } from "./revision-index.ts";
import type { StoredItem, StoreEvent, StoreWatch } from "./store.ts";
import type { WatchCache } from "./watch-cache.ts";

export class EarlyEvents<Projection> {
  /** "failed": more than may be held, or the store has forgotten it meanwhile. */
  state: "reading" | "done" | "failed" = "reading";
  readonly #cache: WatchCache<Projection>;
  /** From here on the cache's own history goes on. */
  readonly #until: number;
  readonly #ready: () => void;
  readonly #watch: StoreWatch;
  #changes: Change<CachedObject<Projection>>[] = [];
  #taken = 0;
  #sizeBytes = 0;

  /** Throws CompactedError when the store has forgotten them. `ready` is called when there is something new. */
  constructor(cache: WatchCache<Projection>, prefix: string, afterRevision: number, ready: () => void) {
    this.#cache = cache;
    this.#until = cache.revision();
    this.#ready = ready;
    this.#watch = cache.shared.store.watch({
      prefix,
      afterRevision,
      onEvents: (events, revision) => this.#add(events, revision),
      onProgress: (revision) => {
        if (revision >= this.#until) this.#finish("done");
      },
      onEnd: () => this.#finish("failed"),
    });
  }

  peek(): Change<CachedObject<Projection>> | undefined {
    return this.#changes[this.#taken];
  }

  take(): void {
    const change = this.#changes[this.#taken]!;
    this.#sizeBytes -= sizeOf(change);
    this.#taken += 1;
    if (this.#taken < this.#changes.length) return;
    this.#changes = [];
    this.#taken = 0;
  }

  close(): void {
    this.#finish("failed");
  }

  #add(events: readonly StoreEvent[], revision: number): void {
    if (this.state !== "reading") return;
    if (revision <= this.#until) {
      for (const event of events) {
        const change = this.#changeOf(event, revision);
        this.#changes.push(change);
        this.#sizeBytes += sizeOf(change);
      }
    }
    if (revision >= this.#until) this.#finish("done");
    else if (this.#sizeBytes > catchUpBytesMax) this.#finish("failed");
    else this.#ready();
  }

  #finish(state: "done" | "failed"): void {
    if (this.state !== "reading") return;
    this.state = state;
    this.#watch?.close();
    this.#ready();
  }

  #changeOf(event: StoreEvent, revision: number): Change<CachedObject<Projection>> {
    const previous = event.previous && this.#versionOf(event.previous);
    if (event.kind === "put") return { revision, key: event.item.key, version: this.#versionOf(event.item), previous };
    return { revision, key: event.key, version: undefined, previous };
  }

  #versionOf({ key, value, modRevision, createRevision }: StoredItem): Version<CachedObject<Projection>> {
    const slot = this.#cache.objectOf(key, value, modRevision, createRevision);
    return { key, modRevision, createRevision, expiresAtMs: undefined, slot };
  }
}

function sizeOf({ version, previous }: Change<CachedObject<unknown>>): number {
  return 300 + (version?.slot.ref.bytes.length ?? 0) + (previous?.slot.ref.bytes.length ?? 0);
}
