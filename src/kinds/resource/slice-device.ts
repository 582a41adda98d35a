// One device in a ResourceSlice. May import src/base.
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { semanticEqual } from "../meta/equality.ts";
import { printGoStruct } from "../meta/go-struct.ts";
import { byteLength, nameIsDNSSubdomain } from "../meta/names.ts";
import { validateLabelName } from "../meta/object-meta.ts";
import { validateNodeSelector } from "../pod/validation/affinity.ts";
import type {
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
  DeviceTaint,
} from "../types/resource-v1.gen.ts";
import { validateList, validateMap, validateSet } from "./bounded-lists.ts";
import { taintEffects } from "./claim-spec.ts";
import { validateBindingConditions, validateDeviceKey, validateLabelAt, validateValueAt } from "./device-names.ts";
import * as limits from "./limits.ts";
import { validateRequestPolicy } from "./request-policy.ts";

/** Semantic Versioning 2.0.0, as semver.org suggests to match it. */
const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const checkLength = (text: string, field: string): FieldError[] =>
  byteLength(text) > limits.attributeMaxBytes ? [tooLong(field, limits.attributeMaxBytes)] : [];

function checkVersion(text: string, field: string): FieldError[] {
  // A version that is too long is refused anyway; the pattern needn't see it.
  const wrong = byteLength(text) > limits.attributeMaxBytes * 4 || !version.test(text);
  const errors = wrong ? [invalid(field, text, "must be a string compatible with semver.org spec 2.0.0")] : [];
  return [...errors, ...checkLength(text, field)];
}

const attributeValues = [
  ["IntValue", "int"],
  ["BoolValue", "bool"],
  ["StringValue", "string"],
  ["VersionValue", "version"],
  ["IntValues", "ints"],
  ["BoolValues", "bools"],
  ["StringValues", "strings"],
  ["VersionValues", "versions"],
] as const;
const printedAttribute = attributeValues.map(([name, key]) => [name, key, null] as const);

function validateAttribute(attribute: DeviceAttribute, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (attribute.string !== undefined) errors.push(...checkLength(attribute.string, `${field}.string`));
  if (attribute.version !== undefined) errors.push(...checkVersion(attribute.version, `${field}.version`));
  for (const name of ["bools", "ints", "strings", "versions"] as const) {
    if (attribute[name]?.length === 0) errors.push(invalid(`${field}.${name}`, [], "must not be empty if specified"));
  }
  for (const [index, text] of (attribute.strings ?? []).entries()) {
    errors.push(...checkLength(text, `${field}.strings[${index}]`));
  }
  for (const [index, text] of (attribute.versions ?? []).entries()) {
    errors.push(...checkVersion(text, `${field}.versions[${index}]`));
  }
  const count = attributeValues.filter(([, key]) => attribute[key] !== undefined).length;
  if (count === 1) return errors;
  const value = count === 0 ? "" : printGoStruct(attribute, printedAttribute);
  return [...errors, invalid(field, value, "exactly one value must be specified")];
}

function countValues({ attributes = {} }: Device): number {
  const counts = Object.values(attributes).map(
    ({ bools = [], ints = [], strings = [], versions = [] }) =>
      bools.length + ints.length + strings.length + versions.length || 1,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function validateCapacity({ value, requestPolicy }: DeviceCapacity, field: string, shared: boolean): FieldError[] {
  if (!requestPolicy) return [];
  const at = `${field}.requestPolicy`;
  return shared
    ? validateRequestPolicy(value ?? "0", requestPolicy, at)
    : [forbidden(at, "allowMultipleAllocations must be true")];
}

function validateTaint({ key = "", value = "", effect = "" as never }: DeviceTaint, field: string): FieldError[] {
  const errors = validateLabelName(key, `${field}.key`);
  if (value !== "") errors.push(...validateValueAt(value, `${field}.value`));
  const at = `${field}.effect`;
  if (!effect) return [...errors, required(at)];
  return taintEffects.includes(effect) ? errors : [...errors, notSupported(at, effect, taintEffects)];
}

/** Counters by their names, of a set or of what a device takes from one. */
export function validateCounters(
  counters: DeviceCounterConsumption["counters"] | undefined,
  field: string,
): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(field)];
  return validateMap(counters, field, {
    max: limits.countersMax,
    keyMaxBytes: limits.labelMaxBytes,
    checkKey: validateLabelAt,
    check: () => [],
  });
}

export const validateCounterName = (name: string, field: string): FieldError[] =>
  name === "" ? [required(field)] : validateLabelAt(name, field);

const validateConsumption = ({ counterSet = "", counters }: DeviceCounterConsumption, field: string): FieldError[] => [
  ...validateCounterName(counterSet, `${field}.counterSet`),
  ...validateCounters(counters, `${field}.counters`),
];

const oneOfThree =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in " +
  "the ResourceSlice spec";
const noneOfThree =
  "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the " +
  "ResourceSlice spec";

/** Where a device is, which it says itself only if the slice doesn't. */
function validatePlace({ nodeName, nodeSelector, allNodes }: Device, field: string, perDevice: boolean): FieldError[] {
  if (!perDevice) {
    const some = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined;
    return some ? [invalid(field, null, noneOfThree)] : [];
  }
  const errors: FieldError[] = [];
  if (nodeName === "") errors.push(invalid(`${field}.nodeName`, nodeName, "must not be empty"));
  else if (nodeName !== undefined) {
    const at = `${field}.nodeName`;
    errors.push(...nameIsDNSSubdomain(nodeName, false).map((message) => invalid(at, nodeName, message)));
  }
  if (nodeSelector) errors.push(...validateNodeSelector(nodeSelector, `${field}.nodeSelector`));
  if (allNodes === false) {
    errors.push(invalid(`${field}.allNodes`, allNodes, "must be either unset or set to true"));
  }
  const set = [
    ...(nodeName ? ["`nodeName`"] : []),
    ...(nodeSelector ? ["`nodeSelector`"] : []),
    ...(allNodes ? ["`allNodes`"] : []),
  ];
  if (set.length === 0) errors.push(required(field, oneOfThree));
  else if (set.length > 1) errors.push(invalid(field, `{${set.join(", ")}}`, oneOfThree));
  return errors;
}

function validateAmounts(device: Device, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const { attributes = {}, capacity = {} } = device;
  const names = Object.keys(attributes).length + Object.keys(capacity).length;
  if (names > limits.attributesAndCapacitiesMax) {
    const detail = `the total number of attributes and capacities must not exceed ${limits.attributesAndCapacitiesMax}`;
    errors.push(invalid(field, names, detail));
  }
  const values = countValues(device);
  if (values > limits.attributeValuesMax) {
    const detail = `the total number of attribute values must not exceed ${limits.attributeValuesMax}`;
    errors.push(invalid(field, values, detail));
  }
  const keys = { max: Infinity, keyMaxBytes: limits.qualifiedNameMaxBytes, checkKey: validateDeviceKey };
  errors.push(...validateMap(attributes, `${field}.attributes`, { ...keys, check: validateAttribute }));
  const shared = device.allowMultipleAllocations === true;
  const check = (item: DeviceCapacity, at: string): FieldError[] => validateCapacity(item, at, shared);
  return [...errors, ...validateMap(capacity, `${field}.capacity`, { ...keys, check })];
}

export function validateDevice(
  device: Device,
  field: string,
  old: Device | undefined,
  perDevice: boolean,
): FieldError[] {
  const taintsKept = old !== undefined && semanticEqual(old.taints, device.taints);
  return [
    ...validateLabelAt(device.name ?? "", `${field}.name`),
    ...validateAmounts(device, field),
    ...(taintsKept ? [] : validateList(device.taints, limits.taintsMax, `${field}.taints`, validateTaint)),
    ...validateSet(device.consumesCounters, `${field}.consumesCounters`, {
      max: limits.counterConsumptionsMax,
      keyOf: ({ counterSet }) => counterSet ?? "",
      check: validateConsumption,
    }),
    ...validatePlace(device, field, perDevice),
    ...validateBindingConditions(device, field),
  ];
}
