// Deployments: each template has a ReplicaSet, and a rollout moves pods from the old ones to the new. Upstream:
// pkg/controller/deployment. One attempt makes one step; what it writes brings it back for the next. May import src/base,
// src/kinds, src/client.
import { isEverything, matcherOfSelector, matchesLabels, SelectorError } from "../../base/labels.ts";
import { deployment as deploymentKind } from "../../kinds/apps/deployment.ts";
import { replicaSet as replicaSetKind } from "../../kinds/apps/replica-set.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { isPodTerminal } from "../../kinds/pod/conditions.ts";
import { getControllerOf } from "../../kinds/pod/ownership.ts";
import type { Deployment, DeploymentStatus, ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Source,
  splitKey,
  type View,
} from "../controller.ts";
import { candidates, claim, dependents } from "../replication/claim.ts";
import { warningEvent } from "../replication/pod-control.ts";
import { desiredReplicasOf, rollbackOf } from "./annotations.ts";
import {
  allOf,
  hasProgressDeadline,
  isComplete,
  isSameStatus,
  progressCondition,
  progressingOf,
  rolloutStatus,
  type Sets,
  statusOf,
  stuckAtMs,
} from "./deployment-status.ts";
import { anyDeployment, splitSets, syncRevision, updateStatus } from "./new-replica-set.ts";
import { sizeOf, totalReplicas, wantedOf } from "./replica-counts.ts";
import { rollBack } from "./rollback.ts";
import { cleanUpHistory, scale, scaleNew, scaleOldDown, scaleOldToNothing } from "./scale.ts";

function selects({ spec }: Deployment, { metadata }: ReplicaSet): boolean {
  try {
    return matchesLabels(matcherOfSelector(spec.selector), metadata.labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

const writeStatus = (deployment: Deployment, status: DeploymentStatus): Change[] =>
  isSameStatus(deployment.status, status)
    ? []
    : [{ do: "update", kind: anyDeployment, object: { ...deployment, status } as Deployment, subresource: "status" }];

/** Pausing and resuming begins the progress anew. */
function pauseChange(deployment: Deployment, nowMs: number): Change[] {
  const condition = progressingOf(deployment);
  if (!hasProgressDeadline(deployment) || condition?.reason === "ProgressDeadlineExceeded") return [];
  const isPaused = deployment.spec.paused ?? false;
  const wasPaused = condition?.reason === "DeploymentPaused";
  if (isPaused === wasPaused) return [];
  const next = isPaused
    ? progressCondition("Unknown", "DeploymentPaused", "Deployment is paused", nowMs)
    : progressCondition("Unknown", "DeploymentResumed", "Deployment is resumed", nowMs);
  return [updateStatus(deployment, { condition: next })];
}

const isScaling = (deployment: Deployment, sets: Sets): boolean =>
  allOf(sets).some(
    (set) => sizeOf(set) > 0 && (desiredReplicasOf(set) ?? wantedOf(deployment)) !== wantedOf(deployment),
  );

/** Whether pods of former templates still run. */
function oldPodsRun(sets: Sets, view: View): boolean {
  if (totalReplicas(sets.old) > 0) return true;
  return sets.old.some(({ metadata }) => view.ownedBy(podKind, metadata.uid).some((pod) => !isPodTerminal(pod)));
}

function withRollout(deployment: Deployment, sets: Sets, changes: readonly Change[], nowMs: number): Reconciled {
  const status = rolloutStatus(deployment, sets, nowMs);
  const written = writeStatus(deployment, status);
  const requeueAtMs = written.length === 0 ? stuckAtMs(deployment, status, nowMs) : undefined;
  return { changes: [...changes, ...written], ...(requeueAtMs === undefined ? {} : { requeueAtMs }) };
}

function rollOut(deployment: Deployment, sets: Sets, view: View, nowMs: number): Reconciled {
  const history = (): Change[] =>
    isComplete(deployment, deployment.status) ? cleanUpHistory(deployment, sets.old) : [];
  const recreates = deployment.spec.strategy?.type === "Recreate";
  if (recreates) {
    const down = scaleOldToNothing(deployment, sets);
    if (down.length > 0 || oldPodsRun(sets, view)) return withRollout(deployment, sets, down, nowMs);
  }
  const first = syncRevision(deployment, sets, true, view, nowMs);
  if (first.length > 0 || !sets.current) return { changes: first };
  const up = scaleNew(deployment, sets, sets.current);
  if (recreates) return withRollout(deployment, sets, [...up, ...history()], nowMs);
  if (up.length > 0) return withRollout(deployment, sets, up, nowMs);
  const down = scaleOldDown(deployment, sets, sets.current);
  return withRollout(deployment, sets, down.length > 0 ? down : history(), nowMs);
}

function reconcileSets(deployment: Deployment, sets: Sets, view: View, nowMs: number): Reconciled {
  const deleting = Boolean(deployment.metadata.deletionTimestamp);
  const paused = deployment.spec.paused ?? false;
  const pausing = deleting ? [] : pauseChange(deployment, nowMs);
  if (pausing.length > 0) return { changes: pausing };
  const rollbackTo = deleting || paused ? undefined : rollbackOf(deployment);
  const first = syncRevision(deployment, sets, rollbackTo !== undefined, view, nowMs);
  if (first.length > 0) return { changes: first };
  const status = (): Change[] => writeStatus(deployment, statusOf(deployment, sets, nowMs));
  if (deleting) return { changes: status() };
  if (paused) {
    const history = rollbackOf(deployment) === undefined ? cleanUpHistory(deployment, sets.old) : [];
    return { changes: [...scale(deployment, sets), ...history, ...status()] };
  }
  if (rollbackTo !== undefined) return { changes: [rollBack(deployment, sets, rollbackTo)] };
  if (isScaling(deployment, sets)) return { changes: [...scale(deployment, sets), ...status()] };
  return rollOut(deployment, sets, view, nowMs);
}

/** A Deployment that recreates its pods waits for the old ones to end. */
const pods: Source<Pod> = {
  kind: podKind,
  keysOf(pod, _old, view) {
    const owner = getControllerOf(pod);
    if (owner?.kind !== "ReplicaSet") return [];
    const { namespace } = pod.metadata;
    const set = view.get(replicaSetKind, namespace, owner.name);
    const above = set && getControllerOf(set);
    const deployment = above?.kind === "Deployment" ? view.get(deploymentKind, namespace, above.name) : undefined;
    if (deployment?.spec.strategy?.type !== "Recreate") return [];
    const present = view.get(podKind, namespace, pod.metadata.name);
    return !present || isPodTerminal(pod) ? [keyOf(deployment)] : [];
  },
};

export const deploymentController: Controller = {
  name: "deployment-controller",
  workers: 5,
  sources: [
    { kind: anyDeployment, keysOf: (object) => [keyOf(object)] },
    dependents(replicaSetKind, deploymentKind, selects) as unknown as Source,
    pods as unknown as Source,
  ],
  reconcile(key, view, nowMs) {
    const deployment = view.get(deploymentKind, ...splitKey(key));
    if (!deployment) return { changes: [] };
    const { metadata, spec, status } = deployment;
    if (isEverything(matcherOfSelector(spec.selector))) {
      const message = "This deployment is selecting all pods. A non-empty selector is required.";
      const observedGeneration = metadata.generation ?? 0;
      const seen = { ...status, observedGeneration };
      return { changes: [warningEvent(deployment, "SelectingAll", message), ...writeStatus(deployment, seen)] };
    }
    const { claimed, changes } = claim(candidates(view, replicaSetKind, deployment), {
      ownerKind: anyDeployment,
      owner: deployment,
      kind: replicaSetKind,
      matches: (set) => selects(deployment, set),
    });
    if (changes.length > 0) return { changes };
    return reconcileSets(deployment, splitSets(deployment, claimed), view, nowMs);
  },
};
