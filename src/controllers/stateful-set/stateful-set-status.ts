// A StatefulSet's status. Upstream: pkg/controller/statefulset. May import src/base, src/kinds.
import { isPodAvailable, isPodReady } from "../../kinds/pod/conditions.ts";
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from "../../kinds/types/apps-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { revisionOf, wantedOf } from "./identity.ts";

export const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
export const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === "Running" && isPodReady(pod);
export const isAvailable = (pod: Pod, set: StatefulSet, nowMs: number): boolean =>
  isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);

/** The status for these pods of the set; `pods` are those that exist. */
export function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  current: ControllerRevision,
  update: ControllerRevision,
  nowMs: number,
): StatefulSetStatus {
  const ready = pods.filter(isRunningAndReady);
  const living = pods.filter((pod) => !isTerminating(pod));
  const count = (revision: ControllerRevision): number =>
    living.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, set, nowMs)).length,
    currentReplicas: count(current),
    updatedReplicas: count(update),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
  };
}

/** When all pods are of the update revision and ready, that becomes the current one. */
export function completeUpdate(set: StatefulSet, status: StatefulSetStatus): StatefulSetStatus {
  const wanted = wantedOf(set);
  const { updatedReplicas, readyReplicas, replicas } = status;
  const complete =
    set.spec.updateStrategy?.type === "RollingUpdate" &&
    updatedReplicas === wanted &&
    readyReplicas === wanted &&
    replicas === wanted;
  return complete ? { ...status, currentReplicas: updatedReplicas, currentRevision: status.updateRevision } : status;
}

const names = [
  "replicas",
  "currentReplicas",
  "readyReplicas",
  "updatedReplicas",
  "availableReplicas",
  "currentRevision",
  "updateRevision",
] as const;

export function isSameStatus(old: StatefulSetStatus | undefined, status: StatefulSetStatus): boolean {
  if ((status.observedGeneration ?? 0) > (old?.observedGeneration ?? 0)) return false;
  return names.every((name) => (old?.[name] || undefined) === (status[name] || undefined));
}
