// The claim that a volume of its own kind is made by (KEP-1698), and the rules for a claim's spec, which are those of
// PersistentVolumeClaims. Source: pkg/apis/core/validation. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../../../base/field-error.ts";
import { parseQuantity, printQuantity, quantitySign } from "../../../../base/quantity.ts";
import { semanticEqual } from "../../../meta/equality.ts";
import { validateLabelSelector } from "../../../meta/label-selector.ts";
import { isDNS1123Subdomain, nameIsDNSLabel, nameIsDNSSubdomain } from "../../../meta/names.ts";
import { validateAnnotations, validateLabels } from "../../../meta/object-meta.ts";
import type { ObjectMeta } from "../../../types/meta-v1.gen.ts";
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "../../../types/core-v1.gen.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const volumeModes = ["Block", "Filesystem"];

function validateAccessModes(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const modes: readonly string[] = spec.accessModes ?? [];
  const errors = modes
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(field, mode, accessModes));
  const others = modes.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(mode));
  if (modes.includes("ReadWriteOncePod") && others) {
    errors.push(forbidden(field, "may not use ReadWriteOncePod with other access modes"));
  }
  return errors;
}

function validateStorage(amount: string | undefined, field: string): FieldError[] {
  if (amount === undefined) return [required(field)];
  const quantity = parseQuantity(amount);
  return quantitySign(quantity) > 0 ? [] : [invalid(field, printQuantity(quantity), "must be greater than zero")];
}

function validateDataSource(source: TypedObjectReference, field: string): FieldError[] {
  const { name = "", kind = "", apiGroup = "", namespace = "" } = source;
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`));
  if (!kind) errors.push(required(`${field}.kind`));
  if (!apiGroup && kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(field, kind, detail));
  }
  if (apiGroup) {
    errors.push(...isDNS1123Subdomain(apiGroup).map((message) => invalid(`${field}.apiGroup`, apiGroup, message)));
  }
  if (!namespace) return errors;
  return [
    ...errors,
    ...nameIsDNSLabel(namespace, false).map((message) => invalid(`${field}.namespace`, namespace, message)),
  ];
}

function validateDataSources(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors = [
    ...(dataSource ? validateDataSource(dataSource as TypedObjectReference, `${field}.dataSource`) : []),
    ...(dataSourceRef ? validateDataSource(dataSourceRef, `${field}.dataSourceRef`) : []),
  ];
  if (!dataSource || !dataSourceRef) return errors;
  // Upstream prints the path, an object without public fields, as the value.
  if (dataSourceRef.namespace) {
    return [...errors, invalid(field, {}, "may not be specified when dataSourceRef.namespace is specified")];
  }
  const { namespace: _, ...plain } = dataSourceRef;
  return semanticEqual(plain, dataSource) ? errors : [...errors, invalid(field, {}, "must match dataSourceRef")];
}

export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const className = (name: "storageClassName" | "volumeAttributesClassName"): FieldError[] => {
    const value = spec[name];
    return value ? nameIsDNSSubdomain(value, false).map((message) => invalid(`${field}.${name}`, value, message)) : [];
  };
  const mode: string | undefined = spec.volumeMode;
  return [
    ...(spec.accessModes?.length ? [] : [required(`${field}.accessModes`, "at least 1 access mode is required")]),
    ...validateLabelSelector(spec.selector, `${field}.selector`),
    ...validateAccessModes(spec, `${field}.accessModes`),
    ...validateStorage(spec.resources?.requests?.["storage"], `${field}.resources[storage]`),
    ...className("storageClassName"),
    ...(mode === undefined || volumeModes.includes(mode)
      ? []
      : [notSupported(`${field}.volumeMode`, mode, volumeModes)]),
    ...validateDataSources(spec, field),
    ...className("volumeAttributesClassName"),
  ];
}

/** Of metadata, a template may set labels and annotations. In the order of upstream's struct. */
const forbiddenMeta = [
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "ownerReferences",
  "finalizers",
  "managedFields",
] as const;
const fieldOf = (name: string): string => (name === "uid" ? "uID" : name);

export function validateTemplateMeta(meta: ObjectMeta | undefined, field: string): FieldError[] {
  const values = (meta ?? {}) as Record<string, unknown>;
  return [
    ...validateAnnotations(meta?.annotations, `${field}.annotations`),
    ...validateLabels(meta?.labels, `${field}.labels`),
    ...forbiddenMeta
      .filter((name) => values[name] !== undefined && values[name] !== null)
      .map((name) => forbidden(`${field}.${fieldOf(name)}`, "cannot be set")),
  ];
}

export function validateClaimTemplate(
  template: PersistentVolumeClaimTemplate | undefined,
  field: string,
): FieldError[] {
  const path = `${field}.volumeClaimTemplate`;
  if (!template) return [required(path)];
  return [
    ...validateTemplateMeta(template.metadata, `${path}.metadata`),
    ...validateClaimSpec(template.spec ?? ({} as PersistentVolumeClaimSpec), `${path}.spec`),
  ];
}
