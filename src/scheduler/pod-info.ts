// What the scheduler reads of a pod, worked out once per version of it. Source: pkg/scheduler/framework PodInfo. May import
// src/base, src/kinds.
import type { Labels } from "../base/labels.ts";
import { quantityMilliValue, quantityOf, quantityValue, milliQuantityOf, type Quantity } from "../base/quantity.ts";
import { isSidecar } from "../kinds/pod/containers.ts";
import { isExtendedResource, isHugePages } from "../kinds/pod/resource-names.ts";
import { isPodLevelRequestsSet, podRequests, type Amounts } from "../kinds/pod/resources.ts";
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import { type AffinityTerm, toTerms, toWeightedTerms } from "./affinity-terms.ts";
import { missingCpuMilli, missingMemoryBytes } from "./limits.ts";

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** Amounts in thousandths of a CPU, in bytes, and in whole units of extended resources. */
export interface Requests {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly extended: readonly (readonly [name: string, amount: number])[];
}

export interface PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  /** "namespace/name" */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly terminating: boolean;
  readonly requests: Requests;
  /** As the node's scores count a pod that runs: a container that asks for nothing counts a little. */
  readonly scoredCpuMilli: number;
  readonly scoredMemoryBytes: number;
  /** The same for a pod that is being placed. They differ with pod-level resources only. */
  readonly askedCpuMilli: number;
  readonly askedMemoryBytes: number;
  readonly hostPorts: readonly HostPort[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
  readonly hasAffinity: boolean;
}

export const podKey = ({ metadata }: Pod): string => `${metadata.namespace ?? ""}/${metadata.name}`;
export const podPriority = (pod: Pod): number => pod.spec?.priority ?? 0;

/** Extended resources, huge pages, names with kubernetes.io/ and attachable volumes. */
const isScalar = (name: string): boolean =>
  isExtendedResource(name) ||
  isHugePages(name) ||
  name.includes("kubernetes.io/") ||
  name.startsWith("attachable-volumes-");

const whole = (amount: Quantity | undefined): number => (amount ? Number(quantityValue(amount)) : 0);
const milli = (amount: Quantity | undefined): number => (amount ? Number(quantityMilliValue(amount)) : 0);

/** Amounts of a pod or a node. */
export function toRequests(amounts: Amounts): Requests {
  return {
    cpuMilli: milli(amounts.get("cpu")),
    memoryBytes: whole(amounts.get("memory")),
    storageBytes: whole(amounts.get("ephemeral-storage")),
    extended: [...amounts].flatMap(([name, amount]) => (isScalar(name) ? [[name, whole(amount)] as const] : [])),
  };
}

const missing: ReadonlyMap<string, Quantity> = new Map([
  ["cpu", milliQuantityOf(missingCpuMilli)],
  ["memory", quantityOf(missingMemoryBytes)],
]);

interface Sizes {
  readonly requests: Requests;
  readonly scored: readonly [cpuMilli: number, memoryBytes: number];
  readonly asked: readonly [cpuMilli: number, memoryBytes: number];
}

function measure(pod: Pod): Sizes {
  const amounts = podRequests(pod, { useStatus: true });
  const pair = (of: Amounts): readonly [number, number] => [milli(of.get("cpu")), whole(of.get("memory"))];
  const asked = podRequests(pod, { useStatus: true, nonMissingRequests: missing });
  let scored = asked;
  if (isPodLevelRequestsSet(pod.spec)) {
    const absent = new Map([...missing].filter(([name]) => !amounts.has(name)));
    scored = absent.size > 0 ? podRequests(pod, { useStatus: true, nonMissingRequests: absent }) : amounts;
  }
  return { requests: toRequests(amounts), scored: pair(scored), asked: pair(asked) };
}

/** Sizes of pods that ask alike; a Deployment's pods are reckoned once. */
const measured = new Map<string, Sizes>();
const measuredMax = 256;

function sizesOf(pod: Pod): Sizes {
  const { spec, status } = pod;
  // A status that speaks of resources may change what counts (resizes), so such pods are always reckoned anew.
  if (status?.resources || status?.containerStatuses?.some((one) => one.resources ?? one.allocatedResources)) {
    return measure(pod);
  }
  const asks = (list: readonly { resources?: unknown; restartPolicy?: string }[] | undefined): unknown =>
    list?.map((one) => [one.resources, one.restartPolicy]);
  const key = JSON.stringify([asks(spec?.containers), asks(spec?.initContainers), spec?.resources, spec?.overhead]);
  const known = measured.get(key);
  if (known) return known;
  const sizes = measure(pod);
  if (measured.size >= measuredMax) measured.clear();
  measured.set(key, sizes);
  return sizes;
}

const noPorts: readonly HostPort[] = [];

/** The ports on the node that the pod's containers, sidecars included, listen on. */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  let found: HostPort[] | undefined;
  const sidecars = pod.spec?.initContainers?.filter(isSidecar) ?? [];
  for (const { ports = [] } of [...sidecars, ...(pod.spec?.containers ?? [])]) {
    for (const { hostPort = 0, hostIP, protocol } of ports) {
      if (hostPort > 0) (found ??= []).push({ ip: hostIP || "0.0.0.0", protocol: protocol || "TCP", port: hostPort });
    }
  }
  return found ?? noPorts;
}

const noLabels: Labels = {};

function makePodInfo(pod: Pod): PodInfo {
  const { metadata, spec } = pod;
  const sizes = sizesOf(pod);
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return {
    pod,
    uid: metadata.uid ?? podKey(pod),
    key: podKey(pod),
    namespace: metadata.namespace ?? "",
    labels: metadata.labels ?? noLabels,
    priority: podPriority(pod),
    terminating: metadata.deletionTimestamp !== undefined,
    requests: sizes.requests,
    scoredCpuMilli: sizes.scored[0],
    scoredMemoryBytes: sizes.scored[1],
    askedCpuMilli: sizes.asked[0],
    askedMemoryBytes: sizes.asked[1],
    hostPorts: hostPortsOf(pod),
    requiredAffinity: toTerms(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: toTerms(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: toWeightedTerms(pod, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: toWeightedTerms(pod, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    hasAffinity: podAffinity !== undefined || podAntiAffinity !== undefined,
  };
}

const remembered = new WeakMap<Pod, PodInfo>();

/** Throws SelectorError where an affinity term's selector can't be (validation lets none through). */
export function podInfoOf(pod: Pod): PodInfo {
  let info = remembered.get(pod);
  if (!info) remembered.set(pod, (info = makePodInfo(pod)));
  return info;
}
