// The difference of two texts by lines, as unified hunks with three lines around each change. The algorithm is that of
// Python's difflib (which upstream uses in Go), since its choice of lines shows in errors that clients read. Imports
// nothing.

/** From [start, end) of the old text to [start, end) of the new. */
interface Opcode {
  readonly equal: boolean;
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
}

/** Texts of this many lines and more don't begin matches at lines that make up over one in a hundred. */
const popularFromLines = 200;
const contextLines = 3;

function indexLines(lines: readonly string[]): Map<string, number[]> {
  const index = new Map<string, number[]>();
  for (const [at, line] of lines.entries()) {
    const list = index.get(line);
    if (list) list.push(at);
    else index.set(line, [at]);
  }
  if (lines.length < popularFromLines) return index;
  const limit = Math.floor(lines.length / 100) + 1;
  for (const [line, list] of index) if (list.length > limit) index.delete(line);
  return index;
}

type Range = readonly [a0: number, a1: number, b0: number, b1: number];
type Match = readonly [a: number, b: number, size: number];

function longestMatch(a: readonly string[], b: readonly string[], index: Map<string, number[]>, range: Range): Match {
  const [a0, a1, b0, b1] = range;
  let [bestA, bestB, size] = [a0, b0, 0];
  let lengths = new Map<number, number>();
  for (let i = a0; i < a1; i += 1) {
    const next = new Map<number, number>();
    for (const j of index.get(a[i]!) ?? []) {
      if (j < b0) continue;
      if (j >= b1) break;
      const length = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, length);
      if (length > size) [bestA, bestB, size] = [i - length + 1, j - length + 1, length];
    }
    lengths = next;
  }
  while (bestA > a0 && bestB > b0 && a[bestA - 1] === b[bestB - 1]) {
    [bestA, bestB, size] = [bestA - 1, bestB - 1, size + 1];
  }
  while (bestA + size < a1 && bestB + size < b1 && a[bestA + size] === b[bestB + size]) size += 1;
  return [bestA, bestB, size];
}

function matchingBlocks(a: readonly string[], b: readonly string[]): Match[] {
  const index = indexLines(b);
  const blocks: Match[] = [];
  const queue: Range[] = [[0, a.length, 0, b.length]];
  for (let range = queue.pop(); range; range = queue.pop()) {
    const [a0, a1, b0, b1] = range;
    const match = longestMatch(a, b, index, range);
    const [i, j, size] = match;
    if (size === 0) continue;
    blocks.push(match);
    if (a0 < i && b0 < j) queue.push([a0, i, b0, j]);
    if (i + size < a1 && j + size < b1) queue.push([i + size, a1, j + size, b1]);
  }
  return blocks.sort((one, other) => one[0] - other[0]);
}

function opcodesOf(a: readonly string[], b: readonly string[]): Opcode[] {
  const opcodes: Opcode[] = [];
  let [i, j] = [0, 0];
  for (const [nextA, nextB, size] of [...matchingBlocks(a, b), [a.length, b.length, 0] as const]) {
    if (i < nextA || j < nextB) opcodes.push({ equal: false, a0: i, a1: nextA, b0: j, b1: nextB });
    [i, j] = [nextA + size, nextB + size];
    if (size === 0) continue;
    const last = opcodes.at(-1);
    if (last?.equal) opcodes[opcodes.length - 1] = { ...last, a1: i, b1: j };
    else opcodes.push({ equal: true, a0: nextA, a1: i, b0: nextB, b1: j });
  }
  return opcodes;
}

function groupOpcodes(opcodes: readonly Opcode[]): Opcode[][] {
  const groups: Opcode[][] = [];
  let group: Opcode[] = [];
  for (const [index, code] of opcodes.entries()) {
    if (!code.equal) {
      group.push(code);
      continue;
    }
    const { a0, a1, b0, b1 } = code;
    const [first, last] = [index === 0, index === opcodes.length - 1];
    const head = { equal: true, a0, a1: Math.min(a1, a0 + contextLines), b0, b1: Math.min(b1, b0 + contextLines) };
    const tail = { equal: true, a0: Math.max(a0, a1 - contextLines), a1, b0: Math.max(b0, b1 - contextLines), b1 };
    if (first) group.push(tail);
    else if (last) group.push(head);
    else if (a1 - a0 > contextLines * 2) {
      groups.push([...group, head]);
      group = [tail];
    } else group.push(code);
  }
  return group.some((code) => !code.equal) ? [...groups, group] : groups;
}

function printRange(start: number, end: number): string {
  const length = end - start;
  if (length === 1) return `${start + 1}`;
  return `${length === 0 ? start : start + 1},${length}`;
}

/** The hunks, each line ended by a newline; "" where the texts are the same. */
export function diffLines(a: string, b: string): string {
  const [left, right] = [a.split("\n"), b.split("\n")];
  const lines: string[] = [];
  for (const group of groupOpcodes(opcodesOf(left, right))) {
    const [first, last] = [group[0]!, group.at(-1)!];
    lines.push(`@@ -${printRange(first.a0, last.a1)} +${printRange(first.b0, last.b1)} @@`);
    for (const { equal, a0, a1, b0, b1 } of group) {
      if (equal) lines.push(...left.slice(a0, a1).map((line) => ` ${line}`));
      else {
        lines.push(...left.slice(a0, a1).map((line) => `-${line}`), ...right.slice(b0, b1).map((line) => `+${line}`));
      }
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}
