// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as metaV1 from "./meta-v1.gen.ts";

export interface PriorityClass {
  readonly apiVersion?: string;
  readonly description?: string;
  readonly globalDefault?: boolean;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly preemptionPolicy?: "Never" | "PreemptLowerPriority";
  readonly value?: number;
}

export interface PriorityClassList {
  readonly apiVersion?: string;
  readonly items: readonly PriorityClass[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}
