// PodTopologySpread's filter: no domain may have many more of the pods than the emptiest. Source:
// plugins/podtopologyspread/filtering.go; KEP-895, KEP-3022, KEP-3094. May import src/base, src/kinds.
import { matchesLabels } from "../../base/labels.ts";
import type { PodInfo } from "../pod-info.ts";
import type { NodeEntry, Snapshot } from "../snapshot/snapshot.ts";
import type { Domains } from "../snapshot/topology.ts";
import { type MakeFilter, type NodeFilter, refuse, type Refusal } from "./plugin.ts";
import {
  countSpread,
  hasLabel,
  makeInclusion,
  type SpreadConstraint,
  spreadConstraintsOf,
} from "./spread-constraints.ts";

const plugin = "PodTopologySpread";
const skewed = refuse(plugin, "node(s) didn't match pod topology spread constraints");
const unlabelled = refuse(
  plugin,
  "node(s) didn't match pod topology spread constraints (missing required label)",
  true,
);

/** A domain in which no node takes part. */
const absent = -1;

class ConstraintCounts {
  readonly constraint: SpreadConstraint;
  readonly #domains: Domains;
  readonly #counts: Float64Array;
  /** Undefined: to be found again. */
  #least: number | undefined;

  constructor(constraint: SpreadConstraint, domains: Domains) {
    this.constraint = constraint;
    this.#domains = domains;
    this.#counts = new Float64Array(domains.size).fill(absent);
  }

  add(slot: number, count: number): void {
    const domain = this.#domains.ofSlot[slot]!;
    this.#counts[domain] = Math.max(this.#counts[domain]!, 0) + count;
    this.#least = undefined;
  }

  has(slot: number): boolean {
    return this.#domains.ofSlot[slot]! >= 0;
  }

  at(slot: number): number {
    return Math.max(this.#counts[this.#domains.ofSlot[slot]!]!, 0);
  }

  /** The pods of the emptiest domain; 0 while there are fewer domains than there must be. */
  get least(): number {
    if (this.#least !== undefined) return this.#least;
    let least = Infinity;
    let present = 0;
    for (const count of this.#counts) {
      if (count === absent) continue;
      present += 1;
      least = Math.min(least, count);
    }
    this.#least = present < this.constraint.minDomains ? 0 : least;
    return this.#least;
  }
}

export const topologySpread: MakeFilter = (info, { snapshot }) => {
  const constraints = spreadConstraintsOf(info, "DoNotSchedule");
  return constraints.length === 0 ? undefined : new SpreadFilter(info, snapshot, constraints);
};

class SpreadFilter implements NodeFilter {
  readonly plugin = plugin;
  readonly #info: PodInfo;
  readonly #constraints: readonly SpreadConstraint[];
  readonly #all: readonly ConstraintCounts[];
  readonly #includes: ReturnType<typeof makeInclusion>;

  constructor(info: PodInfo, snapshot: Snapshot, constraints: readonly SpreadConstraint[]) {
    this.#info = info;
    this.#constraints = constraints;
    this.#includes = makeInclusion(info);
    this.#all = constraints.map((one) => new ConstraintCounts(one, snapshot.domainsOf(one.topologyKey)));
    this.#countAll(snapshot);
  }

  /** All nodes are gone through for every pod that is tried: plain loops. */
  #countAll(snapshot: Snapshot): void {
    const all = this.#all;
    const counts = this.#constraints.map((one) => countSpread(snapshot, one, this.#info.namespace).counts);
    for (const slot of snapshot.order) {
      let hasAll = true;
      for (let index = 0; index < all.length; index += 1) hasAll &&= all[index]!.has(slot);
      if (!hasAll) continue;
      for (let index = 0; index < all.length; index += 1) {
        const one = all[index]!;
        if (this.#includes(one.constraint, snapshot.at(slot).node!)) one.add(slot, counts[index]![slot]!);
      }
    }
  }

  check({ slot }: NodeEntry): Refusal | undefined {
    for (const counts of this.#all) {
      if (!counts.has(slot)) return unlabelled;
      const { maxSkew, selector } = counts.constraint;
      const self = matchesLabels(selector, this.#info.labels) ? 1 : 0;
      if (counts.at(slot) + self - counts.least > maxSkew) return skewed;
    }
    return undefined;
  }

  podChanged(other: PodInfo, { slot, node }: NodeEntry, sign: 1 | -1): void {
    if (other.namespace !== this.#info.namespace || !node) return;
    if (!this.#constraints.every(({ topologyKey }) => hasLabel(node, topologyKey))) return;
    for (const counts of this.#all) {
      const { constraint } = counts;
      if (!matchesLabels(constraint.selector, other.labels) || !this.#includes(constraint, node)) continue;
      counts.add(slot, sign);
    }
  }
}
