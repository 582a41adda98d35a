// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.
import type { Definitions } from "../schema.ts";

export const nodeV1: Definitions = {
  "node.v1.Overhead": {"fields":{"podFixed":{"type":"map","items":{"type":"quantity","ref":"resource.Quantity"},"proto":1}}},
  "node.v1.RuntimeClass": {"fields":{"apiVersion":{"type":"string"},"handler":{"type":"string","proto":2,"default":""},"kind":{"type":"string"},"metadata":{"type":"struct","ref":"meta.v1.ObjectMeta","proto":1,"default":{}},"overhead":{"type":"struct","ref":"node.v1.Overhead","proto":3},"scheduling":{"type":"struct","ref":"node.v1.Scheduling","proto":4}},"required":["handler"],"kinds":[["node.k8s.io","v1","RuntimeClass"]]},
  "node.v1.RuntimeClassList": {"fields":{"apiVersion":{"type":"string"},"items":{"type":"list","items":{"type":"struct","ref":"node.v1.RuntimeClass","default":{}},"proto":2},"kind":{"type":"string"},"metadata":{"type":"struct","ref":"meta.v1.ListMeta","proto":1,"default":{}}},"required":["items"],"kinds":[["node.k8s.io","v1","RuntimeClassList"]]},
  "node.v1.Scheduling": {"fields":{"nodeSelector":{"type":"map","items":{"type":"string","default":""},"proto":1,"mapType":"atomic"},"tolerations":{"type":"list","items":{"type":"struct","ref":"core.v1.Toleration","default":{}},"proto":2,"listType":"atomic"}}},
};
