// Sizes in a rollout: how many pods there may be and must be, and how a change of size is shared among ReplicaSets.
// Upstream: pkg/controller/deployment/util. May import src/base, src/kinds.
import type { Deployment, ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import { desiredReplicasOf, maxReplicasOf } from "./annotations.ts";

/** A number, or a percentage of `total`. */
export function scaledValue(value: number | string | undefined, total: number, roundUp: boolean): number {
  if (typeof value !== "string") return value ?? 0;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}

export const wantedOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1;
export const sizeOf = (set: ReplicaSet): number => set.spec.replicas ?? 1;
export const isRolling = ({ spec }: Deployment): boolean => spec.strategy?.type === "RollingUpdate";
/** Upstream's "no limit" where a number must be. */
export const int32Max = 2 ** 31 - 1;

function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, wantedOf(deployment), true);
  const unavailable = scaledValue(maxUnavailable, wantedOf(deployment), false);
  // With neither, nothing could ever move.
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export const maxSurgeOf = (deployment: Deployment): number =>
  isRolling(deployment) ? fenceposts(deployment).surge : 0;
export function maxUnavailableOf(deployment: Deployment): number {
  if (!isRolling(deployment) || wantedOf(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, wantedOf(deployment));
}

const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + count(set), 0);
export const totalSize = (sets: readonly ReplicaSet[]): number => sum(sets, sizeOf);
export const totalReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status?.replicas ?? 0);
export const totalReady = (sets: readonly ReplicaSet[]): number =>
  sum(sets, ({ status }) => status?.readyReplicas ?? 0);
export const availableOf = ({ status }: ReplicaSet): number => status?.availableReplicas ?? 0;
export const totalAvailable = (sets: readonly ReplicaSet[]): number => sum(sets, availableOf);
/** undefined where a ReplicaSet has not told it. */
export function totalTerminating(sets: readonly ReplicaSet[]): number | undefined {
  const seen = sets.filter(({ status }) => status?.observedGeneration || status?.terminatingReplicas !== undefined);
  if (seen.some(({ status }) => status?.terminatingReplicas === undefined)) return undefined;
  return sum(seen, ({ status }) => status!.terminatingReplicas!);
}

/** The size of the new ReplicaSet after one step up. */
export function nextNewSize(deployment: Deployment, all: readonly ReplicaSet[], newSize: number): number {
  const wanted = wantedOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const most = wanted + scaledValue(deployment.spec.strategy?.rollingUpdate?.maxSurge, wanted, true);
  const room = most - totalSize(all);
  return room <= 0 ? newSize : newSize + Math.min(room, wanted - newSize);
}

/** The new ReplicaSet has all that was asked for. */
export const isSaturated = (deployment: Deployment, set: ReplicaSet | undefined): boolean =>
  set !== undefined &&
  sizeOf(set) === wantedOf(deployment) &&
  desiredReplicasOf(set) === wantedOf(deployment) &&
  availableOf(set) === wantedOf(deployment);

const roundHalfAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

function fractionOf(set: ReplicaSet, deployment: Deployment): number {
  const wanted = wantedOf(deployment);
  if (wanted === 0) return -sizeOf(set);
  const before = maxReplicasOf(set) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return roundHalfAway((sizeOf(set) * (wanted + maxSurgeOf(deployment))) / before) - sizeOf(set);
}

const byCreation = (a: ReplicaSet, b: ReplicaSet): number =>
  Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);
export const oldestFirst = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.toSorted(byCreation);

/** The sizes of all active ReplicaSets after a change of size in the middle of a rollout, largest share first. */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): [ReplicaSet, number][] {
  const allowed = wantedOf(deployment) > 0 ? wantedOf(deployment) + maxSurgeOf(deployment) : 0;
  const toAdd = allowed - totalSize(active);
  if (toAdd === 0) return active.map((set) => [set, sizeOf(set)]);
  const direction = toAdd > 0 ? -1 : 1;
  const sorted = active.toSorted((a, b) => sizeOf(b) - sizeOf(a) || direction * byCreation(a, b));
  let added = 0;
  const sizes = sorted.map((set): [ReplicaSet, number] => {
    if (sizeOf(set) === 0 || toAdd === added) return [set, sizeOf(set)];
    const left = toAdd - added;
    const share = toAdd > 0 ? Math.min(fractionOf(set, deployment), left) : Math.max(fractionOf(set, deployment), left);
    added += share;
    return [set, sizeOf(set) + share];
  });
  // What rounding left over goes to the largest.
  return sizes.map(([set, size], index) => [set, index === 0 ? Math.max(0, size + toAdd - added) : size]);
}
