// The program under test is the bundle, as users run it: built when a source is newer, and run with arguments. A run that
// takes too long is killed and fails. May import node.
import { spawn } from "node:child_process";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

const lockTriesMax = 600;
const lockPauseMs = 100;

function isFresh(bundle: string): boolean {
  if (!existsSync(bundle)) return false;
  const built = statSync(bundle).mtimeMs;
  const sources = globSync(["bin/**/*.ts", "src/**/*.ts", "package-lock.json"], { cwd: root });
  return sources.every((path) => /\.(test|suite)\.ts$/.test(path) || statSync(join(root, path)).mtimeMs <= built);
}

/** The bundle's path. PROA_BUNDLE names another one to test; else it is built, by one test file at a time. */
async function buildBundle(): Promise<string> {
  const { PROA_BUNDLE: given } = process.env;
  if (given) return given;
  const bundle = join(root, "dist/proa.mjs");
  const lock = join(tmpdir(), "proa-e2e-build.lock");
  for (let tries = 0; !isFresh(bundle); tries += 1) {
    try {
      mkdirSync(lock);
    } catch (error) {
      // A lock that outlives every build was left by a test that was killed.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || tries > lockTriesMax) throw error;
      await delay(lockPauseMs);
      continue;
    }
    try {
      execFileSync(process.execPath, [join(root, "scripts/bundle.ts")], { stdio: ["ignore", "ignore", "inherit"] });
      return bundle;
    } finally {
      rmdirSync(lock);
    }
  }
  return bundle;
}

let building: Promise<string> | undefined;
export const bundlePath = (): Promise<string> => (building ??= buildBundle());

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
export interface RunSettings {
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 60_000;

/** Runs a program to its end. Resolves with whatever status it has; rejects when it takes too long. */
export function run(program: string, args: readonly string[], settings: RunSettings = {}): Promise<RunResult> {
  const { stdin, env, timeoutMs = timeoutDefaultMs } = settings;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: "pipe", env: env ?? process.env });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr] = [Buffer.concat(out).toString(), Buffer.concat(err).toString()];
      if (signal) reject(new Error(`${program} ${args.join(" ")} was ended by ${signal}\n${stdout}${stderr}`));
      else resolve({ code: code ?? -1, stdout, stderr });
    });
    // A program that ends without reading what it is given is no fault of the test.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}

/** The command line that runs Proa, for tests that start it through another program. */
export const proaCommand = async (): Promise<readonly [string, ...string[]]> => [
  process.execPath,
  "--enable-source-maps",
  await bundlePath(),
];

export async function proa(args: readonly string[], settings: RunSettings = {}): Promise<RunResult> {
  const [program, ...first] = await proaCommand();
  return run(program, [...first, ...args], settings);
}

const pollPauseMs = 100;

/** Asks until the answer is neither undefined nor false; rejects after so long, with the last answer's failure if any. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > until) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: failure });
    await delay(pollPauseMs);
  }
}
