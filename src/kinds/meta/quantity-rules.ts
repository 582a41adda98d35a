// What quantities in objects may be (k8s.io/kubernetes pkg/apis/core/validation). The codec has refused texts that are
// none. May import src/base.
import { invalid, type FieldError } from "../../base/field-error.ts";
import { parseQuantity, quantityMilliValue, quantitySign, quantityValue } from "../../base/quantity.ts";
import { isIntegerResource } from "../pod/resource-names.ts";

export function validateNonnegativeQuantity(value: string, field: string): FieldError[] {
  if (quantitySign(parseQuantity(value)) >= 0) return [];
  return [invalid(field, value, "must be greater than or equal to 0")];
}

export function validatePositiveQuantity(value: string, field: string): FieldError[] {
  return quantitySign(parseQuantity(value)) > 0 ? [] : [invalid(field, value, "must be greater than zero")];
}

/** Not negative, and whole where the resource is counted in whole things. */
export function validateResourceQuantity(resource: string, value: string, field: string): FieldError[] {
  const errors = validateNonnegativeQuantity(value, field);
  if (isIntegerResource(resource) && quantityMilliValue(parseQuantity(value)) % 1000n !== 0n) {
    errors.push(invalid(field, value, "must be an integer"));
  }
  return errors;
}

export function validateBasicResource(value: string, field: string): FieldError[] {
  const amount = quantityValue(parseQuantity(value));
  return amount < 0n ? [invalid(field, Number(amount), "must be a valid resource quantity")] : [];
}

export const isFractional = (value: string | undefined): boolean =>
  value !== undefined && quantityMilliValue(parseQuantity(value)) % 1000n !== 0n;
