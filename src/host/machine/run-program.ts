// Runs a program of the machine and hands back what it said. May import node.
import { execFile } from "node:child_process";

/** A program that ended with another status than 0, could not be started, or took too long. */
export class ProgramError extends Error {
  override name = "ProgramError";
  readonly status: number | undefined;
  readonly stderr: string;
  constructor(message: string, status: number | undefined, stderr: string, cause: unknown) {
    super(message, { cause });
    this.status = status;
    this.stderr = stderr;
  }
}

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

const outputBytesMax = 16 * 1024 * 1024;
const timeoutDefaultMs = 60_000;

/**
 * Resolves to what the program wrote when it ends with status 0; rejects with ProgramError otherwise. Standard input is
 * empty. Nothing goes through a shell.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const { timeoutMs = timeoutDefaultMs, env, signal } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { maxBuffer: outputBytesMax, timeout: timeoutMs, killSignal: "SIGKILL", signal, ...(env ? { env } : {}) },
      (error, stdout, stderr) => {
        if (!error) {
          resolve({ stdout, stderr });
          return;
        }
        const status = typeof error.code === "number" ? error.code : undefined;
        const why = stderr.trim() || stdout.trim() || error.message;
        reject(new ProgramError(`${program} ${args.join(" ")}: ${why}`, status, stderr, error));
      },
    );
    child.stdin?.end();
  });
}

/** The same, where failure is an answer: resolves to false instead of rejecting. */
export async function tryProgram(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await runProgram(program, args);
    return true;
  } catch (error) {
    if (error instanceof ProgramError) return false;
    throw error;
  }
}
