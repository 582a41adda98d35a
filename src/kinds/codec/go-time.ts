// Times as Go's time.Parse reads them (with its errors) and as the API writes them: UTC, with seconds or microseconds.
// Source: RFC 3339; Go's package time. May import src/base.

/** A text that isn't a time; the message is Go's. */
export class TimeError extends Error {
  override name = "TimeError";
}

const rfc3339 = "2006-01-02T15:04:05Z07:00";
const rfc3339Micro = "2006-01-02T15:04:05.000000Z07:00";

/** [pattern of the text, what Go calls this part of the layout]. */
const parts: readonly [RegExp, string][] = [
  [/^[0-9]{4}/, "2006"],
  [/^-/, "-"],
  [/^[0-9]{2}/, "01"],
  [/^-/, "-"],
  [/^[0-9]{2}/, "02"],
  [/^T/, "T"],
  [/^[0-9]{1,2}/, "15"],
  [/^:/, ":"],
  [/^[0-9]{2}/, "04"],
  [/^:/, ":"],
  [/^[0-9]{2}/, "05"],
];
const ranges: Record<number, [min: number, max: number, name: string]> = {
  2: [1, 12, "month"],
  6: [0, 23, "hour"],
  8: [0, 59, "minute"],
  10: [0, 59, "second"],
};

const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

interface Offset {
  readonly text: string;
  readonly minutes: number;
}

function parseOffset(rest: string, fail: (rest: string, part: string) => never): Offset {
  if (rest.startsWith("Z")) return { text: "Z", minutes: 0 };
  const match = /^([+-])([0-9]{2}):([0-9]{2})/.exec(rest);
  if (!match || Number(match[2]) > 24 || Number(match[3]) >= 60) return fail(rest, "Z07:00");
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return { text: match[0], minutes: match[1] === "-" ? -minutes : minutes };
}

function parseTime(text: string, micro: boolean): { seconds: number; fraction: string } {
  const layout = micro ? rfc3339Micro : rfc3339;
  const say = (detail: string): never => {
    throw new TimeError(`parsing time ${JSON.stringify(text)}${detail}`);
  };
  const fail = (rest: string, part: string): never =>
    say(` as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part)}`);
  const values: number[] = [];
  let rest = text;
  parts.forEach(([pattern, name], index) => {
    const found = pattern.exec(rest)?.[0] ?? fail(rest, name);
    const range = ranges[index];
    const value = Number(found);
    if (range && (value < range[0] || value > range[1])) say(`: ${range[2]} out of range`);
    values.push(value);
    rest = rest.slice(found.length);
  });
  const digits = /^[.,]([0-9]+)/.exec(rest);
  if (micro && digits?.[1]?.length !== 6) fail(rest, ".000000");
  if (digits) rest = rest.slice(digits[0].length);
  const offset = parseOffset(rest, fail);
  rest = rest.slice(offset.text.length);
  if (rest !== "") say(`: extra text: ${JSON.stringify(rest)}`);
  const [year, , month, , day, , hour, , minute, , second] = values as [number, ...number[]];
  if (day! < 1 || day! > daysIn(year, month!)) say(": day out of range");
  // Date.UTC takes years below 100 for 19xx.
  const moment = new Date(0);
  moment.setUTCFullYear(year, month! - 1, day);
  moment.setUTCHours(hour!, minute! - offset.minutes, second);
  return { seconds: moment.getTime() / 1000, fraction: digits?.[1] ?? "" };
}

function print(seconds: number): string {
  const iso = new Date(seconds * 1000).toISOString();
  return iso.slice(0, iso.indexOf("."));
}

/** Reads any RFC 3339 text and gives the API's form, in UTC without fractions. Throws TimeError with Go's words. */
export function canonicalTime(text: string): string {
  // The common form needs no second look.
  const plain = /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/;
  if (plain.test(text)) return text;
  return `${print(parseTime(text, false).seconds)}Z`;
}

/** The same with exactly six fractional digits. */
export function canonicalMicroTime(text: string): string {
  const { seconds, fraction } = parseTime(text, true);
  return `${print(seconds)}.${fraction}Z`;
}
