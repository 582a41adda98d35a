// ResourceSlices: the devices that a driver offers, or a part of them. May import src/base.
import { invalid, quote, required, type FieldError } from "../../base/field-error.ts";
import { validateDriverName } from "../core/volumes/persistent-volume-sources.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { nameIsDNSSubdomain } from "../meta/names.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import type { Draft } from "../object.ts";
import { validateNodeSelector } from "../pod/validation/affinity.ts";
import type { CounterSet, Device, ResourcePool, ResourceSlice, ResourceSliceSpec } from "../types/resource-v1.gen.ts";
import { validateSet } from "./bounded-lists.ts";
import { validatePoolName } from "./device-names.ts";
import { advancedDevicesMax, counterSetsMax, devicesMax } from "./limits.ts";
import { validateCounterName, validateCounters, validateDevice } from "./slice-device.ts";

function validatePool(pool: Partial<ResourcePool>): FieldError[] {
  const { name = "", resourceSliceCount = 0, generation = 0 } = pool;
  const errors = validatePoolName(name, "spec.pool.name");
  if (resourceSliceCount <= 0) {
    errors.push(invalid("spec.pool.resourceSliceCount", resourceSliceCount, "must be greater than zero"));
  }
  if (generation >= 0) return errors;
  return [...errors, invalid("spec.pool.generation", generation, "must be greater than or equal to zero")];
}

const oneOfFour = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";

/** Where the devices are. */
function validatePlace(spec: ResourceSliceSpec): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec;
  const errors: FieldError[] = [];
  if (nodeName === "") {
    errors.push(invalid("spec.nodeName", nodeName, "must be either unset or set to a non-empty string"));
  } else if (nodeName !== undefined) {
    errors.push(...nameIsDNSSubdomain(nodeName, false).map((message) => invalid("spec.nodeName", nodeName, message)));
  }
  if (nodeSelector) {
    errors.push(...validateNodeSelector(nodeSelector, "spec.nodeSelector"));
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    const field = "spec.nodeSelector.nodeSelectorTerms";
    if (terms.length !== 1) errors.push(invalid(field, terms, "must have exactly one node selector term"));
  }
  for (const [name, value] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (value === false) errors.push(invalid(`spec.${name}`, value, "must be either unset or set to true"));
  }
  const set = Object.entries({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection })
    .filter(([, value]) => Boolean(value))
    .map(([name]) => `\`${name}\``);
  if (set.length === 0) errors.push(required("spec", oneOfFour));
  else if (set.length > 1) {
    errors.push(invalid("spec", `{${set.join(", ")}}`, `${oneOfFour}, but multiple fields are set`));
  }
  return errors;
}

const hasLists = ({ attributes = {} }: Device): boolean =>
  Object.values(attributes).some(({ bools, ints, strings, versions }) => bools ?? ints ?? strings ?? versions);
const isAdvanced = (device: Device): boolean =>
  (device.taints ?? []).length > 0 || (device.consumesCounters ?? []).length > 0 || hasLists(device);

const validateCounterSet = ({ name = "", counters }: CounterSet, field: string): FieldError[] => [
  ...validateCounterName(name, `${field}.name`),
  ...validateCounters(counters, `${field}.counters`),
];

function validateSpec(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const { pool = {} as Partial<ResourcePool>, driver = "", devices, sharedCounters } = spec;
  const errors = [...validateDriverName(driver, "spec.driver"), ...validatePool(pool)];
  if (old) {
    errors.push(...validateImmutable(pool.name ?? "", old.pool?.name ?? "", "spec.pool.name"));
    errors.push(...validateImmutable(driver, old.driver ?? "", "spec.driver"));
    errors.push(...validateImmutable(spec.nodeName, old.nodeName, "spec.nodeName"));
  }
  errors.push(...validatePlace(spec));
  if (sharedCounters && devices) {
    errors.push(invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"));
  }
  const before = new Map((old?.devices ?? []).map((device) => [device.name, device]));
  errors.push(
    ...validateSet(devices, "spec.devices", {
      max: (devices ?? []).some(isAdvanced) ? advancedDevicesMax : devicesMax,
      keyOf: ({ name }) => name ?? "",
      check: (device, at) => validateDevice(device, at, before.get(device.name), spec.perDeviceNodeSelection === true),
    }),
    ...validateSet(sharedCounters, "spec.sharedCounters", {
      max: counterSetsMax,
      keyOf: ({ name }) => name ?? "",
      check: validateCounterSet,
    }),
  );
  return errors;
}

/**
 * Takes out what belongs to features that are off (DRAListTypeAttributes, DRANodeAllocatableResources), unless the old
 * slice has it, and fills in since when a taint is there.
 */
function prepare(draft: Draft<ResourceSlice>, old: ResourceSlice | undefined, now: string): void {
  const before = old?.spec.devices ?? [];
  const listsUsed = before.some(hasLists);
  const mappingsUsed = before.some((device) => Object.keys(device.nodeAllocatableResourceMappings ?? {}).length > 0);
  for (const device of draft.spec?.devices ?? []) {
    if (!mappingsUsed) delete device.nodeAllocatableResourceMappings;
    for (const taint of device.taints ?? []) taint.timeAdded ??= now;
    if (listsUsed) continue;
    for (const attribute of Object.values(device.attributes ?? {})) {
      for (const name of ["bools", "ints", "strings", "versions"] as const) delete attribute?.[name];
    }
  }
}

const strategy: Strategy<ResourceSlice> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  generationOf: ({ spec }) => spec,
  default(draft) {
    const spec = (draft.spec ??= {});
    spec.pool ??= {};
  },
  prepareForCreate: (draft, { now }) => prepare(draft, undefined, now),
  prepareForUpdate: (draft, old, { now }) => prepare(draft, old, now),
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, old) => validateSpec(spec, old.spec),
  warnings({ spec: { driver = "" } }) {
    if (driver === driver.toLowerCase()) return [];
    const detail = `driver names should be lowercase; ${quote(driver)} contains uppercase characters`;
    return [`spec.driver: ${detail}`];
  },
};

export const resourceSlice = defineKind<ResourceSlice>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceSlice",
  plural: "resourceslices",
  namespaced: false,
  definition: "resource.v1.ResourceSlice",
  storageKey: "resourceslices",
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.driver": ({ spec }) => spec.driver ?? "",
  },
  columns: columns("Name:name", "Node", "Driver", "Pool", "Age"),
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec.nodeName ?? "",
    spec.driver ?? "",
    spec.pool?.name ?? "",
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
