// Topology spread constraints. Source: pkg/apis/core/validation, KEP-895, KEP-3243. May import src/base.
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from "../../../base/field-error.ts";
import { validateLabelSelector } from "../../meta/label-selector.ts";
import { validateLabelName } from "../../meta/object-meta.ts";
import type { LabelSelector } from "../../types/meta-v1.gen.ts";
import type { TopologySpreadConstraint } from "../../types/core-v1.gen.ts";
import type { PodValidationOptions } from "./options.ts";

type Keys = readonly string[] | undefined;
const inBoth = "exists in both matchLabelKeys and labelSelector";

function validateLabelKeys(field: string, keys: Keys, selector: LabelSelector | undefined): FieldError[] {
  if (!keys?.length) return [];
  if (!selector) return [forbidden(field, "must not be specified when labelSelector is not set")];
  return keys.flatMap((key, index) => validateLabelName(key, `${field}[${index}]`));
}

/** The server itself merges keys into the selector once; what must not be is a key that was there before. */
export function validateMatchLabelKeys(
  field: string,
  keys: Keys,
  mismatchKeys: Keys,
  selector: LabelSelector | undefined,
): FieldError[] {
  const errors = [
    ...validateLabelKeys(`${field}.matchLabelKeys`, keys, selector),
    ...validateLabelKeys(`${field}.mismatchLabelKeys`, mismatchKeys, selector),
  ];
  const indexes = new Map((keys ?? []).map((key, index) => [key, index]));
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = indexes.get(key);
    if (index !== undefined && seen.has(key)) errors.push(invalid(`${field}[${index}]`, key, inBoth));
    seen.add(key);
  }
  for (const [index, key] of (keys ?? []).entries()) {
    if (!mismatchKeys?.includes(key)) continue;
    const detail = "exists in both matchLabelKeys and mismatchLabelKeys";
    errors.push(invalid(`${field}.matchLabelKeys[${index}]`, key, detail));
  }
  return errors;
}

/** The rule of before the merge, for objects that break today's. */
function validateLegacyMatchLabelKeys(field: string, keys: Keys, selector: LabelSelector | undefined): FieldError[] {
  if (!keys?.length) return [];
  const errors = selector ? [] : [forbidden(field, "must not be specified when labelSelector is not set")];
  const used = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map((one) => one.key),
  ]);
  for (const [index, key] of keys.entries()) {
    errors.push(...validateLabelName(key, `${field}[${index}]`));
    if (used.has(key)) errors.push(invalid(`${field}[${index}]`, key, inBoth));
  }
  return errors;
}

function validatePolicy(policy: string | undefined, field: string): FieldError[] {
  if (policy === undefined || policy === "Ignore" || policy === "Honor") return [];
  return [notSupported(field, policy, ["Honor", "Ignore"])];
}

const positive = (value: number | undefined, field: string): FieldError[] =>
  (value ?? 0) <= 0 ? [invalid(field, value ?? 0, "must be greater than zero")] : [];

function validateMinDomains(minDomains: number | undefined, action: string, field: string): FieldError[] {
  if (minDomains === undefined) return [];
  const errors = positive(minDomains, field);
  if (action !== "DoNotSchedule") {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
    errors.push(invalid(field, minDomains, detail));
  }
  return errors;
}

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  return (constraints ?? []).flatMap((one, index) => {
    const path = `${field}[${index}]`;
    const { topologyKey = "", whenUnsatisfiable: action = "" as string } = one;
    const errors = positive(one.maxSkew, `${path}.maxSkew`);
    if (!topologyKey) errors.push(required(`${path}.topologyKey`, "can not be empty"));
    if (action !== "DoNotSchedule" && action !== "ScheduleAnyway") {
      errors.push(notSupported(`${path}.whenUnsatisfiable`, action, ["DoNotSchedule", "ScheduleAnyway"]));
    }
    const repeated = constraints!
      .slice(index + 1)
      .some((other) => (other.topologyKey ?? "") === topologyKey && (other.whenUnsatisfiable ?? "") === action);
    if (repeated) errors.push(duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`));
    errors.push(
      ...validateMinDomains(one.minDomains, action, `${path}.minDomains`),
      ...validatePolicy(one.nodeAffinityPolicy, `${path}.nodeAffinityPolicy`),
      ...validatePolicy(one.nodeTaintsPolicy, `${path}.nodeTaintsPolicy`),
      ...(options.oldViolatesMatchLabelKeys
        ? validateLegacyMatchLabelKeys(`${path}.matchLabelKeys`, one.matchLabelKeys, one.labelSelector)
        : validateMatchLabelKeys(path, one.matchLabelKeys, undefined, one.labelSelector)),
    );
    if (!options.allowInvalidSpreadSelector) {
      errors.push(...validateLabelSelector(one.labelSelector, `${path}.labelSelector`));
    }
    return errors;
  });
}
