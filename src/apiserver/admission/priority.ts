// Priority: a pod's priority class becomes a number, and only one class is the default. Upstream:
// plugin/pkg/admission/priority. May import src/base and src/kinds.
import { priorityClass as priorityClassKind } from "../../kinds/scheduling/priority-class.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import type { PriorityClass } from "../../kinds/types/scheduling-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { AdmissionContext, AdmissionPlugin } from "../ports.ts";
import { isFor, refuse } from "./refuse.ts";

/** Of several default classes, the one with the lowest value counts. */
function defaultClass(reader: ObjectReader): PriorityClass | undefined {
  return reader
    .list(priorityClassKind)
    .filter((one) => one.globalDefault)
    .toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}

function admitPod(context: AdmissionContext, reader: ObjectReader): void {
  const spec = (context.object as Draft<Pod>).spec!;
  if (context.operation === "UPDATE") {
    const old = context.oldObject as Pod | undefined;
    spec.priority ??= old?.spec.priority;
    spec.preemptionPolicy ??= old?.spec.preemptionPolicy;
    return;
  }
  let found: PriorityClass | undefined;
  if (spec.priorityClassName) {
    found = reader.get(priorityClassKind, "", spec.priorityClassName);
    if (!found) throw refuse(context, `no PriorityClass with name ${spec.priorityClassName} was found`);
  } else {
    found = defaultClass(reader);
    if (found) spec.priorityClassName = found.metadata.name;
  }
  const priority = found?.value ?? 0;
  const policy = found?.preemptionPolicy ?? "PreemptLowerPriority";
  const computed = "priority admission controller computed";
  if (spec.priority !== undefined && spec.priority !== priority) {
    const given = `the integer value of priority (${spec.priority}) must not be provided in pod spec`;
    throw refuse(context, `${given}; ${computed} ${priority} from the given PriorityClass name`);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    const given = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec`;
    throw refuse(context, `${given}; ${computed} ${policy} from the given PriorityClass name`);
  }
  spec.priority = priority;
  spec.preemptionPolicy = policy;
}

export function priority(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "Priority",
    operations: ["CREATE", "UPDATE"],
    mutate(context) {
      if (isFor(context, "pods")) admitPod(context, reader);
    },
    validate(context) {
      if (!isFor(context, "priorityclasses", "scheduling.k8s.io")) return;
      const { metadata, globalDefault } = context.object as unknown as PriorityClass;
      if (!globalDefault) return;
      const other = defaultClass(reader);
      if (other && (context.operation === "CREATE" || other.metadata.name !== metadata.name)) {
        const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
        throw refuse(context, why);
      }
    },
  };
}
