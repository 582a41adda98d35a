// The machine's control groups, version 1 or 2: making a cluster's own tree in them, setting pods' limits, reading
// their use, ending all that is in it. Paths are as CRI's cgroup parents: "/proa-0/kubepods/burstable/podUID". May import
// node.
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseMountInfo } from "./mounts.ts";
import { endProcess, markOf } from "./processes.ts";

export interface ControlGroups {
  readonly version: 1 | 2;
  /** Where each controller's tree is mounted; with version 2 all are the same folder, under the name "". */
  readonly folders: ReadonlyMap<string, string>;
}

export interface ControlGroupLimits {
  /** 2 to 262144; upstream's: 1024 a core. */
  readonly cpuShares?: number;
  /** Microseconds of each period; -1: none. */
  readonly cpuQuotaMicros?: number;
  /** 100 ms when left out. */
  readonly cpuPeriodMicros?: number;
  /** -1: none. */
  readonly memoryBytes?: number;
  readonly processesMax?: number;
}

const cpuPeriodDefaultMicros = 100_000;
// Every one that runc makes groups in: all must be cleared again.
const version1Controllers =
  "cpu cpuacct cpuset memory devices freezer blkio pids hugetlb net_cls net_prio perf_event rdma misc".split(" ");

/**
 * What is mounted. Version 2 only where its controllers are in use: a machine may mount an empty version 2 tree beside
 * version 1 (and runtimes take version 1 then).
 */
export function findControlGroups(mountInfo = readFileSync("/proc/self/mountinfo", "utf8")): ControlGroups {
  const mounts = parseMountInfo(mountInfo);
  const unified = mounts.find(({ type, mountPoint }) => type === "cgroup2" && mountPoint === "/sys/fs/cgroup");
  if (unified) return { version: 2, folders: new Map([["", unified.mountPoint]]) };
  const folders = new Map<string, string>();
  for (const { type, mountPoint } of mounts) {
    if (type !== "cgroup") continue;
    const names = mountPoint.slice(mountPoint.lastIndexOf("/") + 1).split(",");
    for (const name of names) {
      if (name === "systemd" || version1Controllers.includes(name)) folders.set(name, mountPoint);
    }
  }
  return { version: 1, folders };
}

/** Cpu shares (2 … 262144) as a weight of version 2 (1 … 10000): KEP-2254's formula. */
export function toCpuWeight(shares: number): number {
  return Math.trunc(1 + ((shares - 2) * 9999) / 262_142);
}

async function writeValue(folder: string | undefined, path: string, file: string, value: string): Promise<void> {
  if (folder !== undefined) await writeFile(join(folder, path, file), value);
}

/** cpuset of version 1 begins empty and takes no process then: each level copies the one above. */
async function fillCpuset(folder: string, path: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = join(folder, path, file);
    if ((await readFile(own, "utf8")).trim() !== "") continue;
    await writeFile(own, await readFile(join(folder, path, "..", file), "utf8"));
  }
}

async function delegateControllers(folder: string, path: string): Promise<void> {
  const parent = join(folder, path, "..");
  const available = (await readFile(join(parent, "cgroup.controllers"), "utf8")).trim().split(" ");
  for (const name of available.filter((name) => name !== "")) {
    // One that holds processes of its own (a machine's root slice in a container) can't pass some on.
    await writeFile(join(parent, "cgroup.subtree_control"), `+${name}`).catch(() => {});
  }
}

/** Makes a group and those above it. Callable again. */
export async function createControlGroup(path: string, groups = findControlGroups()): Promise<void> {
  const parts = path.split("/").filter((part) => part !== "");
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const part = parts.slice(0, depth).join("/");
    for (const [controller, folder] of groups.folders) {
      if (groups.version === 2) await delegateControllers(folder, part);
      await mkdir(join(folder, part), { recursive: true });
      if (controller === "cpuset") await fillCpuset(folder, part);
    }
  }
}

/** Sets a group's limits; those left out stay as they are. */
export async function limitControlGroup(
  path: string,
  limits: ControlGroupLimits,
  groups = findControlGroups(),
): Promise<void> {
  const { cpuShares, cpuQuotaMicros, cpuPeriodMicros = cpuPeriodDefaultMicros, memoryBytes, processesMax } = limits;
  const folder = (controller: string): string | undefined => groups.folders.get(groups.version === 2 ? "" : controller);
  const unlimited = (value: number): string => (value < 0 ? "max" : String(value));
  if (groups.version === 2) {
    if (cpuShares !== undefined) await writeValue(folder(""), path, "cpu.weight", String(toCpuWeight(cpuShares)));
    if (cpuQuotaMicros !== undefined)
      await writeValue(folder(""), path, "cpu.max", `${unlimited(cpuQuotaMicros)} ${cpuPeriodMicros}`);
    if (memoryBytes !== undefined) await writeValue(folder(""), path, "memory.max", unlimited(memoryBytes));
  } else {
    if (cpuShares !== undefined) await writeValue(folder("cpu"), path, "cpu.shares", String(cpuShares));
    if (cpuQuotaMicros !== undefined) {
      await writeValue(folder("cpu"), path, "cpu.cfs_period_us", String(cpuPeriodMicros));
      await writeValue(folder("cpu"), path, "cpu.cfs_quota_us", String(cpuQuotaMicros));
    }
    if (memoryBytes !== undefined)
      await writeValue(folder("memory"), path, "memory.limit_in_bytes", String(memoryBytes));
  }
  if (processesMax !== undefined) await writeValue(folder("pids"), path, "pids.max", unlimited(processesMax));
}

async function childrenOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

async function processesUnder(folder: string): Promise<number[]> {
  const below = await Promise.all((await childrenOf(folder)).map((name) => processesUnder(join(folder, name))));
  let own: string;
  try {
    own = await readFile(join(folder, "cgroup.procs"), "utf8");
  } catch {
    own = "";
  }
  return [...below.flat(), ...own.split("\n").filter(Boolean).map(Number)];
}

async function removeTree(folder: string): Promise<void> {
  for (const name of await childrenOf(folder)) await removeTree(join(folder, name));
  try {
    await rmdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** The processes in a group and below it. */
export async function listControlGroupProcesses(path: string, groups = findControlGroups()): Promise<number[]> {
  const lists = await Promise.all([...groups.folders.values()].map((folder) => processesUnder(join(folder, path))));
  return [...new Set(lists.flat())].filter((pid) => pid > 0);
}

const removeAttempts = 50;
const removeDelayMs = 10;

/** Removes a group and those below it. Rejects (EBUSY) when a process is left in it. */
export async function removeControlGroup(path: string, groups = findControlGroups()): Promise<void> {
  if (path.split("/").filter(Boolean).length === 0) throw new Error("the machine's own control group is not ours");
  for (const folder of groups.folders.values()) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await removeTree(join(folder, path));
        break;
      } catch (error) {
        // The kernel takes a moment to let go of processes that have just ended.
        if (attempt >= removeAttempts) throw error;
        await delay(removeDelayMs);
      }
    }
  }
}

/** Ends (SIGKILL) what runs in a group and removes it. Callable when it isn't there. */
export async function endControlGroup(path: string, groups = findControlGroups()): Promise<void> {
  if (![...groups.folders.values()].some((folder) => existsSync(join(folder, path)))) return;
  for (const pid of await listControlGroupProcesses(path, groups)) {
    const mark = await markOf(pid);
    if (mark) await endProcess(mark, 0);
  }
  await removeControlGroup(path, groups);
}
