// Tolerations, and what an update may do to them and to scheduling gates. Source: pkg/apis/core/validation. May import
// src/base.
import { duplicate, forbidden, invalid, notSupported, quote, type FieldError } from "../../../base/field-error.ts";
import { semanticEqual } from "../../meta/equality.ts";
import { isLabelValue, isQualifiedName } from "../../meta/names.ts";
import { validateLabelName } from "../../meta/object-meta.ts";
import { isDecimalInteger } from "../../meta/value-names.ts";
import type { PodSchedulingGate, Toleration } from "../../types/core-v1.gen.ts";
import type { PodValidationOptions } from "./options.ts";

export const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

const isInt64 = (text: string): boolean => BigInt.asIntN(64, BigInt(text)) === BigInt(text);

function validateComparison(value: string, field: string): FieldError[] {
  const errors = isDecimalInteger(value).map((message) => invalid(field, value, message));
  const parses = /^[+-]?[0-9]+$/.test(value);
  if (!parses || !isInt64(value.replace("+", ""))) {
    const why = parses ? "value out of range" : "invalid syntax";
    errors.push(invalid(field, value, `strconv.ParseInt: parsing ${quote(value)}: ${why}`));
  }
  return errors;
}

function validateOperator(toleration: Toleration, path: string, options: PodValidationOptions): FieldError[] {
  const { operator = "", value = "" } = toleration as { operator?: string; value?: string };
  const field = `${path}.operator`;
  switch (operator) {
    case "":
    case "Equal": {
      const wrong = isLabelValue(value);
      return wrong.length > 0 ? [invalid(field, value, wrong.join(";"))] : [];
    }
    case "Exists":
      return value ? [invalid(field, value, "value must be empty when `operator` is 'Exists'")] : [];
    case "Lt":
    case "Gt":
      if (options.allowComparisonTolerations) return validateComparison(value, `${path}.value`);
      return [notSupported(field, operator, ["Equal", "Exists", "Lt", "Gt"])];
    default:
      return [notSupported(field, operator, ["Equal", "Exists"])];
  }
}

export function validateTolerations(
  tolerations: readonly Toleration[] | undefined,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, toleration] of (tolerations ?? []).entries()) {
    const path = `${field}[${index}]`;
    const { key = "", operator = "", effect = "" } = toleration as { key?: string; operator?: string; effect?: string };
    if (key) errors.push(...validateLabelName(key, `${path}.key`));
    else if (operator !== "Exists") {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(`${path}.operator`, operator, detail));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
      errors.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    errors.push(...validateOperator(toleration, path, options));
    if (effect && !(taintEffects as readonly string[]).includes(effect)) {
      errors.push(notSupported(`${path}.effect`, effect, taintEffects));
    }
  }
  return errors;
}

/** An update may add tolerations, and change how long one holds. */
export function validateOnlyAddedTolerations(
  tolerations: readonly Toleration[] | undefined,
  old: readonly Toleration[] | undefined,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const identity = ({ key, operator, value, effect }: Toleration): object => ({ key, operator, value, effect });
  for (const one of old ?? []) {
    const kept = (tolerations ?? []).some((other) => semanticEqual(identity(other), identity(one)));
    if (!kept) return [forbidden(field, "existing toleration can not be modified except its tolerationSeconds")];
  }
  return validateTolerations(tolerations, field, options);
}

export function validateSchedulingGates(gates: readonly PodSchedulingGate[] | undefined, field: string): FieldError[] {
  const seen = new Set<string>();
  return (gates ?? []).flatMap(({ name = "" }, index) => {
    const path = `${field}[${index}]`;
    const errors = isQualifiedName(name).map((message) => invalid(path, name, message));
    if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    return errors;
  });
}

export function validateOnlyDeletedSchedulingGates(
  gates: readonly PodSchedulingGate[] | undefined,
  old: readonly PodSchedulingGate[] | undefined,
  field: string,
): FieldError[] {
  const added = new Map((gates ?? []).map((gate, index) => [gate.name, index]));
  for (const gate of old ?? []) added.delete(gate.name);
  return [...added].map(([name, index]) =>
    forbidden(`${field}[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`),
  );
}
