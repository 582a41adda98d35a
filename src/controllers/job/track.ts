// Counts a Job's finished pods exactly once: a pod is first noted in the status, then loses its finalizer, and only then
// moves from the notes to the counts. Upstream: trackJobStatusAndRemoveFinalizers in pkg/controller/job; KEP-2307. May
// import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { Job, JobCondition, JobStatus } from "../../kinds/types/batch-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import type { Change } from "../controller.ts";
import { normalEvent, warningEvent } from "../replication/pod-control.ts";
import { newCondition } from "./finish.ts";
import { countOf, hasIndex, printIntervals, withIndexes } from "./intervals.ts";
import { hasFailed, hasSucceeded, indexOf, isIndexed, isTracked, validIndex } from "./job-pod.ts";
import { anyJob, removeFinalizer } from "./manage-pods.ts";
import { judgeFailure } from "./policies.ts";
import { findCondition, type Situation } from "./situation.ts";

/** Pods noted in a status at once. Upstream: MaxUncountedPods. */
const uncountedMax = 500;

export interface Tracking {
  readonly situation: Situation;
  /** Why the Job ends: FailureTarget or SuccessCriteriaMet. */
  readonly end: JobCondition | undefined;
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly conditions: readonly JobCondition[];
  readonly startTime: string | undefined;
  /** Called when the status is written. */
  written(): void;
}

interface Notes {
  succeeded: string[];
  failed: string[];
  indexes: number[];
  release: Pod[];
  full: boolean;
}

function mayRelease({ job, lastFailed }: Situation, end: JobCondition | undefined, pod: Pod): boolean {
  if (job.metadata.deletionTimestamp || end || hasSucceeded(pod)) return true;
  if (!hasFailed(pod, job)) return false;
  const index = indexOf(pod);
  return index === undefined || lastFailed.get(index)?.metadata.uid !== pod.metadata.uid;
}

function noteFailure({ job }: Situation, pod: Pod, notes: Notes): void {
  if (isIndexed(job) && validIndex(pod, job) === undefined) return;
  if (judgeFailure(job, pod).counts) notes.failed.push(pod.metadata.uid);
}

/** What is to be noted of the pods that have ended, beside what was. */
function takeNotes({ situation, end }: Tracking, kept: Pick<Notes, "succeeded" | "failed">): Notes {
  const { job, pods, uncounted, previousIndexes } = situation;
  const notes: Notes = { ...kept, indexes: [], release: [], full: false };
  const ordered = isIndexed(job) ? pods.toSorted((a, b) => (indexOf(a) ?? -1) - (indexOf(b) ?? -1)) : pods;
  for (const pod of ordered.filter((one) => isTracked(one) && mayRelease(situation, end, one))) {
    const { uid } = pod.metadata;
    notes.release.push(pod);
    if (hasSucceeded(pod) && !uncounted.failed.has(uid)) {
      const index = validIndex(pod, job);
      if (!isIndexed(job)) {
        if (!uncounted.succeeded.has(uid)) notes.succeeded.push(uid);
      } else if (index !== undefined && !hasIndex(previousIndexes, index)) {
        notes.indexes.push(index);
      }
    } else if (hasFailed(pod, job) || (end && end.type !== "SuccessCriteriaMet")) {
      if (!uncounted.failed.has(uid)) noteFailure(situation, pod, notes);
    }
    if (notes.indexes.length + notes.succeeded.length + notes.failed.length >= uncountedMax) {
      notes.full = true;
      break;
    }
  }
  return notes;
}

/** The end's last condition, once all pods are gone and counted. */
function terminalCondition({ reason, message, type }: JobCondition, nowMs: number): JobCondition {
  return newCondition(type === "FailureTarget" ? "Failed" : "Complete", reason ?? "", message ?? "", nowMs);
}

function tellEnd(job: Job, status: JobStatus, { type, reason, message }: JobCondition): Change[] {
  if (type === "Failed") return [warningEvent(job, reason ?? "", message ?? "")];
  const { completions } = job.spec ?? {};
  const tooMany = completions !== undefined && (status.succeeded ?? 0) > completions;
  const text = "Too many succeeded pods running after completion count reached";
  return [
    ...(tooMany ? [warningEvent(job, "TooManySucceededPods", text)] : []),
    normalEvent(job, "Completed", "Job completed"),
  ];
}

const zeroNames = new Set(["active", "succeeded", "failed"]);
/** The status without what means nothing. */
const comparable = (status: JobStatus | undefined): object =>
  Object.fromEntries(
    Object.entries(status ?? {}).filter(
      ([name, value]) =>
        !(zeroNames.has(name) && value === 0) && !(name === "uncountedTerminatedPods" && semanticEqual(value, {})),
    ),
  );

/** Writes the status, where it changes, and then takes the finalizers from the pods that it notes. */
export function track(tracking: Tracking): Change[] {
  const { situation, end, active, ready, terminating, startTime } = tracking;
  const { job, pods, uncounted, failedIndexes, nowMs } = situation;
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const still = (uids: ReadonlySet<string>): string[] => [...uids].filter((uid) => tracked.has(uid));
  const kept = { succeeded: still(uncounted.succeeded), failed: still(uncounted.failed) };
  const counted = {
    succeeded: (job.status?.succeeded ?? 0) + uncounted.succeeded.size - kept.succeeded.length,
    failed: (job.status?.failed ?? 0) + uncounted.failed.size - kept.failed.length,
  };
  const notes = takeNotes(tracking, kept);
  const indexes = withIndexes(situation.succeededIndexes, notes.indexes);
  const announced = end && !findCondition(job, end.type);
  const conditions = [...tracking.conditions, ...(end && announced ? [end] : [])];
  const empty = notes.succeeded.length + notes.failed.length + notes.release.length === 0;
  const terminal =
    end && !announced && empty && !notes.full && terminating === 0 ? terminalCondition(end, nowMs) : undefined;
  const status: JobStatus = {
    ...job.status,
    startTime,
    active,
    ready,
    terminating,
    succeeded: isIndexed(job) ? countOf(indexes) : counted.succeeded,
    failed: counted.failed,
    ...(isIndexed(job) && indexes.length > 0 ? { completedIndexes: printIntervals(indexes) } : {}),
    ...(failedIndexes ? { failedIndexes: printIntervals(failedIndexes) } : {}),
    uncountedTerminatedPods: {
      ...(notes.succeeded.length > 0 ? { succeeded: notes.succeeded } : {}),
      ...(notes.failed.length > 0 ? { failed: notes.failed } : {}),
    },
    conditions: terminal ? [...conditions, terminal] : conditions,
    ...(terminal?.type === "Complete" ? { completionTime: toTime(nowMs) } : {}),
  };
  const release = notes.release.map(removeFinalizer);
  if (semanticEqual(comparable(job.status), comparable(status))) return release;
  const followedBy = (): Change[] => {
    tracking.written();
    return terminal ? tellEnd(job, status, terminal) : [];
  };
  const object = { ...job, status } as Job;
  return [{ do: "update", kind: anyJob, object, subresource: "status", followedBy }, ...release];
}
