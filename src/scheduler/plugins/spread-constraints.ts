// A pod's topology spread constraints, made ready for matching. Source: plugins/podtopologyspread/common.go. May import
// src/base, src/kinds.
import {
  isEverything,
  type LabelMatcher,
  type LabelRequirement,
  matcherOf,
  matcherOfSelector,
  matchesLabels,
} from "../../base/labels.ts";
import { findUntoleratedTaint } from "../../kinds/pod/tolerations.ts";
import type { Node, TopologySpreadConstraint } from "../../kinds/types/core-v1.gen.ts";
import { requiredNodeMatch } from "../node-selector.ts";
import type { PodInfo } from "../pod-info.ts";
import type { PodCounter } from "../snapshot/pod-counters.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

export const hostnameLabel = "kubernetes.io/hostname";

export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selector: LabelMatcher;
  readonly minDomains: number;
  readonly honorAffinity: boolean;
  readonly honorTaints: boolean;
}

/** The constraint's selector, with the pod's own values of matchLabelKeys. */
function selectorOf({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, info: PodInfo): LabelMatcher {
  const selector = matcherOfSelector(labelSelector);
  const own = matchLabelKeys.flatMap((key): LabelRequirement[] => {
    const value = Object.hasOwn(info.labels, key) ? info.labels[key] : undefined;
    return value === undefined ? [] : [{ key, operator: "=", values: [value] }];
  });
  return own.length === 0 || selector.nothing ? selector : matcherOf([...own, ...selector.requirements]);
}

export function spreadConstraintsOf(
  info: PodInfo,
  whenUnsatisfiable: TopologySpreadConstraint["whenUnsatisfiable"],
): readonly SpreadConstraint[] {
  const constraints = info.pod.spec?.topologySpreadConstraints ?? [];
  return constraints
    .filter((one) => one.whenUnsatisfiable === whenUnsatisfiable)
    .map((one) => ({
      maxSkew: one.maxSkew,
      topologyKey: one.topologyKey,
      selector: selectorOf(one, info),
      minDomains: one.minDomains ?? 1,
      honorAffinity: (one.nodeAffinityPolicy ?? "Honor") === "Honor",
      honorTaints: (one.nodeTaintsPolicy ?? "Ignore") === "Honor",
    }));
}

/** Upstream's constraints for pods that have none of their own: spread over hosts, and over zones. */
export function defaultConstraintsOf(selector: LabelMatcher): readonly SpreadConstraint[] {
  const rest = { selector, minDomains: 1, honorAffinity: true, honorTaints: false };
  return [
    { ...rest, topologyKey: hostnameLabel, maxSkew: 3 },
    { ...rest, topologyKey: "topology.kubernetes.io/zone", maxSkew: 5 },
  ];
}

export const hasLabel = (node: Node | undefined, key: string): boolean =>
  Object.hasOwn(node?.metadata.labels ?? {}, key);

/** Whether a node takes part in the count, as the constraint's inclusion policies say. */
export function makeInclusion(info: PodInfo): (constraint: SpreadConstraint, node: Node) => boolean {
  const { spec } = info.pod;
  const required = requiredNodeMatch(spec);
  return ({ honorAffinity, honorTaints }, node) =>
    (!honorAffinity || !required || required(node)) &&
    (!honorTaints || !findUntoleratedTaint(node.spec?.taints, spec?.tolerations));
}

/** Pods of the namespace that the constraint selects and that aren't ending, by node. An empty selector counts none. */
export function countSpread(snapshot: Snapshot, { selector }: SpreadConstraint, namespace: string): PodCounter {
  const countsNone = isEverything(selector);
  return snapshot.counter(
    `spread ${namespace} ${JSON.stringify(selector)}`,
    (other) =>
      !countsNone && !other.terminating && other.namespace === namespace && matchesLabels(selector, other.labels),
  );
}
