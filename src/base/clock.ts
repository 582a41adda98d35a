// Time as an argument: everything that waits or asks the time does so through a Clock. The real one is in host/, the
// virtual one in sim/. Imports nothing.

export interface Timer {
  /** Stops the timer; a timer that has fired or was cancelled ignores it. */
  cancel(): void;
}

export interface Clock {
  /** Wall time in milliseconds since 1970. It may jump. */
  now(): number;
  /** Milliseconds since some fixed moment; it never goes back. For durations. */
  monotonic(): number;
  /** Calls `task` once, at the earliest after `delayMs`. `task` must not throw. */
  after(delayMs: number, task: () => void): Timer;
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted before. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** A time as the API writes it: RFC 3339 in UTC with whole seconds. */
export function toTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19) + "Z";
}

/** A time with six fractional digits, as MicroTime is written. */
export function toMicroTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  const micros = Math.floor((timeMs % 1) * 1000)
    .toString()
    .padStart(3, "0");
  return `${iso.slice(0, 23)}${micros}Z`;
}
