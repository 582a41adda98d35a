// Which pods go first when there are too many: those that cost least. Upstream: ActivePodsWithRanks in
// pkg/controller/controller_utils.go; KEP-2255 (deletion cost), KEP-2185 (logarithmic ages). May import src/base, src/kinds.
import { getPodCondition, isPodActive, isPodReady } from "../../kinds/pod/conditions.ts";
import { isSidecar } from "../../kinds/pod/containers.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";

const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";
const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const int32Max = 2 ** 31 - 1;

/** 0 where there is none, or where it isn't a number of 32 bits as upstream writes them. */
export function deletionCostOf({ metadata }: Pod): number {
  const text = metadata.annotations?.[deletionCostAnnotation] ?? "";
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost > int32Max || cost < -int32Max - 1 ? 0 : cost;
}

function restartsOf({ spec, status }: Pod): [regular: number, sidecars: number] {
  const names = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const most = (counts: readonly number[]): number => Math.max(0, ...counts);
  return [
    most((status?.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    most((status?.initContainerStatuses ?? []).flatMap((one) => (names.has(one.name) ? [one.restartCount] : []))),
  ];
}

/** Ages are alike when their binary logarithms are: so which of several old pods goes is left to chance. */
function ageRank(time: string, nowMs: number): number {
  const age = (nowMs - Date.parse(time)) * 1e6;
  return age > 0 ? Math.trunc(Math.log2(age)) : -1;
}

/** Negative: `a` goes first, because it is younger. An unknown time counts as youngest. */
function compareAges(a: string | undefined, b: string | undefined, nowMs: number): number | undefined {
  if ((a ?? "") === (b ?? "")) return undefined;
  if (!a || !b) return a ? 1 : -1;
  return ageRank(a, nowMs) - ageRank(b, nowMs);
}

const byUid = (a: Pod, b: Pod): number => (a.metadata.uid < b.metadata.uid ? -1 : 1);
const readyTimeOf = (pod: Pod): string | undefined => getPodCondition(pod.status, "Ready")?.lastTransitionTime;
const orderOf = (pod: Pod): number => phaseOrder[pod.status?.phase ?? ""] ?? 0;

function compare(a: Pod, b: Pod, ranks: ReadonlyMap<string, number>, nowMs: number): number {
  const [nodeA, nodeB] = [a.spec.nodeName ?? "", b.spec.nodeName ?? ""];
  if (nodeA !== nodeB && (nodeA === "" || nodeB === "")) return nodeA === "" ? -1 : 1;
  const phases = orderOf(a) - orderOf(b);
  if (phases !== 0) return phases;
  const [readyA, readyB] = [isPodReady(a), isPodReady(b)];
  if (readyA !== readyB) return readyA ? 1 : -1;
  const costs = deletionCostOf(a) - deletionCostOf(b);
  if (costs !== 0) return costs;
  const crowding = (ranks.get(nodeB) ?? 0) - (ranks.get(nodeA) ?? 0);
  if (crowding !== 0) return crowding;
  const ready = readyA ? compareAges(readyTimeOf(a), readyTimeOf(b), nowMs) : undefined;
  if (ready !== undefined) return ready || byUid(a, b);
  const [[regularA, sidecarsA], [regularB, sidecarsB]] = [restartsOf(a), restartsOf(b)];
  if (regularA !== regularB) return regularB - regularA;
  if (sidecarsA !== sidecarsB) return sidecarsB - sidecarsA;
  const ages = compareAges(a.metadata.creationTimestamp, b.metadata.creationTimestamp, nowMs);
  return ages === undefined ? 0 : ages || byUid(a, b);
}

/** The `count` pods to delete. `related` are all pods that count as doubled up on a node. */
export function choosePodsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  nowMs: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const ranks = new Map<string, number>();
  for (const pod of related.filter(isPodActive)) {
    const node = pod.spec.nodeName ?? "";
    ranks.set(node, (ranks.get(node) ?? 0) + 1);
  }
  return pods.toSorted((a, b) => compare(a, b, ranks, nowMs)).slice(0, count);
}
