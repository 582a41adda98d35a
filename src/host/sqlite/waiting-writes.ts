// The writes that wait for the disk: what compares see of them, and how they go to the worker. May import src/base and
// src/store.
import type { Change, Version } from "../../store/revision-index.ts";
import type { TransactionResult } from "../../store/store.ts";
import { packRows } from "./messages.ts";
import type { Row } from "./messages.ts";

/** A transaction that isn't durable yet. Slots are row numbers. */
export interface WaitingTransaction {
  readonly revision: number;
  readonly changes: readonly Change<number>[];
  /** The values of its rows, by row number. */
  readonly values: ReadonlyMap<number, Uint8Array>;
  readonly sizeBytes: number;
  /** Settled when it is durable and told to all watches, or has failed. */
  readonly done: Promise<TransactionResult>;
  resolve(result: TransactionResult): void;
  reject(error: Error): void;
}

export interface WaitingState {
  readonly version: Version<number> | undefined;
  readonly transaction: WaitingTransaction;
}

const noValues: ReadonlyMap<number, Uint8Array> = new Map();

function rowOf(change: Change<number>, values: ReadonlyMap<number, Uint8Array>): Row {
  const { revision, key, version } = change;
  if (version === undefined) {
    const deleted = { createRevision: 0, expiresAtMs: undefined, value: undefined };
    return { sequence: change.deletion!, revision, key, ...deleted };
  }
  const { createRevision, expiresAtMs, slot } = version;
  return { sequence: slot, revision, createRevision, expiresAtMs, key, value: values.get(slot) };
}

export class WaitingWrites {
  readonly #states = new Map<string, WaitingState>();
  /** Not sent yet. */
  #unsent: WaitingTransaction[] = [];
  /** Sent, by the message's number, in order. */
  readonly #sent = new Map<number, readonly WaitingTransaction[]>();
  /** Durable, but not told yet. */
  #durable: WaitingTransaction[] = [];
  #sizeBytes = 0;
  #newest: WaitingTransaction | undefined;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }
  /** The transaction that was added last, while it waits. */
  get newest(): WaitingTransaction | undefined {
    return this.#newest;
  }
  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }
  get nextDurable(): WaitingTransaction | undefined {
    return this.#durable[0];
  }

  /** What waiting transactions will have made of a key; undefined: nothing. */
  state(key: string): WaitingState | undefined {
    return this.#states.get(key);
  }

  /** Adds a transaction. True: it is the first that has to be sent. */
  add(
    revision: number,
    changes: readonly Change<number>[],
    values: ReadonlyMap<number, Uint8Array> = noValues,
  ): { transaction: WaitingTransaction; first: boolean } {
    const { promise, resolve, reject } = Promise.withResolvers<TransactionResult>();
    let sizeBytes = 0;
    for (const value of values.values()) sizeBytes += value.length;
    const transaction = { revision, changes, values, sizeBytes, done: promise, resolve, reject };
    this.#note(transaction);
    this.#sizeBytes += sizeBytes;
    this.#newest = transaction;
    return { transaction, first: this.#unsent.push(transaction) === 1 };
  }

  /** All that is unsent, as rows for the worker, under the message's number. */
  send(id: number): Uint8Array<ArrayBuffer> {
    const rows: Row[] = [];
    for (const { changes, values } of this.#unsent) for (const change of changes) rows.push(rowOf(change, values));
    this.#sent.set(id, this.#unsent);
    this.#unsent = [];
    return packRows(rows, true);
  }

  /** The worker has made a message's rows durable. */
  markDurable(id: number): void {
    for (const transaction of this.#sent.get(id) ?? []) this.#durable.push(transaction);
    this.#sent.delete(id);
  }

  /** The next durable transaction has been told: nothing of it waits any more. */
  settle(transaction: WaitingTransaction): void {
    this.#durable.shift();
    this.#sizeBytes -= transaction.sizeBytes;
    for (const { key } of transaction.changes) {
      if (this.#states.get(key)?.transaction === transaction) this.#states.delete(key);
    }
    if (this.#newest === transaction) this.#newest = undefined;
  }

  isSent(id: number): boolean {
    return this.#sent.has(id);
  }

  /** Fails all that isn't durable: what depends on a failed write is among it. */
  failAll(error: Error): void {
    const failed = [...[...this.#sent.values()].flat(), ...this.#unsent];
    this.#sent.clear();
    this.#unsent = [];
    this.#states.clear();
    this.#newest = undefined;
    for (const transaction of this.#durable) this.#note(transaction);
    this.#newest = this.#durable.at(-1);
    for (const transaction of failed) {
      this.#sizeBytes -= transaction.sizeBytes;
      transaction.reject(error);
    }
  }

  #note(transaction: WaitingTransaction): void {
    for (const { key, version } of transaction.changes) this.#states.set(key, { version, transaction });
  }
}
