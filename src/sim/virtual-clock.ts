// Virtual time: a clock that stands still until it is advanced. All that waits on it fires in order of time, and
// between two moments everything that promises set off has run. Imports src/base.
import { assert } from "../base/assert.ts";
import type { Clock, Timer } from "../base/clock.ts";

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

/** Lets promises and microtasks run until they have nothing left to do; the host gives a way to yield to it fully. */
export type Settle = () => Promise<void>;

/** How many rounds of microtasks settle() runs where the host gives no better way. */
const settleRounds = 400;

async function settleByMicrotasks(): Promise<void> {
  for (let round = 0; round < settleRounds; round += 1) await Promise.resolve();
}

export interface VirtualClock extends Clock {
  /** Moves time on by `durationMs`, firing what falls due on the way, in order. */
  advance(durationMs: number): Promise<void>;
  /** Fires what is due until nothing waits or `limitMs` have passed. Resolves to whether nothing waits. */
  runUntilIdle(limitMs?: number): Promise<boolean>;
  /** Lets what is due now and all promises run, without moving time. */
  settle(): Promise<void>;
  /** How many timers wait. */
  pending(): number;
}

/** A binary heap ordered by time, then by when the timer was set. */
class Heap {
  readonly #entries: Entry[] = [];
  get size(): number {
    return this.#entries.length;
  }
  peek(): Entry | undefined {
    while (this.#entries[0]?.cancelled) this.#remove();
    return this.#entries[0];
  }
  pop(): Entry | undefined {
    return this.peek() && this.#remove();
  }
  push(entry: Entry): void {
    const entries = this.#entries;
    entries.push(entry);
    let index = entries.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }
  #before(one: number, other: number): boolean {
    const a = this.#entries[one]!;
    const b = this.#entries[other]!;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }
  #swap(one: number, other: number): void {
    const entries = this.#entries;
    [entries[one], entries[other]] = [entries[other]!, entries[one]!];
  }
  #remove(): Entry | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (entries.length > 0 && last) {
      entries[0] = last;
      let index = 0;
      for (;;) {
        const left = index * 2 + 1;
        const right = left + 1;
        let least = index;
        if (left < entries.length && this.#before(left, least)) least = left;
        if (right < entries.length && this.#before(right, least)) least = right;
        if (least === index) break;
        this.#swap(index, least);
        index = least;
      }
    }
    return first;
  }
}

/** A clock at `startMs` (milliseconds since 1970). `settle` lets promises run; by default microtasks only. */
export function createVirtualClock(startMs = 1_700_000_000_000, settle: Settle = settleByMicrotasks): VirtualClock {
  const heap = new Heap();
  let nowMs = startMs;
  let order = 0;
  let live = 0;

  const fireUntil = async (endMs: number): Promise<void> => {
    await settle();
    for (let next = heap.peek(); next && next.atMs <= endMs; next = heap.peek()) {
      heap.pop();
      live -= 1;
      nowMs = Math.max(nowMs, next.atMs);
      next.cancelled = true;
      next.task();
      await settle();
    }
  };

  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    after(delayMs, task): Timer {
      assert(Number.isFinite(delayMs), `not a delay: ${delayMs}`);
      const entry: Entry = { atMs: nowMs + Math.max(0, delayMs), order: (order += 1), task, cancelled: false };
      heap.push(entry);
      live += 1;
      return {
        cancel() {
          if (entry.cancelled) return;
          entry.cancelled = true;
          live -= 1;
        },
      };
    },
    async advance(durationMs) {
      const endMs = nowMs + durationMs;
      await fireUntil(endMs);
      nowMs = endMs;
    },
    async runUntilIdle(limitMs = 3_600_000) {
      const endMs = nowMs + limitMs;
      await settle();
      for (let next = heap.peek(); next; next = heap.peek()) {
        if (next.atMs > endMs) return false;
        await fireUntil(next.atMs);
      }
      return true;
    },
    settle: () => fireUntil(nowMs),
    pending: () => live,
  };
}
