// CronJobs. May import src/base.
import { invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { formatSelector } from "../../base/labels.ts";
import { containerCells, warnOfName } from "../apps/selected-template.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { printSelector } from "../meta/label-selector.ts";
import { byteLength } from "../meta/names.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import type { CronJob, CronJobSpec, JobSpec } from "../types/batch-v1.gen.ts";
import { checkTimeZone, CronError, parseCronSchedule } from "./cron-schedule.ts";
import { defaultJobParts, validateJobSpecBody, warnOfJobSpec } from "./job-spec.ts";
import { cronJobNameMaxBytes } from "./limits.ts";

const emptySpec = {} as CronJobSpec;
const jobSpecOf = (spec: CronJobSpec): JobSpec => spec.jobTemplate?.spec ?? ({} as JobSpec);

function validateSchedule({ schedule = "", timeZone }: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const field = "spec.schedule";
  if (schedule === "") return [required(field)];
  const errors: FieldError[] = [];
  try {
    parseCronSchedule(schedule);
  } catch (error) {
    if (!(error instanceof CronError)) throw error;
    errors.push(invalid(field, schedule, error.message));
  }
  if (!schedule.includes("TZ")) return errors;
  // Time zones in schedules came before the field, and stay where they are.
  if (!old?.schedule.includes("TZ")) {
    errors.push(invalid(field, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  } else if (timeZone !== undefined) {
    errors.push(invalid(field, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
  }
  return errors;
}

function validateTimeZone(timeZone: string | undefined): FieldError[] {
  const field = "spec.timeZone";
  if (timeZone === undefined) return [];
  if (timeZone === "") return [invalid(field, timeZone, "timeZone must be nil or non-empty string")];
  const parts = timeZone.split("/");
  if (parts.some((part) => part === "." || part === ".." || !/^(?!-)[A-Za-z.\-_0-9+]{1,14}$/.test(part))) {
    return [invalid(field, timeZone, `unknown time zone ${timeZone}`)];
  }
  const errors: FieldError[] = [];
  if (timeZone.toLowerCase() === "local") {
    const detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    errors.push(invalid(field, timeZone, detail));
  }
  const wrong = checkTimeZone(timeZone);
  return wrong === undefined ? errors : [...errors, invalid(field, timeZone, wrong)];
}

function validateSpec(spec: CronJobSpec, old?: CronJobSpec): FieldError[] {
  const policy: string = spec.concurrencyPolicy ?? "";
  const policies = ["Allow", "Forbid", "Replace"];
  const at = "spec.concurrencyPolicy";
  const policyErrors = policy === "" ? [required(at)] : [notSupported(at, policy, policies)];
  const jobSpec = jobSpecOf(spec);
  const field = "spec.jobTemplate.spec";
  const errors = [
    ...validateSchedule(spec, old),
    ...validateNonnegative(spec.startingDeadlineSeconds, "spec.startingDeadlineSeconds"),
    ...(old && old.timeZone === spec.timeZone ? [] : validateTimeZone(spec.timeZone)),
    ...(policies.includes(policy) ? [] : policyErrors),
    ...validateJobSpecBody(jobSpec, field, old ? jobSpecOf(old).template : undefined),
  ];
  if (jobSpec.selector) {
    errors.push(invalid(`${field}.selector`, printSelector(jobSpec.selector), "`selector` will be auto-generated"));
  }
  if (jobSpec.manualSelector === true) {
    errors.push(notSupported(`${field}.manualSelector`, true, ["nil", "false"]));
  }
  return [
    ...errors,
    ...validateNonnegative(spec.successfulJobsHistoryLimit, "spec.successfulJobsHistoryLimit"),
    ...validateNonnegative(spec.failedJobsHistoryLimit, "spec.failedJobsHistoryLimit"),
  ];
}

const strategy: Strategy<CronJob> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.jobTemplate ??= {};
    defaultJobParts((spec.jobTemplate.spec ??= {}));
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
  },
  prepareForCreate(draft) {
    draft.status = {};
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate({ metadata, spec = emptySpec }) {
    const errors = validateSpec(spec);
    if (byteLength(metadata.name) <= cronJobNameMaxBytes) return errors;
    const detail = `must be no more than ${cronJobNameMaxBytes} characters`;
    return [...errors, invalid("metadata.name", metadata.name, detail)];
  },
  validateUpdate: (object, old) => validateSpec(object.spec ?? emptySpec, old.spec),
  warnings({ metadata, spec = emptySpec }, old) {
    const warnings = old ? [] : warnOfName(metadata.name);
    if (!old || !semanticEqual(spec, old.spec)) {
      warnings.push(...warnOfJobSpec(jobSpecOf(spec), "spec.jobTemplate.spec"));
    }
    if (old && spec.schedule?.includes("TZ")) {
      const where = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/";
      const text = "cannot use TZ or CRON_TZ in spec.schedule, use timeZone instead";
      warnings.push(`${text}, see ${where} for more details`);
    }
    return warnings;
  },
};

const status = statusStrategy(strategy, ["spec"], { metadataChecks: { update: 0 } });

export const cronJob = defineKind<CronJob>({
  group: "batch",
  version: "v1",
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
  categories: ["all"],
  namespaced: true,
  definition: "batch.v1.CronJob",
  storageKey: "cronjobs",
  subresources: [objectSubresource("status", status)],
  columns: columns(
    "Name:name",
    "Schedule",
    "Timezone",
    "Suspend:boolean",
    "Active:integer",
    "Last Schedule",
    "Age",
    "Containers:+",
    "Images:+",
    "Selector:+",
  ),
  cells: ({ metadata, spec = emptySpec, status: now }, nowMs) => [
    metadata.name,
    spec.schedule ?? "",
    spec.timeZone ?? "<none>",
    spec.suspend === undefined ? "<unset>" : spec.suspend ? "True" : "False",
    now?.active?.length ?? 0,
    now?.lastScheduleTime ? humanAge(now.lastScheduleTime, nowMs) : "<none>",
    humanAge(metadata.creationTimestamp, nowMs),
    ...containerCells(jobSpecOf(spec).template?.spec?.containers),
    formatSelector(jobSpecOf(spec).selector),
  ],
  strategy,
});
