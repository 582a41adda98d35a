// PriorityClasses. May import src/base.
import { forbidden, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import type { PriorityClass } from "../types/scheduling-v1.gen.ts";

export const userPriorityMax = 1_000_000_000;
const systemPrefix = "system-";

/** The classes that every cluster has, and the only ones whose names may begin with system-. */
export const systemPriorities: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

function checkSystemClass(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = Object.hasOwn(systemPriorities, name) ? systemPriorities[name] : undefined;
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known !== value) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validatePriorityClass(object: PriorityClass): FieldError[] {
  const { metadata, value = 0, globalDefault = false, preemptionPolicy } = object;
  const errors: FieldError[] = [];
  if (metadata.name.startsWith(systemPrefix)) {
    const error = checkSystemClass(metadata.name, value, globalDefault);
    const reserved = `priority class names with '${systemPrefix}' prefix are reserved for system use only`;
    if (error !== undefined) errors.push(forbidden("metadata.name", `${reserved}. error: ${error}`));
  } else if (value > userPriorityMax) {
    errors.push(forbidden("value", `maximum allowed value of a user defined priority is ${userPriorityMax}`));
  }
  const policies = ["PreemptLowerPriority", "Never"];
  const policy: string | undefined = preemptionPolicy;
  if (policy === "") errors.push(required("preemptionPolicy"));
  else if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported("preemptionPolicy", policy, policies));
  }
  return errors;
}

const strategy: Strategy<PriorityClass> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  // Nothing that an update may change counts: the generation stays 1.
  generationOf: () => 1,
  default(draft) {
    draft.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validate: validatePriorityClass,
  validateUpdate: (object, old) => [
    ...((object.value ?? 0) === (old.value ?? 0) ? [] : [forbidden("value", "may not be changed in an update.")]),
    ...validateImmutable(object.preemptionPolicy, old.preemptionPolicy, "preemptionPolicy"),
  ],
};

export const priorityClass = defineKind<PriorityClass>({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  shortNames: ["pc"],
  namespaced: false,
  definition: "scheduling.v1.PriorityClass",
  storageKey: "priorityclasses",
  columns: columns("Name:name", "Value:integer", "Global-Default:boolean", "Age", "PreemptionPolicy"),
  cells: ({ metadata, value = 0, globalDefault = false, preemptionPolicy = "" }, nowMs) => [
    metadata.name,
    value,
    globalDefault,
    humanAge(metadata.creationTimestamp, nowMs),
    preemptionPolicy,
  ],
  strategy,
});
