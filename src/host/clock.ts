// The real clock, chance, cryptography and log. May import node and src/base.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { Crypto } from "../base/crypto.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";

/** The longest delay that Node's timers take; longer ones would fire at once. */
const timerDelayMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), timerDelayMsMax));
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: Random = { next: () => Math.random() };

export const systemCrypto: Crypto = {
  uuid: () => randomUUID(),
  randomBytes: (length) => randomBytes(length),
  sha256: (bytes) => createHash("sha256").update(bytes).digest(),
};

/** One JSON line a message, to `write`. */
export function createLineLog(write: (line: string) => void, fields: Readonly<Record<string, unknown>> = {}): Log {
  const line = (level: string, message: string, more: Readonly<Record<string, unknown>> = {}): void => {
    const values = { ...fields, ...more };
    if (values["error"] instanceof Error) values["error"] = values["error"].stack ?? String(values["error"]);
    write(JSON.stringify({ time: new Date().toISOString(), level, message, ...values }));
  };
  return {
    info: (message, more) => line("info", message, more),
    error: (message, more) => line("error", message, more),
    with: (more) => createLineLog(write, { ...fields, ...more }),
  };
}
