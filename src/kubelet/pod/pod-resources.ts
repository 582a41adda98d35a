// What a pod asks of the node, as lists of quantities, and its containers' order in an out-of-memory kill
// (pkg/kubelet/qos). Imports src/kinds.
import { printQuantity } from "../../base/quantity.ts";
import { computePodQOS, type PodQualityClass } from "../../kinds/pod/qos.ts";
import {
  aggregateContainerRequests,
  type Amounts as AmountMap,
  podLimits as limitsOf,
  podRequests as requestsOf,
} from "../../kinds/pod/resources.ts";
import type { Container, Pod } from "../../kinds/types/core-v1.gen.ts";
import { type Amounts, valueOf } from "./amounts.ts";
import { isSidecar } from "./container-spec.ts";

const toList = (amounts: AmountMap): Amounts =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, printQuantity(amount)]));

/** All that the pod requests, its overhead included. */
export const podRequests = (pod: Pod): Amounts => toList(requestsOf(pod));

/** All that limits the pod, its overhead included. */
export const podLimits = (pod: Pod): Amounts => toList(limitsOf(pod));

/** The class of service; what the API has written into the status stays. */
export const serviceClassOf = (pod: Pod): PodQualityClass => pod.status?.qosClass ?? computePodQOS(pod);

const guaranteedScore = -997;
const bestEffortScore = 1000;
/** Priority from which a pod is critical to its node (system-node-critical). */
const nodeCriticalPriority = 2_000_001_000;

/** The pod's memory request that no container asks for, shared among them. */
function sharedMemory(pod: Pod): number {
  const own = pod.spec.resources?.requests?.memory;
  if (own === undefined) return 0;
  const asked = valueOf(toList(aggregateContainerRequests(pod)).memory);
  const count = pod.spec.containers.length + (pod.spec.initContainers ?? []).filter(isSidecar).length;
  return Math.max(0, Math.floor((valueOf(own) - asked) / count));
}

/** /proc/PID/oom_score_adj of a container's processes: the less it asked for, the sooner it goes. */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= nodeCriticalPriority) return guaranteedScore;
  const serviceClass = serviceClassOf(pod);
  if (serviceClass === "Guaranteed") return guaranteedScore;
  if (serviceClass === "BestEffort") return bestEffortScore;
  const shared = sharedMemory(pod);
  const scoreOf = (bytes: number): number => 1000 - Math.trunc((1000 * (bytes + shared)) / memoryCapacityBytes);
  const memoryOf = (one: Container): number => valueOf(one.resources?.requests?.memory);
  let score = scoreOf(memoryOf(container));
  if (isSidecar(container)) {
    score = Math.min(score, scoreOf(Math.min(...pod.spec.containers.map(memoryOf))));
  }
  if (score < 1000 + guaranteedScore) return 1000 + guaranteedScore;
  return score === bestEffortScore ? score - 1 : score;
}
