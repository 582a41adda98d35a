// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as metaV1 from "./meta-v1.gen.ts";

export interface Eviction {
  readonly apiVersion?: string;
  readonly deleteOptions?: metaV1.DeleteOptions;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
}

export interface PodDisruptionBudget {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: PodDisruptionBudgetSpec;
  readonly status?: PodDisruptionBudgetStatus;
}

export interface PodDisruptionBudgetList {
  readonly apiVersion?: string;
  readonly items: readonly PodDisruptionBudget[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}

export interface PodDisruptionBudgetSpec {
  readonly maxUnavailable?: number | string;
  readonly minAvailable?: number | string;
  readonly selector?: metaV1.LabelSelector;
  readonly unhealthyPodEvictionPolicy?: "AlwaysAllow" | "IfHealthyBudget";
}

export interface PodDisruptionBudgetStatus {
  readonly conditions?: readonly metaV1.Condition[];
  readonly currentHealthy?: number;
  readonly desiredHealthy?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly disruptionsAllowed?: number;
  readonly expectedPods?: number;
  readonly observedGeneration?: number;
}
