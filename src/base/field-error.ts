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
  | "FieldValueTooShort"
  | "FieldValueTooMany"
  | "FieldValueTooFew"
  | "InternalError"
  | "FieldValueTypeInvalid";

export interface FieldError {
  readonly reason: FieldErrorReason;
  /** "spec.containers[0].name" */
  readonly field: string;
  /** Without the field: `Invalid value: "x": must be …`. */
  readonly message: string;
}

const goEscapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};
// What Go calls unprintable: controls, separators but the space, unassigned and private characters.
const goUnprintable = /["\\]|\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/gu;

/** A text as Go's %q prints it. */
export function quote(text: string): string {
  const inner = text.replace(goUnprintable, (letter) => {
    const known = goEscapes[letter];
    if (known !== undefined) return known;
    const code = letter.codePointAt(0)!;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
    if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
    return `\\U${code.toString(16).padStart(8, "0")}`;
  });
  return `"${inner}"`;
}

/** JSON as Go's encoding/json writes it: with `<`, `>`, `&` and the line separators escaped. */
export function goJson(value: unknown, indent = ""): string {
  return JSON.stringify(value ?? null, undefined, indent).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as upstream prints it in an error (Go's %v for numbers and booleans, %q for strings, JSON for the rest). */
export function printValue(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === undefined || typeof value === "object") return goJson(value);
  return String(value);
}

const withDetail = (text: string, detail: string | undefined): string => (detail ? `${text}: ${detail}` : text);

export function required(field: string, detail?: string): FieldError {
  return { reason: "FieldValueRequired", field, message: withDetail("Required value", detail) };
}
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: "FieldValueInvalid", field, message: withDetail(`Invalid value: ${printValue(value)}`, detail) };
}
export function duplicate(field: string, value: unknown, detail?: string): FieldError {
  return { reason: "FieldValueDuplicate", field, message: withDetail(`Duplicate value: ${printValue(value)}`, detail) };
}
export function notFound(field: string, value: unknown, detail?: string): FieldError {
  return { reason: "FieldValueNotFound", field, message: withDetail(`Not found: ${printValue(value)}`, detail) };
}
/** `Unsupported value: "x": supported values: "A", "B"`; upstream sorts the values where they come from a set. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const values = supported.map(quote).join(", ");
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

const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

export function tooLong(field: string, maxBytes: number): FieldError {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${plural(maxBytes, "byte")}` };
}
/** As tooLong, where the limit counts characters and not bytes. */
export function tooLongCharacters(field: string, maxCharacters: number): FieldError {
  const detail = `may not be more than ${plural(maxCharacters, "character")}`;
  return { reason: "FieldValueTooLong", field, message: `Too long: ${detail}` };
}
export function tooMany(field: string, actual: number, max: number): FieldError {
  const detail = `must have at most ${plural(max, "item")}`;
  return { reason: "FieldValueTooMany", field, message: `Too many: ${actual}: ${detail}` };
}
export function internal(field: string, detail: string): FieldError {
  return { reason: "InternalError", field, message: `Internal error: ${detail}` };
}
