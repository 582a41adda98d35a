// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as metaV1 from "./meta-v1.gen.ts";

export interface APIService {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: APIServiceSpec;
  readonly status?: APIServiceStatus;
}

export interface APIServiceCondition {
  readonly lastTransitionTime?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly status: string;
  readonly type: string;
}

export interface APIServiceList {
  readonly apiVersion?: string;
  readonly items: readonly APIService[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}

export interface APIServiceSpec {
  readonly caBundle?: string;
  readonly group?: string;
  readonly groupPriorityMinimum: number;
  readonly insecureSkipTLSVerify?: boolean;
  readonly service?: ServiceReference;
  readonly version?: string;
  readonly versionPriority: number;
}

export interface APIServiceStatus {
  readonly conditions?: readonly APIServiceCondition[];
}

export interface ServiceReference {
  readonly name?: string;
  readonly namespace?: string;
  readonly port?: number;
}
