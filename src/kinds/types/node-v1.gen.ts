// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as coreV1 from "./core-v1.gen.ts";
import type * as metaV1 from "./meta-v1.gen.ts";

export interface Overhead {
  readonly podFixed?: Readonly<Record<string, string>>;
}

export interface RuntimeClass {
  readonly apiVersion?: string;
  readonly handler: string;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly overhead?: Overhead;
  readonly scheduling?: Scheduling;
}

export interface RuntimeClassList {
  readonly apiVersion?: string;
  readonly items: readonly RuntimeClass[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}

export interface Scheduling {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly coreV1.Toleration[];
}
