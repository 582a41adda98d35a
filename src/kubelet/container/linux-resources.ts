// Requests and limits as Linux takes them: shares, quota, memory, huge pages (pkg/kubelet/cm helpers_linux.go and
// kuberuntime_container_linux.go). Pure; imports src/kinds.
import type { Container, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { PodCgroup } from "../cgroup-host.ts";
import { cpuPeriodMicros, cpuQuotaMicrosMin, cpuSharesMax, cpuSharesMin } from "../limits.ts";
import { type Amounts, milliOf, valueOf } from "../pod/amounts.ts";
import { oomScoreAdjust, podLimits, podRequests, serviceClassOf } from "../pod/pod-resources.ts";
import type { LinuxResources } from "../runtime.ts";

export function toShares(milliCpu: number): number {
  return Math.min(cpuSharesMax, Math.max(cpuSharesMin, Math.trunc((milliCpu * 1024) / 1000)));
}
/** 0: no limit. */
export function toQuota(milliCpu: number, periodMicros = cpuPeriodMicros): number {
  return milliCpu === 0 ? 0 : Math.max(cpuQuotaMicrosMin, Math.trunc((milliCpu * periodMicros) / 1000));
}

/** "2MB", "1GB": a page size as cgroups name it. */
export function pageSizeName(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let rest = bytes;
  let step = 0;
  while (rest >= 1024 && step < units.length - 1) {
    rest /= 1024;
    step += 1;
  }
  return `${rest}${units[step]}`;
}

/** A limit for each page size that the node has; nothing asked for is a limit of 0. */
export function hugePageLimits(sizesBytes: readonly number[], ...lists: readonly (Amounts | undefined)[]) {
  return sizesBytes.map((bytes) => {
    let limit = 0;
    for (const list of lists) {
      for (const [name, amount] of Object.entries(list ?? {})) {
        if (name.startsWith("hugepages-") && valueOf(name.slice("hugepages-".length)) === bytes)
          limit = valueOf(amount);
      }
    }
    return { pageSize: pageSizeName(bytes), limit };
  });
}

export interface LinuxContext {
  readonly memoryBytes: number;
  readonly hugePageSizesBytes: readonly number[];
}

/** The pod's own limit where the container has none. */
function limitOf(pod: Pod, container: Container, name: "cpu" | "memory"): string | undefined {
  const own = container.resources?.limits?.[name];
  return own !== undefined && milliOf(own) !== 0 ? own : pod.spec.resources?.limits?.[name];
}

export function containerResources(pod: Pod, container: Container, context: LinuxContext): LinuxResources {
  const cpuLimit = limitOf(pod, container, "cpu");
  const cpuRequest = container.resources?.requests?.cpu;
  const memory = valueOf(limitOf(pod, container, "memory"));
  return {
    cpuShares: toShares(milliOf(cpuRequest ?? cpuLimit)),
    cpuPeriod: cpuPeriodMicros,
    cpuQuota: toQuota(milliOf(cpuLimit)),
    ...(memory === 0 ? {} : { memoryLimitBytes: memory }),
    oomScoreAdj: oomScoreAdjust(pod, container, context.memoryBytes),
    hugepageLimits: hugePageLimits(context.hugePageSizesBytes, pod.spec.resources?.limits, container.resources?.limits),
  };
}

/** The group around all of the pod's containers (ResourceConfigForPod). */
export function podCgroup(pod: Pod, { hugePageSizesBytes }: LinuxContext): PodCgroup {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const all = (name: "cpu" | "memory"): boolean =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    containers.every((container) => milliOf(container.resources?.limits?.[name]) > 0);
  const serviceClass = serviceClassOf(pod);
  const limited = serviceClass !== "BestEffort";
  const quota = limited && all("cpu") ? toQuota(milliOf(limits.cpu)) : 0;
  return {
    podUid: pod.metadata.uid!,
    serviceClass,
    cpuShares: limited ? toShares(milliOf(requests.cpu)) : cpuSharesMin,
    cpuQuotaMicros: quota === 0 ? -1 : quota,
    cpuPeriodMicros,
    memoryBytes: limited && all("memory") ? valueOf(limits.memory) : undefined,
    hugePages: hugePageLimits(hugePageSizesBytes, limits),
  };
}
