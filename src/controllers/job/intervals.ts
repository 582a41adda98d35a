// Sets of completion indexes as ordered intervals: "1,3-5,7". Upstream: pkg/controller/job/indexed_job_utils.go. Imports
// nothing.

export type Interval = readonly [first: number, last: number];
export type Intervals = readonly Interval[];

/** Parts that can't be read are left out, and so is what is not below `completions`. */
export function parseIntervals(text: string | undefined, completions: number): Intervals {
  const found: Interval[] = [];
  for (const part of (text ?? "").split(",")) {
    const ends = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
    if (!ends) continue;
    const first = Number(ends[1]);
    if (first >= completions) break;
    found.push([first, Math.min(Number(ends[2] ?? first), completions - 1)]);
  }
  return mergeIntervals(found, []);
}

export function mergeIntervals(some: Intervals, more: Intervals): Intervals {
  const result: [number, number][] = [];
  for (const [first, last] of [...some, ...more].toSorted((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (!before || first > before[1] + 1) result.push([first, last]);
    else before[1] = Math.max(before[1], last);
  }
  return result;
}
export const withIndexes = (intervals: Intervals, indexes: Iterable<number>): Intervals =>
  mergeIntervals(
    intervals,
    [...indexes].map((index): Interval => [index, index]),
  );
export const countOf = (intervals: Intervals): number =>
  intervals.reduce((total, [first, last]) => total + last - first + 1, 0);
export const hasIndex = (intervals: Intervals, index: number): boolean =>
  intervals.some(([first, last]) => first <= index && index <= last);

export const printIntervals = (intervals: Intervals): string =>
  intervals
    .map(([first, last]) => (first === last ? `${first}` : `${first}${last === first + 1 ? "," : "-"}${last}`))
    .join(",");

/** The first `count` indexes below `completions` that are not among these. */
export function firstMissing(intervals: Intervals, count: number, completions: number): number[] {
  const result: number[] = [];
  let candidate = 0;
  for (const [first, last] of [...intervals, [completions, completions] as Interval]) {
    for (; candidate < Math.min(first, completions) && result.length < count; candidate += 1) result.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  return result;
}

/** How many indexes both have. */
export function countShared(some: Intervals, others: Intervals): number {
  let total = 0;
  for (const [first, last] of some) {
    for (const [from, to] of others) total += Math.max(0, Math.min(last, to) - Math.max(first, from) + 1);
  }
  return total;
}
