// What a ResourceClaim asks for, in claims and in templates of claims. May import src/base.
import { invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { validateLabelName } from "../meta/object-meta.ts";
import type { Draft } from "../object.ts";
import type {
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from "../types/resource-v1.gen.ts";
import { validateList, validateSet } from "./bounded-lists.ts";
import {
  expressionsOf,
  validateConfiguration,
  validateSelectors,
  type DeviceExpression,
} from "./device-configuration.ts";
import { validateFullDeviceKey, validateLabelAt, validateSubdomainAt, validateValueAt } from "./device-names.ts";
import { alternativesMax, configsMax, constraintsMax, requestsMax } from "./limits.ts";

/** The requests' names, each with those of its alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

export function requestNamesOf(spec: ResourceClaimSpec | undefined): RequestNames {
  const requests = spec?.devices?.requests ?? [];
  return new Map(
    requests.map(({ name = "", firstAvailable }) => [name, new Set(firstAvailable?.map((one) => one.name ?? ""))]),
  );
}

const reference =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** "request" or "request/alternative". */
export function validateRequestReference(name: string, field: string, names: RequestNames): FieldError[] {
  const parts = name.split("/");
  if (parts.length > 2) return [invalid(field, name, reference)];
  const errors = parts.flatMap((part) => validateLabelAt(part, field));
  const alternatives = names.get(parts[0]!);
  const known = alternatives !== undefined && (parts[1] === undefined || alternatives.has(parts[1]));
  return known ? errors : [...errors, invalid(field, name, reference)];
}

export const validateReferences = (
  list: readonly string[] | undefined,
  field: string,
  names: RequestNames,
): FieldError[] =>
  validateSet(list, field, {
    max: requestsMax,
    keyOf: (name) => name,
    check: (name, at) => validateRequestReference(name, at, names),
  });

export const taintEffects = ["NoExecute", "NoSchedule", "None"];

function validateToleration(toleration: DeviceToleration, field: string): FieldError[] {
  const { key = "", value = "", effect } = toleration;
  const operator: string = toleration.operator ?? "";
  const errors = key === "" ? [] : validateLabelName(key, `${field}.key`);
  if (operator === "") errors.push(required(`${field}.operator`));
  else if (operator === "Equal") errors.push(...validateValueAt(value, `${field}.value`));
  else if (operator !== "Exists") errors.push(notSupported(`${field}.operator`, operator, ["Equal", "Exists"]));
  else if (value !== "") errors.push(invalid(`${field}.value`, value, "must be empty for operator `Exists`"));
  if (!effect || taintEffects.includes(effect)) return errors;
  return [...errors, notSupported(`${field}.effect`, effect, taintEffects)];
}

/** What a request and each of its alternatives say alike. */
function validateChoice(choice: ExactDeviceRequest | DeviceSubRequest, field: string): FieldError[] {
  const { deviceClassName = "", count = 0 } = choice;
  const at = `${field}.deviceClassName`;
  const errors = deviceClassName === "" ? [required(at)] : validateSubdomainAt(deviceClassName, at);
  errors.push(...validateSelectors(choice.selectors, `${field}.selectors`));
  const mode: string = choice.allocationMode ?? "";
  if (mode === "All") {
    const detail = "must not be specified when allocationMode is 'All'";
    if (count !== 0) errors.push(invalid(`${field}.count`, count, detail));
  } else if (mode === "ExactCount") {
    if (count <= 0) errors.push(invalid(`${field}.count`, count, "must be greater than zero"));
  } else errors.push(notSupported(`${field}.allocationMode`, mode, ["All", "ExactCount"]));
  const tolerations = (choice.tolerations ?? []).flatMap((one, index) =>
    validateToleration(one, `${field}.tolerations[${index}]`),
  );
  return [...errors, ...tolerations];
}

const exactlyOne = "exactly one of `exactly` or `firstAvailable` is required";

function validateRequest({ name = "", exactly, firstAvailable = [] }: DeviceRequest, field: string): FieldError[] {
  const errors = validateLabelAt(name, `${field}.name`);
  const several = firstAvailable.length > 0;
  if (!exactly && !several) return [...errors, required(field, exactlyOne)];
  if (exactly && several) {
    return [...errors, invalid(field, null, `${exactlyOne}, but multiple fields are set`)];
  }
  if (exactly) return [...errors, ...validateChoice(exactly, `${field}.exactly`)];
  const alternatives = validateSet(firstAvailable, `${field}.firstAvailable`, {
    max: alternativesMax,
    keyOf: (one) => one.name ?? "",
    check: (one, at) => [...validateLabelAt(one.name ?? "", `${at}.name`), ...validateChoice(one, at)],
  });
  return [...errors, ...alternatives];
}

function validateConstraint(constraint: DeviceConstraint, field: string, names: RequestNames): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = validateReferences(requests, `${field}.requests`, names);
  if (matchAttribute !== undefined) {
    return [...errors, ...validateFullDeviceKey(matchAttribute, `${field}.matchAttribute`)];
  }
  if (distinctAttribute !== undefined) {
    return [...errors, ...validateFullDeviceKey(distinctAttribute, `${field}.distinctAttribute`)];
  }
  const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
  return [...errors, required(field, detail)];
}

export function validateClaimSpec(spec: ResourceClaimSpec, field: string): FieldError[] {
  const names = requestNamesOf(spec);
  const { requests, constraints, config } = spec.devices ?? {};
  const devices = `${field}.devices`;
  return [
    ...validateSet(requests, `${devices}.requests`, {
      max: requestsMax,
      keyOf: ({ name }) => name ?? "",
      check: validateRequest,
    }),
    ...validateList(constraints, constraintsMax, `${devices}.constraints`, (one, at) =>
      validateConstraint(one, at, names),
    ),
    ...validateList(config, configsMax, `${devices}.config`, (one, at) => [
      ...validateReferences(one.requests, `${at}.requests`, names),
      ...validateConfiguration(one, at),
    ]),
  ];
}

export function defaultClaimSpec(spec: Draft<ResourceClaimSpec>): void {
  const devices = (spec.devices ??= {});
  for (const { exactly, firstAvailable = [] } of devices.requests ?? []) {
    for (const choice of exactly ? [exactly, ...firstAvailable] : firstAvailable) {
      choice.allocationMode ||= "ExactCount";
      if (choice.allocationMode === "ExactCount") choice.count ||= 1;
    }
  }
}

/** The CEL expressions of a claim's requests. */
export function expressionsOfClaim(spec: ResourceClaimSpec, field: string): DeviceExpression[] {
  return (spec.devices?.requests ?? []).flatMap(({ exactly, firstAvailable = [] }, index) => {
    const at = `${field}.devices.requests[${index}]`;
    return [
      ...expressionsOf(exactly?.selectors, `${at}.exactly.selectors`),
      ...firstAvailable.flatMap((one, place) =>
        expressionsOf(one.selectors, `${at}.firstAvailable[${place}].selectors`),
      ),
    ];
  });
}

/** Where a claim asks for devices as an administrator, which its namespace has to allow: the field, or undefined. */
export function adminAccessField(spec: ResourceClaimSpec | undefined): string | undefined {
  const index = (spec?.devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  return index === -1 ? undefined : `spec.devices.requests[${index}].adminAccess`;
}
