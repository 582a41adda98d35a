// /stats/summary of a node: what it and its pods use (k8s.io/kubelet/pkg/apis/stats/v1alpha1). Imports src/base and
// src/kinds.
import { toTime } from "../../base/clock.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { containerNameLabel, podUidLabel } from "../pod/identity.ts";
import type { ContainerStats } from "../runtime.ts";
import { podDirectory } from "../volumes/pod-volumes.ts";
import type { NodeServices } from "../worker/node-services.ts";

interface CpuStats {
  readonly time: string;
  readonly usageNanoCores?: number;
  readonly usageCoreNanoSeconds: number;
}
interface MemoryStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly usageBytes: number;
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly pageFaults?: number;
  readonly majorPageFaults?: number;
}
interface FsStats {
  readonly time: string;
  readonly availableBytes: number;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
  readonly inodesUsed: number;
}
interface ContainerSummary {
  readonly name: string;
  readonly startTime: string;
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly rootfs: FsStats;
}
interface PodSummary {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime: string;
  readonly containers: readonly ContainerSummary[];
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly "ephemeral-storage": FsStats;
}
export interface StatsSummary {
  readonly node: {
    readonly nodeName: string;
    readonly startTime: string;
    readonly cpu: CpuStats;
    readonly memory: MemoryStats;
    readonly fs: FsStats;
    readonly rlimit: { readonly time: string; readonly maxpid: number; readonly curproc: number };
  };
  readonly pods: readonly PodSummary[];
}

const sum = (list: readonly ContainerStats[], pick: (one: ContainerStats) => number): number =>
  list.reduce((total, one) => total + pick(one), 0);

function memoryOf(list: readonly ContainerStats[], time: string): MemoryStats {
  return {
    time,
    usageBytes: sum(list, (one) => one.memoryUsageBytes),
    workingSetBytes: sum(list, (one) => one.memoryWorkingSetBytes),
    rssBytes: sum(list, (one) => one.memoryRssBytes),
    pageFaults: sum(list, (one) => one.memoryPageFaults),
    majorPageFaults: sum(list, (one) => one.memoryMajorPageFaults),
  };
}

export async function statsSummary(services: NodeServices, pods: readonly Pod[]): Promise<StatsSummary> {
  const { runtime, machine, clock, facts, index, volumeHost } = services;
  const [stats, filesystem, usage] = await Promise.all([
    runtime.containerStats(),
    machine.filesystem(),
    machine.usage(),
  ]);
  const time = toTime(clock.now());
  const fs = (usedBytes: number, inodesUsed: number): FsStats => ({
    time,
    availableBytes: filesystem.availableBytes,
    capacityBytes: filesystem.capacityBytes,
    usedBytes,
    inodes: filesystem.inodes,
    inodesFree: filesystem.inodesFree,
    inodesUsed,
  });
  const summaries: PodSummary[] = [];
  for (const { metadata } of pods) {
    const uid = metadata.uid!;
    const own = stats.filter(({ labels }) => labels[podUidLabel] === uid);
    const state = index.stateOf(uid);
    const disk = await volumeHost.usage(podDirectory(volumeHost, uid)).catch(() => ({ usedBytes: 0, inodesUsed: 0 }));
    const containers = own.map((one): ContainerSummary => {
      const startedMs = state.containers.find(({ id }) => id === one.id)?.status.startedAtMs ?? clock.now();
      return {
        name: one.labels[containerNameLabel] ?? "",
        startTime: toTime(startedMs),
        cpu: { time: toTime(one.timeMs), usageCoreNanoSeconds: one.cpuNanos },
        memory: memoryOf([one], toTime(one.timeMs)),
        rootfs: fs(one.rootfsUsedBytes, one.rootfsInodesUsed),
      };
    });
    const rootfs = sum(own, (one) => one.rootfsUsedBytes);
    const inodes = sum(own, (one) => one.rootfsInodesUsed);
    summaries.push({
      podRef: { name: metadata.name!, namespace: metadata.namespace!, uid },
      startTime: toTime(state.sandboxes[0]?.createdAtMs ?? clock.now()),
      containers,
      cpu: { time, usageCoreNanoSeconds: sum(own, (one) => one.cpuNanos) },
      memory: memoryOf(own, time),
      "ephemeral-storage": fs(rootfs + disk.usedBytes, inodes + disk.inodesUsed),
    });
  }
  return {
    node: {
      nodeName: facts.name,
      startTime: toTime(facts.startedMs),
      cpu: { time, usageCoreNanoSeconds: usage.cpuNanos },
      memory: {
        time,
        availableBytes: usage.memoryAvailableBytes,
        usageBytes: usage.memoryUsageBytes,
        workingSetBytes: usage.memoryWorkingSetBytes,
        rssBytes: usage.memoryRssBytes,
      },
      fs: fs(filesystem.usedBytes, filesystem.inodes - filesystem.inodesFree),
      rlimit: { time, maxpid: usage.processesMax, curproc: usage.processes },
    },
    pods: summaries,
  };
}
