// What a Job's spec may be, in a Job and in a CronJob's template (k8s.io/kubernetes pkg/apis/batch/validation). May import
// src/base.
import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from "../../base/field-error.ts";
import { validateCounts } from "../apps/counts.ts";
import { printGoStruct, type GoStruct } from "../meta/go-struct.ts";
import { byteLength, isQualifiedName } from "../meta/names.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import { isDomainPrefixedPath } from "../meta/value-names.ts";
import type { Draft } from "../object.ts";
import { defaultPodTemplateSpec } from "../pod/defaults.ts";
import { validatePodTemplateSpec } from "../pod/validation/spec.ts";
import { warnOfPodTemplate } from "../pod/warnings.ts";
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from "../types/batch-v1.gen.ts";
import type { PodTemplateSpec } from "../types/core-v1.gen.ts";
import * as limits from "./limits.ts";
import { countIndexes, IndexError } from "./indexes.ts";

export const failurePolicyStruct: GoStruct = [
  [
    "Rules",
    "rules",
    {
      list: [
        ["Action", "action", ""],
        [
          "OnExitCodes",
          "onExitCodes",
          {
            pointer: [
              ["ContainerName", "containerName", null],
              ["Operator", "operator", ""],
              ["Values", "values", null],
            ],
          },
        ],
        [
          "OnPodConditions",
          "onPodConditions",
          {
            list: [
              ["Type", "type", ""],
              ["Status", "status", ""],
            ],
          },
        ],
      ],
    },
  ],
];

export const successPolicyStruct: GoStruct = [
  [
    "Rules",
    "rules",
    {
      list: [
        ["SucceededIndexes", "succeededIndexes", null],
        ["SucceededCount", "succeededCount", null],
      ],
    },
  ],
];

/** An error that doesn't print the value. */
export const invalidPart = (field: string, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${detail}`,
});

const quoted = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const operators = ["In", "NotIn"];
const statuses = ["False", "True", "Unknown"];

type ExitCodes = NonNullable<PodFailurePolicyRule["onExitCodes"]>;

function validateExitCodes(rule: ExitCodes, field: string, containers: ReadonlySet<string>): FieldError[] {
  const operator: string = rule.operator ?? "";
  const { containerName, values = [] } = rule;
  const errors: FieldError[] = [];
  if (operator === "") errors.push(required(`${field}.operator`, `valid values: ${quoted(operators)}`));
  else if (!operators.includes(operator)) errors.push(notSupported(`${field}.operator`, operator, operators));
  if (containerName !== undefined && !containers.has(containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    errors.push(invalid(`${field}.containerName`, containerName, detail));
  }
  const at = `${field}.values`;
  if (values.length === 0) errors.push(invalid(at, rule.values ?? null, "at least one value is required"));
  else if (values.length > limits.exitCodesMax) errors.push(tooMany(at, values.length, limits.exitCodesMax));
  for (const [index, value] of values.entries()) {
    if (operator === "In" && value === 0) {
      errors.push(invalid(`${at}[${index}]`, value, "must not be 0 for the In operator"));
    }
    if (values.indexOf(value) < index) errors.push(duplicate(`${at}[${index}]`, value));
  }
  const ordered = values.every((value, index) => index === 0 || values[index - 1]! <= value);
  return ordered ? errors : [...errors, invalid(at, values, "must be ordered")];
}

function validateConditions(rule: PodFailurePolicyRule, field: string): FieldError[] {
  const patterns = rule.onPodConditions ?? [];
  const max = limits.podConditionsMax;
  const errors = patterns.length > max ? [tooMany(field, patterns.length, max)] : [];
  for (const [index, { type = "", status = "" }] of patterns.entries()) {
    const at = `${field}[${index}]`;
    errors.push(...isQualifiedName(type).map((message) => invalid(`${at}.type`, type, message)));
    if (status === "") errors.push(required(`${at}.status`, `valid values: ${quoted(statuses)}`));
    else if (!statuses.includes(status)) errors.push(notSupported(`${at}.status`, status, statuses));
  }
  return errors;
}

function validateFailureRule(
  spec: JobSpec,
  rule: PodFailurePolicyRule,
  field: string,
  containers: ReadonlySet<string>,
): FieldError[] {
  const action: string = rule.action ?? "";
  const at = `${field}.action`;
  const errors: FieldError[] = [];
  if (action === "") errors.push(required(at, `valid values: ${quoted(actions)}`));
  else if (action === "FailIndex") {
    if (spec.backoffLimitPerIndex === undefined) {
      errors.push(invalid(at, action, "requires the backoffLimitPerIndex to be set"));
    }
  } else if (!actions.includes(action)) errors.push(notSupported(at, action, actions));
  if (rule.onExitCodes) errors.push(...validateExitCodes(rule.onExitCodes, `${field}.onExitCodes`, containers));
  errors.push(...validateConditions(rule, `${field}.onPodConditions`));
  const conditions = (rule.onPodConditions?.length ?? 0) > 0;
  if (rule.onExitCodes && conditions) {
    errors.push(invalidPart(field, "specifying both OnExitCodes and OnPodConditions is not supported"));
  }
  if (!rule.onExitCodes && !conditions) {
    errors.push(invalidPart(field, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
  return errors;
}

function validateFailurePolicy(spec: JobSpec, field: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const at = `${field}.podFailurePolicy.rules`;
  const errors = rules.length > limits.policyRulesMax ? [tooMany(at, rules.length, limits.policyRulesMax)] : [];
  const pod = spec.template?.spec;
  const containers = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  return [...errors, ...rules.flatMap((rule, index) => validateFailureRule(spec, rule, `${at}[${index}]`, containers))];
}

function validateSuccessRule(spec: JobSpec, rule: SuccessPolicyRule, field: string): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  const completions = spec.completions ?? 0;
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(field, "at least one of succeededCount or succeededIndexes must be specified"));
  }
  let total = 0;
  if (succeededIndexes !== undefined) {
    const at = `${field}.succeededIndexes`;
    if (byteLength(succeededIndexes) > limits.indexesMaxBytes) errors.push(tooLong(at, limits.indexesMaxBytes));
    try {
      total = countIndexes(succeededIndexes, completions);
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      errors.push(invalid(at, succeededIndexes, `error parsing succeededIndexes: ${error.message}`));
    }
  }
  if (succeededCount === undefined) return errors;
  const at = `${field}.succeededCount`;
  errors.push(...validateNonnegative(succeededCount, at));
  if (succeededCount > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalid(at, succeededCount, detail));
  }
  if (succeededIndexes !== undefined && succeededCount > total) {
    const what = "the number of indexes in the specified succeededIndexes field";
    errors.push(invalid(at, succeededCount, `must be less than or equal to ${total} (${what})`));
  }
  return errors;
}

function validateSuccessPolicy(spec: JobSpec, field: string): FieldError[] {
  if (!spec.successPolicy) return [];
  const at = `${field}.successPolicy`;
  if (spec.completionMode !== "Indexed") {
    const printed = printGoStruct(spec.successPolicy, successPolicyStruct);
    return [invalid(at, printed, "requires indexed completion mode")];
  }
  const rules = spec.successPolicy.rules ?? [];
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(`${at}.rules`, "at least one rules must be specified when the successPolicy is specified"));
  }
  if (rules.length > limits.policyRulesMax) errors.push(tooMany(`${at}.rules`, rules.length, limits.policyRulesMax));
  return [...errors, ...rules.flatMap((rule, index) => validateSuccessRule(spec, rule, `${at}.rules[${index}]`))];
}

function validateIndexed(spec: JobSpec, field: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const [atParallelism, atFailed] = [`${field}.parallelism`, `${field}.maxFailedIndexes`];
  const errors: FieldError[] = [];
  if (completions === undefined) errors.push(required(`${field}.completions`, "when completion mode is Indexed"));
  if (parallelism > limits.indexedParallelismMax) {
    const detail = `must be less than or equal to ${limits.indexedParallelismMax} when completion mode is Indexed`;
    errors.push(invalid(atParallelism, parallelism, detail));
  }
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(atFailed, maxFailedIndexes, "must be less than or equal to completions"));
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > limits.failedIndexesMax) {
    errors.push(invalid(atFailed, maxFailedIndexes, `must be less than or equal to ${limits.failedIndexesMax}`));
  }
  if ((completions ?? 0) <= limits.manyCompletions || backoffLimitPerIndex === undefined) return errors;
  const above = `when completions are above ${limits.manyCompletions} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    errors.push(required(atFailed, `must be specified when completions is above ${limits.manyCompletions}`));
  }
  if (parallelism > limits.manyCompletionsParallelismMax) {
    const detail = `must be less than or equal to ${limits.manyCompletionsParallelismMax} ${above}`;
    errors.push(invalid(atParallelism, parallelism, detail));
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > limits.manyCompletionsFailedIndexesMax) {
    const detail = `must be less than or equal to ${limits.manyCompletionsFailedIndexesMax} ${above}`;
    errors.push(invalid(atFailed, maxFailedIndexes, detail));
  }
  return errors;
}

function validateCompletionMode(spec: JobSpec, field: string): FieldError[] {
  const mode: string = spec.completionMode ?? "NonIndexed";
  const errors: FieldError[] = [];
  if (mode !== "NonIndexed" && mode !== "Indexed") {
    errors.push(notSupported(`${field}.completionMode`, mode, ["NonIndexed", "Indexed"]));
  }
  if (mode === "Indexed") errors.push(...validateIndexed(spec, field));
  if (mode !== "NonIndexed") return errors;
  for (const name of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    if (spec[name] === undefined) continue;
    errors.push(invalid(`${field}.${name}`, spec[name], "requires indexed completion mode"));
  }
  return errors;
}

function validateRestartPolicy(spec: JobSpec, field: string): FieldError[] {
  const policy: string = spec.template?.spec?.restartPolicy ?? "";
  const at = `${field}.template.spec.restartPolicy`;
  if (policy === "Always" || policy === "") return [required(at, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never") return [notSupported(at, policy, ["OnFailure", "Never"])];
  if (!spec.podFailurePolicy || policy === "Never") return [];
  return [invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

function validateReplacement({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  if (policy === undefined) return [];
  const known = podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  return known.includes(policy) ? [] : [notSupported(`${field}.podReplacementPolicy`, policy, known)];
}

/** All of a spec but its selector. `old`: the stored template. */
export function validateJobSpecBody(spec: JobSpec, field: string, old?: PodTemplateSpec): FieldError[] {
  const errors = validateCounts(
    spec,
    [
      "parallelism",
      "completions",
      "activeDeadlineSeconds",
      "backoffLimit",
      "ttlSecondsAfterFinished",
      "backoffLimitPerIndex",
      "maxFailedIndexes",
    ],
    field,
  );
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${field}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  }
  if (spec.managedBy !== undefined) {
    const at = `${field}.managedBy`;
    errors.push(...isDomainPrefixedPath(at, spec.managedBy));
    if (byteLength(spec.managedBy) > limits.managedByMaxBytes) errors.push(tooLong(at, limits.managedByMaxBytes));
  }
  return [
    ...errors,
    ...validateCompletionMode(spec, field),
    ...validateFailurePolicy(spec, field),
    ...validateSuccessPolicy(spec, field),
    ...validateReplacement(spec, field),
    ...validatePodTemplateSpec(spec.template, `${field}.template`, old),
    ...validateRestartPolicy(spec, field),
  ];
}

/** The parts of a spec that are defaulted wherever it is. */
export function defaultJobParts(spec: Draft<JobSpec>): void {
  spec.template ??= {};
  defaultPodTemplateSpec(spec.template);
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  }
}

export function warnOfJobSpec(spec: JobSpec, field: string): string[] {
  const warnings = warnOfPodTemplate(spec.template, `${field}.template`);
  const many = (spec.completions ?? 0) > limits.manyCompletions && (spec.parallelism ?? 0) > limits.trackedParallelism;
  if (spec.completionMode !== "Indexed" || !many) return warnings;
  const text =
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might " +
    "not be able to track completedIndexes when a big number of indexes fail";
  return [`${field}: ${text}`, ...warnings];
}
