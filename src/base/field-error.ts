// What is wrong with one field, in upstream's words. Validation returns lists of these; invalid() makes them a Status.
// The types, reasons and texts are those of k8s.io/apimachinery/pkg/util/validation/field. Imports nothing.

export type FieldErrorReason =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "InternalError"
  | "FieldValueTypeInvalid";

export interface FieldError {
  readonly reason: FieldErrorReason;
  /** "spec.containers[0].name" */
  readonly field: string;
  /** Without the field: `Invalid value: "x": must be …`. */
  readonly message: string;
}

/** A value as upstream prints it in an error (Go's %v for most, %q for strings, JSON for structs). */
export function printValue(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

const withDetail = (text: string, detail: string | undefined): string => (detail ? `${text}: ${detail}` : text);

export function required(field: string, detail?: string): FieldError {
  return { reason: "FieldValueRequired", field, message: withDetail("Required value", detail) };
}
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: withDetail(`Invalid value: ${printValue(value)}`, detail) };
}
export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueTypeInvalid", field, message: withDetail(`Invalid value: ${printValue(value)}`, detail) };
}
export function duplicate(field: string, value: unknown): FieldError {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${printValue(value)}` };
}
export function notFound(field: string, value: unknown): FieldError {
  return { reason: "FieldValueNotFound", field, message: `Not found: ${printValue(value)}` };
}
/** `Unsupported value: "x": supported values: "A", "B"`; upstream sorts the values where they come from a set. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const values = supported.map((one) => JSON.stringify(one)).join(", ");
  const detail = supported.length > 0 ? `supported values: ${values}` : undefined;
  return {
    reason: "FieldValueNotSupported",
    field,
    message: withDetail(`Unsupported value: ${printValue(value)}`, detail),
  };
}
export function forbidden(field: string, detail: string): FieldError {
  return { reason: "FieldValueForbidden", field, message: withDetail("Forbidden", detail) };
}
export function tooLong(field: string, maxBytes: number): FieldError {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${maxBytes} bytes` };
}
export function tooMany(field: string, actual: number, max: number): FieldError {
  return {
    reason: "FieldValueTooMany",
    field,
    message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? "item" : "items"}`,
  };
}
export function internal(field: string, detail: string): FieldError {
  return { reason: "InternalError", field, message: `Internal error: ${detail}` };
}
