// The `sqlite` engine of the Store port: the state (keys and revisions) in the thread that asks, the file in a worker
// thread, and group commit between them. May import node, src/base and src/store.
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { ExpiryQueue } from "../../store/expiry-queue.ts";
import type { Expiry } from "../../store/expiry-queue.ts";
import { HistoryKeeper } from "../../store/history-keeper.ts";
import { engineHistoryChangesMax, historyKeptMs } from "../../store/limits.ts";
import type { Change, RevisionIndex, Version } from "../../store/revision-index.ts";
import { StoreUnavailableError } from "../../store/store.ts";
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
} from "../../store/store.ts";
import { planTransaction } from "../../store/transaction-plan.ts";
import { WatchHub } from "../../store/watch-hub.ts";
import { waitingBytesMax } from "./limits.ts";
import { Loading } from "./load.ts";
import { unpackRows } from "./messages.ts";
import { StoreFileError } from "./store-file-error.ts";
import { WaitingWrites } from "./waiting-writes.ts";
import type { WaitingTransaction } from "./waiting-writes.ts";
import { WorkerLink } from "./worker-link.ts";

export interface SqliteStoreOptions {
  /** The file's path; beside it lies a log, FILE-wal. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A program that calls runSqliteWorker() when its workerData says kind "sqlite". */
  readonly workerEntry: URL;
  /** How long history is kept; default 5 minutes. */
  readonly historyKeptMs?: number;
}

/** Opens the file or makes it. Rejects with StoreFileError (one sentence that says what to do) when it can't be used. */
export function startSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return new Promise((resolve, reject) => {
    let loading: Loading | undefined;
    let store: SqliteStore | undefined;
    const link = new WorkerLink(options.workerEntry, options.file, {
      onLoad(message) {
        if (message.kind === "refused") reject(new StoreFileError(message.message));
        else if (message.kind === "meta") {
          loading = new Loading(message.revision, message.compactedRevision, message.sequence);
        } else if (message.kind === "rows") for (const row of unpackRows(message.rows)) loading!.add(row);
        else {
          loading!.finish();
          store = new SqliteStore(options, link, loading!);
          resolve(store);
        }
      },
      onWritten: (ids) => store!.onWritten(ids),
      onUnwritten: (ids, message) => store!.onUnwritten(ids, message),
      onLost(error) {
        if (store) store.onLost(error);
        else reject(error);
      },
    });
  });
}

const nothing = new Uint8Array(0);
const itemOf = (version: Version<number>, value: Uint8Array): StoredItem => ({
  key: version.key,
  value,
  modRevision: version.modRevision,
  createRevision: version.createRevision,
});

class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions;
  readonly #link: WorkerLink;
  readonly #index: RevisionIndex<number>;
  readonly #hub: WatchHub<number>;
  readonly #keeper: HistoryKeeper;
  readonly #expiry: ExpiryQueue;
  readonly #waiting = new WaitingWrites();
  /** Values of rows that events of the next durable transaction need. */
  #previousValues = new Map<number, Uint8Array>();
  #lastRevision: number;
  #lastSequence: number;
  #epoch = 0;
  #garbage: number[];
  #loadingPrevious = false;
  #closed = false;
  #lost: Error | undefined;
  #failing = false;

  constructor(options: SqliteStoreOptions, link: WorkerLink, loading: Loading) {
    this.#options = options;
    this.#link = link;
    this.#index = loading.index;
    this.#garbage = loading.garbage;
    this.#lastRevision = this.#index.revision;
    this.#lastSequence = loading.sequence;
    this.#hub = new WatchHub(this.#index, (changes, previousValues) => this.#events(changes, previousValues));
    this.#keeper = new HistoryKeeper(options.clock, options.historyKeptMs ?? historyKeptMs, (revision) =>
      this.#compactLater(revision),
    );
    this.#expiry = new ExpiryQueue(options.clock, (due) => this.#expire(due));
    this.#index.walk("", undefined, (version) => {
      this.#noteExpiry(version);
      return true;
    });
    if (this.#index.end > this.#index.start) this.#keeper.note(this.#index.revision);
    if (this.#garbage.length > 0) this.#compactLater(this.#index.compactedRevision);
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
    if (version === undefined) return undefined;
    const [value] = await this.#link.read([version.slot]);
    return itemOf(version, value!);
  }

  async range(options: RangeOptions): Promise<RangeResult> {
    this.#assertOpen();
    const { versions, remaining, revision } = this.#index.range(options);
    const values = await this.#link.read(versions.map((version) => version.slot));
    return { items: versions.map((version, number) => itemOf(version, values[number]!)), remaining, revision };
  }

  async transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<TransactionResult> {
    this.#assertOpen();
    const revision = this.#lastRevision + 1;
    const values = new Map<number, Uint8Array>();
    const nextSequence = (): number => ++this.#lastSequence;
    const lookup = (key: string): Version<number> | undefined => {
      const state = this.#waiting.state(key);
      return state ? state.version : this.#index.get(key);
    };
    const slotOf = ({ value }: { value: Uint8Array }): number => {
      const sequence = nextSequence();
      values.set(sequence, value);
      return sequence;
    };
    const plan = planTransaction(lookup, compares, operations, revision, slotOf, nextSequence);
    if (plan.kind === "mismatch") return this.#mismatch(plan.key, plan.current);
    if (plan.changes.length === 0) {
      // What it found may not be durable yet.
      await this.#waiting.newest?.done;
      return { succeeded: true, revision: this.#index.revision };
    }
    if (this.#waiting.sizeBytes > waitingBytesMax) {
      throw new StoreUnavailableError("too many writes wait for the disk: try again later");
    }
    this.#lastRevision = revision;
    const { transaction, first } = this.#waiting.add(revision, plan.changes, values);
    if (first) queueMicrotask(() => this.#send());
    return transaction.done;
  }

  watch(options: StoreWatchOptions): StoreWatch {
    this.#assertOpen();
    return this.#hub.watch(options);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    await this.#compact(revision);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#expiry.close();
    this.#keeper.close();
    // How a write ends is told to its writer.
    await this.#waiting.newest?.done.catch(() => undefined);
    this.#hub.close();
    if (!this.#lost) await this.#link.close();
  }

  onWritten(ids: readonly number[]): void {
    for (const id of ids) this.#waiting.markDurable(id);
    if (this.#failing) this.#options.log.info("the store writes again");
    this.#failing = false;
    this.#tell();
  }

  onUnwritten(ids: readonly number[], message: string): void {
    // What came after the failed write has failed with it already.
    if (!ids.some((id) => this.#waiting.isSent(id))) return;
    const error = new StoreUnavailableError(`the store can't write: ${message}`);
    if (!this.#failing) this.#options.log.error("the store can't write now; reads go on", { error });
    this.#failing = true;
    this.#epoch += 1;
    this.#waiting.failAll(error);
  }

  onLost(error: Error): void {
    this.#lost = error;
    this.#options.log.error("the store's thread is gone", { error });
    this.#expiry.close();
    this.#keeper.close();
    this.#waiting.failAll(error);
    this.#hub.close(error);
  }

  #assertOpen(): void {
    if (this.#lost) throw this.#lost;
    if (this.#closed) throw new StoreUnavailableError("the store is closed");
  }

  async #mismatch(key: string, current: Version<number> | undefined): Promise<TransactionResult> {
    const transaction = this.#waiting.state(key)?.transaction;
    if (transaction) {
      // It saw a write that waits: that has to be on the disk before anybody is told of it.
      await transaction.done;
      const item = current && itemOf(current, transaction.values.get(current.slot)!);
      return { succeeded: false, revision: this.#index.revision, key, current: item };
    }
    const [value] = current ? await this.#link.read([current.slot]) : [];
    const item = current && itemOf(current, value!);
    return { succeeded: false, revision: this.#index.revision, key, current: item };
  }

  #send(): void {
    // A failure may have come between.
    if (this.#lost || !this.#waiting.hasUnsent) return;
    const id = this.#link.nextId();
    this.#link.write(id, this.#epoch, this.#waiting.send(id));
  }

  /** Makes durable transactions visible, in order: state, watches, acknowledgement. */
  #tell(): void {
    for (;;) {
      const transaction = this.#waiting.nextDurable;
      if (transaction === undefined || this.#loadingPrevious) return;
      const missing = this.#missingPrevious(transaction);
      if (missing.length > 0) {
        this.#loadPrevious(missing);
        return;
      }
      this.#waiting.settle(transaction);
      this.#apply(transaction);
    }
  }

  #apply({ revision, changes, values, resolve }: WaitingTransaction): void {
    this.#index.apply(revision, changes);
    for (const { version } of changes) if (version) this.#noteExpiry(version);
    const valueOf = (version: Version<number>): Uint8Array =>
      values.get(version.slot) ?? this.#previousValues.get(version.slot) ?? nothing;
    const events = changes.map((change) => eventOf(change, valueOf));
    this.#previousValues.clear();
    this.#hub.publish(revision, events);
    this.#keeper.note(revision);
    const { start, end } = this.#index;
    if (end - start > engineHistoryChangesMax) {
      this.#compactLater(this.#index.changeAt(start + Math.floor(engineHistoryChangesMax / 10)).revision);
    }
    resolve({ succeeded: true, revision });
  }

  /** What watches want to see of a transaction that isn't in memory. */
  #missingPrevious({ changes }: WaitingTransaction): Version<number>[] {
    const missing: Version<number>[] = [];
    for (const { key, previous } of changes) {
      if (!previous || this.#previousValues.has(previous.slot) || !this.#hub.wantsPrevious(key)) continue;
      missing.push(previous);
    }
    return missing;
  }

  #loadPrevious(missing: readonly Version<number>[]): void {
    this.#loadingPrevious = true;
    const loaded = this.#link.read(missing.map((version) => version.slot)).then(
      (values) => {
        for (const [number, { slot }] of missing.entries()) this.#previousValues.set(slot, values[number]!);
      },
      (error: Error) => {
        for (const { key } of missing) this.#hub.failPrevious(key, error);
      },
    );
    void loaded.then(() => {
      this.#loadingPrevious = false;
      this.#tell();
    });
  }

  /** Events of the past, for watches that catch up. */
  async #events(changes: readonly Change<number>[], previousValues: boolean): Promise<StoreEvent[]> {
    const wanted: number[] = [];
    for (const { version, previous } of changes) {
      if (version) wanted.push(version.slot);
      if (previous && previousValues) wanted.push(previous.slot);
    }
    const values = await this.#link.read(wanted);
    const bySequence = new Map(wanted.map((sequence, number) => [sequence, values[number]!]));
    return changes.map((change) => eventOf(change, (version) => bySequence.get(version.slot) ?? nothing));
  }

  #noteExpiry({ key, modRevision, expiresAtMs }: Version<number>): void {
    if (expiresAtMs !== undefined) this.#expiry.add({ key, modRevision, expiresAtMs });
  }

  async #expire(due: readonly Expiry[]): Promise<boolean> {
    const compares: Compare[] = [];
    const operations: Operation[] = [];
    for (const { key, modRevision } of due) {
      const state = this.#waiting.state(key);
      const current = state ? state.version : this.#index.get(key);
      if (current?.modRevision !== modRevision) continue;
      compares.push({ key, modRevision });
      operations.push({ kind: "delete", key });
    }
    if (operations.length === 0) return true;
    // A failure has been logged by onUnwritten; what has expired is tried again.
    return this.transact(compares, operations).then(
      () => true,
      () => false,
    );
  }

  #compactLater(revision: number): void {
    this.#compact(revision).catch((error: unknown) => {
      this.#options.log.error("the store can't forget history now", { error });
    });
  }

  async #compact(revision: number): Promise<void> {
    const garbage = this.#garbage;
    this.#garbage = [];
    for (const { previous, deletion } of this.#index.compact(Math.min(revision, this.#index.revision))) {
      if (previous) garbage.push(previous.slot);
      if (deletion !== undefined) garbage.push(deletion);
    }
    try {
      await this.#link.compact(this.#index.compactedRevision, Float64Array.from(garbage));
    } catch (error) {
      // The next compaction deletes them; a row that is gone already does no harm.
      this.#garbage = [...garbage, ...this.#garbage];
      throw error;
    }
  }
}

function eventOf(change: Change<number>, valueOf: (version: Version<number>) => Uint8Array): StoreEvent {
  const { key, revision, version, previous } = change;
  const before = previous && itemOf(previous, valueOf(previous));
  if (version) return { kind: "put", item: itemOf(version, valueOf(version)), previous: before };
  return { kind: "delete", key, revision, previous: before! };
}
