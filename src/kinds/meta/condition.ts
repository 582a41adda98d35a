// What a meta/v1 Condition may hold (k8s.io/apimachinery pkg/apis/meta/v1/validation). May import src/base.
import { duplicate, invalid, notSupported, required, tooLong, type FieldError } from "../../base/field-error.ts";
import type { Condition } from "../types/meta-v1.gen.ts";
import { byteLength, regexError } from "./names.ts";
import { validateLabelName } from "./object-meta.ts";

const reasonMaxBytes = 1024;
const messageMaxBytes = 32 * 1024;
const reasonFormat = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const reasonMessage =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters " +
  "or '_,:', and must end with an alphanumeric character or '_'";

export function validateConditions(conditions: readonly Condition[] | undefined, field: string): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap((condition, index) => {
    const at = `${field}[${index}]`;
    const type = condition.type ?? "";
    const errors = seen.has(type) ? [duplicate(`${at}.type`, type)] : [];
    seen.add(type);
    return [...errors, ...validateCondition(condition, at)];
  });
}

export function validateCondition(condition: Condition, field: string): FieldError[] {
  const { type = "", status = "", observedGeneration = 0, lastTransitionTime, reason = "", message = "" } = condition;
  const errors = validateLabelName(type, `${field}.type`);
  if (!["False", "True", "Unknown"].includes(status)) {
    errors.push(notSupported(`${field}.status`, status, ["False", "True", "Unknown"]));
  }
  if (observedGeneration < 0) {
    errors.push(invalid(`${field}.observedGeneration`, observedGeneration, "must be greater than or equal to zero"));
  }
  if (!lastTransitionTime) errors.push(required(`${field}.lastTransitionTime`));
  if (reason === "") errors.push(required(`${field}.reason`));
  else if (!/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(reason)) {
    const examples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
    errors.push(invalid(`${field}.reason`, reason, regexError(reasonMessage, reasonFormat, ...examples)));
  }
  if (byteLength(reason) > reasonMaxBytes) errors.push(tooLong(`${field}.reason`, reasonMaxBytes));
  if (byteLength(message) > messageMaxBytes) errors.push(tooLong(`${field}.message`, messageMaxBytes));
  return errors;
}
