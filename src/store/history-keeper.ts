// When history is old enough to be forgotten: marks of (time, revision), and one timer while there are any, so that a
// store with nothing to do does nothing. May import src/base.
import type { Clock, Timer } from "../base/clock.ts";
import { historyMarkIntervalMs } from "./limits.ts";

interface Mark {
  readonly atMs: number;
  readonly revision: number;
}

export class HistoryKeeper {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #compact: (revision: number) => void;
  #marks: Mark[] = [];
  #newest = 0;
  #timer: Timer | undefined;
  #closed = false;

  /** `compact` is called with a revision when `keptMs` have passed since it was the newest. */
  constructor(clock: Clock, keptMs: number, compact: (revision: number) => void) {
    this.#clock = clock;
    this.#keptMs = keptMs;
    this.#compact = compact;
  }

  /** Revision `revision` has just happened. */
  note(revision: number): void {
    if (this.#closed) return;
    this.#newest = revision;
    const now = this.#clock.monotonic();
    const last = this.#marks.at(-1);
    if (last === undefined || now - last.atMs >= historyMarkIntervalMs) this.#marks.push({ atMs: now, revision });
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    const first = this.#marks[0];
    if (this.#closed || this.#timer !== undefined || first === undefined) return;
    const waitMs = Math.max(0, first.atMs + this.#keptMs - this.#clock.monotonic());
    this.#timer = this.#clock.after(waitMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#closed) return;
    const now = this.#clock.monotonic();
    const old = this.#marks.filter((mark) => mark.atMs + this.#keptMs <= now);
    this.#marks = this.#marks.slice(old.length);
    const lastMarked = this.#marks.at(-1) ?? old.at(-1);
    // What came after the last mark needs one of its own, or it would be kept for ever.
    if (lastMarked !== undefined && lastMarked.revision < this.#newest) {
      this.#marks.push({ atMs: now, revision: this.#newest });
    }
    const newest = old.at(-1);
    if (newest !== undefined) this.#compact(newest.revision);
    this.#arm();
  }
}
