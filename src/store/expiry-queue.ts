// Keys that the store deletes by itself at a given time: a heap by time, and one timer. May import src/base.
import type { Clock, Timer } from "../base/clock.ts";
import { expiredKeysPerTransactionMax, expiryRetryMs, timerDelayMsMax } from "./limits.ts";

/** A version of a key; if the key holds another one when its time has come, nothing happens. */
export interface Expiry {
  readonly key: string;
  readonly modRevision: number;
  readonly expiresAtMs: number;
}

export class ExpiryQueue {
  readonly #clock: Clock;
  readonly #expire: (due: readonly Expiry[]) => Promise<boolean>;
  /** A binary heap: the earliest is first. */
  #heap: Expiry[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #busy = false;
  #closed = false;

  /** `expire` deletes those that are still there; false: not possible now, try again later. */
  constructor(clock: Clock, expire: (due: readonly Expiry[]) => Promise<boolean>) {
    this.#clock = clock;
    this.#expire = expire;
  }

  add(expiry: Expiry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(expiry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.expiresAtMs <= expiry.expiresAtMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = expiry;
    if (index === 0) this.#arm();
  }

  /** What waits, for a copy of the store. */
  all(): readonly Expiry[] {
    return this.#heap;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#heap = [];
  }

  #arm(delayMs = 0): void {
    const first = this.#heap[0];
    if (this.#closed || this.#busy || first === undefined) return;
    const atMs = Math.max(first.expiresAtMs, this.#clock.now() + delayMs);
    if (this.#timer !== undefined && this.#timerAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    const waitMs = Math.min(Math.max(0, atMs - this.#clock.now()), timerDelayMsMax);
    this.#timer = this.#clock.after(waitMs, () => void this.#fire());
  }

  async #fire(): Promise<void> {
    this.#timer = undefined;
    if (this.#closed) return;
    this.#busy = true;
    let retryMs = 0;
    const due = this.#takeDue();
    if (due.length > 0 && !(await this.#expire(due))) {
      retryMs = expiryRetryMs;
      if (!this.#closed) for (const expiry of due) this.add(expiry);
    }
    this.#busy = false;
    this.#arm(retryMs);
  }

  #takeDue(): Expiry[] {
    const now = this.#clock.now();
    const due: Expiry[] = [];
    while (due.length < expiredKeysPerTransactionMax && this.#heap.length > 0 && this.#heap[0]!.expiresAtMs <= now) {
      due.push(this.#take());
    }
    return due;
  }

  #take(): Expiry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.expiresAtMs < heap[child]!.expiresAtMs) child += 1;
      if (heap[child]!.expiresAtMs >= last.expiresAtMs) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
