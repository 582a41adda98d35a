// Decides where pods run: filters, scores, and a choice among the best. Pure: it reads the state that it is given and
// changes nothing but the snapshot's assumed pods. Source: pkg/scheduler/schedule_one.go. May import src/base, src/kinds.
import type { Random } from "../base/random.ts";
import type { Node, Pod } from "../kinds/types/core-v1.gen.ts";
import { type ClusterView, emptyView } from "./cluster-view.ts";
import { Cycle, type SchedulingState } from "./cycle.ts";
import { feasibleNodesMin, feasiblePercentMin } from "./limits.ts";
import { type Diagnosis, fitMessage, noNodesMessage } from "./message.ts";
import { Nominations } from "./nominations.ts";
import { FixedChecks } from "./plugins/node-fixed.ts";
import type { Refusal, Scorer } from "./plugins/plugin.ts";
import { type PodInfo, podInfoOf } from "./pod-info.ts";
import { type Preemption, preempt } from "./preemption.ts";
import { Snapshot } from "./snapshot/snapshot.ts";

export interface Placement {
  readonly info: PodInfo;
  /** Where the pod goes; undefined when nowhere. */
  readonly nodeName?: string;
  /** Why nowhere. */
  readonly failure?: Failure;
}

export interface Failure {
  /** "0/3 nodes are available: …" */
  readonly message: string;
  readonly diagnosis?: Diagnosis;
  /** The plugins that refused: what may help the pod is asked of them. Empty: it is tried again by and by. */
  readonly plugins: ReadonlySet<string>;
  readonly preemption: Preemption;
}

/** What changes from one decision to the next. */
export interface Decider {
  readonly state: SchedulingState;
  readonly random: Random;
  /** Where in the snapshot's order the next search begins, so that all nodes get their turn. */
  nextStart: number;
}

export function createDecider(view: ClusterView, random: Random, snapshot = new Snapshot()): Decider {
  const state = { snapshot, view, nominations: new Nominations(), fixedChecks: new FixedChecks() };
  return { state, random, nextStart: 0 };
}

/** How many fitting nodes are enough: half of them, less in larger clusters. */
export function feasibleEnough(nodes: number): number {
  if (nodes < feasibleNodesMin) return nodes;
  const percent = Math.max(50 - Math.trunc(nodes / 125), feasiblePercentMin);
  return Math.max(Math.trunc((nodes * percent) / 100), feasibleNodesMin);
}

interface Search {
  /** Slots. */
  readonly feasible: readonly number[];
  readonly diagnosis: Diagnosis;
}

/** The slots that are in question, in the order in which they are looked at. */
function findFeasible(cycle: Cycle, slots: readonly number[], start: number, missing?: Refusal): Search {
  const { snapshot } = cycle.state;
  const enough = feasibleEnough(slots.length);
  const feasible: number[] = [];
  const refusals = new Map<string, Refusal>();
  for (let index = 0; index < slots.length && feasible.length < enough; index += 1) {
    const slot = slots[(start + index) % slots.length]!;
    const entry = snapshot.at(slot);
    const refusal = cycle.checkNode(entry);
    if (refusal) refusals.set(entry.name, refusal);
    else feasible.push(slot);
  }
  return { feasible, diagnosis: { refusals, missing } };
}

const unnamed = (): Refusal => ({
  plugin: "NodeAffinity",
  reasons: ["node(s) didn't satisfy plugin(s) [NodeAffinity]"],
  unresolvable: true,
});

function search(cycle: Cycle, decider: Decider): Search {
  const { snapshot } = cycle.state;
  const slotsOf = (names: Iterable<string>): number[] =>
    [...names].flatMap((name) => {
      const entry = snapshot.entry(name);
      return entry?.node ? [entry.slot] : [];
    });
  const nominated = cycle.info.pod.status?.nominatedNodeName;
  if (nominated) {
    const own = findFeasible(cycle, slotsOf([nominated]), 0);
    if (own.feasible.length > 0) return own;
  }
  const { names } = cycle;
  if (names) return findFeasible(cycle, slotsOf(names), 0, unnamed());
  const all = snapshot.order;
  const found = findFeasible(cycle, all, decider.nextStart);
  decider.nextStart = (decider.nextStart + found.feasible.length + found.diagnosis.refusals.size) % all.length;
  return found;
}

export interface ScoreRow {
  readonly scorer: Scorer;
  /** Normalised and weighted; in the order of the feasible slots. */
  readonly scores: Float64Array;
}

export function scoreNodes(cycle: Cycle, feasible: readonly number[]): ScoreRow[] {
  const { snapshot } = cycle.state;
  return cycle.scorers(feasible).map((scorer) => {
    const scores = new Float64Array(feasible.length);
    for (let index = 0; index < feasible.length; index += 1) {
      scores[index] = scorer.score(snapshot.at(feasible[index]!));
    }
    scorer.normalize?.(scores);
    for (let index = 0; index < scores.length; index += 1) scores[index]! *= scorer.weight;
    return { scorer, scores };
  });
}

/** One of the best, by chance. */
function choose(cycle: Cycle, feasible: readonly number[], random: Random): number {
  if (feasible.length === 1) return feasible[0]!;
  const totals = new Float64Array(feasible.length);
  for (const { scores } of scoreNodes(cycle, feasible)) {
    for (let index = 0; index < totals.length; index += 1) totals[index]! += scores[index]!;
  }
  let best = -Infinity;
  let ties: number[] = [];
  for (let index = 0; index < totals.length; index += 1) {
    const total = totals[index]!;
    if (total > best) {
      best = total;
      ties = [];
    }
    if (total === best) ties.push(feasible[index]!);
  }
  return ties[ties.length === 1 ? 0 : Math.floor(random.next() * ties.length)]!;
}

const noNodes: Failure = { message: noNodesMessage, plugins: new Set(), preemption: { nominate: "" } };

/** Places one pod; on success it counts on its node at once. `nowMs` ranks pods that haven't started yet. */
export function scheduleOne(decider: Decider, info: PodInfo, nowMs: number): Placement {
  const { state, random } = decider;
  const nodes = state.snapshot.order.length;
  if (nodes === 0) return { info, failure: noNodes };
  const cycle = new Cycle(info, state);
  const { refusal } = cycle;
  const found: Search = refusal
    ? { feasible: [], diagnosis: { refusals: new Map(), missing: refusal, podRefusal: refusal } }
    : search(cycle, decider);
  if (found.feasible.length > 0) {
    const { name } = state.snapshot.at(choose(cycle, found.feasible, random));
    state.snapshot.assume(info, name);
    state.nominations.delete(info.uid);
    return { info, nodeName: name };
  }
  const plugins = new Set([...found.diagnosis.refusals.values()].map(({ plugin }) => plugin as string));
  if (refusal) plugins.add(refusal.plugin);
  else if (cycle.names) plugins.add("NodeAffinity");
  const preemption = preempt(cycle, found.diagnosis, random, nowMs);
  const diagnosis = { ...found.diagnosis, preemption: preemption.message };
  return { info, failure: { message: fitMessage(nodes, diagnosis), diagnosis, plugins, preemption } };
}

/** Places pods in the order given, each seeing those before it. `placed` run already, on the nodes their specs name. */
export function schedule(
  pods: readonly Pod[],
  nodes: readonly Node[],
  options: {
    readonly random: Random;
    readonly view?: ClusterView;
    readonly placed?: readonly Pod[];
    readonly nowMs?: number;
  },
): Placement[] {
  const decider = createDecider(options.view ?? emptyView, options.random);
  for (const node of nodes) decider.state.snapshot.setNode(node);
  for (const pod of options.placed ?? []) decider.state.snapshot.setPod(pod);
  return pods.map((pod) => scheduleOne(decider, podInfoOf(pod), options.nowMs ?? 0));
}
