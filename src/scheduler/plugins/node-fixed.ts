// The filters and scores that depend on nothing but the node itself and the pod's wishes about nodes: NodeUnschedulable,
// NodeName, TaintToleration, NodeAffinity. Their answers are remembered for pods that wish alike, until the node changes.
// Source: pkg/scheduler/framework/plugins/{nodeunschedulable,nodename,tainttoleration,nodeaffinity}. May import src/base,
// src/kinds.
import { findUntoleratedTaint, toleratesTaintAmong } from "../../kinds/pod/tolerations.ts";
import type { Node, PodSpec, Taint } from "../../kinds/types/core-v1.gen.ts";
import { equivalencesMax } from "../limits.ts";
import { namedNodes, type NodeMatch, preferredNodeWeight, requiredNodeMatch } from "../node-selector.ts";
import type { PodInfo } from "../pod-info.ts";
import type { NodeEntry } from "../snapshot/snapshot.ts";
import { normalizeByLargest } from "./normalize.ts";
import { type NodeFilter, refuse, type Refusal, type Scorer } from "./plugin.ts";

const unschedulable = refuse("NodeUnschedulable", "node(s) were unschedulable", true);
const otherName = refuse("NodeName", "node(s) didn't match the requested node name", true);
const untolerated = refuse("TaintToleration", "node(s) had untolerated taint(s)", true);
const otherAffinity = refuse("NodeAffinity", "node(s) didn't match Pod's node affinity/selector", true);
export const affinityConflict = refuse("NodeAffinity", "pod affinity terms conflict", true);

export const unschedulableTaint: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** One pod's wishes about nodes, and what is known of the nodes' answers, by slot. */
interface Wishes {
  readonly spec: PodSpec | undefined;
  readonly required: NodeMatch | undefined;
  readonly preferred: ((node: Node) => number) | undefined;
  readonly names: ReadonlySet<string> | undefined;
  versions: number[];
  refusals: (Refusal | undefined)[];
  taints: number[];
  weights: number[];
}

function judge({ spec, required }: Wishes, node: Node): Refusal | undefined {
  if (node.spec?.unschedulable && !toleratesTaintAmong(spec?.tolerations, unschedulableTaint)) return unschedulable;
  if (spec?.nodeName && spec.nodeName !== node.metadata.name) return otherName;
  if (findUntoleratedTaint(node.spec?.taints, spec?.tolerations)) return untolerated;
  return required && !required(node) ? otherAffinity : undefined;
}

/** PreferNoSchedule taints that the pod doesn't tolerate. */
function countTaints(spec: PodSpec | undefined, node: Node): number {
  const tolerations = spec?.tolerations?.filter(({ effect }) => !effect || effect === "PreferNoSchedule");
  const disliked = (taint: Taint): boolean =>
    taint.effect === "PreferNoSchedule" && !toleratesTaintAmong(tolerations, taint);
  return node.spec?.taints?.filter(disliked).length ?? 0;
}

function learn(wishes: Wishes, { slot, node, version }: NodeEntry): void {
  if (wishes.versions[slot] === version || !node) return;
  wishes.versions[slot] = version;
  wishes.refusals[slot] = judge(wishes, node);
  wishes.taints[slot] = countTaints(wishes.spec, node);
  wishes.weights[slot] = wishes.preferred?.(node) ?? 0;
}

/** Remembers the last few sorts of wishes. Made once per scheduler. */
export class FixedChecks {
  readonly #known = new Map<string, Wishes>();

  of({ pod: { spec } }: PodInfo): FixedCheck {
    const { nodeAffinity } = spec?.affinity ?? {};
    const key = JSON.stringify([spec?.nodeName, spec?.nodeSelector, nodeAffinity, spec?.tolerations]);
    let wishes = this.#known.get(key);
    if (!wishes) {
      wishes = {
        spec,
        required: requiredNodeMatch(spec),
        preferred: preferredNodeWeight(spec),
        names: namedNodes(spec),
        versions: [],
        refusals: [],
        taints: [],
        weights: [],
      };
      if (this.#known.size >= equivalencesMax) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(key, wishes);
    }
    return new FixedCheck(wishes);
  }
}

export class FixedCheck implements NodeFilter {
  readonly plugin = "NodeAffinity";
  readonly #wishes: Wishes;

  constructor(wishes: Wishes) {
    this.#wishes = wishes;
  }

  /** The nodes that the pod names; empty where its terms contradict each other; undefined where it names none. */
  get names(): ReadonlySet<string> | undefined {
    return this.#wishes.names;
  }

  check(entry: NodeEntry): Refusal | undefined {
    learn(this.#wishes, entry);
    return this.#wishes.refusals[entry.slot];
  }

  /** Weights 3 and 2. Asked for nodes that passed `check` only. */
  scorers(): readonly Scorer[] {
    const { taints, weights, preferred } = this.#wishes;
    const taintToleration: Scorer = {
      plugin: "TaintToleration",
      weight: 3,
      score: ({ slot }) => taints[slot]!,
      normalize: (scores) => normalizeByLargest(scores, true),
    };
    if (!preferred) return [taintToleration];
    const nodeAffinity: Scorer = {
      plugin: "NodeAffinity",
      weight: 2,
      score: ({ slot }) => weights[slot]!,
      normalize: (scores) => normalizeByLargest(scores, false),
    };
    return [taintToleration, nodeAffinity];
  }
}
