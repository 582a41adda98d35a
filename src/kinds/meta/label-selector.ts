// What a LabelSelector in an object may hold (k8s.io/apimachinery pkg/apis/meta/v1/validation). May import src/base.
import { forbidden, invalid, required, type FieldError } from "../../base/field-error.ts";
import type { LabelSelector, LabelSelectorRequirement } from "../types/meta-v1.gen.ts";
import { isLabelValue } from "./names.ts";
import { validateLabelName, validateLabels } from "./object-meta.ts";

export interface LabelSelectorOptions {
  /** For objects stored before values were checked. */
  readonly allowInvalidValues?: boolean;
  /** For access reviews, which only ask. */
  readonly allowUnknownOperator?: boolean;
}

export function validateLabelSelector(
  selector: LabelSelector | undefined,
  field: string,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (!selector) return [];
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((one, index) =>
      validateLabelSelectorRequirement(one, `${field}.matchExpressions[${index}]`, options),
    ),
  ];
}

/** Whether values are needed or forbidden for an operator; the same for label and field selectors. */
export function validateSelectorOperator(
  operator: string,
  values: readonly string[] | undefined,
  field: string,
  allowUnknownOperator: boolean,
): FieldError[] {
  const some = (values?.length ?? 0) > 0;
  switch (operator) {
    case "In":
    case "NotIn":
      return some ? [] : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return some
        ? [forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
        : [];
    default:
      return allowUnknownOperator ? [] : [invalid(`${field}.operator`, operator, "not a valid selector operator")];
  }
}

export function validateLabelSelectorRequirement(
  requirement: LabelSelectorRequirement,
  field: string,
  options: LabelSelectorOptions = {},
): FieldError[] {
  const { operator = "", values, key = "" } = requirement;
  const errors = [
    ...validateSelectorOperator(operator, values, field, options.allowUnknownOperator ?? false),
    ...validateLabelName(key, `${field}.key`),
  ];
  if (options.allowInvalidValues) return errors;
  for (const [index, value] of (values ?? []).entries()) {
    for (const message of isLabelValue(value)) errors.push(invalid(`${field}.values[${index}]`, value, message));
  }
  return errors;
}

/** Whether a stored selector holds values that today's rule refuses. */
export function hasInvalidLabelValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((one) =>
    (one.values ?? []).some((value) => isLabelValue(value).length > 0),
  );
}

export const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions?.length ?? 0) === 0;

const sortedMap = (map: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Labels as upstream prints them in an error: sorted, null where there are none. */
export const printLabelMap = (labels: Readonly<Record<string, string>> | undefined): object | null =>
  labels ? sortedMap(labels) : null;

/** A selector as upstream prints it in an error. */
export function printSelector(selector: LabelSelector | undefined): object | null {
  if (!selector) return null;
  const { matchLabels, matchExpressions } = selector;
  return {
    ...(matchLabels && Object.keys(matchLabels).length > 0 ? { matchLabels: sortedMap(matchLabels) } : {}),
    ...(matchExpressions?.length
      ? {
          matchExpressions: matchExpressions.map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values?.length ? { values } : {}),
          })),
        }
      : {}),
  };
}
