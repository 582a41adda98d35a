// When a schedule is next due, in its time zone and across the changes of summer time. Fields are walked as upstream's
// library does (github.com/robfig/cron v3, SpecSchedule.Next), so that the odd hours of a change come out alike. May import
// src/kinds.
import type { CronFields, CronSchedule } from "../../kinds/batch/cron-schedule.ts";

const secondMs = 1000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
/** A day that no year has is given up after so many years. */
const yearsMax = 5;

/** Milliseconds that a zone's clocks are ahead of UTC at a moment. */
export type Offset = (atMs: number) => number;

/** The offsets of a zone; without a name, of UTC. Throws RangeError for an unknown zone. */
export function offsetsOf(timeZone: string | undefined): Offset {
  if (!timeZone || timeZone === "UTC" || timeZone === "Local") return () => 0;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    const wallMs = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
    return wallMs - Math.floor(atMs / secondMs) * secondMs;
  };
}

/** A moment of wall time, as Go's time.Date reads it. */
function fromWall(wallMs: number, offset: Offset): number {
  return wallMs - offset(wallMs - offset(wallMs));
}

function dayMatches(fields: CronFields, wall: Date): boolean {
  const byMonth = fields.daysOfMonth.has(wall.getUTCDate());
  const byWeek = fields.daysOfWeek.has(wall.getUTCDay());
  return fields.anyDayOfMonth || fields.anyDayOfWeek ? byMonth && byWeek : byMonth || byWeek;
}

/** Steps through months, days, hours and minutes; a field that wraps begins the walk anew. */
class Walk {
  atMs: number;
  readonly #fields: CronFields;
  readonly #offset: Offset;
  #added = false;

  constructor(afterMs: number, fields: CronFields, offset: Offset) {
    this.atMs = (Math.floor(afterMs / secondMs) + 1) * secondMs;
    this.#fields = fields;
    this.#offset = offset;
  }

  /** The clock on the wall, as if it were UTC's. */
  wall(): Date {
    return new Date(this.atMs + this.#offset(this.atMs));
  }

  #begin(...parts: [year: number, month: number, day?: number, hour?: number]): void {
    if (!this.#added) this.atMs = fromWall(Date.UTC(...parts), this.#offset);
    this.#added = true;
  }

  /** False: wrapped. */
  months(limitYear: number): boolean {
    for (let wall = this.wall(); !this.#fields.months.has(wall.getUTCMonth() + 1); wall = this.wall()) {
      if (wall.getUTCFullYear() > limitYear) return true;
      this.#begin(wall.getUTCFullYear(), wall.getUTCMonth());
      this.atMs = fromWall(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1), this.#offset);
      if (this.wall().getUTCMonth() === 0) return false;
    }
    return true;
  }

  days(): boolean {
    for (let wall = this.wall(); !dayMatches(this.#fields, wall); wall = this.wall()) {
      const date: [number, number, number] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
      this.#begin(...date);
      this.atMs = fromWall(Date.UTC(date[0], date[1], date[2] + 1), this.#offset);
      const hour = this.wall().getUTCHours();
      // Midnight may not exist on the day of a change.
      if (hour !== 0) this.atMs += (hour > 12 ? 24 - hour : -hour) * hourMs;
      if (this.wall().getUTCDate() === 1) return false;
    }
    return true;
  }

  hours(): boolean {
    for (let wall = this.wall(); !this.#fields.hours.has(wall.getUTCHours()); wall = this.wall()) {
      this.#begin(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours());
      this.atMs += hourMs;
      if (this.wall().getUTCHours() === 0) return false;
    }
    return true;
  }

  minutes(): boolean {
    for (let wall = this.wall(); !this.#fields.minutes.has(wall.getUTCMinutes()); wall = this.wall()) {
      this.#truncate();
      this.atMs += minuteMs;
      if (this.wall().getUTCMinutes() === 0) return false;
    }
    return true;
  }

  /** Schedules are due on whole minutes. */
  seconds(): boolean {
    if (this.wall().getUTCSeconds() === 0) return true;
    this.#truncate();
    this.atMs += minuteMs;
    return false;
  }

  #truncate(): void {
    if (!this.#added) this.atMs = Math.floor(this.atMs / minuteMs) * minuteMs;
    this.#added = true;
  }
}

/** The first time after `afterMs` at which the schedule is due; undefined: there is none within five years. */
export function nextTimeMs(schedule: CronSchedule, offset: Offset, afterMs: number): number | undefined {
  const { everyMs, fields } = schedule;
  if (everyMs !== undefined) return Math.floor(afterMs / secondMs) * secondMs + everyMs;
  if (!fields) return undefined;
  const walk = new Walk(afterMs, fields, offset);
  const limitYear = walk.wall().getUTCFullYear() + yearsMax;
  while (walk.wall().getUTCFullYear() <= limitYear) {
    if (!walk.months(limitYear)) continue;
    if (walk.wall().getUTCFullYear() > limitYear) return undefined;
    if (walk.days() && walk.hours() && walk.minutes() && walk.seconds()) return walk.atMs;
  }
  return undefined;
}

/** RFC 3339 with the zone's offset, as Go prints it. */
export function printTime(atMs: number, offset: Offset): string {
  const aheadMs = offset(atMs);
  const text = new Date(atMs + aheadMs).toISOString().slice(0, 19);
  if (aheadMs === 0) return `${text}Z`;
  const minutes = Math.abs(aheadMs) / minuteMs;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${text}${aheadMs < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** RFC 1123 in UTC, with a numeric zone: "Thu, 01 Jan 2026 00:00:00 +0000". */
export const printLongTime = (atMs: number): string => new Date(atMs).toUTCString().replace("GMT", "+0000");
