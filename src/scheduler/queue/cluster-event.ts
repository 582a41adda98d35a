// What happened in the cluster, as far as it may help a pod that couldn't be placed. Source: pkg/scheduler/framework/
// events.go. May import src/base, src/kinds.
import { compareQuantities } from "../../base/quantity.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import { podRequests } from "../../kinds/pod/resources.ts";
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { StorageClass } from "../../kinds/types/storage-v1.gen.ts";

export type NodeChange = "allocatable" | "label" | "taint";
export type PodChange = "label" | "scaleDown" | "toleration" | "gates";

/** Without `old` it is new, without `now` it is gone. */
export interface Versions<T> {
  readonly old?: T;
  readonly now?: T;
}

export type ClusterEvent =
  | ({ readonly kind: "node"; readonly changes: ReadonlySet<NodeChange> } & Versions<Node>)
  | ({ readonly kind: "pod"; readonly changes: ReadonlySet<PodChange> } & Versions<Pod>)
  | ({ readonly kind: "claim" } & Versions<PersistentVolumeClaim>)
  | ({ readonly kind: "volume" } & Versions<PersistentVolume>)
  | ({ readonly kind: "storageClass" } & Versions<StorageClass>);

/** Undefined where nothing has changed that a plugin reads: a heartbeat. */
export function nodeEvent({ old, now }: Versions<Node>): ClusterEvent | undefined {
  const changes = new Set<NodeChange>();
  if (old && now) {
    if (!semanticEqual(old.status?.allocatable, now.status?.allocatable)) changes.add("allocatable");
    if (!semanticEqual(old.metadata.labels, now.metadata.labels)) changes.add("label");
    const uncordoned = old.spec?.unschedulable && !now.spec?.unschedulable;
    if (uncordoned || !semanticEqual(old.spec?.taints, now.spec?.taints)) changes.add("taint");
    if (changes.size === 0) return undefined;
  }
  return { kind: "node", old, now, changes };
}

function isScaledDown(old: Pod, now: Pod): boolean {
  if (
    semanticEqual(old.spec?.containers, now.spec?.containers) &&
    semanticEqual(old.spec?.resources, now.spec?.resources)
  ) {
    const unchanged = (
      name: "resources" | "containerStatuses" | "allocatedResources" | "initContainerStatuses",
    ): boolean => semanticEqual(old.status?.[name], now.status?.[name]);
    if (unchanged("resources") && unchanged("containerStatuses") && unchanged("allocatedResources")) return false;
  }
  const after = podRequests(now, { useStatus: true });
  return [...podRequests(old, { useStatus: true })].some(([name, amount]) => {
    const left = after.get(name);
    return !left || compareQuantities(amount, left) > 0;
  });
}

/** Undefined where nothing has changed that a plugin reads. */
export function podEvent({ old, now }: Versions<Pod>): ClusterEvent | undefined {
  const changes = new Set<PodChange>();
  if (old && now) {
    if (!semanticEqual(old.metadata.labels, now.metadata.labels)) changes.add("label");
    if (isScaledDown(old, now)) changes.add("scaleDown");
    if (old.spec?.schedulingGates?.length && !now.spec?.schedulingGates?.length) changes.add("gates");
    if ((old.spec?.tolerations?.length ?? 0) !== (now.spec?.tolerations?.length ?? 0)) changes.add("toleration");
    if (changes.size === 0) return undefined;
  }
  return { kind: "pod", old, now, changes };
}
