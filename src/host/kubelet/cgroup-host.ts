// The control group port on a real machine: kubepods, a group for each class of service, and one for each pod, as
// upstream's cgroupfs driver lays them out, under the cluster's own group. May import node, src/kubelet's port.
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CgroupHost, PodCgroup } from "../../kubelet/cgroup-host.ts";
import {
  createControlGroup,
  endControlGroup,
  findControlGroups,
  limitControlGroup,
  type ControlGroups,
} from "../machine/cgroups.ts";

const classFolders = { Guaranteed: "", Burstable: "/burstable", BestEffort: "/besteffort" } as const;
const cpuSharesMin = 2;
const cpuSharesMax = 262_144;

/** "hugetlb.2MB.limit_in_bytes" of version 1, "hugetlb.2MB.max" of version 2. */
async function limitHugePages(groups: ControlGroups, path: string, limits: PodCgroup["hugePages"]): Promise<void> {
  const folder = groups.folders.get(groups.version === 2 ? "" : "hugetlb");
  if (folder === undefined) return;
  for (const { pageSize, limit } of limits) {
    const file = join(folder, path, `hugetlb.${pageSize}.${groups.version === 2 ? "max" : "limit_in_bytes"}`);
    if (existsSync(file)) await writeFile(file, String(limit));
  }
}

export interface CgroupHostOptions {
  /** The cluster's own group: "/proa-0". */
  readonly root: string;
  readonly groups?: ControlGroups;
}

export function createCgroupHost(options: CgroupHostOptions): CgroupHost {
  const groups = options.groups ?? findControlGroups();
  const kubepods = `${options.root === "/" ? "" : options.root}/kubepods`;
  const anyFolder = groups.folders.get(groups.version === 2 ? "" : "memory") ?? [...groups.folders.values()][0];
  /** Shares of Burstable pods: their class has the sum, so that pods are served by what they asked for. */
  const burstable = new Map<string, number>();
  const shareClasses = async (): Promise<void> => {
    const sum = [...burstable.values()].reduce((total, shares) => total + shares, 0);
    const cpuShares = Math.min(Math.max(sum, cpuSharesMin), cpuSharesMax);
    if (burstable.size > 0) await limitControlGroup(`${kubepods}/burstable`, { cpuShares }, groups);
  };
  const podFolder = (uid: string, serviceClass: PodCgroup["serviceClass"]): string =>
    `${kubepods}${classFolders[serviceClass]}/pod${uid}`;
  return {
    async ensurePod(pod) {
      const path = podFolder(pod.podUid, pod.serviceClass);
      await createControlGroup(path, groups);
      if (pod.serviceClass === "BestEffort") {
        await limitControlGroup(`${kubepods}/besteffort`, { cpuShares: cpuSharesMin }, groups);
      }
      const { cpuShares, cpuQuotaMicros, cpuPeriodMicros, memoryBytes = -1 } = pod;
      await limitControlGroup(path, { cpuShares, cpuQuotaMicros, cpuPeriodMicros, memoryBytes }, groups);
      await limitHugePages(groups, path, pod.hugePages);
      if (pod.serviceClass === "Burstable") {
        burstable.set(pod.podUid, cpuShares);
        await shareClasses();
      }
      return path;
    },
    async removePod(podUid) {
      for (const folder of Object.keys(classFolders) as PodCgroup["serviceClass"][]) {
        await endControlGroup(podFolder(podUid, folder), groups);
      }
      if (burstable.delete(podUid)) await shareClasses();
    },
    async listPods() {
      const found = new Set<string>();
      for (const folder of Object.values(classFolders)) {
        const names = await readdir(join(anyFolder ?? "/", kubepods, folder)).catch(() => []);
        for (const name of names) if (name.startsWith("pod")) found.add(name.slice("pod".length));
      }
      return [...found];
    },
  };
}
