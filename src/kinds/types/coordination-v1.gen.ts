// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as metaV1 from "./meta-v1.gen.ts";

export interface Lease {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: LeaseSpec;
}

export interface LeaseList {
  readonly apiVersion?: string;
  readonly items: readonly Lease[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}

export interface LeaseSpec {
  readonly acquireTime?: string;
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly leaseTransitions?: number;
  readonly preferredHolder?: string;
  readonly renewTime?: string;
  readonly strategy?: string;
}
