// RuntimeClasses. May import src/base.
import { duplicate, invalid, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { isDNS1123Label } from "../meta/names.ts";
import { validateImmutable, validateLabels } from "../meta/object-meta.ts";
import { defaultResourceList } from "../pod/default-resources.ts";
import { podValidationOptions } from "../pod/validation/options.ts";
import { validateContainerResources } from "../pod/validation/resources.ts";
import { validateTolerations } from "../pod/validation/tolerations.ts";
import type { Toleration } from "../types/core-v1.gen.ts";
import type { RuntimeClass, Scheduling } from "../types/node-v1.gen.ts";

const options = podValidationOptions(undefined, undefined, false);

function validateDuplicates(tolerations: readonly Toleration[], field: string): FieldError[] {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, index) => {
    const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
    const text = JSON.stringify([key, operator, value, effect]);
    const printed = {
      Key: key,
      Operator: operator,
      Value: value,
      Effect: effect,
      TolerationSeconds: tolerationSeconds ?? null,
    };
    const errors = seen.has(text) ? [duplicate(`${field}[${index}]`, printed)] : [];
    seen.add(text);
    return errors;
  });
}

function validateScheduling({ nodeSelector, tolerations = [] }: Scheduling): FieldError[] {
  const field = "scheduling.tolerations";
  return [
    ...validateLabels(nodeSelector, "scheduling.nodeSelector"),
    ...validateTolerations(tolerations, field, options),
    ...validateDuplicates(tolerations, field),
  ];
}

const strategy: Strategy<RuntimeClass> = {
  allowCreateOnUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  default(draft) {
    if (draft.overhead?.podFixed) defaultResourceList(draft.overhead.podFixed);
  },
  validate({ handler = "", overhead, scheduling }) {
    const errors =
      handler === ""
        ? [required("handler")]
        : isDNS1123Label(handler).map((message) => invalid("handler", handler, message));
    if (overhead) {
      const limits = overhead.podFixed ?? {};
      errors.push(...validateContainerResources({ limits }, new Set(), "overhead", options));
    }
    return [...errors, ...(scheduling ? validateScheduling(scheduling) : [])];
  },
  validateUpdate: (object, old) => validateImmutable(object.handler ?? "", old.handler ?? "", "handler"),
};

export const runtimeClass = defineKind<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  namespaced: false,
  definition: "node.v1.RuntimeClass",
  storageKey: "runtimeclasses",
  columns: columns("Name:name", "Handler", "Age"),
  cells: ({ metadata, handler }, nowMs) => [metadata.name, handler, humanAge(metadata.creationTimestamp, nowMs)],
  strategy,
});
