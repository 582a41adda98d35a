// What a cluster has on the machine: mounts, links, network namespaces, rules, routes, processes and control groups that
// bear its name or lie in its folders. May import node, src/host.
import { existsSync } from "node:fs";
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { addressesOf } from "../../src/host/cni/cluster-addresses.ts";
import { findControlGroups } from "../../src/host/machine/cgroups.ts";
import { isUnder, listMounts, type MountEntry } from "../../src/host/machine/mounts.ts";
import { commandLine, listProcessIds } from "../../src/host/machine/processes.ts";
import { run } from "./program.ts";
import type { TestCluster } from "./test-cluster.ts";

export interface MachineTraces {
  readonly bridge: readonly string[];
  readonly rules: readonly string[];
  readonly routes: readonly string[];
  readonly namespaces: readonly string[];
  readonly mounts: readonly string[];
  readonly processes: readonly string[];
  readonly controlGroups: readonly string[];
  readonly files: readonly string[];
}

export const noTraces: MachineTraces = {
  bridge: [],
  rules: [],
  routes: [],
  namespaces: [],
  mounts: [],
  processes: [],
  controlGroups: [],
  files: [],
};

/** The cluster's index, from the pods' addresses that `proa status` tells. */
export async function indexOf(cluster: TestCluster): Promise<number> {
  const text = /(10\.\d+\.0\.0\/16)/.exec(await cluster.status("pods"))![1]!;
  for (let index = 0; ; index += 1) if (addressesOf(index).podCidr === text) return index;
}

/** Lines of a program's output; none where the machine lacks the program. */
async function lines(program: string, ...args: readonly string[]): Promise<string[]> {
  const { stdout } = await run(program, args).catch(() => ({ stdout: "" }));
  return stdout.split("\n").map((line) => line.trim());
}

/** The network namespaces, as "net:[INODE]", that are mounted under the folder. */
const namespacesUnder = (mounts: readonly MountEntry[], folder: string): string[] =>
  mounts.filter(({ type, mountPoint }) => type === "nsfs" && isUnder(mountPoint, folder)).map(({ root }) => root);

/**
 * Those of the namespaces in which a process still is. The kernel gives a number that is free again to the next
 * namespace at once: one that is mounted by now has become somebody else's.
 */
async function stillHeld(mounts: readonly MountEntry[], namespaces: readonly string[]): Promise<string[]> {
  const held = new Set<string>();
  for (const pid of await listProcessIds()) {
    // A process may end while the list is walked.
    held.add(await readlink(`/proc/${pid}/ns/net`).catch(() => ""));
  }
  const others = new Set(mounts.filter(({ type }) => type === "nsfs").map(({ root }) => root));
  return namespaces.filter((one) => held.has(one) && !others.has(one));
}

/** What is on the machine of the cluster with that index; `lostNamespaces` are looked for wherever they may be. */
export async function findTraces(
  { name, folder }: TestCluster,
  index: number,
  lostNamespaces: readonly string[] = [],
): Promise<MachineTraces> {
  const addresses = addressesOf(index);
  const prefix = addresses.podCidr.replace(/0\.0\/16$/, "");
  const runFolder = `/run/proa/clusters/${name}`;
  const places = [`${folder}/`, runFolder];
  const words = new RegExp(`\\b(?:${addresses.name}|${addresses.bridge})\\b(?!-)|\\b${prefix.replaceAll(".", "\\.")}`);
  const mentions = (line: string): boolean => words.test(line);
  const [links, tables, nat, filter, routes] = await Promise.all([
    lines("ip", "-o", "link"),
    lines("nft", "list", "ruleset"),
    lines("iptables", "-t", "nat", "-S"),
    lines("iptables", "-S"),
    lines("ip", "route"),
  ]);
  const processes: string[] = [];
  for (const pid of await listProcessIds()) {
    const command = (await commandLine(pid)).join(" ");
    if (places.some((place) => command.includes(place))) processes.push(command);
  }
  const mounts = await listMounts();
  return {
    bridge: links.filter(mentions),
    rules: [...tables, ...nat, ...filter].filter(mentions),
    routes: routes.filter(mentions),
    namespaces: [...namespacesUnder(mounts, runFolder), ...(await stillHeld(mounts, lostNamespaces))],
    mounts: mounts
      .map(({ mountPoint }) => mountPoint)
      .filter((mountPoint) => places.some((place) => mountPoint.startsWith(place))),
    processes,
    controlGroups: [...findControlGroups().folders.values()]
      .map((group) => join(group, addresses.name))
      .filter((path) => existsSync(path)),
    files: [runFolder].filter((path) => existsSync(path)),
  };
}
