// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.
import type { Definitions } from "../schema.ts";

export const coordinationV1: Definitions = {
  "coordination.v1.Lease": {"fields":{"apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"struct","ref":"meta.v1.ObjectMeta","proto":1,"default":{}},"spec":{"type":"struct","ref":"coordination.v1.LeaseSpec","proto":2,"default":{}}},"kinds":[["coordination.k8s.io","v1","Lease"]]},
  "coordination.v1.LeaseList": {"fields":{"apiVersion":{"type":"string"},"items":{"type":"list","items":{"type":"struct","ref":"coordination.v1.Lease","default":{}},"proto":2},"kind":{"type":"string"},"metadata":{"type":"struct","ref":"meta.v1.ListMeta","proto":1,"default":{}}},"required":["items"],"kinds":[["coordination.k8s.io","v1","LeaseList"]]},
  "coordination.v1.LeaseSpec": {"fields":{"acquireTime":{"type":"micro-time","ref":"meta.v1.MicroTime","proto":3},"holderIdentity":{"type":"string","proto":1},"leaseDurationSeconds":{"type":"int32","proto":2},"leaseTransitions":{"type":"int32","proto":5},"preferredHolder":{"type":"string","proto":7},"renewTime":{"type":"micro-time","ref":"meta.v1.MicroTime","proto":4},"strategy":{"type":"string","proto":6}}},
};
