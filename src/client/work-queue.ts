// A work queue: keys wait in it at most once, a key is never worked on twice at the same time, and failed keys come back
// later and later (client-go's workqueue). May import src/base.
import type { Clock, Timer } from "../base/clock.ts";

/** The delays of a key that failed: 5 ms doubled up to 1000 s, as upstream's default rate limiter. */
const failureDelayMs = 5;
const failureDelayMsMax = 1_000_000;

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly workers: number;
  /** Works on one key. Rejecting (or resolving to "retry") brings the key back after its delay. */
  work(key: string): Promise<void | "retry">;
  onError(key: string, error: unknown): void;
  readonly failureDelayMs?: number;
  readonly failureDelayMsMax?: number;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #later = new Map<string, { timer: Timer; atMs: number }>();
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Asks for work on the key, soon. */
  add(key: string): void {
    if (this.#stopped) return;
    if (this.#working.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#pump();
  }

  /** Asks for work on the key after a delay; the earliest of several wins. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const atMs = this.#options.clock.monotonic() + delayMs;
    const existing = this.#later.get(key);
    if (existing && existing.atMs <= atMs) return;
    existing?.timer.cancel();
    const timer = this.#options.clock.after(delayMs, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { timer, atMs });
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#waiting.clear();
  }

  #pump(): void {
    while (this.#working.size < this.#options.workers && this.#waiting.size > 0) {
      const [key] = this.#waiting;
      this.#waiting.delete(key!);
      this.#working.add(key!);
      void this.#work(key!);
    }
  }

  async #work(key: string): Promise<void> {
    let again = false;
    try {
      again = (await this.#options.work(key)) === "retry";
    } catch (error) {
      this.#options.onError(key, error);
      again = true;
    }
    this.#working.delete(key);
    if (again) this.#addFailed(key);
    else this.#failures.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
    this.#pump();
  }

  #addFailed(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const base = this.#options.failureDelayMs ?? failureDelayMs;
    this.addAfter(key, Math.min(base * 2 ** failures, this.#options.failureDelayMsMax ?? failureDelayMsMax));
  }
}
