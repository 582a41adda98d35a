// What a Job reads from its pods: their index, whether and when they ended, and whether they are counted already. Upstream:
// pkg/controller/job. May import src/base, src/kinds.
import { getPodCondition } from "../../kinds/pod/conditions.ts";
import { isSidecar } from "../../kinds/pod/containers.ts";
import type { Job } from "../../kinds/types/batch-v1.gen.ts";
import type { ContainerStatus, Pod } from "../../kinds/types/core-v1.gen.ts";
import { judgeFailure } from "./policies.ts";

export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
export const indexAnnotation = "batch.kubernetes.io/job-completion-index";
export const failureCountAnnotation = "batch.kubernetes.io/job-index-failure-count";
export const ignoredCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

export const isIndexed = ({ spec }: Job): boolean => spec?.completionMode === "Indexed";
export const isSuspended = ({ spec }: Job): boolean => spec?.suspend === true;
export const limitsIndexes = (job: Job): boolean => job.spec?.backoffLimitPerIndex !== undefined;
/** Pods that are being deleted are replaced only when they have ended. */
export const replacesOnlyFailed = ({ spec }: Job): boolean =>
  spec?.podReplacementPolicy === "Failed" || spec?.podFailurePolicy !== undefined;

export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(trackingFinalizer) ?? false;
export const hasSucceeded = ({ status }: Pod): boolean => status?.phase === "Succeeded";
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  if (replacesOnlyFailed(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && !hasSucceeded(pod);
}

function countIn({ metadata }: Pod, annotation: string): number {
  const text = metadata.annotations?.[annotation] ?? "";
  const count = /^[0-9]+$/.test(text) ? Number(text) : 0;
  return count > 2 ** 31 - 1 ? 0 : count;
}
/** Undefined where the pod bears none. */
export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation] ?? "";
  return /^\+?[0-9]+$/.test(text) ? Number(text) : undefined;
}
/** The index, where it is one of the Job's. */
export function validIndex(pod: Pod, job: Job): number | undefined {
  const index = indexOf(pod);
  return index !== undefined && index < (job.spec?.completions ?? 0) ? index : undefined;
}
export const indexFailures = (pod: Pod): { counted: number; ignored: number } => ({
  counted: countIn(pod, failureCountAnnotation),
  ignored: countIn(pod, ignoredCountAnnotation),
});
export const allFailures = (pod: Pod): number => indexFailures(pod).counted + indexFailures(pod).ignored;

/** The pod has used up what its index may fail. */
export function hasFailedIndex(pod: Pod, job: Job): boolean {
  if (!hasFailed(pod, job)) return false;
  const { counts, action } = judgeFailure(job, pod);
  if (action === "FailIndex") return true;
  return counts && indexFailures(pod).counted >= (job.spec?.backoffLimitPerIndex ?? 0);
}

/** Finished pods that the status doesn't know of yet. */
export const isUncounted = (pod: Pod, job: Job, known: ReadonlySet<string>): boolean =>
  isTracked(pod) && !known.has(pod.metadata.uid) && (!isIndexed(job) || validIndex(pod, job) !== undefined);

function containersEndMs({ spec, status }: Pod): number | undefined {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const statuses: ContainerStatus[] = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ];
  const times = statuses.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ""));
  return times.length === 0 || times.some(Number.isNaN) ? undefined : Math.max(...times);
}

/** When the pod ended, as far as it can be told. */
export function finishedAtMs(pod: Pod): number {
  const ended = containersEndMs(pod);
  if (ended !== undefined) return ended;
  const ready = getPodCondition(pod.status, "Ready");
  if (ready?.status === "False" && ready.lastTransitionTime) return Date.parse(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(creationTimestamp);
}
