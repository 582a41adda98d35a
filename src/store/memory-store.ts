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
import type { RangeResult, Store, StoredItem, StoreEvent, TransactionResult } from "./store.ts";
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
  return makeStore(options, new RevisionIndex<Uint8Array>(), 0, []);
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

function makeStore(
  options: MemoryStoreOptions,
  index: RevisionIndex<Uint8Array>,
  heldBytes: number,
  expiries: readonly Expiry[],
): MemoryStore {
  const historyBytesMax = options.historyBytesMax ?? memoryHistoryBytesMax;
  let historyBytes = heldBytes;
  let closed = false;
  const hub = new WatchHub(index, (changes) => changes.map(eventOf));
  const keeper = new HistoryKeeper(options.clock, options.historyKeptMs ?? historyKeptMs, (revision) =>
    forget(revision),
  );
  const expiry = new ExpiryQueue(options.clock, async (due) => {
    const operations = due
      .filter(({ key, modRevision }) => index.get(key)?.modRevision === modRevision)
      .map(({ key }) => ({ kind: "delete" as const, key }));
    if (operations.length > 0) await store.transact([], operations);
    return true;
  });

  const forget = (revision: number): void => {
    for (const change of index.compact(Math.min(revision, index.revision))) historyBytes -= sizeOf(change);
  };
  /** The newest revision stays, however large it is: its watchers may still be catching up. */
  const forgetOversize = (): void => {
    for (;;) {
      if (historyBytes <= historyBytesMax || index.start >= index.end) return;
      const oldest = index.changeAt(index.start).revision;
      if (oldest >= index.revision) return;
      forget(oldest);
    }
  };
  const commit = (revision: number, changes: readonly Change<Uint8Array>[]): void => {
    index.apply(revision, changes);
    for (const change of changes) {
      historyBytes += sizeOf(change);
      const expiresAtMs = change.version?.expiresAtMs;
      if (expiresAtMs !== undefined) expiry.add({ key: change.key, modRevision: revision, expiresAtMs });
    }
    keeper.note(revision);
    hub.publish(revision, changes.map(eventOf));
    forgetOversize();
  };
  const open = (): void => {
    if (closed) throw new StoreUnavailableError("the store is closed");
  };

  const store: MemoryStore = {
    revision: () => index.revision,
    compactedRevision: () => index.compactedRevision,
    async get(key) {
      open();
      const version = index.get(key);
      return version && itemOf(version);
    },
    async range(rangeOptions): Promise<RangeResult> {
      open();
      const { versions, remaining, revision } = index.range(rangeOptions);
      return { items: versions.map(itemOf), remaining, revision };
    },
    async transact(compares, operations): Promise<TransactionResult> {
      open();
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
      commit(revision, plan.changes);
      return { succeeded: true, revision };
    },
    watch(watchOptions) {
      open();
      return hub.watch(watchOptions);
    },
    async compact(revision) {
      open();
      forget(revision);
    },
    async close() {
      closed = true;
      expiry.close();
      keeper.close();
      hub.close();
    },
    fork: (clock = options.clock) => makeStore({ ...options, clock }, index.fork(), historyBytes, expiry.all().slice()),
  };
  for (const one of expiries) expiry.add(one);
  if (index.end > index.start) keeper.note(index.revision);
  return store;
}
