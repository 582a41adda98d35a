// NodeResourcesFit and NodeResourcesBalancedAllocation: the node has room, the least loaded and the most evenly loaded are
// better. Source: plugins/noderesources. May import src/base, src/kinds.
import { scoreMax } from "../limits.ts";
import type { PodInfo, Requests } from "../pod-info.ts";
import type { NodeAmounts } from "../snapshot/node-amounts.ts";
import type { MakeFilter, MakeScorer, Refusal } from "./plugin.ts";

interface Shortage {
  readonly reason: string;
  /** The node is too small even when it is empty. */
  readonly unresolvable: boolean;
}

function findShortages({ requests }: PodInfo, amounts: NodeAmounts, slot: number): Shortage[] {
  const found: Shortage[] = [];
  const need = (reason: string, asked: number, allocatable: number, requested: number): void => {
    if (asked > 0 && asked > allocatable - requested) found.push({ reason, unresolvable: asked > allocatable });
  };
  if (amounts.podCount[slot]! + 1 > amounts.allocatablePods[slot]!) {
    found.push({ reason: "Too many pods", unresolvable: false });
  }
  const { allocatableCpuMilli, allocatableMemoryBytes, allocatableStorageBytes } = amounts;
  const { requestedCpuMilli, requestedMemoryBytes, requestedStorageBytes } = amounts;
  need("Insufficient cpu", requests.cpuMilli, allocatableCpuMilli[slot]!, requestedCpuMilli[slot]!);
  need("Insufficient memory", requests.memoryBytes, allocatableMemoryBytes[slot]!, requestedMemoryBytes[slot]!);
  need(
    "Insufficient ephemeral-storage",
    requests.storageBytes,
    allocatableStorageBytes[slot]!,
    requestedStorageBytes[slot]!,
  );
  for (const [name, amount] of requests.extended) {
    const own = amounts.extended.get(name);
    need(`Insufficient ${name}`, amount, own?.allocatable[slot] ?? 0, own?.requested[slot] ?? 0);
  }
  return found;
}

/** The common case without an allocation. */
function fits(
  { cpuMilli, memoryBytes, storageBytes, extended }: Requests,
  amounts: NodeAmounts,
  slot: number,
): boolean {
  return (
    extended.length === 0 &&
    amounts.podCount[slot]! + 1 <= amounts.allocatablePods[slot]! &&
    (cpuMilli === 0 || cpuMilli <= amounts.allocatableCpuMilli[slot]! - amounts.requestedCpuMilli[slot]!) &&
    (memoryBytes === 0 || memoryBytes <= amounts.allocatableMemoryBytes[slot]! - amounts.requestedMemoryBytes[slot]!) &&
    (storageBytes === 0 ||
      storageBytes <= amounts.allocatableStorageBytes[slot]! - amounts.requestedStorageBytes[slot]!)
  );
}

export const nodeResourcesFit: MakeFilter = (info, { snapshot: { amounts } }) => ({
  plugin: "NodeResourcesFit",
  check({ slot }): Refusal | undefined {
    if (fits(info.requests, amounts, slot)) return undefined;
    const shortages = findShortages(info, amounts, slot);
    if (shortages.length === 0) return undefined;
    return {
      plugin: "NodeResourcesFit",
      reasons: shortages.map(({ reason }) => reason),
      unresolvable: shortages.some(({ unresolvable }) => unresolvable),
    };
  },
});

/** LeastAllocated over CPU and memory with equal weights: the share that stays free. */
export const leastAllocated: MakeScorer = ({ askedCpuMilli, askedMemoryBytes }, { snapshot: { amounts } }) => {
  const freeShare = (requested: number, allocatable: number): number =>
    requested > allocatable ? 0 : Math.floor(((allocatable - requested) * scoreMax) / allocatable);
  return {
    plugin: "NodeResourcesFit",
    weight: 1,
    score({ slot }) {
      const cpu = amounts.allocatableCpuMilli[slot]!;
      const memory = amounts.allocatableMemoryBytes[slot]!;
      let sum = 0;
      let weights = 0;
      if (cpu > 0) {
        sum += freeShare(amounts.scoredCpuMilli[slot]! + askedCpuMilli, cpu);
        weights += 1;
      }
      if (memory > 0) {
        sum += freeShare(amounts.scoredMemoryBytes[slot]! + askedMemoryBytes, memory);
        weights += 1;
      }
      return weights === 0 ? 0 : Math.floor(sum / weights);
    },
  };
};

/** 100 where CPU and memory are used in equal parts, 50 where one is full and the other empty. */
function balanceOf(cpu: number, cpuTotal: number, memory: number, memoryTotal: number): number {
  // With one resource there is nothing to balance.
  if (cpuTotal === 0 || memoryTotal === 0) return scoreMax;
  const deviation = Math.abs((Math.min(cpu / cpuTotal, 1) - Math.min(memory / memoryTotal, 1)) / 2);
  return Math.trunc((1 - deviation) * scoreMax);
}

/** How much the pod betters the node's balance; pods that ask for neither CPU nor memory don't. */
export const balancedAllocation: MakeScorer = ({ requests }, { snapshot: { amounts } }) => {
  const { cpuMilli, memoryBytes } = requests;
  if (cpuMilli === 0 && memoryBytes === 0) return undefined;
  return {
    plugin: "NodeResourcesBalancedAllocation",
    weight: 1,
    score({ slot }) {
      const cpuTotal = amounts.allocatableCpuMilli[slot]!;
      const memoryTotal = amounts.allocatableMemoryBytes[slot]!;
      const cpu = amounts.requestedCpuMilli[slot]!;
      const memory = amounts.requestedMemoryBytes[slot]!;
      const after = balanceOf(cpu + cpuMilli, cpuTotal, memory + memoryBytes, memoryTotal);
      const before = balanceOf(cpu, cpuTotal, memory, memoryTotal);
      return scoreMax / 2 + Math.floor((scoreMax / 2 + after - before) / 2);
    },
  };
};
