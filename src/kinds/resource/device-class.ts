// DeviceClasses: which devices a claim may name together, and how they are configured. May import src/base.
import { invalid, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { isDNS1123Subdomain } from "../meta/names.ts";
import { isExtendedResource } from "../pod/resource-names.ts";
import type { DeviceClass, DeviceClassSpec } from "../types/resource-v1.gen.ts";
import { validateList } from "./bounded-lists.ts";
import { validateConfiguration, validateSelectors } from "./device-configuration.ts";
import { configsMax } from "./limits.ts";

function validateSpec(spec: DeviceClassSpec, old?: DeviceClassSpec): FieldError[] {
  const stored = old !== undefined && semanticEqual(spec.config, old.config);
  const errors = [
    ...validateSelectors(spec.selectors, "spec.selectors"),
    ...validateList(spec.config, configsMax, "spec.config", (config, at) => validateConfiguration(config, at, stored)),
  ];
  const name = spec.extendedResourceName;
  if (name === undefined || isExtendedResource(name)) return errors;
  return [...errors, invalid("spec.extendedResourceName", name, "must be a valid extended resource name")];
}

const strategy: Strategy<DeviceClass> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  generationOf: ({ spec }) => spec,
  default(draft) {
    draft.spec ??= {};
  },
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, old) => validateSpec(spec, old.spec),
};

export const deviceClass = defineKind<DeviceClass>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "DeviceClass",
  plural: "deviceclasses",
  namespaced: false,
  definition: "resource.v1.DeviceClass",
  storageKey: "deviceclasses",
  // A class's name is checked as it is, generated or not.
  checkName: (name) => isDNS1123Subdomain(name),
  columns: columns("Name:name", "Age"),
  cells: ({ metadata }, nowMs) => [metadata.name, humanAge(metadata.creationTimestamp, nowMs)],
  strategy,
});
