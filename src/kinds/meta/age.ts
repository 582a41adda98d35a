// Durations as Tables print them (k8s.io/apimachinery pkg/util/duration). Imports nothing.

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** `first` of the larger unit and, where there is one, the rest in the smaller one: 4m30s, 2d. */
const pair = (first: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${first}${unit}` : `${first}${unit}${rest}${restUnit}`;

/** Two or three significant digits: 5s, 119s, 2m5s, 47h, 7d3h, 3y12d. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / secondMs);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(durationMs / minuteMs);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(durationMs / hourMs);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

/** How long ago a time of the API was; `<unknown>` where there is none. */
export function ageOf(time: string | undefined | null, nowMs: number): string {
  return time ? humanDuration(nowMs - Date.parse(time)) : "<unknown>";
}
