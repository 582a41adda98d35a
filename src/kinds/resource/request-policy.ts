// How much of a device's capacity one share of it may ask for (KEP-5075). May import src/base.
import { forbidden, invalid, required, type FieldError } from "../../base/field-error.ts";
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  printQuantity,
  quantityValue,
  type Quantity,
} from "../../base/quantity.ts";
import type { CapacityRequestPolicy, CapacityRequestPolicyRange } from "../types/resource-v1.gen.ts";
import { validateSet } from "./bounded-lists.ts";
import { policyOptionsMax } from "./limits.ts";

const isLess = (left: Quantity, right: Quantity): boolean => compareQuantities(left, right) < 0;

function validateOptions(standard: string, capacity: string, texts: readonly string[], field: string): FieldError[] {
  const options = texts.map(parseQuantity);
  const most = parseQuantity(capacity);
  const errors = options.flatMap((option, index) => {
    const detail = "values must be sorted in ascending order";
    return index > 0 && isLess(option, options[index - 1]!)
      ? [invalid(`${field}[${index}]`, texts[index], detail)]
      : [];
  });
  errors.push(
    ...validateSet(texts, field, {
      max: policyOptionsMax,
      keyOf: (text) => String(quantityValue(parseQuantity(text))),
      check: (text, at) =>
        isLess(most, parseQuantity(text))
          ? [invalid(at, text, `option is larger than capacity value: ${capacity}`)]
          : [],
    }),
  );
  const given = parseQuantity(standard);
  if (texts.length <= policyOptionsMax && options.some((option) => compareQuantities(option, given) === 0))
    return errors;
  return [...errors, invalid(field, standard, "default value is not valid according to the requestPolicy")];
}

function validateStep(text: string, range: CapacityRequestPolicyRange, field: string): FieldError[] {
  const step = range.step!;
  const [value, least, size] = [text, range.min, step].map((one) => quantityValue(parseQuantity(one))) as [
    bigint,
    bigint,
    bigint,
  ];
  // Upstream's server fails where a step is nothing.
  if (size !== 0n && (value - least) % size === 0n) return [];
  return [invalid(field, text, `value is not a multiple of a given step (${step}) from (${range.min})`)];
}

function validateRange(
  standard: string,
  capacity: string,
  range: CapacityRequestPolicyRange,
  field: string,
): FieldError[] {
  const { min, max, step } = range;
  if (min === undefined) return [required(`${field}.min`, "required when validRange is defined")];
  const [given, most, least] = [standard, capacity, min].map(parseQuantity) as [Quantity, Quantity, Quantity];
  const errors: FieldError[] = [];
  const check = (wrong: boolean, name: string, text: string, detail: string): void => {
    if (wrong) errors.push(invalid(`${field}.${name}`, text, detail));
  };
  check(isLess(most, least), "min", min, `min is larger than capacity value: ${capacity}`);
  check(isLess(given, least), "min", standard, `default is less than min: ${min}`);
  if (max !== undefined) {
    const upper = parseQuantity(max);
    check(isLess(upper, least), "max", min, `min is larger than max: ${max}`);
    check(isLess(most, upper), "max", max, `max is larger than capacity value: ${capacity}`);
    check(isLess(upper, given), "max", standard, `default is more than max: ${max}`);
  }
  if (step === undefined) return errors;
  const first = addQuantities(least, parseQuantity(step));
  const detail = `one step ${printQuantity(first)} is larger than capacity value: ${capacity}`;
  check(isLess(most, first), "step", step, detail);
  errors.push(...validateStep(standard, range, `${field}.step`));
  return max === undefined ? errors : [...errors, ...validateStep(max, range, `${field}.step`)];
}

export function validateRequestPolicy(capacity: string, policy: CapacityRequestPolicy, field: string): FieldError[] {
  const { validValues = [], validRange, default: standard } = policy;
  if (validValues.length > 0 && validRange) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(field, detail)];
  }
  const name = validRange ? "validRange" : "validValues";
  if (!validRange && validValues.length === 0) return [];
  if (standard === undefined) return [required(`${field}.default`, `required when ${name} is defined`)];
  return validRange
    ? validateRange(standard, capacity, validRange, `${field}.${name}`)
    : validateOptions(standard, capacity, validValues, `${field}.${name}`);
}
