// DefaultPreemption: which less important pods would have to go, and on which node that costs least. It decides only; the
// runner evicts. Source: plugins/defaultpreemption, framework/preemption. May import src/base, src/kinds.
import { isEverything, matcherOfSelector, matchesLabels, SelectorError } from "../base/labels.ts";
import type { Random } from "../base/random.ts";
import { getPodCondition } from "../kinds/pod/conditions.ts";
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import type { PodDisruptionBudget } from "../kinds/types/policy-v1.gen.ts";
import type { Cycle } from "./cycle.ts";
import { preemptionNodesMin, preemptionNodesPercent } from "./limits.ts";
import { type Diagnosis, fitMessage } from "./message.ts";
import { refuse, type Refusal } from "./plugins/plugin.ts";
import type { PodInfo } from "./pod-info.ts";
import type { NodeEntry } from "./snapshot/snapshot.ts";

export interface Preemption {
  /** The node for which the pod waits; "": for none any more; undefined: as before. */
  readonly nominate?: string;
  /** Pods to evict from that node, the most important first. */
  readonly victims?: readonly Pod[];
  /** "preemption: …" where it doesn't help. */
  readonly message?: string;
}

interface Candidate {
  readonly entry: NodeEntry;
  readonly victims: readonly PodInfo[];
  readonly violations: number;
}

const notHelpful = refuse("", "Preemption is not helpful for scheduling", true);
const noVictims = refuse("", "No preemption victims found for incoming pod", true);

/** The reason that pods which the scheduler evicts are marked with. */
export const preemptionReason = "PreemptionByScheduler";

function endsByPreemption({ metadata, status }: Pod): boolean {
  if (!metadata.deletionTimestamp) return false;
  const condition = getPodCondition(status, "DisruptionTarget");
  return condition?.status === "True" && condition.reason === preemptionReason;
}

/** Why the pod may not preempt, or undefined. */
function findObstacle({ info, state }: Cycle, { refusals, missing }: Diagnosis): string | undefined {
  const { spec, status } = info.pod;
  if (spec?.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = status?.nominatedNodeName;
  if (!nominated) return undefined;
  // The nominated node won't do whatever goes there: the pod may look elsewhere.
  const said = refusals.get(nominated) ?? missing;
  if (!said || said.unresolvable) return undefined;
  for (const other of state.snapshot.entry(nominated)?.pods.values() ?? []) {
    if (other.priority < info.priority && endsByPreemption(other.pod)) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
  return undefined;
}

const startOf = ({ pod }: PodInfo, nowMs: number): number =>
  pod.status?.startTime ? Date.parse(pod.status.startTime) : nowMs;

/** Sorts the most important first: by priority, then by age. */
const byImportance =
  (nowMs: number) =>
  (one: PodInfo, other: PodInfo): number =>
    other.priority - one.priority || startOf(one, nowMs) - startOf(other, nowMs);

/** The uids of those whose eviction would break a budget, when all go in this order. */
function findViolating(victims: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<string> {
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating = new Set<string>();
  const matchers = budgets.map(({ spec }) => {
    try {
      return matcherOfSelector(spec?.selector);
    } catch (error) {
      // A selector that can't be selects no pod.
      if (error instanceof SelectorError) return matcherOfSelector(undefined);
      throw error;
    }
  });
  for (const { uid, namespace, labels, pod } of victims) {
    if (Object.keys(labels).length === 0) continue;
    for (const [index, budget] of budgets.entries()) {
      const matcher = matchers[index]!;
      if (budget.metadata.namespace !== namespace || isEverything(matcher) || !matchesLabels(matcher, labels)) continue;
      if (Object.hasOwn(budget.status?.disruptedPods ?? {}, pod.metadata.name)) continue;
      allowed[index]! -= 1;
      if (allowed[index]! < 0) violating.add(uid);
    }
  }
  return violating;
}

/** The fewest and least important pods that must go, or why that doesn't help. The snapshot is as before afterwards. */
function selectVictims(
  cycle: Cycle,
  entry: NodeEntry,
  budgets: readonly PodDisruptionBudget[],
  nowMs: number,
): Candidate | Refusal {
  const potential = [...entry.pods.values()].filter(({ priority }) => priority < cycle.info.priority);
  if (potential.length === 0) return noVictims;
  for (const one of potential) cycle.removePod(one, entry);
  const gone = new Map(potential.map((one) => [one.uid, one]));
  try {
    const refusal = cycle.checkNode(entry);
    if (refusal) return refusal;
    potential.sort(byImportance(nowMs));
    const violating = findViolating(potential, budgets);
    const victims: PodInfo[] = [];
    let violations = 0;
    // Those whose eviction would break a budget are spared first.
    const inTurn = [
      ...potential.filter(({ uid }) => violating.has(uid)),
      ...potential.filter(({ uid }) => !violating.has(uid)),
    ];
    for (const one of inTurn) {
      cycle.addPod(one, entry);
      gone.delete(one.uid);
      if (!cycle.checkNode(entry)) continue;
      cycle.removePod(one, entry);
      gone.set(one.uid, one);
      victims.push(one);
      if (violating.has(one.uid)) violations += 1;
    }
    return { entry, victims: victims.toSorted(byImportance(nowMs)), violations };
  } finally {
    for (const one of gone.values()) cycle.addPod(one, entry);
  }
}

/** Only the best are left, by one measure after the other: the greater the better. */
function pickCandidate(candidates: readonly Candidate[], nowMs: number): Candidate {
  const measures: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => -violations,
    ({ victims }) => -victims[0]!.priority,
    // Every victim counts, even those with negative priorities.
    ({ victims }) => -victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => -victims.length,
    ({ victims }) => {
      const most = victims.filter(({ priority }) => priority === victims[0]!.priority);
      return Math.min(...most.map((one) => startOf(one, nowMs)));
    },
  ];
  let left = candidates;
  for (const measure of measures) {
    if (left.length === 1) break;
    const values = left.map(measure);
    const best = Math.max(...values);
    left = left.filter((_, index) => values[index] === best);
  }
  return left[0]!;
}

function findCandidates(
  cycle: Cycle,
  entries: readonly NodeEntry[],
  random: Random,
  nowMs: number,
): { readonly candidates: readonly Candidate[]; readonly refusals: ReadonlyMap<string, Refusal> } {
  const share = Math.trunc((entries.length * preemptionNodesPercent) / 100);
  const enough = Math.min(Math.max(share, preemptionNodesMin), entries.length);
  const offset = Math.floor(random.next() * entries.length);
  const budgets = cycle.state.view.disruptionBudgets();
  const candidates: Candidate[] = [];
  const refusals = new Map<string, Refusal>();
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[(offset + index) % entries.length]!;
    const found = selectVictims(cycle, entry, budgets, nowMs);
    if ("reasons" in found) refusals.set(entry.name, found);
    else if (found.victims.length > 0) candidates.push(found);
    if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break;
  }
  return { candidates, refusals };
}

/** For a pod that no node takes: what to evict for it. */
export function preempt(cycle: Cycle, diagnosis: Diagnosis, random: Random, nowMs: number): Preemption {
  const { snapshot } = cycle.state;
  const obstacle = findObstacle(cycle, diagnosis);
  if (obstacle) return { message: `preemption: ${obstacle}` };
  const entries = snapshot.order
    .map((slot) => snapshot.at(slot))
    .filter(({ name }) => diagnosis.refusals.get(name)?.unresolvable === false);
  const { candidates, refusals } =
    entries.length > 0 ? findCandidates(cycle, entries, random, nowMs) : { candidates: [], refusals: new Map() };
  if (candidates.length === 0) {
    const why = fitMessage(snapshot.order.length, { refusals, missing: notHelpful });
    return { nominate: "", message: `preemption: ${why}` };
  }
  const best = pickCandidate(candidates, nowMs);
  return { nominate: best.entry.name, victims: best.victims.map(({ pod }) => pod) };
}
