// Disruption budgets: how many of their pods may be evicted now. It also takes back DisruptionTarget conditions of pods that
// were not deleted after all. Upstream: pkg/controller/disruption. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { matcherOfSelector, matchesLabels, SelectorError } from "../../base/labels.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import { getPodCondition, isPodReady, isPodTerminal, withPodCondition } from "../../kinds/pod/conditions.ts";
import { podDisruptionBudget as budgetKind } from "../../kinds/policy/pod-disruption-budget.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import type { Condition, LabelSelector } from "../../kinds/types/meta-v1.gen.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from "../../kinds/types/policy-v1.gen.ts";
import { deployment as deploymentKind } from "../../kinds/apps/deployment.ts";
import { replicaSet as replicaSetKind } from "../../kinds/apps/replica-set.ts";
import { statefulSet as statefulSetKind } from "../../kinds/apps/stateful-set.ts";
import { replicationController as replicationControllerKind } from "../../kinds/core/replication-controller.ts";
import {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Source,
  splitKey,
  type View,
} from "../controller.ts";
import { inNamespace, namespaceIndexes } from "../replication/claim.ts";
import { normalEvent, warningEvent } from "../replication/pod-control.ts";
import { countExpectedPods, type ExpectedPods, ExpectedPodsError } from "./expected-pods.ts";

/** How long an evicted pod may take until it is seen to be deleted. Upstream: DeletionTimeout. */
const deletionTimeoutMs = 2 * 60_000;
/** How long a pod that is not deleted keeps the condition. Upstream: stalePodDisruptionTimeout. */
const staleDisruptionMs = 2 * 60_000;
const podPrefix = "pod ";
const disruptionTarget = "DisruptionTarget";
const allowedType = "DisruptionAllowed";

const anyBudget = budgetKind as unknown as Kind;
const anyPod = podKind as unknown as Kind;

function selects({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  try {
    return matchesLabels(matcherOfSelector(spec?.selector), metadata.labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

/** A selector as Go prints it in upstream's event. */
function printSelector(selector: LabelSelector | undefined): string {
  if (!selector) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${(values ?? []).join(" ")}],},`,
  );
  const requirements = `[]LabelSelectorRequirement{${expressions.join("")}}`;
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:${requirements},}`;
}

function withCondition(
  conditions: readonly Condition[] | undefined,
  change: { status: "True" | "False"; reason: string; message: string; observedGeneration: number },
  nowMs: number,
): readonly Condition[] {
  const list = conditions ?? [];
  const index = list.findIndex(({ type }) => type === allowedType);
  const old = list[index];
  const lastTransitionTime = old?.status === change.status ? old.lastTransitionTime : toTime(nowMs);
  const condition = { type: allowedType, ...change, lastTransitionTime } as Condition;
  return old ? list.with(index, condition) : [...list, condition];
}

const writeStatus = (budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Change => {
  return { do: "update", kind: anyBudget, object: { ...budget, status } as PodDisruptionBudget, subresource: "status" };
};

/** Evicted pods that are still to be seen deleted, and when to look again. */
function disruptedPods(budget: PodDisruptionBudget, pods: readonly Pod[], nowMs: number) {
  const waiting: Record<string, string> = {};
  const changes: Change[] = [];
  let recheckAtMs: number | undefined;
  for (const pod of pods.filter(({ metadata }) => !metadata.deletionTimestamp)) {
    const { name } = pod.metadata;
    const known = budget.status?.disruptedPods ?? {};
    const since = Object.hasOwn(known, name) ? known[name] : undefined;
    if (since === undefined) continue;
    const atMs = Date.parse(since) + deletionTimeoutMs;
    if (atMs < nowMs) {
      const { namespace } = budget.metadata;
      // Upstream says the namespace twice.
      const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      changes.push(warningEvent(pod, "NotDeleted", message));
      continue;
    }
    waiting[name] = since;
    recheckAtMs = Math.min(recheckAtMs ?? atMs, atMs);
  }
  return { waiting, changes, recheckAtMs };
}

function statusChange(
  budget: PodDisruptionBudget,
  { expected, desiredHealthy }: ExpectedPods,
  currentHealthy: number,
  waiting: Readonly<Record<string, string>>,
  nowMs: number,
): Change[] {
  const old = budget.status ?? {};
  const left = currentHealthy - desiredHealthy;
  const disruptionsAllowed = expected <= 0 || left <= 0 ? 0 : left;
  const observedGeneration = budget.metadata.generation ?? 0;
  const [status, reason] =
    disruptionsAllowed > 0 ? (["True", "SufficientPods"] as const) : (["False", "InsufficientPods"] as const);
  const known = old.conditions?.find(({ type }) => type === allowedType);
  const same =
    (old.currentHealthy ?? 0) === currentHealthy &&
    (old.desiredHealthy ?? 0) === desiredHealthy &&
    (old.expectedPods ?? 0) === expected &&
    (old.disruptionsAllowed ?? 0) === disruptionsAllowed &&
    semanticEqual(old.disruptedPods ?? {}, waiting) &&
    (old.observedGeneration ?? 0) === observedGeneration &&
    known?.status === status &&
    known.reason === reason;
  if (same) return [];
  const next: PodDisruptionBudgetStatus = {
    currentHealthy,
    desiredHealthy,
    expectedPods: expected,
    disruptionsAllowed,
    ...(Object.keys(waiting).length > 0 ? { disruptedPods: waiting } : {}),
    observedGeneration,
    conditions: withCondition(old.conditions, { status, reason, message: "", observedGeneration }, nowMs),
  };
  return [writeStatus(budget, next)];
}

function reconcileBudget(budget: PodDisruptionBudget, view: View, nowMs: number): Reconciled {
  const pods = inNamespace(view, podKind, budget.metadata.namespace).filter((pod) => selects(budget, pod));
  const changes: Change[] = pods.length === 0 ? [normalEvent(budget, "NoPods", "No matching pods found")] : [];
  let expected: ExpectedPods;
  try {
    expected = countExpectedPods(budget, pods, view);
  } catch (error) {
    if (!(error instanceof ExpectedPodsError)) throw error;
    const { message } = error;
    const text = `Failed to calculate the number of expected pods: ${message}`;
    const observedGeneration = budget.status?.observedGeneration ?? 0;
    const change = { status: "False" as const, reason: "SyncFailed", message, observedGeneration };
    const conditions = withCondition(budget.status?.conditions, change, nowMs);
    const status = { ...budget.status, disruptionsAllowed: 0, conditions };
    const told = warningEvent(budget, "CalculateExpectedPodCountFailed", text);
    return {
      changes: [...changes, told, ...(semanticEqual(status, budget.status) ? [] : [writeStatus(budget, status)])],
    };
  }
  if (expected.unmanaged.length > 0) {
    const message =
      `Pods selected by this PodDisruptionBudget (selector: ${printSelector(budget.spec?.selector)}) were found ` +
      "to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in " +
      'undefined behavior. To account for these pods please set ".spec.minAvailable" ' +
      "field of the PDB to an integer value.";
    changes.push(warningEvent(budget, "UnmanagedPods", message));
  }
  const { waiting, changes: told, recheckAtMs } = disruptedPods(budget, pods, nowMs);
  const healthy = pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && !Object.hasOwn(waiting, pod.metadata.name) && isPodReady(pod),
  ).length;
  return {
    changes: [...changes, ...told, ...statusChange(budget, expected, healthy, waiting, nowMs)],
    ...(recheckAtMs === undefined ? {} : { requeueAtMs: recheckAtMs + 1 }),
  };
}

/** When the pod's condition is to be taken back, in milliseconds; undefined: it isn't. */
function staleAtMs(pod: Pod): number | undefined {
  const condition = getPodCondition(pod.status, disruptionTarget);
  if (pod.metadata.deletionTimestamp || condition?.status !== "True" || isPodTerminal(pod)) return undefined;
  if (condition.reason === "TerminationByKubelet") return undefined;
  return Date.parse(condition.lastTransitionTime ?? "") + staleDisruptionMs;
}

function reconcilePod(pod: Pod | undefined, nowMs: number): Reconciled {
  const atMs = pod && staleAtMs(pod);
  if (!pod || atMs === undefined) return { changes: [] };
  if (atMs > nowMs) return { changes: [], requeueAtMs: atMs };
  const conditions = withPodCondition(
    pod.status?.conditions,
    { type: disruptionTarget, status: "False" },
    toTime(nowMs),
  );
  const object = { ...pod, status: { ...pod.status, conditions } } as Pod;
  return { changes: [{ do: "update", kind: anyPod, object, subresource: "status" }] };
}

const pods: Source<Pod> = {
  kind: podKind,
  indexes: namespaceIndexes,
  keysOf(pod, old, view) {
    const budgets = view
      .list(budgetKind, pod.metadata.namespace)
      .filter((budget) => selects(budget, pod) || (old !== undefined && selects(budget, old)));
    return [...budgets.map(keyOf), ...(staleAtMs(pod) === undefined ? [] : [podPrefix + keyOf(pod)])];
  },
};

/** A workload whose size changes concerns the budgets of its namespace. */
const scaledSource = (kind: unknown): Source => ({
  kind: kind as Kind,
  keysOf(object, old, view) {
    const sizeOf = (one: unknown): unknown => (one as { spec?: { replicas?: number } } | undefined)?.spec?.replicas;
    return old && sizeOf(old) === sizeOf(object) ? [] : view.list(budgetKind, object.metadata.namespace).map(keyOf);
  },
});

const budgets: Source<PodDisruptionBudget> = { kind: budgetKind, keysOf: (budget) => [keyOf(budget)] };

export const disruptionController: Controller = {
  name: "controllermanager",
  identity: "disruption-controller",
  workers: 1,
  sources: [
    budgets as unknown as Source,
    pods as unknown as Source,
    ...[deploymentKind, replicaSetKind, statefulSetKind, replicationControllerKind].map(scaledSource),
  ],
  reconcile(key, view, nowMs) {
    if (key.startsWith(podPrefix)) {
      return reconcilePod(view.get(podKind, ...splitKey(key.slice(podPrefix.length))), nowMs);
    }
    const budget = view.get(budgetKind, ...splitKey(key));
    return budget ? reconcileBudget(budget, view, nowMs) : { changes: [] };
  },
};
