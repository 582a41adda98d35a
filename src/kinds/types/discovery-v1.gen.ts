// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.
import type * as coreV1 from "./core-v1.gen.ts";
import type * as metaV1 from "./meta-v1.gen.ts";

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: EndpointConditions;
  readonly deprecatedTopology?: Readonly<Record<string, string>>;
  readonly hints?: EndpointHints;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: coreV1.ObjectReference;
  readonly zone?: string;
}

export interface EndpointConditions {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

export interface EndpointHints {
  readonly forNodes?: readonly ForNode[];
  readonly forZones?: readonly ForZone[];
}

export interface EndpointPort {
  readonly appProtocol?: string;
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: "SCTP" | "TCP" | "UDP";
}

export interface EndpointSlice {
  readonly addressType: "FQDN" | "IPv4" | "IPv6";
  readonly apiVersion?: string;
  readonly endpoints?: readonly Endpoint[];
  readonly kind?: string;
  readonly metadata: metaV1.ObjectMeta;
  readonly ports?: readonly EndpointPort[];
}

export interface EndpointSliceList {
  readonly apiVersion?: string;
  readonly items: readonly EndpointSlice[];
  readonly kind?: string;
  readonly metadata: metaV1.ListMeta;
}

export interface ForNode {
  readonly name: string;
}

export interface ForZone {
  readonly name: string;
}
