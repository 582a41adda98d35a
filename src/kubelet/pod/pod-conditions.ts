// The conditions that the node agent writes into a pod's status, in upstream's words and order
// (pkg/kubelet/status/generate.go). Pure; imports src/kinds.
import type { ContainerStatus, Pod, PodCondition, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { isSidecar } from "./container-spec.ts";

type Phase = PodStatus["phase"];

/** The conditions that only the node agent writes; all others stay as others wrote them. */
export const ownConditions: ReadonlySet<string> = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
  "PodResizeInProgress",
  "PodResizePending",
  "PodReadyToStartContainers",
  "AllContainersRestarting",
]);

export interface ConditionFacts {
  readonly pod: Pod;
  readonly old: PodStatus | undefined;
  /** Those of init and regular containers. */
  readonly statuses: readonly ContainerStatus[];
  readonly phase: Phase;
}

const list = (names: readonly string[]): string => `[${names.join(" ")}]`;

type Draft = { type: string; status: string; reason?: string; message?: string };

const condition = (pod: Pod, draft: Draft): PodCondition => ({
  type: draft.type,
  status: draft.status,
  ...(draft.reason ? { reason: draft.reason } : {}),
  ...(draft.message ? { message: draft.message } : {}),
  ...(pod.metadata.generation ? { observedGeneration: pod.metadata.generation } : {}),
});

interface Groups {
  readonly unknown: string[];
  readonly rest: string[];
}

const describe = ({ unknown, rest }: Groups, restWord: string): string =>
  [
    ...(unknown.length > 0 ? [`containers with unknown status: ${list(unknown)}`] : []),
    ...(rest.length > 0 ? [`containers with ${restWord} status: ${list(rest)}`] : []),
  ].join(", ");

function readiness({ pod, statuses, phase }: ConditionFacts): Draft {
  const type = "ContainersReady";
  const groups: Groups = { unknown: [], rest: [] };
  const lasting = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  for (const { name } of lasting) {
    const status = statuses.find((one) => one.name === name);
    if (!status) groups.unknown.push(name);
    else if (!status.ready) groups.rest.push(name);
  }
  if (phase === "Succeeded" && groups.unknown.length === 0) return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  const message = describe(groups, "unready");
  return message ? { type, status: "False", reason: "ContainersNotReady", message } : { type, status: "True" };
}

export function containersReady(facts: ConditionFacts): PodCondition {
  return condition(facts.pod, readiness(facts));
}

/** Ready: all containers are, and all that the readiness gates name is True. */
export function podReady(facts: ConditionFacts, conditions: readonly PodCondition[]): PodCondition {
  const containers = readiness(facts);
  if (containers.status !== "True") return condition(facts.pod, { ...containers, type: "Ready" });
  const messages: string[] = [];
  for (const { conditionType } of facts.pod.spec.readinessGates ?? []) {
    const gate = conditions.find(({ type }) => type === conditionType);
    if (!gate) {
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (gate.status !== "True") {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
    }
  }
  if (messages.length === 0) return condition(facts.pod, { type: "Ready", status: "True" });
  const message = messages.join(", ");
  return condition(facts.pod, { type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message });
}

export function podInitialized({ pod, old, statuses, phase }: ConditionFacts): PodCondition {
  const type = "Initialized";
  const groups: Groups = { unknown: [], rest: [] };
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    if (!status) groups.unknown.push(container.name);
    else if (!(isSidecar(container) ? status.started : status.ready)) groups.rest.push(container.name);
  }
  if (phase === "Succeeded" && groups.unknown.length === 0) {
    return condition(pod, { type, status: "True", reason: "PodCompleted" });
  }
  const regularStarted = pod.spec.containers.some(({ name }) => {
    const state = statuses.find((one) => one.name === name)?.state;
    return state?.running !== undefined || state?.terminated !== undefined;
  });
  const message = describe(groups, "incomplete");
  const before = old?.conditions?.some((one) => one.type === type && one.status === "True");
  if (regularStarted || !message || before) return condition(pod, { type, status: "True" });
  return condition(pod, { type, status: "False", reason: "ContainersNotInitialized", message });
}

/** PodReadyToStartContainers: a sandbox with its network is there (KEP-3085). */
export function sandboxReady(pod: Pod, ready: boolean): PodCondition {
  return condition(pod, { type: "PodReadyToStartContainers", status: ready ? "True" : "False" });
}

export function podScheduled(pod: Pod): PodCondition {
  return condition(pod, { type: "PodScheduled", status: "True" });
}

/** AllContainersRestarting, for pods whose rules can ask for it (KEP-5532). */
export function allRestarting(phase: Phase, restarting: boolean): PodCondition {
  const type = "AllContainersRestarting";
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed" };
  if (!restarting) return { type, status: "False" };
  const message = "container exited with restart policy rule";
  return { type, status: "True", reason: "RestartAllContainersStarted", message };
}

export const findCondition = (status: PodStatus | undefined, type: string): PodCondition | undefined =>
  status?.conditions?.find((one) => one.type === type);
