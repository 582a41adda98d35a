// A Deployment's status: counts, and the conditions that tell how its rollout goes. Upstream: pkg/controller/deployment
// (sync.go, progress.go). May import src/base, src/kinds.
import { toTime } from "../../base/clock.ts";
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import { findCondition, withoutCondition } from "../replication/conditions.ts";
import {
  int32Max,
  maxUnavailableOf,
  totalAvailable,
  totalReady,
  totalReplicas,
  totalSize,
  totalTerminating,
  wantedOf,
} from "./replica-counts.ts";

export interface Sets {
  /** The ReplicaSet of the template as it is now. */
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}
export const allOf = ({ current, old }: Sets): readonly ReplicaSet[] => (current ? [...old, current] : old);

type Conditions = readonly DeploymentCondition[];
const progressing = "Progressing";
const replicaFailure = "ReplicaFailure";

export const hasProgressDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== int32Max;
export const progressingOf = (deployment: Deployment): DeploymentCondition | undefined =>
  findCondition(deployment.status?.conditions, progressing);

export function progressCondition(
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  nowMs: number,
): DeploymentCondition {
  const now = toTime(nowMs);
  return { type: progressing, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

/** Adds the condition at the end, unless the one of its type says the same. */
export function setCondition(conditions: Conditions | undefined, condition: DeploymentCondition): Conditions {
  const old = findCondition(conditions, condition.type);
  if (old && old.status === condition.status && old.reason === condition.reason) return conditions ?? [];
  const { lastTransitionTime } = old && old.status === condition.status ? old : condition;
  return [...withoutCondition(conditions, condition.type), { ...condition, lastTransitionTime }];
}

function availability(deployment: Deployment, available: number, nowMs: number): DeploymentCondition {
  const now = toTime(nowMs);
  const times = { lastUpdateTime: now, lastTransitionTime: now };
  if (available >= wantedOf(deployment) - maxUnavailableOf(deployment)) {
    const message = "Deployment has minimum availability.";
    return { type: "Available", status: "True", ...times, reason: "MinimumReplicasAvailable", message };
  }
  const message = "Deployment does not have minimum availability.";
  return { type: "Available", status: "False", ...times, reason: "MinimumReplicasUnavailable", message };
}

export function statusOf(deployment: Deployment, sets: Sets, nowMs: number): DeploymentStatus {
  const all = allOf(sets);
  const available = totalAvailable(all);
  const terminating = totalTerminating(all);
  const { conditions, collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: totalReplicas(all),
    updatedReplicas: sets.current ? totalReplicas([sets.current]) : 0,
    readyReplicas: totalReady(all),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalSize(all) - available),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: setCondition(conditions, availability(deployment, available, nowMs)),
  };
}

/** All pods are of the newest template, available, and the controller has seen the newest spec. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const wanted = wantedOf(deployment);
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration = 0 } = status ?? {};
  return (
    updatedReplicas === wanted &&
    replicas === wanted &&
    availableReplicas === wanted &&
    observedGeneration >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing({ status: old = {} }: Deployment, status: DeploymentStatus): boolean {
  const count = (one: DeploymentStatus, name: "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas") =>
    one[name] ?? 0;
  return (
    count(status, "updatedReplicas") > count(old, "updatedReplicas") ||
    count(status, "replicas") - count(status, "updatedReplicas") <
      count(old, "replicas") - count(old, "updatedReplicas") ||
    count(status, "readyReplicas") > count(old, "readyReplicas") ||
    count(status, "availableReplicas") > count(old, "availableReplicas")
  );
}

function hasTimedOut(deployment: Deployment, conditions: Conditions, nowMs: number): boolean {
  const condition = findCondition(conditions, progressing);
  if (!condition || condition.reason === "NewReplicaSetAvailable") return false;
  if (condition.reason === "ProgressDeadlineExceeded") return true;
  return Date.parse(condition.lastUpdateTime ?? "") + deployment.spec.progressDeadlineSeconds! * 1000 < nowMs;
}

function progressAfter(deployment: Deployment, sets: Sets, status: DeploymentStatus, nowMs: number): Conditions {
  const conditions = status.conditions ?? [];
  const subject = sets.current
    ? `ReplicaSet "${sets.current.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return setCondition(conditions, progressCondition("True", "NewReplicaSetAvailable", message, nowMs));
  }
  if (isProgressing(deployment, status)) {
    const condition = progressCondition("True", "ReplicaSetUpdated", `${subject} is progressing.`, nowMs);
    const before = progressingOf(deployment);
    const { lastTransitionTime } = before?.status === "True" ? before : condition;
    return [...withoutCondition(conditions, progressing), { ...condition, lastTransitionTime }];
  }
  if (hasTimedOut(deployment, conditions, nowMs)) {
    const message = `${subject} has timed out progressing.`;
    return setCondition(conditions, progressCondition("False", "ProgressDeadlineExceeded", message, nowMs));
  }
  return conditions;
}

function failureOf(sets: Sets): DeploymentCondition | undefined {
  const failures = [...(sets.current ? [sets.current] : []), ...allOf(sets)].flatMap(
    ({ status }) => findCondition(status?.conditions, replicaFailure) ?? [],
  );
  const [first] = failures;
  return first && { ...first, lastUpdateTime: first.lastTransitionTime };
}

/** The status during a rollout. */
export function rolloutStatus(deployment: Deployment, sets: Sets, nowMs: number): DeploymentStatus {
  const status = statusOf(deployment, sets, nowMs);
  const before = progressingOf(deployment);
  const wasComplete = status.replicas === status.updatedReplicas && before?.reason === "NewReplicaSetAvailable";
  let conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, progressing);
  else if (!wasComplete) conditions = progressAfter(deployment, sets, status, nowMs);
  const failure = failureOf(sets);
  return {
    ...status,
    conditions: failure ? setCondition(conditions, failure) : withoutCondition(conditions, replicaFailure),
  };
}

/** When to look whether the rollout has taken too long. */
export function stuckAtMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const condition = progressingOf(deployment);
  if (!hasProgressDeadline(deployment) || !condition || isComplete(deployment, status)) return undefined;
  if (condition.reason === "ProgressDeadlineExceeded") return undefined;
  const atMs = Date.parse(condition.lastUpdateTime ?? "") + (deployment.spec.progressDeadlineSeconds! + 1) * 1000;
  return atMs > nowMs ? atMs : undefined;
}

const countNames = [
  "observedGeneration",
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "terminatingReplicas",
  "collisionCount",
] as const;

export function isSameStatus(old: DeploymentStatus | undefined, status: DeploymentStatus): boolean {
  const conditions = (one: DeploymentStatus | undefined): string =>
    JSON.stringify(
      (one?.conditions ?? []).map((c) => [
        c.type,
        c.status,
        c.reason,
        c.message,
        c.lastUpdateTime,
        c.lastTransitionTime,
      ]),
    );
  return (
    countNames.every((name) => (old?.[name] ?? 0) === (status[name] ?? 0)) &&
    (old?.terminatingReplicas === undefined) === (status.terminatingReplicas === undefined) &&
    conditions(old) === conditions(status)
  );
}
