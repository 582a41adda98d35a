// PodTopologySpread's score: domains with fewer of the pods are better. Pods without constraints of their own are spread
// over hosts and zones as their services and controllers select them. Source: plugins/podtopologyspread/scoring.go. May
// import src/base, src/kinds.
import { isEverything } from "../../base/labels.ts";
import { scoreMax } from "../limits.ts";
import type { PodInfo } from "../pod-info.ts";
import type { NodeEntry, Snapshot } from "../snapshot/snapshot.ts";
import type { MakeScorer, PluginContext } from "./plugin.ts";
import {
  countSpread,
  defaultConstraintsOf,
  hostnameLabel,
  makeInclusion,
  type SpreadConstraint,
  spreadConstraintsOf,
} from "./spread-constraints.ts";

/** What a node that lacks a label scores before normalisation. */
const ignored = -1;

/** The number of matching pods that a constraint sees at a node, and how much it counts. */
interface Weighed {
  readonly constraint: SpreadConstraint;
  readonly weight: number;
  has(slot: number): boolean;
  at(slot: number): number;
}

function constraintsOf(info: PodInfo, { view }: PluginContext): readonly SpreadConstraint[] {
  if (info.pod.spec?.topologySpreadConstraints?.length) return spreadConstraintsOf(info, "ScheduleAnyway");
  const selector = view.defaultSelector(info);
  return selector && !isEverything(selector) ? defaultConstraintsOf(selector) : [];
}

const weightOf = (domains: number): number => Math.log(domains + 2);

function weighHosts(constraint: SpreadConstraint, counts: Float64Array, snapshot: Snapshot, hosts: number): Weighed {
  const { ofSlot } = snapshot.domainsOf(constraint.topologyKey);
  return { constraint, weight: weightOf(hosts), has: (slot) => ofSlot[slot]! >= 0, at: (slot) => counts[slot]! };
}

export const spreadScore: MakeScorer = (info, context, feasible) => {
  const { snapshot } = context;
  const constraints = constraintsOf(info, context);
  if (constraints.length === 0) return undefined;
  const own = (info.pod.spec?.topologySpreadConstraints?.length ?? 0) > 0;
  const domains = constraints.map(({ topologyKey }) => snapshot.domainsOf(topologyKey));
  // Only the pod's own constraints demand that a node has all labels.
  const takesPart = (slot: number): boolean => !own || domains.every(({ ofSlot }) => ofSlot[slot]! >= 0);
  const candidates = feasible.filter(takesPart);
  const includes = makeInclusion(info);
  const weighed = constraints.map((constraint, index): Weighed => {
    const { counts } = countSpread(snapshot, constraint, info.namespace);
    if (constraint.topologyKey === hostnameLabel) return weighHosts(constraint, counts, snapshot, candidates.length);
    const { ofSlot, size } = domains[index]!;
    // The last domain is that of the nodes without the label.
    const sums = new Float64Array(size + 1);
    const seen = new Uint8Array(size + 1);
    const domainOf = (slot: number): number => (ofSlot[slot]! < 0 ? size : ofSlot[slot]!);
    for (const slot of candidates) seen[domainOf(slot)] = 1;
    for (const slot of snapshot.order) {
      if (counts[slot] === 0 || !takesPart(slot) || !includes(constraint, snapshot.at(slot).node!)) continue;
      sums[domainOf(slot)]! += counts[slot]!;
    }
    const weight = weightOf(seen.reduce((sum, one) => sum + one, 0));
    return { constraint, weight, has: (slot) => ofSlot[slot]! >= 0, at: (slot) => sums[ofSlot[slot]!]! };
  });
  return { plugin: "PodTopologySpread", weight: 2, score: (entry) => score(entry, weighed, takesPart), normalize };
};

function score({ slot }: NodeEntry, weighed: readonly Weighed[], takesPart: (slot: number) => boolean): number {
  if (!takesPart(slot)) return ignored;
  let sum = 0;
  for (const one of weighed) {
    if (one.has(slot)) sum += one.at(slot) * one.weight + (one.constraint.maxSkew - 1);
  }
  return Math.round(sum);
}

function normalize(scores: Float64Array): void {
  let least = Infinity;
  let most = 0;
  for (const one of scores) {
    if (one === ignored) continue;
    least = Math.min(least, one);
    most = Math.max(most, one);
  }
  for (let index = 0; index < scores.length; index += 1) {
    const one = scores[index]!;
    if (one === ignored) scores[index] = 0;
    else scores[index] = most === 0 ? scoreMax : Math.floor((scoreMax * (most + least - one)) / most);
  }
}
