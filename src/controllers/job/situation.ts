// Everything that one attempt at a Job decides by. Upstream: syncJobCtx in pkg/controller/job. May import src/base,
// src/kinds.
import { isPodActive, isPodReady, isPodTerminating } from "../../kinds/pod/conditions.ts";
import type { Job, JobCondition } from "../../kinds/types/batch-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { type BackoffRecord, nextRecord } from "./backoff.ts";
import { type Intervals, countOf, hasIndex, parseIntervals, withIndexes } from "./intervals.ts";
import {
  allFailures,
  finishedAtMs,
  hasFailed,
  hasFailedIndex,
  hasSucceeded,
  isIndexed,
  isTracked,
  isUncounted,
  limitsIndexes,
  validIndex,
} from "./job-pod.ts";
import { judgeFailure } from "./policies.ts";

export interface Situation {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  readonly uncounted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  readonly succeeded: number;
  readonly failed: number;
  readonly backoff: BackoffRecord;
  readonly previousIndexes: Intervals;
  readonly succeededIndexes: Intervals;
  /** Where there is a limit for each index. */
  readonly failedIndexes: Intervals | undefined;
  /** The last failed pod of an index that will be tried again: it stays until its successor is made. */
  readonly lastFailed: ReadonlyMap<number, Pod>;
  readonly nowMs: number;
}

export const findCondition = ({ status }: Job, type: string): JobCondition | undefined =>
  status?.conditions?.find((one) => one.type === type && one.status === "True");

const indexesOf = (pods: readonly Pod[], job: Job): number[] => pods.flatMap((pod) => validIndex(pod, job) ?? []);

function findLastFailed(situation: Omit<Situation, "lastFailed">): Map<number, Pod> {
  const { job, pods, active, succeededIndexes, failedIndexes = [] } = situation;
  const last = new Map<number, Pod>();
  if (!limitsIndexes(job)) return last;
  const activeIndexes = new Set(indexesOf(active, job));
  for (const pod of pods.filter((one) => isTracked(one) && hasFailed(one, job))) {
    const index = validIndex(pod, job);
    if (index === undefined || activeIndexes.has(index)) continue;
    if (hasIndex(succeededIndexes, index) || hasIndex(failedIndexes, index)) continue;
    const known = last.get(index);
    const later = known && allFailures(known) <= allFailures(pod) && finishedAtMs(pod) >= finishedAtMs(known);
    if (!known || later) last.set(index, pod);
  }
  return last;
}

export function readSituation(job: Job, pods: readonly Pod[], record: BackoffRecord, nowMs: number): Situation {
  const { status, spec } = job;
  const known = {
    succeeded: new Set(status?.uncountedTerminatedPods?.succeeded ?? []),
    failed: new Set(status?.uncountedTerminatedPods?.failed ?? []),
  };
  const active = pods.filter(isPodActive);
  const newSucceeded = pods.filter((pod) => isUncounted(pod, job, known.succeeded) && hasSucceeded(pod));
  const newFailed = pods.filter((pod) => isUncounted(pod, job, known.failed) && hasFailed(pod, job));
  const indexed = isIndexed(job);
  const completions = spec?.completions ?? 0;
  const previousIndexes = indexed ? parseIntervals(status?.completedIndexes, completions) : [];
  const tracked = pods.filter(isTracked);
  const succeededIndexes = withIndexes(previousIndexes, indexed ? indexesOf(tracked.filter(hasSucceeded), job) : []);
  const failedIndexes =
    indexed && limitsIndexes(job)
      ? withIndexes(
          parseIntervals(status?.failedIndexes, completions),
          indexesOf(
            tracked.filter((pod) => hasFailedIndex(pod, job)),
            job,
          ),
        )
      : undefined;
  const counting = newFailed.filter((pod) => judgeFailure(job, pod).counts);
  const situation = {
    job,
    pods,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    uncounted: known,
    succeeded: indexed
      ? countOf(succeededIndexes)
      : (status?.succeeded ?? 0) + newSucceeded.length + known.succeeded.size,
    failed: (status?.failed ?? 0) + counting.length + known.failed.size,
    backoff: nextRecord(record, newSucceeded, newFailed),
    previousIndexes,
    succeededIndexes,
    failedIndexes,
    nowMs,
  };
  return { ...situation, lastFailed: findLastFailed(situation) };
}
