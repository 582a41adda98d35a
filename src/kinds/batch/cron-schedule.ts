// The schedules of CronJobs: five fields, or a descriptor such as @daily. What is read, and what is said of what can't be,
// is as upstream's parser (github.com/robfig/cron v3, ParseStandard). Imports nothing.

export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** Where either is a star, both days must match; otherwise one is enough. */
  readonly anyDayOfMonth: boolean;
  readonly anyDayOfWeek: boolean;
}

export interface CronSchedule {
  /** TZ= or CRON_TZ= before the fields. */
  readonly timeZone?: string;
  readonly fields?: CronFields;
  /** `@every 5m`: this long after the last time, in whole seconds. */
  readonly everyMs?: number;
}

/** A schedule that can't be read. */
export class CronError extends Error {
  override name = "CronError";
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const minuteBounds: Bounds = { low: 0, high: 59 };
const hourBounds: Bounds = { low: 0, high: 23 };
const dayBounds: Bounds = { low: 1, high: 31 };
const monthBounds: Bounds = { low: 1, high: 12, names: monthNames };
const weekdayBounds: Bounds = { low: 0, high: 6, names: dayNames };

interface Part {
  readonly values: ReadonlySet<number>;
  readonly star: boolean;
}

function parseNumber(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw new CronError(`failed to parse int from ${text}: ${why}`);
  }
  const value = Number(text);
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function parseName(text: string, { low, names }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + low : parseNumber(text);
}

function parseRange(text: string, bounds: Bounds): Part {
  const [range = "", stepText, ...more] = text.split("/");
  const ends = range.split("-");
  let [start, end, star] = [bounds.low, bounds.high, true];
  if (ends[0] !== "*" && ends[0] !== "?") {
    star = false;
    start = parseName(ends[0]!, bounds);
    if (ends.length > 2) throw new CronError(`too many hyphens: ${text}`);
    end = ends.length === 2 ? parseName(ends[1]!, bounds) : start;
  }
  if (more.length > 0) throw new CronError(`too many slashes: ${text}`);
  let step = 1;
  if (stepText !== undefined) {
    step = parseNumber(stepText);
    // "N/step" means from N on.
    if (ends.length === 1) end = bounds.high;
    if (step > 1) star = false;
  }
  if (start < bounds.low) throw new CronError(`beginning of range (${start}) below minimum (${bounds.low}): ${text}`);
  if (end > bounds.high) throw new CronError(`end of range (${end}) above maximum (${bounds.high}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  const values = new Set<number>();
  for (let value = start; value <= end; value += step) values.add(value);
  return { values, star };
}

function parseField(text: string, bounds: Bounds): Part {
  const parts = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => parseRange(part, bounds));
  return { values: new Set(parts.flatMap(({ values }) => [...values])), star: parts.some(({ star }) => star) };
}

function parseFields(text: string): CronFields {
  const fields = text.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== 5) {
    throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`);
  }
  const minutes = parseField(fields[0]!, minuteBounds);
  const hours = parseField(fields[1]!, hourBounds);
  const days = parseField(fields[2]!, dayBounds);
  const months = parseField(fields[3]!, monthBounds);
  const weekdays = parseField(fields[4]!, weekdayBounds);
  return {
    minutes: minutes.values,
    hours: hours.values,
    daysOfMonth: days.values,
    months: months.values,
    daysOfWeek: weekdays.values,
    anyDayOfMonth: days.star,
    anyDayOfWeek: weekdays.star,
  };
}

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's durations: "1h30m", "-1.5s". */
function parseDuration(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0;
  const quoted = JSON.stringify(text);
  if (rest === "") throw new CronError(`time: invalid duration ${quoted}`);
  let total = 0;
  while (rest !== "") {
    const number = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)/.exec(rest)?.[0];
    if (number === undefined) throw new CronError(`time: invalid duration ${quoted}`);
    rest = rest.slice(number.length);
    const unit = /^[^0-9.]+/.exec(rest)?.[0];
    if (unit === undefined) throw new CronError(`time: missing unit in duration ${quoted}`);
    if (!Object.hasOwn(unitsMs, unit)) {
      throw new CronError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    }
    total += Number(number) * unitsMs[unit]!;
    rest = rest.slice(unit.length);
  }
  return sign * total;
}

function parseDescriptor(text: string): CronSchedule {
  if (Object.hasOwn(descriptors, text)) return { fields: parseFields(descriptors[text]!) };
  const every = "@every ";
  if (!text.startsWith(every)) throw new CronError(`unrecognized descriptor: ${text}`);
  try {
    const durationMs = parseDuration(text.slice(every.length));
    return { everyMs: Math.max(1000, durationMs - (durationMs % 1000)) };
  } catch (error) {
    throw new CronError(`failed to parse duration ${text}: ${(error as Error).message}`, { cause: error });
  }
}

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return true;
  } catch {
    return false;
  }
};

/** What is wrong with the name of a time zone, in Go's words; undefined: it is one. */
export function checkTimeZone(name: string): string | undefined {
  return name === "" || name === "UTC" || name === "Local" || isTimeZone(name)
    ? undefined
    : `unknown time zone ${name}`;
}

/** Throws CronError with upstream's words. */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === "") throw new CronError("empty spec string");
  let rest = text;
  let timeZone: string | undefined;
  if (text.startsWith("TZ=") || text.startsWith("CRON_TZ=")) {
    const space = text.indexOf(" ");
    // Upstream's parser panics here, and says so.
    if (space < 0) throw new CronError("invalid schedule format: runtime error: slice bounds out of range [:-1]");
    timeZone = text.slice(text.indexOf("=") + 1, space);
    const wrong = checkTimeZone(timeZone);
    if (wrong !== undefined) throw new CronError(`provided bad location ${timeZone}: ${wrong}`);
    rest = text.slice(space).trim();
  }
  const schedule = rest.startsWith("@") ? parseDescriptor(rest) : { fields: parseFields(rest) };
  return timeZone === undefined ? schedule : { ...schedule, timeZone };
}
