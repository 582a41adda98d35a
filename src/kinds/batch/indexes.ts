// Lists of indexes of an Indexed Job: "1,3-5,7" (k8s.io/kubernetes pkg/apis/batch/validation). Imports nothing.

/** A text that isn't such a list. */
export class IndexError extends Error {
  override name = "IndexError";
}

type Interval = readonly [number, number];

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    throw new IndexError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  }
  const index = Number(text);
  if (index >= completions) throw new IndexError(`too large index: ${JSON.stringify(text)}`);
  return index;
}

function parseInterval(text: string, completions: number): Interval {
  const parts = text.split("-");
  if (parts.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    throw new IndexError(`the fragment ${JSON.stringify(text)} ${rule}`);
  }
  const first = parseIndex(parts[0]!, completions);
  if (parts.length === 1) return [first, first];
  const last = parseIndex(parts[1]!, completions);
  if (first >= last) throw new IndexError(`non-increasing order, previous: ${first}, current: ${last}`);
  return [first, last];
}

/** How many indexes a list names. Throws IndexError. */
export function countIndexes(text: string, completions: number): number {
  if (text === "") return 0;
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(",")) {
    const [first, last] = parseInterval(part, completions);
    if (previous !== undefined && previous >= first) {
      throw new IndexError(`non-increasing order, previous: ${previous}, current: ${first}`);
    }
    total += last - first + 1;
    previous = last;
  }
  return total;
}

function readIntervals(text: string, completions: number): Interval[] {
  return text.split(",").flatMap((part) => {
    try {
      return [parseInterval(part, completions)];
    } catch {
      return [];
    }
  });
}

/** The first index that two lists share; parts that can't be read are skipped. */
export function findOverlap(left: string, right: string, completions: number): number | undefined {
  if (left === "" || right === "") return undefined;
  const [a, b] = [readIntervals(left, completions), readIntervals(right, completions)];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [[x, y], [u, v]] = [a[i]!, b[j]!];
    if (x <= v && u <= y) return Math.max(x, u);
    if (x <= u) i += 1;
    else j += 1;
  }
  return undefined;
}
