// Counts per topology domain: how many matching pods are in a zone, on a host. May import src/base, src/kinds.
import type { Domains } from "../snapshot/topology.ts";

export class DomainCounts {
  readonly #domains: Domains;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(domains: Domains) {
    this.#domains = domains;
    this.#counts = new Float64Array(domains.size);
  }

  /** Counts every node's number; nodes without the label are left out. */
  addAll(slots: readonly number[], counts: Float64Array): this {
    for (const slot of slots) {
      if (counts[slot] !== 0) this.add(slot, counts[slot]!);
    }
    return this;
  }

  add(slot: number, count: number): void {
    const domain = this.#domains.ofSlot[slot]!;
    if (domain < 0) return;
    this.#counts[domain]! += count;
    this.#sum += count;
  }

  has(slot: number): boolean {
    return this.#domains.ofSlot[slot]! >= 0;
  }
  at(slot: number): number {
    const domain = this.#domains.ofSlot[slot]!;
    return domain < 0 ? 0 : this.#counts[domain]!;
  }
  /** True while no domain counts anything. */
  get isEmpty(): boolean {
    return this.#sum === 0;
  }
}
