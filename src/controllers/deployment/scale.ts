// Changing the sizes of a Deployment's ReplicaSets: in one go, in proportion, or step by step in a rollout. Upstream:
// pkg/controller/deployment (sync.go, rolling.go, recreate.go). May import src/base, src/kinds, src/client.
import type { Deployment, ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import type { Change } from "../controller.ts";
import { normalEvent } from "../replication/pod-control.ts";
import { revisionOf, sameAnnotations, withReplicas } from "./annotations.ts";
import { allOf, type Sets } from "./deployment-status.ts";
import { anyReplicaSet } from "./new-replica-set.ts";
import {
  availableOf,
  int32Max,
  isRolling,
  isSaturated,
  maxSurgeOf,
  maxUnavailableOf,
  nextNewSize,
  oldestFirst,
  proportionalSizes,
  sizeOf,
  totalAvailable,
  totalSize,
  wantedOf,
} from "./replica-counts.ts";

const isActive = (set: ReplicaSet): boolean => sizeOf(set) > 0;

/** `always`: the annotations are kept up even where the size stays. */
function scaleSet(deployment: Deployment, set: ReplicaSet, size: number, always = false): Change[] {
  const before = sizeOf(set);
  if (!always && before === size) return [];
  const wanted = wantedOf(deployment);
  const old = set.metadata.annotations ?? {};
  const annotations = withReplicas(old, wanted, wanted + maxSurgeOf(deployment));
  if (before === size && sameAnnotations(old, annotations)) return [];
  const { metadata, spec } = set;
  const object: ReplicaSet = { ...set, metadata: { ...metadata, annotations }, spec: { ...spec, replicas: size } };
  const direction = before < size ? "up" : "down";
  const message = `Scaled ${direction} replica set ${metadata.name} from ${before} to ${size}`;
  const told = before === size ? [] : [normalEvent(deployment, "ScalingReplicaSet", message)];
  return [{ do: "update", kind: anyReplicaSet, object, followedBy: () => told }];
}

/** The one that has pods, or the latest where none has; undefined where several have. */
function findActiveOrLatest({ current, old }: Sets): ReplicaSet | undefined {
  const newestFirst = oldestFirst(old).toReversed();
  const active = [...newestFirst, ...(current ? [current] : [])].filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? newestFirst[0];
}

/** A change of the Deployment's own size. */
export function scale(deployment: Deployment, sets: Sets): Change[] {
  const only = findActiveOrLatest(sets);
  if (only) return scaleSet(deployment, only, wantedOf(deployment));
  if (isSaturated(deployment, sets.current)) {
    return sets.old.filter(isActive).flatMap((set) => scaleSet(deployment, set, 0));
  }
  if (!isRolling(deployment)) return [];
  const sizes = proportionalSizes(deployment, allOf(sets).filter(isActive));
  return sizes.flatMap(([set, size]) => scaleSet(deployment, set, size, true));
}

/** A step of the new ReplicaSet towards its size. */
export function scaleNew(deployment: Deployment, sets: Sets, current: ReplicaSet): Change[] {
  const wanted = wantedOf(deployment);
  if (sizeOf(current) >= wanted) return scaleSet(deployment, current, wanted);
  return scaleSet(deployment, current, nextNewSize(deployment, allOf(sets), sizeOf(current)));
}

/** Old pods that are not available go first: they are no loss. */
function cleanUpUnhealthy(deployment: Deployment, old: readonly ReplicaSet[], most: number): Change[] {
  const changes: Change[] = [];
  let total = 0;
  for (const set of old) {
    if (total >= most) break;
    const count = Math.min(most - total, sizeOf(set) - availableOf(set));
    if (count === 0) continue;
    changes.push(...scaleSet(deployment, set, sizeOf(set) - count));
    total += count;
  }
  return changes;
}

/** A step of the old ReplicaSets towards nothing, as far as enough pods stay available. */
export function scaleOldDown(deployment: Deployment, sets: Sets, current: ReplicaSet): Change[] {
  const old = oldestFirst(sets.old.filter(isActive));
  if (old.length === 0) return [];
  const least = wantedOf(deployment) - maxUnavailableOf(deployment);
  const unavailable = sizeOf(current) - availableOf(current);
  const most = totalSize(allOf(sets)) - least - unavailable;
  if (most <= 0) return [];
  const changes = cleanUpUnhealthy(deployment, old, most);
  // The healthy ones' turn comes when that is done, with the sizes as they are then.
  if (changes.length > 0) return changes;
  let left = totalAvailable([...old, current]) - least;
  for (const set of old) {
    if (left <= 0) break;
    const count = Math.min(sizeOf(set), left);
    changes.push(...scaleSet(deployment, set, sizeOf(set) - count));
    left -= count;
  }
  return changes;
}

export const scaleOldToNothing = (deployment: Deployment, sets: Sets): Change[] =>
  sets.old.filter(isActive).flatMap((set) => scaleSet(deployment, set, 0));

function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [revisionOf(a), revisionOf(b)];
  if (left === undefined || right === undefined || left === right) return 0;
  return left < right ? -1 : 1;
}

/** Deletes old ReplicaSets beyond those that are kept to go back to. */
export function cleanUpHistory(deployment: Deployment, old: readonly ReplicaSet[]): Change[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === int32Max) return [];
  const alive = oldestFirst(old.filter(({ metadata }) => !metadata.deletionTimestamp)).toSorted(byRevision);
  const excess = alive.slice(0, Math.max(0, alive.length - limit)).filter(({ metadata, spec, status }) => {
    const observed = (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
    return (status?.replicas ?? 0) === 0 && spec.replicas === 0 && observed;
  });
  return excess.map((object) => ({ do: "delete", kind: anyReplicaSet, object }));
}
