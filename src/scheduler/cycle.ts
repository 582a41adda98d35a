// One attempt to place one pod: its filters, made once and asked for many nodes. Source: pkg/scheduler/framework/runtime
// (RunPreFilterPlugins, RunFilterPluginsWithNominatedPods). May import src/base, src/kinds.
import type { ClusterView } from "./cluster-view.ts";
import type { Nominations } from "./nominations.ts";
import { imageLocality } from "./plugins/image-locality.ts";
import { interPodAffinity } from "./plugins/inter-pod-affinity.ts";
import { affinityConflict, type FixedCheck, type FixedChecks } from "./plugins/node-fixed.ts";
import { nodePorts } from "./plugins/node-ports.ts";
import { balancedAllocation, leastAllocated, nodeResourcesFit } from "./plugins/node-resources.ts";
import { isRefusal, type NodeFilter, type PluginContext, type Refusal, type Scorer } from "./plugins/plugin.ts";
import { preferredAffinity } from "./plugins/preferred-affinity.ts";
import { spreadScore } from "./plugins/spread-score.ts";
import { topologySpread } from "./plugins/topology-spread.ts";
import { volumeBinding } from "./plugins/volume-binding.ts";
import { volumeRestrictions } from "./plugins/volume-restrictions.ts";
import { volumeZone } from "./plugins/volume-zone.ts";
import type { PodInfo } from "./pod-info.ts";
import type { NodeEntry, Snapshot } from "./snapshot/snapshot.ts";

/** All that a decision rests on. */
export interface SchedulingState {
  readonly snapshot: Snapshot;
  readonly view: ClusterView;
  readonly nominations: Nominations;
  readonly fixedChecks: FixedChecks;
}

/** Upstream's order, after the four that FixedChecks answers. */
const filterMakers = [
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  volumeZone,
  topologySpread,
  interPodAffinity,
];
const scorerMakers = [leastAllocated, spreadScore, preferredAffinity, balancedAllocation, imageLocality];

export class Cycle {
  readonly info: PodInfo;
  readonly state: SchedulingState;
  /** The pod as a whole can't be placed. */
  readonly refusal: Refusal | undefined;
  /** Only these nodes are in question; undefined: all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly #fixed: FixedCheck;
  readonly #filters: NodeFilter[] = [];

  constructor(info: PodInfo, state: SchedulingState) {
    this.info = info;
    this.state = state;
    this.#fixed = state.fixedChecks.of(info);
    this.names = this.#fixed.names;
    if (this.names?.size === 0) {
      this.refusal = affinityConflict;
      return;
    }
    this.#filters.push(this.#fixed);
    const context: PluginContext = state;
    for (const make of filterMakers) {
      const made = make(info, context);
      if (!made) continue;
      if (isRefusal(made)) {
        this.refusal = made;
        return;
      }
      this.#filters.push(made);
    }
  }

  /** The first plugin's refusal. Pods of at least this importance that wait for the node count as if they were there. */
  checkNode(entry: NodeEntry): Refusal | undefined {
    const { nominations } = this.state;
    if (!nominations.isEmpty) {
      const waiting = nominations
        .on(entry.name)
        .filter((one) => one.priority >= this.info.priority && one.uid !== this.info.uid);
      if (waiting.length > 0) {
        for (const one of waiting) this.addPod(one, entry);
        const refusal = this.#runFilters(entry);
        for (const one of waiting) this.removePod(one, entry);
        if (refusal) return refusal;
      }
    }
    return this.#runFilters(entry);
  }

  /** For trials: another pod leaves the node. What is done must be undone before the cycle's end. */
  removePod(other: PodInfo, entry: NodeEntry): void {
    this.state.snapshot.removeForTrial(other, entry);
    for (const filter of this.#filters) filter.podChanged?.(other, entry, -1);
  }
  addPod(other: PodInfo, entry: NodeEntry): void {
    this.state.snapshot.addForTrial(other, entry);
    for (const filter of this.#filters) filter.podChanged?.(other, entry, 1);
  }

  /** The scorers for the nodes that passed, by slot. */
  scorers(feasible: readonly number[]): Scorer[] {
    const context: PluginContext = this.state;
    return [...this.#fixed.scorers(), ...scorerMakers.flatMap((make) => make(this.info, context, feasible) ?? [])];
  }

  #runFilters(entry: NodeEntry): Refusal | undefined {
    for (const filter of this.#filters) {
      const refusal = filter.check(entry);
      if (refusal) return refusal;
    }
    return undefined;
  }
}
