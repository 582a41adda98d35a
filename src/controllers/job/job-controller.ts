// Jobs: pods that run to their end, counted exactly. Upstream: pkg/controller/job. May import src/base, src/kinds,
// src/client.
import { toTime } from "../../base/clock.ts";
import { matcherOfSelector, matchesLabels, SelectorError } from "../../base/labels.ts";
import { isJobFinished } from "../../kinds/batch/job-status.ts";
import { job as jobKind } from "../../kinds/batch/job.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { isPodReady } from "../../kinds/pod/conditions.ts";
import { getControllerOf } from "../../kinds/pod/ownership.ts";
import type { Job, JobCondition } from "../../kinds/types/batch-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Refused,
  type Source,
  splitKey,
  type View,
} from "../controller.ts";
import { candidates, claim, dependents } from "../replication/claim.ts";
import { deletePod, normalEvent } from "../replication/pod-control.ts";
import { type BackoffRecord, noFailures } from "./backoff.ts";
import { completed, deadlineMs, findEnd, newCondition } from "./finish.ts";
import { isSuspended, isTracked, trackingFinalizer } from "./job-pod.ts";
import { anyJob, type Managed, manageJob, removeFinalizer } from "./manage-pods.ts";
import { readSituation, type Situation } from "./situation.ts";
import { track } from "./track.ts";

const controllerName = "kubernetes.io/job-controller";
/** Keys of pods whose Job is gone or over: they only lose their finalizer. */
const orphanPrefix = "orphan ";

const isForeign = ({ spec }: Job): boolean => (spec?.managedBy ?? controllerName) !== controllerName;
function selects({ spec }: Job, { metadata }: Pod): boolean {
  try {
    return matchesLabels(matcherOfSelector(spec?.selector), metadata.labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

function jobOf(pod: Pod, view: View): Job | undefined {
  const owner = getControllerOf(pod);
  if (owner?.kind !== "Job") return undefined;
  const found = view.get(jobKind, pod.metadata.namespace, owner.name);
  return found?.metadata.uid === owner.uid ? found : undefined;
}

/** Takes the finalizer from a pod that no Job counts any more. */
function releaseOrphan(key: string, view: View): Change[] {
  const pod = view.get(podKind, ...splitKey(key));
  if (!pod || !isTracked(pod)) return [];
  const owner = getControllerOf(pod);
  if (owner && (owner.kind !== "Job" || !owner.apiVersion.startsWith("batch/"))) return [];
  const job = jobOf(pod, view);
  if (job && (isForeign(job) || !isJobFinished(job.status))) return [];
  return [removeFinalizer(pod)];
}

/** The conditions after a change of suspension, with the event that tells it and the time at which the Job (re)starts. */
function suspension(
  job: Job,
  nowMs: number,
): { conditions: readonly JobCondition[]; told: Change[]; startTime?: string } {
  const conditions = job.status?.conditions ?? [];
  const startTime = job.status?.startTime ?? (isSuspended(job) ? undefined : toTime(nowMs));
  const index = conditions.findIndex(({ type }) => type === "Suspended");
  const old = conditions[index];
  if (isSuspended(job)) {
    if (old?.status === "True") return { conditions, told: [], startTime };
    const condition = newCondition("Suspended", "JobSuspended", "Job suspended", nowMs);
    const next = old ? conditions.with(index, condition) : [...conditions, condition];
    return { conditions: next, told: [normalEvent(job, "Suspended", "Job suspended")] };
  }
  if (!old || old.status === "False") return { conditions, told: [], startTime };
  const condition = newCondition("Suspended", "JobResumed", "Job resumed", nowMs, "False");
  const told = [normalEvent(job, "Resumed", "Job resumed")];
  return { conditions: conditions.with(index, condition), told, startTime: toTime(nowMs) };
}

/** All that still runs goes when the Job is over. */
function removeActive({ job, active, ready, terminating }: Situation, refused: () => Refused): Managed {
  return {
    changes: active.flatMap((pod) => deletePod(job, pod, { refused })),
    active: 0,
    ready: ready - active.filter(isPodReady).length,
    terminating: terminating + active.length,
  };
}

function isComplete({ job, succeeded }: Situation, active: number): boolean {
  const { completions } = job.spec ?? {};
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}

function reconcileJob(situation: Situation, written: () => void): Reconciled {
  const { job, active, ready, terminating, nowMs } = situation;
  const noChange = {
    conditions: job.status?.conditions ?? [],
    startTime: job.status?.startTime ?? (isSuspended(job) ? undefined : toTime(nowMs)),
  };
  // Pods were refused: what is there is counted all the same.
  const refused = (): Refused => ({
    changes: track({ situation, end: undefined, active: active.length, ready, terminating, ...noChange, written }),
    next: "retry",
  });
  let end = findEnd(situation);
  const manages = !end && !job.metadata.deletionTimestamp;
  const unchanged: Managed = { changes: [], active: active.length, ready, terminating };
  const managed = end ? removeActive(situation, refused) : manages ? manageJob(situation, refused) : unchanged;
  if (!end && isComplete(situation, managed.active)) end = completed(nowMs);
  const { told, ...state } = manages && !end ? suspension(job, nowMs) : { ...noChange, told: [] };
  const tracked = track({
    situation,
    end,
    active: managed.active,
    ready: managed.ready,
    terminating: managed.terminating,
    conditions: state.conditions,
    startTime: state.startTime,
    written,
  });
  const startedJob: Job = { ...job, status: { ...job.status, startTime: state.startTime } };
  const times = [managed.requeueAtMs, end ? undefined : deadlineMs(startedJob)].filter((time) => time !== undefined);
  return {
    changes: [...managed.changes, ...told, ...tracked],
    ...(times.length > 0 ? { requeueAtMs: Math.min(...times) } : {}),
  };
}

function reconcile(
  key: string,
  view: View,
  nowMs: number,
  records: Map<string, BackoffRecord & { uid: string }>,
): Reconciled {
  if (key.startsWith(orphanPrefix)) return { changes: releaseOrphan(key.slice(orphanPrefix.length), view) };
  const job = view.get(jobKind, ...splitKey(key));
  if (!job || isForeign(job) || isJobFinished(job.status)) {
    records.delete(key);
    return { changes: [] };
  }
  const { claimed, changes } = claim(candidates(view, podKind, job), {
    ownerKind: anyJob,
    owner: job,
    kind: podKind,
    matches: (pod) => selects(job, pod),
    finalizer: trackingFinalizer,
  });
  // Adopted pods come back with their finalizer.
  if (changes.length > 0) return { changes };
  const { uid } = job.metadata;
  const known = records.get(key);
  const situation = readSituation(job, claimed, known?.uid === uid ? known : noFailures, nowMs);
  return reconcileJob(situation, () => records.set(key, { ...situation.backoff, uid }));
}

export function jobController(): Controller {
  // Failures since the last success, by Job: a hint that a restart forgets, as upstream's.
  const records = new Map<string, BackoffRecord & { uid: string }>();
  const ofJob = dependents(podKind, jobKind, selects);
  const pods: Source<Pod> = {
    ...ofJob,
    keysOf(pod, old, view) {
      const job = jobOf(pod, view);
      const orphaned = isTracked(pod) && (!job || isJobFinished(job.status));
      return [...ofJob.keysOf(pod, old, view), ...(orphaned ? [orphanPrefix + keyOf(pod)] : [])];
    },
  };
  const jobs: Source<Job> = {
    kind: jobKind,
    keysOf(job, _old, view) {
      const present = view.get(jobKind, ...splitKey(keyOf(job)));
      const over = !present || isJobFinished(job.status);
      const left = over ? view.ownedBy(podKind, job.metadata.uid).filter(isTracked) : [];
      return [keyOf(job), ...left.map((pod) => orphanPrefix + keyOf(pod))];
    },
  };
  return {
    name: "job-controller",
    workers: 5,
    sources: [jobs as unknown as Source, pods as unknown as Source],
    reconcile: (key, view, nowMs) => reconcile(key, view, nowMs, records),
  };
}
