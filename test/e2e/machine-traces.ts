// What a cluster has on the machine: mounts, links, network namespaces, rules, routes, processes and control groups that
// bear its name or lie in its folders. May import node, src/host.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { addressesOf } from "../../src/host/cni/cluster-addresses.ts";
import { findControlGroups } from "../../src/host/machine/cgroups.ts";
import { listMounts } from "../../src/host/machine/mounts.ts";
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

/** The names of network namespaces in which an address begins so. */
async function namespacesWith(prefix: string): Promise<string[]> {
  const names = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const own = await Promise.all(
    names.map(async (name) => {
      const addresses = await lines("ip", "netns", "exec", name, "ip", "-o", "-4", "address");
      return addresses.some((line) => line.includes(` ${prefix}`)) ? [name] : [];
    }),
  );
  return own.flat();
}

/** What is on the machine of the cluster with that index; `lostNamespaces` are looked for by name. */
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
  const left = existsSync("/run/netns") ? lostNamespaces.filter((one) => existsSync(join("/run/netns", one))) : [];
  return {
    bridge: links.filter(mentions),
    rules: [...tables, ...nat, ...filter].filter(mentions),
    routes: routes.filter(mentions),
    namespaces: [...new Set([...(await namespacesWith(prefix)), ...left])],
    mounts: (await listMounts())
      .map(({ mountPoint }) => mountPoint)
      .filter((mountPoint) => places.some((place) => mountPoint.startsWith(place))),
    processes,
    controlGroups: [...findControlGroups().folders.values()]
      .map((group) => join(group, addresses.name))
      .filter((path) => existsSync(path)),
    files: [runFolder].filter((path) => existsSync(path)),
  };
}
