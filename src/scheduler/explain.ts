// Why a pod is where it is, or isn't anywhere: what every node says to it. For status and dashboards; nothing is changed.
// May import src/base, src/kinds.
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import { Cycle, type SchedulingState } from "./cycle.ts";
import type { Refusal } from "./plugins/plugin.ts";
import { podInfoOf } from "./pod-info.ts";
import { scoreNodes } from "./schedule.ts";

export interface NodeExplanation {
  readonly nodeName: string;
  /** The first plugin that refuses, and why. */
  readonly refusal?: Refusal;
  /** Where none refuses: the plugins' points, weighted, and their sum. */
  readonly scores?: Readonly<Record<string, number>>;
  readonly total?: number;
}

export interface PodExplanation {
  /** The pod as a whole can't be placed: gates, claims that are missing. No node was asked. */
  readonly refusal?: Refusal;
  readonly nodes: readonly NodeExplanation[];
}

/** Asks every node, not only as many as a decision needs. The pod itself doesn't count, where it is placed already. */
export function explain(state: SchedulingState, pod: Pod): PodExplanation {
  const { snapshot } = state;
  const gates = pod.spec?.schedulingGates?.map(({ name }) => name) ?? [];
  if (gates.length > 0) {
    const reasons = [`waiting for scheduling gates: [${gates.join(" ")}]`];
    return { refusal: { plugin: "SchedulingGates", reasons, unresolvable: true }, nodes: [] };
  }
  const info = podInfoOf(pod);
  const own = snapshot.entry(snapshot.nodeOfPod(info.uid) ?? "");
  const placed = own?.pods.get(info.uid);
  if (placed) snapshot.removeForTrial(placed, own!);
  try {
    // The name that binding gave it says nothing about other nodes.
    const free: Pod = pod.spec?.nodeName ? { ...pod, spec: { ...pod.spec, nodeName: undefined } } : pod;
    const cycle = new Cycle(podInfoOf(free), state);
    if (cycle.refusal) return { refusal: cycle.refusal, nodes: [] };
    const refusals = snapshot.order.map((slot) => cycle.checkNode(snapshot.at(slot)));
    const feasible = snapshot.order.filter((_, index) => !refusals[index]);
    const rows = scoreNodes(cycle, feasible);
    const nodes = snapshot.order.map((slot, index): NodeExplanation => {
      const nodeName = snapshot.at(slot).name;
      if (refusals[index]) return { nodeName, refusal: refusals[index] };
      const at = feasible.indexOf(slot);
      const scores = Object.fromEntries(rows.map(({ scorer, scores: row }) => [scorer.plugin, row[at]!]));
      return { nodeName, scores, total: Object.values(scores).reduce((sum, score) => sum + score, 0) };
    });
    return { nodes };
  } finally {
    if (placed) snapshot.addForTrial(placed, own!);
  }
}
