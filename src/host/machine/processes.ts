// Processes of the machine as /proc tells of them: which are alive, which program they are, ending them. A process is
// known by its id and its start time, so that an id that was used again is never taken for the one meant. May import node.
import { readFile, readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks after the machine's start: the 22nd field of /proc/PID/stat. */
  readonly startTicks: string;
}

/** undefined: no such process, or it is a zombie. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name in brackets may hold anything, spaces and brackets too: the fields begin after the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTicks: fields[19] ?? "" };
}

export async function isAlive(mark: ProcessMark): Promise<boolean> {
  return (await markOf(mark.pid))?.startTicks === mark.startTicks;
}

/** The arguments of a process; empty when it is gone. */
export async function commandLine(pid: number): Promise<string[]> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, "utf8");
    return text.split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

export async function listProcessIds(): Promise<number[]> {
  const names = await readdir("/proc");
  return names.filter((name) => /^[0-9]+$/.test(name)).map(Number);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
export async function endProcess(mark: ProcessMark, graceMs: number): Promise<void> {
  if (!(await isAlive(mark))) return;
  sendSignal(mark.pid, "SIGTERM");
  const stepMs = 10;
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += stepMs) {
    if (!(await isAlive(mark))) return;
    await delay(stepMs);
  }
  while (await isAlive(mark)) {
    sendSignal(mark.pid, "SIGKILL");
    await delay(stepMs);
  }
}
