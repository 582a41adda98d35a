// Exponential back-off as data (k8s.io/client-go/util/flowcontrol Backoff): an entry per key says how long to wait and
// since when. Pure: the owner keeps the entries. May import the layer's limits.

export interface BackOffEntry {
  readonly delayMs: number;
  readonly updatedMs: number;
}
export interface BackOffRange {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** An entry that nothing has happened to for twice the longest delay starts anew. */
export function hasExpired(entry: BackOffEntry, eventMs: number, range: BackOffRange): boolean {
  return eventMs - entry.updatedMs > range.maxMs * 2;
}

/** The entry after one more failure at `eventMs`, recorded at `nowMs`. */
export function nextBackOff(
  entry: BackOffEntry | undefined,
  eventMs: number,
  nowMs: number,
  range: BackOffRange,
): BackOffEntry {
  const fresh = !entry || hasExpired(entry, eventMs, range);
  const delayMs = fresh ? range.initialMs : Math.min(entry.delayMs * 2, range.maxMs);
  return { delayMs, updatedMs: nowMs };
}

/** When the wait after an event at `eventMs` is over; undefined: there is nothing to wait for. */
export function backOffEnd(
  entry: BackOffEntry | undefined,
  eventMs: number,
  nowMs: number,
  range: BackOffRange,
): number | undefined {
  if (!entry || hasExpired(entry, eventMs, range)) return undefined;
  const endMs = eventMs + entry.delayMs;
  return nowMs < endMs ? endMs : undefined;
}

/** A duration as Go prints it in whole units: "10s", "1m20s", "5m0s". */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  if (durationMs < 1000) return `${Math.round(durationMs * 1000) / 1000}ms`;
  const seconds = Math.round((durationMs % 60_000) * 1e6) / 1e9;
  const minutes = Math.floor(durationMs / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours}h${minutes % 60}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
