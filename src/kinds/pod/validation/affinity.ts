// Affinities to nodes and pods, and what an update of a gated pod may do to them. Source: pkg/apis/core/validation,
// KEP-3521, KEP-3838. May import src/base.
import { forbidden, invalid, required, type FieldError } from "../../../base/field-error.ts";
import { semanticEqual } from "../../meta/equality.ts";
import { validateLabelSelector } from "../../meta/label-selector.ts";
import { isLabelValue, nameIsDNSLabel, nameIsDNSSubdomain } from "../../meta/names.ts";
import { validateLabelName } from "../../meta/object-meta.ts";
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../../types/core-v1.gen.ts";
import { internalForm } from "../internal-form.ts";
import type { PodValidationOptions } from "./options.ts";
import { validateMatchLabelKeys } from "./spread.ts";

const badOperator = "not a valid selector operator";

function validateRequirement(one: NodeSelectorRequirement, field: string, allowInvalidValues: boolean): FieldError[] {
  const { operator = "" as string, values = [], key = "" } = one;
  const errors: FieldError[] = [];
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) {
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push(forbidden(`${field}.values`, detail));
    }
  } else if (operator === "Gt" || operator === "Lt") {
    if (values.length !== 1) {
      errors.push(required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
  } else errors.push(invalid(`${field}.operator`, operator, badOperator));
  errors.push(...validateLabelName(key, `${field}.key`));
  if (allowInvalidValues) return errors;
  for (const [index, value] of values.entries()) {
    errors.push(...isLabelValue(value).map((message) => invalid(`${field}.values[${index}]`, value, message)));
  }
  return errors;
}

function validateFieldRequirement(one: NodeSelectorRequirement, field: string): FieldError[] {
  const { operator = "" as string, values = [], key = "" } = one;
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn") errors.push(invalid(`${field}.operator`, operator, badOperator));
  else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${field}.values`, detail));
  }
  if (key !== "metadata.name") return [...errors, invalid(`${field}.key`, key, "not a valid field selector key")];
  for (const [index, value] of values.entries()) {
    const wrong = nameIsDNSSubdomain(value, false);
    errors.push(...wrong.map((message) => invalid(`${field}.values[${index}]`, value, message)));
  }
  return errors;
}

export function validateNodeSelectorTerm(
  term: NodeSelectorTerm | undefined,
  field: string,
  allowInvalidValues = false,
): FieldError[] {
  return [
    ...(term?.matchExpressions ?? []).flatMap((one, index) =>
      validateRequirement(one, `${field}.matchExpressions[${index}]`, allowInvalidValues),
    ),
    ...(term?.matchFields ?? []).flatMap((one, index) =>
      validateFieldRequirement(one, `${field}.matchFields[${index}]`),
    ),
  ];
}

/** Also of volumes and resource slices. */
export function validateNodeSelector(selector: NodeSelector, field: string, allowInvalidValues = false): FieldError[] {
  const path = `${field}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(path, "must have at least one node selector term")];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, `${path}[${index}]`, allowInvalidValues));
}

const validateWeight = (weight: number | undefined, field: string): FieldError[] =>
  (weight ?? 0) <= 0 || (weight ?? 0) > 100 ? [invalid(field, weight ?? 0, "must be in the range 1-100")] : [];

const requiredName = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredName = "preferredDuringSchedulingIgnoredDuringExecution";

function validateNodeAffinity(affinity: NodeAffinity, field: string, options: PodValidationOptions): FieldError[] {
  const selector = affinity[requiredName];
  const allow = options.allowInvalidLabelValueInRequiredNodeAffinity;
  return [
    ...(selector ? validateNodeSelector(selector, `${field}.${requiredName}`, allow) : []),
    ...(affinity[preferredName] ?? []).flatMap((term, index) => [
      ...validateWeight(term.weight, `${field}.${preferredName}[${index}].weight`),
      ...validateNodeSelectorTerm(term.preference, `${field}.${preferredName}[${index}].preference`, true),
    ]),
  ];
}

function validateTerm(term: PodAffinityTerm | undefined, field: string, allowInvalidValues: boolean): FieldError[] {
  const {
    labelSelector,
    namespaceSelector,
    namespaces,
    matchLabelKeys,
    mismatchLabelKeys,
    topologyKey = "",
  } = term ?? ({} as Partial<PodAffinityTerm>);
  return [
    ...validateLabelSelector(labelSelector, `${field}.labelSelector`, { allowInvalidValues }),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`, { allowInvalidValues }),
    ...(namespaces ?? []).flatMap((name) =>
      nameIsDNSLabel(name, false).map((message) => invalid(`${field}.namespace`, name, message)),
    ),
    ...validateMatchLabelKeys(field, matchLabelKeys, mismatchLabelKeys, labelSelector),
    ...(topologyKey === "" ? [required(`${field}.topologyKey`, "can not be empty")] : []),
    ...validateLabelName(topologyKey, `${field}.topologyKey`),
  ];
}

function validatePodAffinity(affinity: PodAffinity, field: string, options: PodValidationOptions): FieldError[] {
  const allow = options.allowInvalidLabelValueInSelector;
  return [
    ...(affinity[requiredName] ?? []).flatMap((term, index) =>
      validateTerm(term, `${field}.${requiredName}[${index}]`, allow),
    ),
    ...(affinity[preferredName] ?? []).flatMap((term, index) => [
      ...validateWeight(term.weight, `${field}.${preferredName}[${index}].weight`),
      ...validateTerm(term.podAffinityTerm, `${field}.${preferredName}[${index}].podAffinityTerm`, allow),
    ]),
  ];
}

export function validateAffinity(
  affinity: Affinity | undefined,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  return [
    ...(nodeAffinity ? validateNodeAffinity(nodeAffinity, `${field}.nodeAffinity`, options) : []),
    ...(podAffinity ? validatePodAffinity(podAffinity, `${field}.podAffinity`, options) : []),
    ...(podAntiAffinity ? validatePodAffinity(podAntiAffinity, `${field}.podAntiAffinity`, options) : []),
  ];
}

type Labels = Readonly<Record<string, string>> | undefined;

/** While a pod is gated, its node selector may only grow. */
export function validateNodeSelectorMutation(field: string, selector: Labels, old: Labels): FieldError[] {
  const kept = Object.entries(old ?? {}).every(([key, value]) => selector?.[key] === value);
  if (kept) return [];
  const detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
  return [invalid(field, selector, detail)];
}

function hasOnlyAdditions(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = (["matchExpressions", "matchFields"] as const).map((name) => [term[name] ?? [], old[name] ?? []]);
  if (lists.every(([, was]) => was!.length === 0)) return lists.every(([now]) => now!.length === 0);
  return lists.every(([now, was]) => semanticEqual(now!.slice(0, was!.length), was));
}

/** While a pod is gated, the required terms of its node affinity may only get more requirements. */
export function validateNodeAffinityMutation(
  field: string,
  affinity: NodeAffinity | undefined,
  old: NodeAffinity | undefined,
): FieldError[] {
  const oldTerms = old?.[requiredName]?.nodeSelectorTerms ?? [];
  const terms = affinity?.[requiredName]?.nodeSelectorTerms ?? [];
  const path = `${field}.${requiredName}.nodeSelectorTerms`;
  const print = (term: NodeSelectorTerm): unknown => internalForm("NodeSelectorTerm", term);
  if (oldTerms.length > 0 && oldTerms.length !== terms.length) {
    const detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
    return [invalid(path, terms.length > 0 ? terms.map(print) : null, detail)];
  }
  return oldTerms.flatMap((term, index) =>
    hasOnlyAdditions(terms[index]!, term)
      ? []
      : [invalid(`${path}[${index}]`, print(terms[index]!), "only additions are allowed (no mutations or deletions)")],
  );
}
