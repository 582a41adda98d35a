// Schedules as tables, summer time included.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCronSchedule } from "../../kinds/batch/cron-schedule.ts";
import { nextTimeMs, offsetsOf, printLongTime, printTime } from "./next-time.ts";

/** Schedule, zone, after, and when it is next due; all times with their offsets. */
const rows: [string, string, string, string | undefined][] = [
  ["*/15 * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"],
  ["0 0 * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
  ["59 23 31 12 *", "UTC", "2026-01-01T00:00:30Z", "2026-12-31T23:59:00Z"],
  ["0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
  ["0 0 31 2 *", "UTC", "2026-01-01T00:00:00Z", undefined],
  // A day of the month or of the week: either is enough, unless one is a star.
  ["0 0 13 * 5", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
  ["0 0 * * 5", "UTC", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"],
  ["@weekly", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"],
  ["@every 90s", "UTC", "2026-01-01T00:00:10Z", "2026-01-01T00:01:40Z"],
  ["30 8 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T08:30:00+05:30"],
  ["0 9 * * 1", "America/New_York", "2026-01-01T00:00:00Z", "2026-01-05T09:00:00-05:00"],
  // Clocks go forward: an hour that doesn't exist is skipped.
  ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T02:30:00+02:00"],
  ["0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T03:00:00+02:00"],
  // Clocks go back: an hour that comes twice counts twice.
  ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T02:30:00+02:00"],
  ["30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00+01:00"],
];

test("nextTimeMs finds the next start in the schedule's time zone", () => {
  for (const [text, zone, after, expected] of rows) {
    const offset = offsetsOf(zone);
    const atMs = nextTimeMs(parseCronSchedule(text), offset, Date.parse(after));
    assert.equal(atMs && printTime(atMs, offset), expected, `${text} in ${zone} after ${after}`);
  }
});

test("printLongTime prints as Go's RFC1123Z", () => {
  assert.equal(printLongTime(Date.UTC(2026, 0, 2, 3, 4, 5)), "Fri, 02 Jan 2026 03:04:05 +0000");
});
