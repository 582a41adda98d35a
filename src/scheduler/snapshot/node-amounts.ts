// What nodes have and what their pods ask for, as one array of numbers each, indexed by the node's slot: the scheduler's
// hot path reads nothing else. May import src/base, src/kinds.
import type { PodInfo, Requests } from "../pod-info.ts";

/** A longer array with the same contents. */
export function grown(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(array);
  return longer;
}

export interface ExtendedAmounts {
  allocatable: Float64Array;
  requested: Float64Array;
}

/** Doubles hold every whole number up to 2^53: bytes up to 9 PB, as upstream's int64 for all that exists. */
export class NodeAmounts {
  allocatableCpuMilli = new Float64Array(0);
  allocatableMemoryBytes = new Float64Array(0);
  allocatableStorageBytes = new Float64Array(0);
  allocatablePods = new Float64Array(0);
  requestedCpuMilli = new Float64Array(0);
  requestedMemoryBytes = new Float64Array(0);
  requestedStorageBytes = new Float64Array(0);
  podCount = new Float64Array(0);
  /** As scores count them: a container that asks for nothing counts a little. */
  scoredCpuMilli = new Float64Array(0);
  scoredMemoryBytes = new Float64Array(0);
  readonly extended = new Map<string, ExtendedAmounts>();
  #length = 0;

  grow(length: number): void {
    this.#length = length;
    this.allocatableCpuMilli = grown(this.allocatableCpuMilli, length);
    this.allocatableMemoryBytes = grown(this.allocatableMemoryBytes, length);
    this.allocatableStorageBytes = grown(this.allocatableStorageBytes, length);
    this.allocatablePods = grown(this.allocatablePods, length);
    this.requestedCpuMilli = grown(this.requestedCpuMilli, length);
    this.requestedMemoryBytes = grown(this.requestedMemoryBytes, length);
    this.requestedStorageBytes = grown(this.requestedStorageBytes, length);
    this.podCount = grown(this.podCount, length);
    this.scoredCpuMilli = grown(this.scoredCpuMilli, length);
    this.scoredMemoryBytes = grown(this.scoredMemoryBytes, length);
    for (const amounts of this.extended.values()) {
      amounts.allocatable = grown(amounts.allocatable, length);
      amounts.requested = grown(amounts.requested, length);
    }
  }

  setAllocatable(slot: number, amounts: Requests, pods: number): void {
    this.allocatableCpuMilli[slot] = amounts.cpuMilli;
    this.allocatableMemoryBytes[slot] = amounts.memoryBytes;
    this.allocatableStorageBytes[slot] = amounts.storageBytes;
    this.allocatablePods[slot] = pods;
    for (const { allocatable } of this.extended.values()) allocatable[slot] = 0;
    for (const [name, amount] of amounts.extended) this.#extendedOf(name).allocatable[slot] = amount;
  }

  /** `sign` is 1 for a pod that comes, -1 for one that goes. */
  addPod(slot: number, info: PodInfo, sign: 1 | -1): void {
    const { cpuMilli, memoryBytes, storageBytes, extended } = info.requests;
    this.requestedCpuMilli[slot]! += sign * cpuMilli;
    this.requestedMemoryBytes[slot]! += sign * memoryBytes;
    this.requestedStorageBytes[slot]! += sign * storageBytes;
    this.podCount[slot]! += sign;
    this.scoredCpuMilli[slot]! += sign * info.scoredCpuMilli;
    this.scoredMemoryBytes[slot]! += sign * info.scoredMemoryBytes;
    for (const [name, amount] of extended) this.#extendedOf(name).requested[slot]! += sign * amount;
  }

  #extendedOf(name: string): ExtendedAmounts {
    let amounts = this.extended.get(name);
    if (!amounts) {
      amounts = { allocatable: new Float64Array(this.#length), requested: new Float64Array(this.#length) };
      this.extended.set(name, amounts);
    }
    return amounts;
  }
}
