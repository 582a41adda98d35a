// Which start of a CronJob is due, and when to look again. Upstream: pkg/controller/cronjob/utils.go. May import src/base,
// src/kinds.
import { type CronSchedule, parseCronSchedule } from "../../kinds/batch/cron-schedule.ts";
import type { CronJob } from "../../kinds/types/batch-v1.gen.ts";
import { nextTimeMs, type Offset, offsetsOf } from "./next-time.ts";

/** Looks a little after the time, so that it is surely due. Upstream: nextScheduleDelta. */
const lookAfterMs = 100;
/** More missed starts than that are warned of. */
const missedMax = 100;

export interface Timetable {
  readonly schedule: CronSchedule;
  readonly offset: Offset;
}
export interface Due {
  /** The latest start that is due, in milliseconds; undefined: none is. */
  readonly atMs?: number;
  readonly missedMany: boolean;
}

/** Throws CronError, or RangeError for an unknown zone. */
export function readTimetable({ spec }: CronJob): Timetable {
  const schedule = parseCronSchedule(spec!.schedule);
  return { schedule, offset: offsetsOf(schedule.timeZone ?? spec!.timeZone) };
}

interface Recent extends Due {
  readonly earliestMs: number;
  readonly missed: boolean;
}

function findRecent(job: CronJob, { schedule, offset }: Timetable, nowMs: number, withDeadline: boolean): Recent {
  const next = (afterMs: number): number => nextTimeMs(schedule, offset, afterMs) ?? Number.POSITIVE_INFINITY;
  let earliestMs = Date.parse(job.status?.lastScheduleTime ?? job.metadata.creationTimestamp);
  const deadline = job.spec?.startingDeadlineSeconds;
  if (withDeadline && deadline !== undefined) earliestMs = Math.max(earliestMs, nowMs - deadline * 1000);
  const first = next(earliestMs);
  const second = next(first);
  const none = { earliestMs, missed: false, missedMany: false };
  if (nowMs < first) return none;
  if (nowMs < second) return { ...none, atMs: first };
  // Not every missed start is counted: they are taken to be as far apart as the first two.
  const betweenMs = second - first;
  const count = Math.floor((nowMs - first) / betweenMs) + 1;
  let atMs: number | undefined;
  for (let time = next(first + (count - 2) * betweenMs); time <= nowMs; time = next(time)) atMs = time;
  return { earliestMs, missed: true, missedMany: count > missedMax, ...(atMs === undefined ? {} : { atMs }) };
}

export const findDue = (job: CronJob, timetable: Timetable, nowMs: number): Due =>
  findRecent(job, timetable, nowMs, true);

/** When to look at the CronJob again, in milliseconds; undefined: its time never comes. */
export function lookAgainMs(job: CronJob, timetable: Timetable, nowMs: number): number | undefined {
  const { atMs, earliestMs, missed } = findRecent(job, timetable, nowMs, false);
  const next = nextTimeMs(timetable.schedule, timetable.offset, atMs ?? (missed ? nowMs : earliestMs));
  return next === undefined ? undefined : next + lookAfterMs;
}
