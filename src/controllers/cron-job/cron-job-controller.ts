// CronJobs: Jobs that start on a schedule. Upstream: pkg/controller/cronjob. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import type { StatusError } from "../../base/errors.ts";
import { checkTimeZone, CronError } from "../../kinds/batch/cron-schedule.ts";
import { cronJob as cronJobKind } from "../../kinds/batch/cron-job.ts";
import { isJobConditionTrue, isJobFinished } from "../../kinds/batch/job-status.ts";
import { job as jobKind } from "../../kinds/batch/job.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import { isControlledBy } from "../../kinds/pod/ownership.ts";
import type { CronJob, CronJobStatus, Job } from "../../kinds/types/batch-v1.gen.ts";
import type { ObjectReference } from "../../kinds/types/core-v1.gen.ts";
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
import { dependents } from "../replication/claim.ts";
import { controllerReference, isNamespaceTerminating, normalEvent, warningEvent } from "../replication/pod-control.ts";
import { findDue, lookAgainMs, readTimetable, type Timetable } from "./due.ts";
import { printLongTime, printTime } from "./next-time.ts";

const anyCronJob = cronJobKind as unknown as Kind;
const anyJob = jobKind as unknown as Kind;
const scheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";

const referenceTo = ({ metadata }: KubernetesObject): ObjectReference => ({
  kind: jobKind.kind,
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
  apiVersion: apiVersionOf(jobKind),
  resourceVersion: metadata.resourceVersion,
});

/** One attempt: what it changes, and the status that comes of it. */
class Attempt {
  readonly changes: Change[] = [];
  readonly #job: CronJob;
  readonly #view: View;
  #status: CronJobStatus;

  constructor(job: CronJob, view: View) {
    this.#job = job;
    this.#view = view;
    this.#status = job.status ?? {};
  }

  get active(): readonly ObjectReference[] {
    return this.#status.active ?? [];
  }

  tell(type: "Normal" | "Warning", reason: string, message: string): void {
    const event = type === "Normal" ? normalEvent : warningEvent;
    this.changes.push(event(this.#job, reason, message));
  }

  set(change: Partial<CronJobStatus>): void {
    this.#status = { ...this.#status, ...change };
  }

  #forget(uid: string): void {
    this.set({ active: this.active.filter((one) => one.uid !== uid) });
  }

  statusChange(more: Partial<CronJobStatus> = {}): Change[] {
    const status = { ...this.#status, ...more };
    if (status === this.#job.status || JSON.stringify(status) === JSON.stringify(this.#job.status ?? {})) return [];
    return [{ do: "update", kind: anyCronJob, object: { ...this.#job, status } as CronJob, subresource: "status" }];
  }

  delete(job: Job): void {
    const cronJob = this.#job;
    this.changes.push(
      {
        do: "delete",
        kind: anyJob,
        object: job,
        options: { propagationPolicy: "Background" },
        refused: (error) => ({
          changes: [warningEvent(cronJob, "FailedDelete", `Deleted job: ${error.message}`)],
          next: "retry",
        }),
      },
      normalEvent(cronJob, "SuccessfulDelete", `Deleted job ${job.metadata.name}`),
    );
    this.#forget(job.metadata.uid);
  }

  /** Takes what became of the Jobs into the status. */
  follow(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const { name, uid } = job.metadata;
      const known = this.active.some((one) => one.uid === uid);
      if (!isJobFinished(job.status)) {
        if (known) continue;
        const message = `Saw a job that the controller did not create or forgot: ${name}`;
        this.tell("Warning", "UnexpectedJob", message);
        continue;
      }
      const succeeded = isJobConditionTrue(job.status, "Complete");
      if (known) {
        const condition = succeeded ? "Complete" : "Failed";
        this.#forget(uid);
        this.tell("Normal", "SawCompletedJob", `Saw completed job: ${name}, condition: ${condition}`);
      }
      const last = this.#status.lastSuccessfulTime;
      const { completionTime } = job.status ?? {};
      const later = completionTime && (!last || Date.parse(completionTime) > Date.parse(last));
      if (succeeded && later) this.set({ lastSuccessfulTime: completionTime });
    }
    const present = new Set(jobs.map(({ metadata }) => metadata.uid));
    for (const { name = "", namespace, uid = "" } of this.active.filter((one) => !present.has(one.uid ?? ""))) {
      if (this.#view.get(jobKind, namespace, name)) continue;
      this.tell("Normal", "MissingJob", `Active job went missing: ${name}`);
      this.#forget(uid);
    }
  }

  /** Deletes finished Jobs beyond those that are kept, the oldest first. */
  cleanUp(jobs: readonly Job[]): void {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = this.#job.spec ?? {};
    const startMs = ({ status }: Job): number => Date.parse(status?.startTime ?? "9999-12-31T00:00:00Z");
    const removeOldest = (finished: readonly Job[], limit: number | undefined): void => {
      if (limit === undefined) return;
      const sorted = finished.toSorted(
        (a, b) => startMs(a) - startMs(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
      );
      for (const job of sorted.slice(0, Math.max(0, sorted.length - limit))) this.delete(job);
    };
    const isLeaving = ({ metadata }: Job): boolean => metadata.deletionTimestamp !== undefined;
    const finished = jobs.filter((job) => !isLeaving(job));
    removeOldest(
      finished.filter(({ status }) => isJobConditionTrue(status, "Complete")),
      successfulJobsHistoryLimit,
    );
    removeOldest(
      finished.filter(({ status }) => isJobConditionTrue(status, "Failed")),
      failedJobsHistoryLimit,
    );
  }

  #refusal(name: string, lastScheduleTime: string, error: StatusError): Refused {
    const cronJob = this.#job;
    if (isNamespaceTerminating(error)) return { changes: this.statusChange(), next: "stop" };
    if (error.reason === "AlreadyExists") {
      const found = this.#view.get(jobKind, cronJob.metadata.namespace, name);
      if (!found) return { changes: this.statusChange(), next: "retry" };
      const ours = isControlledBy(found, cronJob.metadata.uid);
      const started = { active: [...this.active, referenceTo(found)], lastScheduleTime };
      return { changes: this.statusChange(ours ? started : {}), next: "stop" };
    }
    const told = warningEvent(cronJob, "FailedCreate", `Error creating job: ${error.message}`);
    return { changes: [told, ...this.statusChange()], next: "retry" };
  }

  start(atMs: number, { offset }: Timetable): void {
    const cronJob = this.#job;
    const { metadata, spec } = cronJob.spec!.jobTemplate;
    const name = jobName(cronJob, atMs);
    const draft = {
      metadata: {
        name,
        namespace: cronJob.metadata.namespace,
        labels: { ...metadata?.labels },
        annotations: { ...metadata?.annotations, [scheduledAnnotation]: printTime(atMs, offset) },
        ownerReferences: [controllerReference(anyCronJob, cronJob)],
      },
      spec,
    };
    const lastScheduleTime = toTime(atMs);
    this.changes.push({
      do: "create",
      kind: anyJob,
      object: draft as unknown as Draft<KubernetesObject> & object,
      followedBy: (created) => [
        normalEvent(cronJob, "SuccessfulCreate", `Created job ${created.metadata.name}`),
        ...this.statusChange({ active: [...this.active, referenceTo(created)], lastScheduleTime }),
      ],
      refused: (error) => this.#refusal(name, lastScheduleTime, error),
    });
  }
}

const jobName = ({ metadata }: CronJob, atMs: number): string => `${metadata.name}-${Math.floor(atMs / 60_000)}`;

/** The schedule; undefined where it can't be read, which is told. */
function timetableOf(cronJob: CronJob, attempt: Attempt): Timetable | undefined {
  const { schedule, timeZone } = cronJob.spec!;
  const wrong = timeZone === undefined ? undefined : checkTimeZone(timeZone);
  if (wrong !== undefined) {
    attempt.tell("Warning", "UnknownTimeZone", `invalid timeZone: ${JSON.stringify(timeZone)}: ${wrong}`);
    return undefined;
  }
  if (schedule.includes("TZ")) {
    const message =
      `CRON_TZ or TZ used in schedule ${JSON.stringify(schedule)} is not officially supported, see ` +
      "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
    attempt.tell("Warning", "UnsupportedSchedule", message);
  }
  try {
    return readTimetable(cronJob);
  } catch (error) {
    if (!(error instanceof CronError || error instanceof RangeError)) throw error;
    attempt.tell(
      "Warning",
      "UnparseableSchedule",
      `unparseable schedule: ${JSON.stringify(schedule)} : ${error.message}`,
    );
    return undefined;
  }
}

/** Starts the Job whose time has come, unless something speaks against it. True: it was started. */
function startDue(cronJob: CronJob, timetable: Timetable, attempt: Attempt, view: View, nowMs: number): boolean {
  const { concurrencyPolicy, startingDeadlineSeconds } = cronJob.spec!;
  const { atMs, missedMany } = findDue(cronJob, timetable, nowMs);
  if (atMs === undefined) return false;
  if (missedMany) {
    const message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
    attempt.tell("Warning", "TooManyMissedTimes", message);
  }
  if (startingDeadlineSeconds !== undefined && atMs + startingDeadlineSeconds * 1000 < nowMs) {
    attempt.tell("Warning", "MissSchedule", `Missed scheduled time to start a job: ${printLongTime(atMs)}`);
    return false;
  }
  const started = attempt.active.some(({ name }) => name === jobName(cronJob, atMs));
  if (started || cronJob.status?.lastScheduleTime === toTime(atMs)) return false;
  if (concurrencyPolicy === "Forbid" && attempt.active.length > 0) {
    const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
    attempt.tell("Normal", "JobAlreadyActive", message);
    return false;
  }
  if (concurrencyPolicy === "Replace") {
    for (const { namespace, name } of attempt.active) {
      const running = view.get(jobKind, namespace, name ?? "");
      if (running) attempt.delete(running);
    }
  }
  attempt.start(atMs, timetable);
  return true;
}

function reconcile(cronJob: CronJob, view: View, nowMs: number): Reconciled {
  const attempt = new Attempt(cronJob, view);
  const jobs = view.ownedBy(jobKind, cronJob.metadata.uid);
  attempt.cleanUp(jobs);
  attempt.follow(jobs);
  const { metadata, spec } = cronJob;
  const timetable = metadata.deletionTimestamp || spec?.suspend ? undefined : timetableOf(cronJob, attempt);
  if (!timetable) return { changes: [...attempt.changes, ...attempt.statusChange()] };
  // The status is written with the new Job in it, once it is there.
  const started = startDue(cronJob, timetable, attempt, view, nowMs);
  const requeueAtMs = lookAgainMs(cronJob, timetable, nowMs);
  return {
    changes: started ? attempt.changes : [...attempt.changes, ...attempt.statusChange()],
    ...(requeueAtMs === undefined ? {} : { requeueAtMs }),
  };
}

export const cronJobController: Controller = {
  name: "cronjob-controller",
  workers: 5,
  sources: [
    { kind: anyCronJob, keysOf: (object) => [keyOf(object)] },
    dependents(jobKind, cronJobKind, () => false) as unknown as Source,
  ],
  reconcile(key, view, nowMs) {
    const cronJob = view.get(cronJobKind, ...splitKey(key));
    return cronJob ? reconcile(cronJob, view, nowMs) : { changes: [] };
  },
};
