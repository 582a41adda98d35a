// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as coreV1 from "./core-v1.gen.ts";
import type * as metaV1 from "./meta-v1.gen.ts";

export interface Event {
  readonly action?: string;
  readonly apiVersion?: string;
  readonly deprecatedCount?: number;
  readonly deprecatedFirstTimestamp?: string;
  readonly deprecatedLastTimestamp?: string;
  readonly deprecatedSource?: coreV1.EventSource;
  readonly eventTime: string;
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly note?: string;
  readonly reason?: string;
  readonly regarding?: coreV1.ObjectReference;
  readonly related?: coreV1.ObjectReference;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly series?: EventSeries;
  readonly type?: string;
}

export interface EventList {
  readonly apiVersion?: string;
  readonly items: readonly Event[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}

export interface EventSeries {
  readonly count: number;
  readonly lastObservedTime: string;
}
