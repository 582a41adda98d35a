// What is told of failed reconciles: one line for what the server refused, a stack only for what nobody expected, and of a
// failure that repeats ever fewer lines. May import src/base.
import { StatusError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** Keys remembered; the oldest goes first. A forgotten one is told anew. */
const rememberedMax = 10_000;
/** Somebody else was faster, or the object is gone: normal, unless it goes on. */
const expectedCodes = new Set([404, 409]);
const expectedSilently = 8;

interface Failure {
  readonly message: string;
  readonly times: number;
}

const isPowerOfTwo = (value: number): boolean => (value & (value - 1)) === 0;

export class FailureLog {
  readonly #log: Log;
  readonly #failures = new Map<string, Failure>();

  constructor(log: Log) {
    this.#log = log;
  }

  failed(key: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const before = this.#failures.get(key);
    const times = before?.message === message ? before.times + 1 : 1;
    this.#failures.delete(key);
    this.#failures.set(key, { message, times });
    if (this.#failures.size > rememberedMax) {
      const [oldest] = this.#failures.keys();
      this.#failures.delete(oldest!);
    }
    const refused = error instanceof StatusError;
    if (refused && expectedCodes.has(error.code) && times < expectedSilently) return;
    // The 1st, 2nd, 4th, 8th … of the same failures in a row.
    if (!isPowerOfTwo(times)) return;
    this.#log.error("reconcile failed", { key, times, error: refused ? message : error });
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
