// The Store port: etcd's contract. Every engine (memory, SQLite, etcd) passes test/contract/store.suite.ts. Keys are
// text; values are bytes that the store does not look into. May import src/base.

export interface StoredItem {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision that wrote this version. */
  readonly modRevision: number;
  readonly createRevision: number;
}

export interface RangeOptions {
  /** Every key that begins with it. */
  readonly prefix: string;
  /** Only keys after this one (for pages). */
  readonly after?: string;
  readonly limit?: number;
  /** As the store was then; without it, as it is now. Throws CompactedError or FutureRevisionError. */
  readonly atRevision?: number;
  /** Only counts: `items` is empty. */
  readonly countOnly?: boolean;
}
export interface RangeResult {
  /** In key order. */
  readonly items: readonly StoredItem[];
  /** How many keys after the page's last remain under the prefix. */
  readonly remaining: number;
  /** The store's revision at the read (or `atRevision`). */
  readonly revision: number;
}

/** modRevision 0: the key must be absent. */
export interface Compare {
  readonly key: string;
  readonly modRevision: number;
}
export type Operation =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: Uint8Array;
      /** The key is deleted by the store at this wall time, in milliseconds (events). */
      readonly expiresAtMs?: number;
    }
  | { readonly kind: "delete"; readonly key: string };

export type TransactionResult =
  /** All operations happened, at one revision. */
  | { readonly succeeded: true; readonly revision: number }
  /** A compare failed, nothing happened; `current` is the first key's state that differed (absent: undefined). */
  | {
      readonly succeeded: false;
      readonly revision: number;
      readonly key: string;
      readonly current: StoredItem | undefined;
    };

export type StoreEvent =
  | { readonly kind: "put"; readonly item: StoredItem; readonly previous: StoredItem | undefined }
  /** `revision` is the deletion's own. */
  | { readonly kind: "delete"; readonly key: string; readonly revision: number; readonly previous: StoredItem };

export interface StoreWatch {
  close(): void;
}
export interface StoreWatchOptions {
  readonly prefix: string;
  /** Events with a revision greater than this one. Throws CompactedError when they are gone. */
  readonly afterRevision: number;
  /** false: the watcher knows what its keys held before; `previous.value` may be empty (no disk is asked for it). */
  readonly previousValues?: boolean;
  /** All events of one revision in one call, calls in order of revision. Must not throw and must not block. */
  onEvents(events: readonly StoreEvent[], revision: number): void;
  /** Called when everything up to `revision` has been delivered although nothing under the prefix changed. */
  onProgress?(revision: number): void;
  /** The watch has ended and will say no more. */
  onEnd(error: Error | undefined): void;
}

/**
 * Promises:
 * - One revision, growing by one with each successful transaction that changes something; never used twice.
 * - An acknowledged transaction is durable: on disk after fsync, where the engine has a disk.
 * - A compare sees every transaction that was submitted before it and did not fail, also those that wait for the disk.
 * - get, range and watch see only what is durable, and what was acknowledged before they were called.
 * - A batch that fails fails every transaction that depends on it.
 * - Watch events come before the acknowledgement of the write that caused them, in order, once, whole revisions at
 *   a time (a watch that began in the past has to catch up first).
 */
export interface Store {
  /** The newest durable revision. */
  revision(): number;
  /** The newest revision that compact() has removed history up to. */
  compactedRevision(): number;
  get(key: string): Promise<StoredItem | undefined>;
  range(options: RangeOptions): Promise<RangeResult>;
  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<TransactionResult>;
  watch(options: StoreWatchOptions): StoreWatch;
  /** Forgets history before `revision`; the newest version of each key stays. */
  compact(revision: number): Promise<void>;
  /** Ends watches, waits for writes, frees files. */
  close(): Promise<void>;
}

/** The asked revision's history is gone. */
export class CompactedError extends Error {
  override name = "CompactedError";
  readonly revision: number;
  readonly compactedRevision: number;
  constructor(revision: number, compactedRevision: number) {
    super(`revision ${revision} is compacted (up to ${compactedRevision})`);
    this.revision = revision;
    this.compactedRevision = compactedRevision;
  }
}
/** The asked revision has not happened yet. */
export class FutureRevisionError extends Error {
  override name = "FutureRevisionError";
  readonly revision: number;
  readonly currentRevision: number;
  constructor(revision: number, currentRevision: number) {
    super(`revision ${revision} is in the future (now ${currentRevision})`);
    this.revision = revision;
    this.currentRevision = currentRevision;
  }
}
/** The engine cannot write now (disk full, I/O error): reads go on, the caller may try again later. */
export class StoreUnavailableError extends Error {
  override name = "StoreUnavailableError";
}
