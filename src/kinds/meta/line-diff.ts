// A unified diff of two texts, as upstream puts one into the errors of immutable specs: Ratcliff and Obershelp's matching
// over lines, three lines of context, no file names (k8s.io/apimachinery pkg/util/diff, Python's difflib). Imports
// nothing.

const contextLines = 3;

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

/** The longest run of equal lines within two ranges: the first in a, and among these the first in b. */
function findLongest(a: string[], b: string[], [aLow, aHigh, bLow, bHigh]: readonly number[]): Block {
  let best: Block = { a: aLow!, b: bLow!, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = aLow!; i < aHigh!; i += 1) {
    const next = new Map<number, number>();
    for (let j = bLow!; j < bHigh!; j += 1) {
      if (a[i] !== b[j]) continue;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  return best;
}

function findBlocks(a: string[], b: string[]): Block[] {
  const blocks: Block[] = [];
  const queue: number[][] = [[0, a.length, 0, b.length]];
  while (queue.length > 0) {
    const range = queue.pop()!;
    const block = findLongest(a, b, range);
    if (block.size === 0) continue;
    blocks.push(block);
    queue.push([range[0]!, block.a, range[2]!, block.b]);
    queue.push([block.a + block.size, range[1]!, block.b + block.size, range[3]!]);
  }
  return blocks.sort((left, right) => left.a - right.a || left.b - right.b);
}

interface Step {
  readonly equal: boolean;
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}

function listSteps(a: string[], b: string[]): Step[] {
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  for (const block of [...findBlocks(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (i < block.a || j < block.b) steps.push({ equal: false, a: [i, block.a], b: [j, block.b] });
    [i, j] = [block.a + block.size, block.b + block.size];
    if (block.size > 0) steps.push({ equal: true, a: [block.a, i], b: [block.b, j] });
  }
  return steps;
}

/** Steps in hunks: what lies further than the context from a change is left out. */
function groupSteps(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  let group: Step[] = [];
  for (const [index, step] of steps.entries()) {
    const [a, b] = [step.a, step.b];
    if (!step.equal) {
      group.push(step);
      continue;
    }
    const head = (): Step => ({
      equal: true,
      a: [a[0], Math.min(a[1], a[0] + contextLines)],
      b: [b[0], Math.min(b[1], b[0] + contextLines)],
    });
    const tail = (): Step => ({
      equal: true,
      a: [Math.max(a[0], a[1] - contextLines), a[1]],
      b: [Math.max(b[0], b[1] - contextLines), b[1]],
    });
    if (index === 0) group = [tail()];
    else if (index === steps.length - 1) group.push(head());
    else if (a[1] - a[0] <= contextLines * 2) group.push(step);
    else {
      group.push(head());
      groups.push(group);
      group = [tail()];
    }
  }
  groups.push(group);
  return groups.filter((one) => one.some((step) => !step.equal));
}

function printRange(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return String(start + 1);
  return `${length === 0 ? start : start + 1},${length}`;
}

/** Empty where the texts are equal; otherwise hunks of lines that each end in a newline. */
export function diffLines(left: string, right: string): string {
  const [a, b] = [left.split("\n"), right.split("\n")];
  let text = "";
  for (const group of groupSteps(listSteps(a, b))) {
    const [first, last] = [group[0]!, group.at(-1)!];
    text += `@@ -${printRange(first.a[0], last.a[1])} +${printRange(first.b[0], last.b[1])} @@\n`;
    for (const step of group) {
      const removed = a.slice(...step.a);
      if (step.equal) text += removed.map((line) => ` ${line}\n`).join("");
      else {
        text += removed.map((line) => `-${line}\n`).join("");
        text += b
          .slice(...step.b)
          .map((line) => `+${line}\n`)
          .join("");
      }
    }
  }
  return text;
}
