// Access reviews: questions to the authorizer, answered at once, never stored. Upstream's Invalid answers to them name no
// kind: `.authorization.k8s.io "" is invalid`. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import { validateLabelSelectorRequirement, validateSelectorOperator } from "../meta/label-selector.ts";
import { printObjectMeta } from "../meta/print-meta.ts";
import type { KubernetesObject } from "../object.ts";
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  LocalSubjectAccessReview,
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from "../types/authorization-v1.gen.ts";

function validateShape(selector: { rawSelector?: string; requirements?: readonly object[] }, at: string): FieldError[] {
  const { rawSelector = "", requirements = [] } = selector;
  if (rawSelector !== "" && requirements.length > 0) {
    return [invalid(`${at}.rawSelector`, rawSelector, "may not specified at the same time as requirements")];
  }
  if (rawSelector !== "" || requirements.length > 0) return [];
  return [required(`${at}.requirements`, `when ${at} is specified, requirements or rawSelector is required`)];
}

function validateFieldSelector(selector: FieldSelectorAttributes | undefined, at: string): FieldError[] {
  if (!selector) return [];
  const requirements = (selector.requirements ?? []).flatMap(({ key = "", operator = "", values }, index) => {
    const field = `${at}.requirements[${index}]`;
    return [
      ...(key === "" ? [required(`${field}.key`, "must be specified")] : []),
      ...validateSelectorOperator(operator, values, field, true),
    ];
  });
  return [...validateShape(selector, at), ...requirements];
}

function validateLabelSelector(selector: LabelSelectorAttributes | undefined, at: string): FieldError[] {
  if (!selector) return [];
  const options = { allowUnknownOperator: true };
  const requirements = (selector.requirements ?? []).flatMap((one, index) =>
    validateLabelSelectorRequirement(one, `${at}.requirements[${index}]`, options),
  );
  return [...validateShape(selector, at), ...requirements];
}

interface Asked {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

const printPath = (attributes: NonResourceAttributes | undefined): object | null =>
  attributes ? { Path: attributes.path ?? "", Verb: attributes.verb ?? "" } : null;

function validateQuestion({ resourceAttributes, nonResourceAttributes }: Asked): FieldError[] {
  if (resourceAttributes && nonResourceAttributes) {
    const detail = "cannot be specified in combination with resourceAttributes";
    return [invalid("spec.nonResourceAttributes", printPath(nonResourceAttributes), detail)];
  }
  if (resourceAttributes || nonResourceAttributes) return [];
  const detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalid("spec.resourceAttributes", null, detail)];
}

function validateAttributes(attributes: ResourceAttributes | undefined): FieldError[] {
  return [
    ...validateFieldSelector(attributes?.fieldSelector, "spec.resourceAttributes.fieldSelector"),
    ...validateLabelSelector(attributes?.labelSelector, "spec.resourceAttributes.labelSelector"),
  ];
}

function validateSubject(spec: SubjectAccessReview["spec"]): FieldError[] {
  const { user = "", groups = [] } = spec ?? {};
  const detail = "at least one of user or group must be specified";
  return [
    ...validateQuestion(spec ?? {}),
    ...(user === "" && groups.length === 0 ? [invalid("spec.user", user, detail)] : []),
    ...validateAttributes(spec?.resourceAttributes),
  ];
}

function validateEmptyMeta({ metadata }: KubernetesObject, detail: string, namespaceAllowed: boolean): FieldError[] {
  const set = Object.entries(metadata ?? {}).some(
    ([key, value]) => key !== "managedFields" && !(namespaceAllowed && key === "namespace") && value && value !== "",
  );
  return set ? [invalid("metadata", printObjectMeta(metadata), detail)] : [];
}

const review = {
  group: "authorization.k8s.io",
  version: "v1",
  namespaced: false,
  storageKey: "",
  verbs: ["create"],
  columns: plainColumns,
  cells: plainCells,
  virtual: true,
} as const;

export const subjectAccessReview = defineKind<SubjectAccessReview>({
  ...review,
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  definition: "authorization.v1.SubjectAccessReview",
  strategy: {
    validate: (object) => [...validateSubject(object.spec), ...validateEmptyMeta(object, "must be empty", false)],
  },
});

export const localSubjectAccessReview = defineKind<LocalSubjectAccessReview>({
  ...review,
  namespaced: true,
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  definition: "authorization.v1.LocalSubjectAccessReview",
  strategy: {
    validate(object) {
      const { spec, metadata } = object;
      const errors = [
        ...validateSubject(spec),
        ...validateEmptyMeta(object, "must be empty except for namespace", true),
      ];
      const asked = spec?.resourceAttributes;
      if (asked && (asked.namespace ?? "") !== (metadata.namespace ?? "")) {
        const field = "spec.resourceAttributes.namespace";
        errors.push(invalid(field, asked.namespace ?? "", "must match metadata.namespace"));
      }
      if (spec?.nonResourceAttributes) {
        const printed = printPath(spec.nonResourceAttributes);
        errors.push(invalid("spec.nonResourceAttributes", printed, "disallowed on this kind of request"));
      }
      return errors;
    },
  },
});

export const selfSubjectAccessReview = defineKind<SelfSubjectAccessReview>({
  ...review,
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  definition: "authorization.v1.SelfSubjectAccessReview",
  strategy: {
    validate: (object) => [
      ...validateQuestion(object.spec ?? {}),
      ...validateAttributes(object.spec?.resourceAttributes),
      ...validateEmptyMeta(object, "must be empty", false),
    ],
  },
});

export const selfSubjectRulesReview = defineKind<SelfSubjectRulesReview>({
  ...review,
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  definition: "authorization.v1.SelfSubjectRulesReview",
});
