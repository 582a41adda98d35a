// Rules of numbers in workloads: counts in a status, and numbers that may be percentages (k8s.io/kubernetes
// pkg/apis/apps/validation). May import src/base.
import { invalid, type FieldError } from "../../base/field-error.ts";
import { validateNonnegative } from "../meta/object-meta.ts";
import { isPercent } from "../meta/value-names.ts";

type Counts = Readonly<Record<string, unknown>>;

const countOf = (status: Counts, name: string): number => (status[name] as number | undefined) ?? 0;

export function validateCounts(status: object | undefined, names: readonly string[], field: string): FieldError[] {
  const counts = (status ?? {}) as Counts;
  return names.flatMap((name) => validateNonnegative(countOf(counts, name), `${field}.${name}`));
}

/** Each of `names` at most as much as `bound`. */
export function validateAtMost(
  status: object | undefined,
  names: readonly string[],
  bound: string,
  detail: string,
): FieldError[] {
  const counts = (status ?? {}) as Counts;
  return names
    .filter((name) => countOf(counts, name) > countOf(counts, bound))
    .map((name) => invalid(`status.${name}`, countOf(counts, name), detail));
}

/** The count of hash collisions only grows. */
export function validateCollisionCount(status: object | undefined, old: object | undefined): FieldError[] {
  const now = (status as Counts | undefined)?.["collisionCount"] as number | undefined;
  const before = (old as Counts | undefined)?.["collisionCount"] as number | undefined;
  const decremented = before !== undefined && (now === undefined || now < before);
  return decremented ? [invalid("status.collisionCount", now ?? 0, "cannot be decremented")] : [];
}

type NumberOrPercent = number | string | undefined;

const percentOf = (value: NumberOrPercent): number | undefined =>
  typeof value === "string" && isPercent(value).length === 0 ? Number(value.slice(0, -1)) : undefined;

/** The number itself, or a percentage's; 0 where there is neither. */
export function amountOf(value: NumberOrPercent): number {
  if (typeof value === "number") return value;
  const text = /^[+-]?[0-9]+$/.test(value ?? "") ? Number(value) : 0;
  return percentOf(value) ?? text;
}

export function validateNumberOrPercent(value: NumberOrPercent, field: string): FieldError[] {
  if (typeof value === "string") return isPercent(value).map((message) => invalid(field, value, message));
  return validateNonnegative(value, field);
}

export function validateAtMostAll(value: NumberOrPercent, field: string): FieldError[] {
  return (percentOf(value) ?? 0) > 100 ? [invalid(field, value, "must not be greater than 100%")] : [];
}
