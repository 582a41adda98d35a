// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.
import type { Definitions } from "../schema.ts";

export const schedulingV1: Definitions = {
  "scheduling.v1.PriorityClass": {"fields":{"apiVersion":{"type":"string"},"description":{"type":"string","proto":4},"globalDefault":{"type":"boolean","proto":3},"kind":{"type":"string"},"metadata":{"type":"struct","ref":"meta.v1.ObjectMeta","proto":1,"default":{}},"preemptionPolicy":{"type":"string","proto":5,"enum":["Never","PreemptLowerPriority"]},"value":{"type":"int32","proto":2,"default":0}},"kinds":[["scheduling.k8s.io","v1","PriorityClass"]]},
  "scheduling.v1.PriorityClassList": {"fields":{"apiVersion":{"type":"string"},"items":{"type":"list","items":{"type":"struct","ref":"scheduling.v1.PriorityClass","default":{}},"proto":2},"kind":{"type":"string"},"metadata":{"type":"struct","ref":"meta.v1.ListMeta","proto":1,"default":{}}},"required":["items"],"kinds":[["scheduling.k8s.io","v1","PriorityClassList"]]},
};
