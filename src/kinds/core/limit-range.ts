// LimitRanges. May import src/base.
import { duplicate, forbidden, invalid, required, type FieldError } from "../../base/field-error.ts";
import {
  compareQuantities,
  parseQuantity,
  quantityMilliValue,
  quantityOf,
  quantityToNumber,
  quantityValue,
} from "../../base/quantity.ts";
import type { Strategy } from "../kind.ts";
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import { isQualifiedName } from "../meta/names.ts";
import type { Draft } from "../object.ts";
import { defaultResourceList } from "../pod/default-resources.ts";
import { isExtendedResource, isNativeResource, isOvercommitAllowed } from "../pod/resource-names.ts";
import { isStandardContainerResource } from "../pod/resource-names.ts";
import { validateResourceName } from "../pod/validation/resources.ts";
import type { LimitRange, LimitRangeItem } from "../types/core-v1.gen.ts";

const types = ["Pod", "Container", "PersistentVolumeClaim"];
const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

function validateType(type: string, field: string): FieldError[] {
  const errors = isQualifiedName(type).map((message) => invalid(field, type, message));
  if (errors.length > 0 || type.includes("/") || types.includes(type)) return errors;
  return [invalid(field, type, "must be a standard limit type or fully qualified")];
}

function validateName(type: string, name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (type !== "Pod" && type !== "Container") return errors;
  if (!name.includes("/")) {
    if (isStandardContainerResource(name)) return errors;
    return [...errors, invalid(field, name, "must be a standard resource for containers")];
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors;
  return [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
}

const isMore = (left: string | undefined, right: string | undefined): boolean =>
  left !== undefined && right !== undefined && compareQuantities(parseQuantity(left), parseQuantity(right)) > 0;

/** Above this, upstream compares whole units, since thousandths would overflow. */
const milliMax = 9_223_372_036_854_775n;

function validateRatio(ratio: string, min: string | undefined, max: string | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const parsed = parseQuantity(ratio);
  if (compareQuantities(parsed, quantityOf(1)) < 0) errors.push(invalid(field, ratio, `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const [low, high] = [parseQuantity(min), parseQuantity(max)];
  const small = [parsed, low, high].every((one) => quantityValue(one) < milliMax);
  const [a, b] = small
    ? [quantityMilliValue(high), quantityMilliValue(low)]
    : [quantityValue(high), quantityValue(low)];
  const bound = Number(a) / Number(b);
  const value = small ? quantityToNumber(parsed) : Number(quantityValue(parsed));
  if (!(value > bound)) return errors;
  return [...errors, invalid(field, ratio, `ratio ${ratio} is greater than max/min = ${bound.toFixed(6)}`)];
}

function compareAmounts(limit: LimitRangeItem, name: string, field: string): FieldError[] {
  const pod = limit.type === "Pod";
  const [min, max] = [limit.min?.[name], limit.max?.[name]];
  const [bound, asked] = pod ? [] : [limit.default?.[name], limit.defaultRequest?.[name]];
  const ratio = limit.maxLimitRequestRatio?.[name];
  const at = (list: string): string => `${field}.${list}[${name}]`;
  const errors: FieldError[] = [];
  const check = (wrong: boolean, list: string, value: string | undefined, detail: string): void => {
    if (wrong) errors.push(invalid(at(list), value, detail));
  };
  check(isMore(min, max), "min", min, `min value ${min} is greater than max value ${max}`);
  const defaultRequest = "defaultRequest";
  check(isMore(min, asked), defaultRequest, asked, `min value ${min} is greater than default request value ${asked}`);
  check(isMore(asked, max), defaultRequest, asked, `default request value ${asked} is greater than max value ${max}`);
  check(
    isMore(asked, bound),
    defaultRequest,
    asked,
    `default request value ${asked} is greater than default limit value ${bound}`,
  );
  check(isMore(min, bound), "default", min, `min value ${min} is greater than default value ${bound}`);
  check(isMore(bound, max), "default", max, `default value ${bound} is greater than max value ${max}`);
  if (ratio !== undefined) errors.push(...validateRatio(ratio, min, max, at("maxLimitRequestRatio")));
  const differs = isMore(bound, asked) || isMore(asked, bound);
  const detail = `default value ${bound} must equal to defaultRequest value ${asked} in ${name}`;
  check(!isOvercommitAllowed(name) && differs, defaultRequest, asked, detail);
  return errors;
}

function validateLimit(limit: LimitRangeItem, field: string): FieldError[] {
  const { type = "" } = limit;
  const errors: FieldError[] = [];
  for (const list of lists) {
    const amounts = limit[list] ?? {};
    if (type === "Pod" && (list === "default" || list === "defaultRequest")) {
      if (Object.keys(amounts).length > 0) {
        errors.push(forbidden(`${field}.${list}`, "may not be specified when `type` is 'Pod'"));
      }
      continue;
    }
    if (list === "maxLimitRequestRatio" && type === "PersistentVolumeClaim") {
      if (limit.min?.["storage"] === undefined && limit.max?.["storage"] === undefined) {
        const detail = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(required(`${field}.limits`, detail));
      }
    }
    for (const name of Object.keys(amounts)) errors.push(...validateName(type, name, `${field}.${list}[${name}]`));
  }
  const counted = type === "Pod" ? (["max", "min", "maxLimitRequestRatio"] as const) : lists;
  const names = new Set(counted.flatMap((list) => Object.keys(limit[list] ?? {})));
  return [...errors, ...[...names].flatMap((name) => compareAmounts(limit, name, field))];
}

function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return (spec?.limits ?? []).flatMap((limit, index) => {
    const field = `spec.limits[${index}]`;
    const { type = "" } = limit;
    const errors = validateType(type, `${field}.type`);
    if (seen.has(type)) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
    return [...errors, ...validateLimit(limit, field)];
  });
}

type Amounts = Record<string, string>;

/** What a container gets by default follows from what else is said of containers. */
function defaultLimit(limit: Draft<LimitRangeItem>): void {
  if (limit.type === "Container") {
    const bounds: Amounts = { ...(limit.max as Amounts), ...(limit.default as Amounts) };
    const asked: Amounts = { ...(limit.min as Amounts), ...bounds, ...(limit.defaultRequest as Amounts) };
    limit.default = bounds;
    limit.defaultRequest = asked;
  }
  for (const list of lists) if (limit[list]) defaultResourceList(limit[list]);
}

const strategy: Strategy<LimitRange> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1, update: 0 },
  default(draft) {
    for (const limit of draft.spec?.limits ?? []) defaultLimit(limit);
  },
  validate: validateLimitRange,
};

export const limitRange = defineKind<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  shortNames: ["limits"],
  namespaced: true,
  definition: "core.v1.LimitRange",
  storageKey: "limitranges",
  columns: plainColumns,
  cells: plainCells,
  strategy,
});
