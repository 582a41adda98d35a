// What a Job's status may become: a job that has ended stays so, and says when (KEP-4368). Rules look only at what a write
// changes, so that statuses from before them can still be written. May import src/base.
import { duplicate, invalid, required, type FieldError } from "../../base/field-error.ts";
import { validateCounts } from "../apps/counts.ts";
import { semanticEqual } from "../meta/equality.ts";
import type { Job, JobStatus } from "../types/batch-v1.gen.ts";
import { countIndexes, findOverlap, IndexError } from "./indexes.ts";
import { invalidPart } from "./job-spec.ts";

export const isJobConditionTrue = (status: JobStatus | undefined, type: string): boolean =>
  (status?.conditions ?? []).some((one) => one.type === type && one.status === "True");

export const isJobFinished = (status: JobStatus | undefined): boolean =>
  isJobConditionTrue(status, "Complete") || isJobConditionTrue(status, "Failed");

interface Change {
  readonly job: Job;
  readonly now: JobStatus;
  readonly before: JobStatus;
  /** Whether a field of the status changed. */
  readonly changed: (field: keyof JobStatus) => boolean;
  /** Whether a condition became true or ceased to be. */
  readonly turned: (type: string) => boolean;
  readonly finishedChanged: boolean;
}

const conditions = (detail: string): FieldError => invalidPart("status.conditions", detail);

function validateUncounted(pods: JobStatus["uncountedTerminatedPods"]): FieldError[] {
  const seen = new Set<string>();
  return (["succeeded", "failed"] as const).flatMap((list) =>
    (pods?.[list] ?? []).flatMap((uid, index) => {
      const at = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === "") return [invalid(at, uid, "must not be empty")];
      if (seen.has(uid)) return [duplicate(at, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function validateEnds({ now, changed, turned }: Change): FieldError[] {
  const is = (type: string): boolean => isJobConditionTrue(now, type);
  const complete = is("Complete");
  const errors: FieldError[] = [];
  if ((turned("Complete") || turned("Failed")) && complete && is("Failed")) {
    errors.push(conditions("cannot set Complete=True and Failed=true conditions"));
  }
  if ((turned("Complete") || turned("FailureTarget")) && complete && is("FailureTarget")) {
    errors.push(conditions("cannot set Complete=True and FailureTarget=true conditions"));
  }
  const at = "status.completionTime";
  if (turned("Complete") || changed("completionTime")) {
    if (now.completionTime && !complete) {
      const detail = "cannot set completionTime when there is no Complete=True condition";
      errors.push(invalid(at, now.completionTime, detail));
    }
    if (!now.completionTime && complete) errors.push(required(at, "completionTime is required for Complete jobs"));
  }
  if ((changed("startTime") || changed("completionTime")) && now.startTime && now.completionTime) {
    if (Date.parse(now.completionTime) < Date.parse(now.startTime)) {
      errors.push(invalid(at, now.completionTime, "must be equal to or after `startTime`"));
    }
  }
  if ((turned("Failed") || changed("failedIndexes")) && is("Failed") && !is("FailureTarget")) {
    errors.push(conditions("cannot set Failed=True condition without the FailureTarget=true condition"));
  }
  if ((turned("Complete") || turned("SuccessCriteriaMet")) && complete && !is("SuccessCriteriaMet")) {
    errors.push(conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"));
  }
  return errors;
}

function validateFinished({ job, now, changed, finishedChanged }: Change): FieldError[] {
  const finished = isJobFinished(now);
  const errors: FieldError[] = [];
  if ((finishedChanged || changed("active")) && finished && (now.active ?? 0) > 0) {
    errors.push(invalid("status.active", now.active, "active>0 is invalid for finished job"));
  }
  const neverStarted = job.spec?.suspend === true && job.spec.completions === 0;
  if ((finishedChanged || changed("startTime")) && !neverStarted && finished && !now.startTime) {
    errors.push(required("status.startTime", "startTime is required for finished job"));
  }
  const pods = now.uncountedTerminatedPods;
  const uncounted = (pods?.failed?.length ?? 0) + (pods?.succeeded?.length ?? 0);
  if ((finishedChanged || changed("uncountedTerminatedPods")) && finished && uncounted > 0) {
    const printed = { Succeeded: pods?.succeeded ?? null, Failed: pods?.failed ?? null };
    errors.push(invalid("status.uncountedTerminatedPods", printed, "must be empty for finished job"));
  }
  return errors;
}

function checkIndexes(text: string, completions: number, name: string): FieldError[] {
  try {
    countIndexes(text, completions);
    return [];
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return [invalid(`status.${name}`, text, `error parsing ${name}: ${error.message}`)];
  }
}

function validateIndexes({ job, now, changed }: Change): FieldError[] {
  const { completions, backoffLimitPerIndex, completionMode } = job.spec ?? {};
  const { completedIndexes = "", failedIndexes } = now;
  const [completedChanged, failedChanged] = [changed("completedIndexes"), changed("failedIndexes")];
  const errors: FieldError[] = [];
  if (completedChanged && completions !== undefined) {
    errors.push(...checkIndexes(completedIndexes, completions, "completedIndexes"));
  }
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    errors.push(...checkIndexes(failedIndexes, completions, "failedIndexes"));
  }
  if (completedChanged && completedIndexes !== "" && completionMode !== "Indexed") {
    const detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
    errors.push(invalid("status.completedIndexes", completedIndexes, detail));
  }
  if (failedChanged && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    const detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
    errors.push(invalid("status.failedIndexes", failedIndexes, detail));
  }
  if ((failedChanged || completedChanged) && completions !== undefined && failedIndexes !== undefined) {
    const shared = findOverlap(completedIndexes, failedIndexes, completions);
    const detail = `failedIndexes and completedIndexes overlap at index: ${shared}`;
    if (shared !== undefined) errors.push(invalid("status.failedIndexes", failedIndexes, detail));
  }
  return errors;
}

function validatePods({ job, now, changed, finishedChanged }: Change): FieldError[] {
  const is = (type: string): boolean => isJobConditionTrue(now, type);
  const errors: FieldError[] = [];
  if ((finishedChanged || changed("terminating")) && (now.terminating ?? 0) > 0 && isJobFinished(now)) {
    errors.push(invalid("status.terminating", now.terminating, "terminating>0 is invalid for finished job"));
  }
  if ((changed("ready") || changed("active")) && now.ready !== undefined && now.ready > (now.active ?? 0)) {
    errors.push(invalid("status.ready", now.ready, "cannot set more ready pods than active"));
  }
  if (is("SuccessCriteriaMet") && is("Failed")) {
    errors.push(conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions"));
  }
  if (is("SuccessCriteriaMet") && is("FailureTarget")) {
    errors.push(conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"));
  }
  if (job.spec?.successPolicy && !is("SuccessCriteriaMet") && is("Complete")) {
    errors.push(conditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"));
  }
  return errors;
}

function validateProgress({ job, now, before, changed }: Change): FieldError[] {
  const [is, was] = [now, before].map((status) => (type: string) => isJobConditionTrue(status, type)) as [
    (type: string) => boolean,
    (type: string) => boolean,
  ];
  const errors = ["Failed", "Complete", "FailureTarget"]
    .filter((type) => was(type) && !is(type))
    .map((type) => conditions(`cannot disable the terminal ${type}=True condition`));
  if ((now.failed ?? 0) < (before.failed ?? 0)) {
    errors.push(invalid("status.failed", now.failed ?? 0, "cannot decrease the failed counter"));
  }
  const { completionMode, completions, parallelism, suspend } = job.spec ?? {};
  const elastic = completionMode === "Indexed" && completions === parallelism;
  if (!elastic && (now.succeeded ?? 0) < (before.succeeded ?? 0)) {
    errors.push(invalid("status.succeeded", now.succeeded ?? 0, "cannot decrease the succeeded counter"));
  }
  if (now.completionTime && before.completionTime && now.completionTime !== before.completionTime) {
    errors.push(invalid("status.completionTime", now.completionTime, "field is immutable"));
  }
  const resuming =
    was("Suspended") && (now.conditions ?? []).some((one) => one.type === "Suspended" && one.status === "False");
  if (changed("startTime") && !resuming && before.startTime && suspend !== true) {
    const detail = "field is immutable for unsuspended job once set";
    errors.push(invalid("status.startTime", now.startTime ?? null, detail));
  }
  if (was("SuccessCriteriaMet") && !is("SuccessCriteriaMet")) {
    errors.push(conditions("cannot disable the SuccessCriteriaMet=True condition"));
  }
  if (was("Complete") && !was("SuccessCriteriaMet") && is("SuccessCriteriaMet")) {
    errors.push(conditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"));
  }
  return errors;
}

export function validateJobStatusUpdate(job: Job, old: Job): FieldError[] {
  const [now, before] = [job.status ?? {}, old.status ?? {}];
  const change: Change = {
    job,
    now,
    before,
    changed: (field) => !semanticEqual(now[field], before[field]),
    turned: (type) => isJobConditionTrue(now, type) !== isJobConditionTrue(before, type),
    finishedChanged: isJobFinished(now) !== isJobFinished(before),
  };
  return [
    ...validateCounts(now, ["active", "succeeded", "failed", "ready", "terminating"], "status"),
    ...validateUncounted(now.uncountedTerminatedPods),
    ...validateEnds(change),
    ...validateFinished(change),
    ...validateIndexes(change),
    ...validatePods(change),
    ...validateProgress(change),
  ];
}
