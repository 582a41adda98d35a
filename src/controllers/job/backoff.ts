// How long a Job waits before it replaces pods that failed: longer with each failure since the last success. Upstream:
// pkg/controller/job/backoff_utils.go. May import src/base, src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { finishedAtMs } from "./job-pod.ts";

/** Upstream: DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff. */
const backoffMs = 10_000;
const backoffMsMax = 10 * 60_000;

export interface BackoffRecord {
  readonly failures: number;
  readonly lastFailureMs: number;
}
export const noFailures: BackoffRecord = { failures: 0, lastFailureMs: 0 };

/** The record once these pods are counted. */
export function nextRecord(old: BackoffRecord, succeeded: readonly Pod[], failed: readonly Pod[]): BackoffRecord {
  const failures = failed.map(finishedAtMs);
  if (succeeded.length === 0) {
    if (failures.length === 0) return old;
    return { failures: old.failures + failures.length, lastFailureMs: Math.max(...failures) };
  }
  const lastSuccessMs = Math.max(...succeeded.map(finishedAtMs));
  const later = failures.filter((atMs) => atMs > lastSuccessMs);
  return later.length === 0 ? noFailures : { failures: later.length, lastFailureMs: Math.max(...later) };
}

/** When the next pod may be created, in milliseconds; undefined: now. */
export function readyAtMs({ failures, lastFailureMs }: BackoffRecord, nowMs: number): number | undefined {
  if (failures === 0) return undefined;
  const delayMs = Math.min(backoffMs * 2 ** Math.min(failures - 1, 30), backoffMsMax);
  const atMs = lastFailureMs + delayMs;
  return atMs > nowMs ? atMs : undefined;
}
