// When a Job is over, and why. Upstream: syncJob in pkg/controller/job. May import src/base, src/kinds.
import { toTime } from "../../base/clock.ts";
import type { Job, JobCondition } from "../../kinds/types/batch-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { countOf } from "./intervals.ts";
import { hasFailed, isIndexed, isSuspended } from "./job-pod.ts";
import { judgeFailure, judgeSuccess } from "./policies.ts";
import { findCondition, type Situation } from "./situation.ts";

export function newCondition(
  type: string,
  reason: string,
  message: string,
  nowMs: number,
  status: "True" | "False" = "True",
): JobCondition {
  const now = toTime(nowMs);
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
}

/** Containers that are restarted in place count as failures too. */
function restartsExceedLimit({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec?.template.spec?.restartPolicy !== "OnFailure") return false;
  const living = pods.filter(({ status }) => status?.phase === "Running" || status?.phase === "Pending");
  const restarts = living
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((total, { restartCount }) => total + restartCount, 0);
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** When the Job's time is over, in milliseconds. */
export function deadlineMs(job: Job): number | undefined {
  const { spec, status } = job;
  if (spec?.activeDeadlineSeconds === undefined || !status?.startTime || isSuspended(job)) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000;
}

function failedIndexesReason({ job, failedIndexes = [], succeededIndexes }: Situation): [string, string] | undefined {
  const failed = countOf(failedIndexes);
  const { maxFailedIndexes, completions = 0 } = job.spec ?? {};
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return ["MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"];
  }
  return failed > 0 && failed + countOf(succeededIndexes) >= completions
    ? ["FailedIndexes", "Job has failed indexes"]
    : undefined;
}

/** Why the Job ends now, though pods may still run: FailureTarget or SuccessCriteriaMet. Undefined: it goes on. */
export function findEnd(situation: Situation): JobCondition | undefined {
  const { job, pods, failed, nowMs } = situation;
  const known = findCondition(job, "SuccessCriteriaMet") ?? findCondition(job, "FailureTarget");
  if (known) return known;
  const fail = (reason: string, message: string): JobCondition => newCondition("FailureTarget", reason, message, nowMs);
  if (job.spec?.podFailurePolicy) {
    const message = pods
      .filter((pod) => hasFailed(pod, job))
      .map((pod) => judgeFailure(job, pod).message)
      .find((one) => one !== undefined);
    if (message !== undefined) return fail("PodFailurePolicy", message);
  }
  if (failed > (job.spec?.backoffLimit ?? 6) || restartsExceedLimit(job, pods)) {
    return fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  }
  if ((deadlineMs(job) ?? Number.POSITIVE_INFINITY) <= nowMs) {
    return fail("DeadlineExceeded", "Job was active longer than specified deadline");
  }
  if (!isIndexed(job)) return undefined;
  const indexes = failedIndexesReason(situation);
  if (indexes) return fail(...indexes);
  const message = judgeSuccess(job, situation.succeededIndexes);
  return message === undefined ? undefined : newCondition("SuccessCriteriaMet", "SuccessPolicy", message, nowMs);
}

export const completed = (nowMs: number): JobCondition =>
  newCondition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods", nowMs);
