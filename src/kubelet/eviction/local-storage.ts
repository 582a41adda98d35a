// Eviction for local storage: a pod that uses more than its emptyDir volumes or its ephemeral storage allow is ended
// (pkg/kubelet/eviction: localStorageEviction), in upstream's words. Imports src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { valueOf } from "../pod/amounts.ts";
import { podLimits } from "../pod/pod-resources.ts";
import type { ContainerStats } from "../runtime.ts";
import { containerNameLabel, podUidLabel } from "../pod/identity.ts";
import type { VolumeHost } from "../volume-host.ts";
import { podDirectory } from "../volumes/pod-volumes.ts";

export interface EvictionVerdict {
  readonly reason: "Evicted";
  readonly message: string;
}

const evicted = (message: string): EvictionVerdict => ({ reason: "Evicted", message });

/** Whether any limit makes the pod worth measuring: most have none. */
export function hasStorageLimits(pod: Pod): boolean {
  if (pod.spec.volumes?.some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)) return true;
  return podLimits(pod)["ephemeral-storage"] !== undefined;
}

/** Why the pod is to be ended; undefined: it keeps within its limits. */
export async function judgeStorage(
  pod: Pod,
  host: VolumeHost,
  stats: readonly ContainerStats[],
): Promise<EvictionVerdict | undefined> {
  const root = `${podDirectory(host, pod.metadata.uid!)}/volumes/kubernetes.io~empty-dir`;
  let volumesBytes = 0;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (!emptyDir || !(await host.stat(`${root}/${name}`))) continue;
    const { usedBytes } = await host.usage(`${root}/${name}`);
    if (emptyDir.medium !== "Memory") volumesBytes += usedBytes;
    const limit = emptyDir.sizeLimit;
    if (limit !== undefined && valueOf(limit) > 0 && usedBytes > valueOf(limit)) {
      return evicted(`Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `);
    }
  }
  const own = stats.filter(({ labels }) => labels[podUidLabel] === pod.metadata.uid);
  const rootfsBytes = own.reduce((sum, { rootfsUsedBytes }) => sum + rootfsUsedBytes, 0);
  const limit = podLimits(pod)["ephemeral-storage"];
  if (limit !== undefined && volumesBytes + rootfsBytes > valueOf(limit)) {
    return evicted(`Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `);
  }
  for (const { name, resources } of pod.spec.containers) {
    const containerLimit = resources?.limits?.["ephemeral-storage"];
    const used = own.find(({ labels }) => labels[containerNameLabel] === name)?.rootfsUsedBytes ?? 0;
    if (containerLimit !== undefined && used > valueOf(containerLimit)) {
      return evicted(`Container ${name} exceeded its local ephemeral storage limit "${containerLimit}". `);
    }
  }
  return undefined;
}
