// Runs every measure of bench/ and prints its lines: `npm run bench`. Exits 1 when a budget is missed by half. With
// `--compare REVISION` the same measures run in that revision, in a worktree in a temporary folder, and each line says what
// it was there; `--only NAME` runs bench/NAME.ts alone. Imports node.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The least for rates ("…/s", "ratio"), the most for all else. */
  readonly budget: number;
}

/** By how much a measure may miss its budget: machines differ, and others work on them. */
const tolerance = 1.5;
/** They need what is not in the repository: a built bundle, or upstream's programs. */
const needsOf: Readonly<Record<string, string>> = { cluster: "dist/proa.mjs", peer: "../shared/peer" };

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { compare: { type: "string" }, only: { type: "string" } } });

function filesOf(folder: string): string[] {
  const names = readdirSync(join(folder, "bench")).filter((name) => /^[\w-]+\.ts$/.test(name) && name !== "run.ts");
  const chosen = values.only === undefined ? names : names.filter((name) => name === `${values.only}.ts`);
  return chosen.toSorted();
}

/** A line that is none of a measure (a reason why one was left out) has no name. */
function readMeasure(line: string): Measure | undefined {
  try {
    const found = JSON.parse(line) as Partial<Measure>;
    return found.name !== undefined && typeof found.value === "number" ? (found as Measure) : undefined;
  } catch {
    return undefined;
  }
}

function runFile(folder: string, file: string): Measure[] {
  const need = needsOf[basename(file, ".ts")];
  if (need !== undefined && !existsSync(join(folder, need))) {
    console.error(`bench/${file} left out: there is no ${need}`);
    return [];
  }
  const output = execFileSync(process.execPath, [join(folder, "bench", file)], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  return output.split("\n").flatMap((line) => readMeasure(line) ?? []);
}

/** The measures of another revision, by name. */
function measuresOf(revision: string): Map<string, Measure> {
  const parent = mkdtempSync(join(tmpdir(), "proa-bench-"));
  const tree = join(parent, "tree");
  try {
    execFileSync("git", ["worktree", "add", "--quiet", "--detach", tree, revision], { cwd: root });
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    return new Map(filesOf(tree).flatMap((file) => runFile(tree, file).map((one) => [one.name, one] as const)));
  } finally {
    execFileSync("git", ["worktree", "remove", "--force", tree], { cwd: root });
    rmSync(parent, { recursive: true, force: true });
  }
}

const isRate = ({ unit }: Measure): boolean => unit.endsWith("/s") || unit === "ratio";
/** How often the budget goes into the value; above 1 it is missed. */
const missOf = (measure: Measure): number =>
  isRate(measure) ? measure.budget / measure.value : measure.value / measure.budget;

const before = values.compare === undefined ? undefined : measuresOf(values.compare);
let missed = 0;
for (const file of filesOf(root)) {
  for (const measure of runFile(root, file)) {
    const was = before?.get(measure.name)?.value;
    console.log(JSON.stringify({ ...measure, ...(was === undefined ? {} : { was }) }));
    if (missOf(measure) > tolerance) missed += 1;
  }
}
if (missed > 0) console.error(`${missed} budgets are missed by more than half`);
process.exit(missed > 0 ? 1 : 0);
