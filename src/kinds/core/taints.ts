// What taints of a node may be (k8s.io/kubernetes pkg/apis/core/validation). May import src/base.
import { duplicate, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { isLabelValue } from "../meta/names.ts";
import { validateLabelName } from "../meta/object-meta.ts";
import type { Taint } from "../types/core-v1.gen.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Where upstream looks for them, errors name `metadata.taints`. */
export function validateTaints(taints: readonly Taint[] | undefined, field: string): FieldError[] {
  const seen = new Set<string>();
  return (taints ?? []).flatMap((taint, index) => {
    const { key = "", value = "", effect = "" as string, timeAdded } = taint;
    const at = `${field}[${index}]`;
    const errors = validateLabelName(key, `${at}.key`);
    const valueErrors = isLabelValue(value);
    if (valueErrors.length > 0) errors.push(invalid(`${at}.value`, value, valueErrors.join(";")));
    if (effect === "") errors.push(required(`${at}.effect`));
    else if (!effects.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, effects));
    const pair = `${effect} ${key}`;
    if (seen.has(pair)) {
      const printed = { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null };
      const twice = duplicate(at, printed);
      errors.push({ ...twice, message: `${twice.message}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
    return errors;
  });
}
