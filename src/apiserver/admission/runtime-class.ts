// RuntimeClass: a pod gets its class's overhead and scheduling constraints. Upstream: plugin/pkg/admission/runtimeclass,
// KEP-688. May import src/base and src/kinds.
import { runtimeClass as runtimeClassKind } from "../../kinds/node/runtime-class.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Pod, PodSpec, Toleration } from "../../kinds/types/core-v1.gen.ts";
import type { RuntimeClass } from "../../kinds/types/node-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionContext, AdmissionPlugin } from "../ports.ts";
import { isFor, refuse } from "./refuse.ts";

function classOf(reader: ObjectReader, context: AdmissionContext, spec: Draft<PodSpec>): RuntimeClass | undefined {
  if (!spec.runtimeClassName) return undefined;
  const found = reader.get(runtimeClassKind, "", spec.runtimeClassName);
  if (!found) throw refuse(context, `pod rejected: RuntimeClass ${JSON.stringify(spec.runtimeClassName)} not found`);
  return found;
}

const sameQuantities = (a: object, b: object): boolean =>
  JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted());

function setScheduling(context: AdmissionContext, found: RuntimeClass, spec: Draft<PodSpec>): void {
  const { nodeSelector = {}, tolerations = [] } = found.scheduling ?? {};
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const conflict = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
    throw refuse(context, `conflict: ${conflict}`);
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  if (tolerations.length > 0) {
    const own = new Set((spec.tolerations ?? []).map((one) => JSON.stringify(one)));
    const added = tolerations.filter((one: Toleration) => !own.has(JSON.stringify(one)));
    spec.tolerations = [...(spec.tolerations ?? []), ...structuredClone(added)] as Draft<Toleration>[];
  }
}

export function runtimeClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "RuntimeClass",
    operations: ["CREATE"],
    mutate(context) {
      if (!isFor(context, "pods")) return;
      const spec = (context.object as Draft<Pod>).spec!;
      const found = classOf(reader, context, spec);
      if (!found) return;
      const fixed = found.overhead?.podFixed;
      if (fixed) {
        if (spec.overhead && Object.keys(spec.overhead).length > 0 && !sameQuantities(spec.overhead, fixed)) {
          throw refuse(context, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }
        spec.overhead = { ...fixed };
      }
      setScheduling(context, found, spec);
    },
    validate(context) {
      if (!isFor(context, "pods")) return;
      const { spec } = context.object as unknown as Pod;
      const found = classOf(reader, context, spec as Draft<PodSpec>);
      const overhead = spec.overhead ?? {};
      if (Object.keys(overhead).length > 0 && !found?.overhead?.podFixed) {
        throw refuse(context, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
      }
    },
  };
}
