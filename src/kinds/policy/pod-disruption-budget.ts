// PodDisruptionBudgets. May import src/base.
import { invalid, notSupported, type FieldError } from "../../base/field-error.ts";
import { validateAtMostAll, validateCounts, validateNumberOrPercent } from "../apps/counts.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { validateConditions } from "../meta/condition.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { hasInvalidLabelValue, printSelector, validateLabelSelector } from "../meta/label-selector.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from "../types/policy-v1.gen.ts";

function validateSpec(spec: PodDisruptionBudgetSpec, allowInvalidValues: boolean): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const printed = {
      MinAvailable: minAvailable,
      Selector: printSelector(selector),
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    };
    errors.push(invalid("spec", printed, "minAvailable and maxUnavailable cannot be both set"));
  }
  for (const [name, value] of [
    ["minAvailable", minAvailable],
    ["maxUnavailable", maxUnavailable],
  ] as const) {
    if (value === undefined) continue;
    errors.push(...validateNumberOrPercent(value, `spec.${name}`), ...validateAtMostAll(value, `spec.${name}`));
  }
  errors.push(...validateLabelSelector(selector, "spec.selector", { allowInvalidValues }));
  const policies = ["AlwaysAllow", "IfHealthyBudget"];
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported("spec.unhealthyPodEvictionPolicy", policy, policies));
  }
  return errors;
}

const strategy: Strategy<PodDisruptionBudget> = {
  metadataChecks: { create: 0, update: 0 },
  validateOnUpdate: false,
  resetFields: [["status"]],
  generationOf: ({ spec }) => spec,
  prepareForCreate(draft) {
    draft.status = {} as never;
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: ({ spec }) => validateSpec(spec ?? {}, false),
  validateUpdate: ({ spec }, old) => validateSpec(spec ?? {}, hasInvalidLabelValue(old.spec?.selector)),
};

const status = statusStrategy(strategy, ["spec"], {
  metadataChecks: { update: 0 },
  validateUpdate({ status: now }) {
    const names = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"];
    return [...validateConditions(now?.conditions, "status.conditions"), ...validateCounts(now, names, "status")];
  },
});

const print = (value: number | string | undefined): string => (value === undefined ? "N/A" : String(value));

export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  namespaced: true,
  definition: "policy.v1.PodDisruptionBudget",
  storageKey: "poddisruptionbudgets",
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"),
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    print(spec?.minAvailable),
    print(spec?.maxUnavailable),
    now?.disruptionsAllowed ?? 0,
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
