// What the store's contract suite runs on: a place for a store, a clock that is moved by hand, and short ways to write and
// to wait. May import node and src/store.
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../src/base/clock.ts";
import type { Store } from "../../src/store/store.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  advance(byMs: number): void;
}

export function manualClock(startMs = 1_800_000_000_000): ManualClock {
  let now = startMs;
  let timers: { atMs: number; task: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now - startMs,
    after(delayMs, task) {
      const timer = { atMs: now + delayMs, task };
      timers.push(timer);
      return { cancel: () => void (timers = timers.filter((one) => one !== timer)) };
    },
    advance(byMs) {
      const endMs = now + byMs;
      for (;;) {
        const due = timers.filter((timer) => timer.atMs <= endMs).sort((left, right) => left.atMs - right.atMs)[0];
        if (due === undefined) break;
        timers = timers.filter((timer) => timer !== due);
        now = Math.max(now, due.atMs);
        due.task();
      }
      now = endMs;
    },
  };
}

/** Where a test's store lives. */
export interface StorePlace {
  readonly clock: ManualClock;
  /** The first call makes the store; a later one (after close) opens what the first left, where the engine has a disk. */
  open(): Promise<Store>;
  /** Whether a store that is opened again holds what was written before. */
  readonly persistent: boolean;
  /** Makes writes fail, as a full disk does; undefined: this engine has no disk, or it can't be made to fail here. */
  readonly disk?: { fill(): void; free(): void };
  remove(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
export const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && decoder.decode(bytes);

/** Writes one key without comparing; returns its revision. */
export async function put(store: Store, key: string, text: string, expiresAtMs?: number): Promise<number> {
  const result = await store.transact([], [{ kind: "put", key, value: bytesOf(text), expiresAtMs }]);
  assert.equal(result.succeeded, true);
  return result.revision;
}

/** Waits until `done()`; real work of threads goes on meanwhile, no time is waited for. */
export async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; !done(); turn += 1) {
    assert.ok(turn < 200_000, "nothing came");
    await setImmediate();
  }
}
