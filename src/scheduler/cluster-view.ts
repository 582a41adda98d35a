// What the scheduler's plugins read besides nodes and pods. May import src/base, src/kinds.
import type { LabelMatcher, Labels } from "../base/labels.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../kinds/types/core-v1.gen.ts";
import type { PodDisruptionBudget } from "../kinds/types/policy-v1.gen.ts";
import type { StorageClass } from "../kinds/types/storage-v1.gen.ts";
import type { PodInfo } from "./pod-info.ts";

/** All of it as the informers know it now. */
export interface ClusterView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  storageClass(name: string): StorageClass | undefined;
  namespaceLabels(name: string): Labels | undefined;
  namespaces(): Iterable<{ readonly name: string; readonly labels: Labels }>;
  /** What selects the pod: its services and its controller. Undefined when nothing does. */
  defaultSelector(info: PodInfo): LabelMatcher | undefined;
  disruptionBudgets(): readonly PodDisruptionBudget[];
}

/** A cluster without volumes, namespaces, services and budgets. */
export const emptyView: ClusterView = {
  claim: () => undefined,
  volume: () => undefined,
  storageClass: () => undefined,
  namespaceLabels: () => undefined,
  namespaces: () => [],
  defaultSelector: () => undefined,
  disruptionBudgets: () => [],
};
