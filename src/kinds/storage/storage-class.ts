// StorageClasses. May import src/base.
import { duplicate, invalid, notSupported, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { byteLength, isQualifiedName } from "../meta/names.ts";
import { validateImmutable, validateLabelName } from "../meta/object-meta.ts";
import type { TopologySelectorTerm } from "../types/core-v1.gen.ts";
import type { StorageClass } from "../types/storage-v1.gen.ts";

const parametersMaxBytes = 256 * 1024;
const parametersMax = 512;

/** Parameters of a class: a few hundred at most, and none without a name. */
export function validateParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  field: string,
  emptyAllowed: boolean,
): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > parametersMax) return [tooLong(field, parametersMax)];
  const errors = entries.filter(([key]) => key === "").map(([key]) => invalid(field, key, "field can not be empty."));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (size > parametersMaxBytes) errors.push(tooLong(field, parametersMaxBytes));
  if (!emptyAllowed && entries.length === 0) errors.push(required(field, "must contain at least one key/value pair"));
  return errors;
}

function validateTopology({ matchLabelExpressions = [] }: TopologySelectorTerm, field: string): FieldError[] {
  const keys = new Set<string>();
  return matchLabelExpressions.flatMap(({ key = "", values = [] }, index) => {
    const at = `${field}.matchLabelExpressions[${index}]`;
    const errors = values.length === 0 ? [required(`${at}.values`)] : [];
    for (const [position, value] of values.entries()) {
      if (values.indexOf(value) < position) errors.push(duplicate(`${at}.values[${position}]`, value));
    }
    errors.push(...validateLabelName(key, `${at}.key`));
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
    return errors;
  });
}

const valuesByKey = ({ matchLabelExpressions = [] }: TopologySelectorTerm): object =>
  Object.fromEntries(matchLabelExpressions.map(({ key, values }) => [key, [...new Set(values)].sort()]));

function validateTopologies(terms: readonly TopologySelectorTerm[] | undefined): FieldError[] {
  const seen: object[] = [];
  return (terms ?? []).flatMap((term, index) => {
    const at = `allowedTopologies[${index}]`;
    const own = valuesByKey(term);
    const same = seen.filter((one) => semanticEqual(one, own));
    seen.push(own);
    return [...validateTopology(term, at), ...same.map(() => duplicate(`${at}.matchLabelExpressions`, ""))];
  });
}

function validateStorageClass(object: StorageClass): FieldError[] {
  const { provisioner = "", reclaimPolicy, volumeBindingMode } = object;
  const errors =
    provisioner === ""
      ? [required("provisioner")]
      : isQualifiedName(provisioner.toLowerCase()).map((message) =>
          invalid("provisioner", provisioner.toLowerCase(), message),
        );
  errors.push(...validateParameters(object.parameters, "parameters", true));
  const policies = ["Delete", "Retain"];
  if (reclaimPolicy && !policies.includes(reclaimPolicy)) {
    errors.push(notSupported("reclaimPolicy", reclaimPolicy, policies));
  }
  const modes = ["Immediate", "WaitForFirstConsumer"];
  if (volumeBindingMode === undefined) errors.push(required("volumeBindingMode"));
  else if (!modes.includes(volumeBindingMode)) {
    errors.push(notSupported("volumeBindingMode", volumeBindingMode, modes));
  }
  return [...errors, ...validateTopologies(object.allowedTopologies)];
}

const strategy: Strategy<StorageClass> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  default(draft) {
    draft.reclaimPolicy ??= "Delete";
    draft.volumeBindingMode ??= "Immediate";
  },
  validate: validateStorageClass,
  validateUpdate: (object, old) => [
    ...(semanticEqual(object.parameters ?? {}, old.parameters ?? {})
      ? []
      : validateImmutable(object.parameters, old.parameters, "parameters")),
    ...validateImmutable(object.provisioner ?? "", old.provisioner ?? "", "provisioner"),
    ...validateImmutable(object.reclaimPolicy, old.reclaimPolicy, "reclaimPolicy"),
    ...validateImmutable(object.volumeBindingMode, old.volumeBindingMode, "volumeBindingMode"),
  ],
};

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

/** Whether claims without a class get this one. */
export const isDefaultStorageClass = ({ metadata }: StorageClass): boolean =>
  defaultAnnotations.some((name) => metadata.annotations?.[name] === "true");

export const storageClass = defineKind<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  namespaced: false,
  definition: "storage.v1.StorageClass",
  storageKey: "storageclasses",
  columns: columns("Name:name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
  cells: (object, nowMs) => [
    object.metadata.name + (isDefaultStorageClass(object) ? " (default)" : ""),
    object.provisioner,
    object.reclaimPolicy ?? "Delete",
    object.volumeBindingMode ?? "Immediate",
    object.allowVolumeExpansion ?? false,
    humanAge(object.metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
