// The machine port on a real machine: what the kernel tells in /proc and /sys. May import node, src/kubelet's port.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { readFile, readdir, statfs } from "node:fs/promises";
import { availableParallelism, cpus, hostname, networkInterfaces, release } from "node:os";
import type { FilesystemUsage, MachineUsage, NodeMachine } from "../../kubelet/machine.ts";

const ticksPerSecond = 100;
const nanosPerTick = 1e9 / ticksPerSecond;

function readText(...paths: string[]): string {
  for (const path of paths) {
    try {
      const text = readFileSync(path, "utf8").trim();
      if (text !== "") return text;
    } catch {
      // The next place.
    }
  }
  return "";
}

/** Lines "MemTotal:  16384 kB" → bytes by name. */
export function parseMemInfo(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const match of text.matchAll(/^(\S+):\s+([0-9]+)( kB)?$/gm)) {
    values.set(match[1]!, Number(match[2]) * (match[3] ? 1024 : 1));
  }
  return values;
}

/** PRETTY_NAME of os-release(5). */
export function parseOsImage(text: string): string {
  const value = /^PRETTY_NAME=(.*)$/m.exec(text)?.[1] ?? "";
  return value.replace(/^(["'])(.*)\1$/, "$2") || "Linux";
}

function readHugePages(): { pageSizeBytes: number; totalBytes: number }[] {
  const folder = "/sys/kernel/mm/hugepages";
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((name) => {
    const size = Number(/^hugepages-([0-9]+)kB$/.exec(name)?.[1] ?? 0) * 1024;
    const count = Number(readText(`${folder}/${name}/nr_hugepages`));
    return size > 0 ? [{ pageSizeBytes: size, totalBytes: size * count }] : [];
  });
}

/** The interface of the default route: the first line of /proc/net/route whose destination and mask are 0. */
export function defaultInterface(routes: string): string | undefined {
  for (const line of routes.split("\n").slice(1)) {
    const fields = line.split("\t");
    if (fields[1] === "00000000" && fields[7] === "00000000") return fields[0];
  }
  return undefined;
}

/** Addresses of the machine, those of the default route's interface first, IPv4 before IPv6; loopback where no other is. */
function findAddresses(): string[] {
  const first = defaultInterface(readText("/proc/net/route"));
  const interfaces = Object.entries(networkInterfaces()).sort(([a], [b]) => Number(b === first) - Number(a === first));
  const all = interfaces.flatMap(([, list]) => list ?? []).filter(({ internal }) => !internal);
  const usable = all.filter(({ address }) => !address.startsWith("fe80:"));
  const byFamily = (family: string): string[] =>
    usable.filter((one) => one.family === family).map(({ address }) => address);
  const found = [...byFamily("IPv4"), ...byFamily("IPv6")];
  // One address, as upstream's kubelet has without --node-ip: a node with both families is configured as such.
  return [found[0] ?? "127.0.0.1"];
}

function findThrottlePaths(): string[] {
  return cpus()
    .map((_cpu, index) => `/sys/devices/system/cpu/cpu${index}/thermal_throttle`)
    .filter((path) => existsSync(path));
}

/** systemd-resolved's stub answers on loopback only: pods need the servers behind it. */
async function readResolvConf(): Promise<string> {
  const text = await readFile("/etc/resolv.conf", "utf8").catch(() => "");
  const servers = [...text.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1]!);
  if (servers.length > 0 && servers.every((server) => server === "127.0.0.53")) {
    return readFile("/run/systemd/resolve/resolv.conf", "utf8").catch(() => text);
  }
  return text;
}

async function readFilesystem(path: string): Promise<FilesystemUsage> {
  const { bsize, blocks, bavail, bfree, files, ffree } = await statfs(path);
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}

async function readUsage(): Promise<MachineUsage> {
  const [stat, meminfo, processIds, limit] = await Promise.all([
    readFile("/proc/stat", "utf8"),
    readFile("/proc/meminfo", "utf8"),
    readdir("/proc"),
    readFile("/proc/sys/kernel/pid_max", "utf8"),
  ]);
  // user, nice, system, idle, iowait, irq, softirq, steal: all but the two idle ones.
  const ticks = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? "").split(" ").map(Number);
  const busy = ticks.slice(0, 8).reduce((sum, value, index) => (index === 3 || index === 4 ? sum : sum + value), 0);
  const memory = parseMemInfo(meminfo);
  const of = (name: string): number => memory.get(name) ?? 0;
  const usage = of("MemTotal") - of("MemFree");
  // cAdvisor's working set: what is in use without the file pages that can be dropped at once.
  const workingSet = Math.max(0, usage - of("Inactive(file)"));
  return {
    timeMs: Date.now(),
    cpuNanos: busy * nanosPerTick,
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: workingSet,
    memoryAvailableBytes: of("MemTotal") - workingSet,
    memoryRssBytes: of("AnonPages"),
    processes: processIds.filter((name) => /^[0-9]+$/.test(name)).length,
    processesMax: Number(limit),
  };
}

export interface NodeMachineOptions {
  /** The folder whose file system holds pods' volumes and logs. */
  readonly rootPath: string;
  /** Instead of the machine's own, for nodes in a network namespace. */
  readonly addresses?: readonly string[];
  readonly hostname?: string;
}

export function readNodeMachine(options: NodeMachineOptions): NodeMachine {
  const memory = parseMemInfo(readText("/proc/meminfo"));
  const machineId = readText("/etc/machine-id", "/var/lib/dbus/machine-id");
  return {
    hostname: options.hostname ?? hostname().toLowerCase(),
    cpus: availableParallelism(),
    memoryBytes: memory.get("MemTotal") ?? 0,
    swapBytes: memory.get("SwapTotal") ?? 0,
    hugePages: readHugePages(),
    addresses: options.addresses ?? findAddresses(),
    kernelVersion: release(),
    osImage: parseOsImage(readText("/etc/os-release", "/usr/lib/os-release")),
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    machineId: machineId || readText("/proc/sys/kernel/random/boot_id").replaceAll("-", ""),
    systemUuid: readText("/sys/class/dmi/id/product_uuid", "/sys/hypervisor/uuid") || machineId,
    bootId: readText("/proc/sys/kernel/random/boot_id"),
    thermalThrottlePaths: findThrottlePaths(),
    resolvConf: readResolvConf,
    hosts: () => readFile("/etc/hosts", "utf8").catch(() => ""),
    filesystem: () => readFilesystem(options.rootPath),
    usage: readUsage,
  };
}
