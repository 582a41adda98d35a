// The `memory` engine of the Store port: for the library, tests and simulation. Nothing is on a disk; a copy costs next to
// nothing. May import src/base.
import type { Clock } from "../base/clock.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import type { Expiry } from "./expiry-queue.ts";
import { HistoryKeeper } from "./history-keeper.ts";
import { historyKeptMs, memoryHistoryBytesMax } from "./limits.ts";
import { RevisionIndex } from "./revision-index.ts";
import type { Change, Version } from "./revision-index.ts";
import { StoreUnavailableError } from "./store.ts";
import type {
  Compare,
  Operation,
  RangeOptions,
  RangeResult,
  Store,
  StoredItem,
  StoreEvent,
  StoreWatch,
  StoreWatchOptions,
  TransactionResult,
} from "./store.ts";
import { planTransaction } from "./transaction-plan.ts";
import { WatchHub } from "./watch-hub.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** History is forgotten when it is older (default 5 minutes) … */
  readonly historyKeptMs?: number;
  /** … or larger than this (default 64 MB). */
  readonly historyBytesMax?: number;
}

export interface MemoryStore extends Store {
  /** A store with the same state and history that goes its own way. Shares memory until either writes. */
  fork(clock?: Clock): MemoryStore;
}

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new MemoryEngine(options, new RevisionIndex<Uint8Array>(), 0);
}

/** What a change's history holds in memory: the version that it replaced. */
const sizeOf = (change: Change<Uint8Array>): number => 200 + change.key.length + (change.previous?.slot.length ?? 0);

const itemOf = (version: Version<Uint8Array>): StoredItem => ({
  key: version.key,
  value: version.slot,
  modRevision: version.modRevision,
  createRevision: version.createRevision,
});

function eventOf({ key, revision, version, previous }: Change<Uint8Array>): StoreEvent {
  if (version) return { kind: "put", item: itemOf(version), previous: previous && itemOf(previous) };
  return { kind: "delete", key, revision, previous: itemOf(previous!) };
}

class MemoryEngine implements MemoryStore {
  readonly #options: MemoryStoreOptions;
  readonly #index: RevisionIndex<Uint8Array>;
  readonly #historyBytesMax: number;
  readonly #hub: WatchHub<Uint8Array>;
  readonly #keeper: HistoryKeeper;
  readonly #expiry: ExpiryQueue;
  #historyBytes: number;
  #closed = false;

  constructor(options: MemoryStoreOptions, index: RevisionIndex<Uint8Array>, historyBytes: number) {
    const { clock } = options;
    this.#options = options;
    this.#index = index;
    this.#historyBytes = historyBytes;
    this.#historyBytesMax = options.historyBytesMax ?? memoryHistoryBytesMax;
    this.#hub = new WatchHub(index, (changes) => changes.map(eventOf));
    this.#keeper = new HistoryKeeper(clock, options.historyKeptMs ?? historyKeptMs, (revision) =>
      this.#forget(revision),
    );
    this.#expiry = new ExpiryQueue(clock, (due) => this.#expire(due));
    if (index.end > index.start) this.#keeper.note(index.revision);
  }

  revision(): number {
    return this.#index.revision;
  }
  compactedRevision(): number {
    return this.#index.compactedRevision;
  }

  async get(key: string): Promise<StoredItem | undefined> {
    this.#assertOpen();
    const version = this.#index.get(key);
    return version && itemOf(version);
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#assertOpen();
    const { versions, remaining, revision } = this.#index.range(options);
    return { items: versions.map(itemOf), remaining, revision };
  }

  async transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<TransactionResult> {
    this.#assertOpen();
    const index = this.#index;
    const revision = index.revision + 1;
    const plan = planTransaction(
      (key) => index.get(key),
      compares,
      operations,
      revision,
      (put) => put.value,
    );
    if (plan.kind === "mismatch") {
      const current = plan.current && itemOf(plan.current);
      return { succeeded: false, revision: index.revision, key: plan.key, current };
    }
    if (plan.changes.length === 0) return { succeeded: true, revision: index.revision };
    this.#commit(revision, plan.changes);
    return { succeeded: true, revision };
  }

  watch(options: StoreWatchOptions): StoreWatch {
    this.#assertOpen();
    return this.#hub.watch(options);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    this.#forget(revision);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#expiry.close();
    this.#keeper.close();
    this.#hub.close();
  }

  fork(clock = this.#options.clock): MemoryStore {
    const copy = new MemoryEngine({ ...this.#options, clock }, this.#index.fork(), this.#historyBytes);
    for (const expiry of this.#expiry.all()) copy.#expiry.add(expiry);
    return copy;
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnavailableError("the store is closed");
  }

  #commit(revision: number, changes: readonly Change<Uint8Array>[]): void {
    this.#index.apply(revision, changes);
    for (const change of changes) {
      this.#historyBytes += sizeOf(change);
      const expiresAtMs = change.version?.expiresAtMs;
      if (expiresAtMs !== undefined) this.#expiry.add({ key: change.key, modRevision: revision, expiresAtMs });
    }
    this.#keeper.note(revision);
    this.#hub.publish(revision, changes.map(eventOf));
    this.#forgetOversize();
  }

  #forget(revision: number): void {
    for (const change of this.#index.compact(Math.min(revision, this.#index.revision))) {
      this.#historyBytes -= sizeOf(change);
    }
  }

  /** The newest revision stays, however large it is: its watchers may still be catching up. */
  #forgetOversize(): void {
    while (this.#historyBytes > this.#historyBytesMax && this.#index.start < this.#index.end) {
      const oldest = this.#index.changeAt(this.#index.start).revision;
      if (oldest >= this.#index.revision) return;
      this.#forget(oldest);
    }
  }

  async #expire(due: readonly Expiry[]): Promise<boolean> {
    const operations = due
      .filter(({ key, modRevision }) => this.#index.get(key)?.modRevision === modRevision)
      .map(({ key }) => ({ kind: "delete" as const, key }));
    if (operations.length > 0) await this.transact([], operations);
    return true;
  }
}
