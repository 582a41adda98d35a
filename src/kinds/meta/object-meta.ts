// What metadata may hold, on a create and on an update, with upstream's order and words (k8s.io/apimachinery
// pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation). May import src/base.
import { forbidden, invalid, required, tooLong, type FieldError } from "../../base/field-error.ts";
import type { KubernetesObject } from "../object.ts";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "../types/meta-v1.gen.ts";
import { semanticEqual } from "./equality.ts";
import { byteLength, isLabelValue, isQualifiedName, nameIsDNSLabel, type CheckName } from "./names.ts";

/** Annotations' keys and values together; upstream's TotalAnnotationSizeLimitB. */
export const annotationsMaxBytes = 256 * 1024;
const fieldManagerMaxBytes = 128;
const subresourceMaxBytes = 256;

export const immutableMessage = "field is immutable";

export interface ObjectMetaRules {
  readonly namespaced: boolean;
  readonly checkName: CheckName;
  /** "metadata" for objects; templates have no name to check and don't come here. */
  readonly field?: string;
}

type Metadata = KubernetesObject["metadata"];
type Labels = Readonly<Record<string, string>>;

/** The path of a field in another: the root has the empty path. */
export const child = (field: string, name: string): string => (field ? `${field}.${name}` : name);

export function validateLabels(labels: Labels | undefined, field: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...validateLabelName(key, field),
    ...isLabelValue(value).map((message) => invalid(field, value, message)),
  ]);
}

export function validateLabelName(name: string, field: string): FieldError[] {
  return isQualifiedName(name).map((message) => invalid(field, name, message));
}

export function validateAnnotations(annotations: Labels | undefined, field: string): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const errors = entries.flatMap(([key]) =>
    isQualifiedName(key.toLowerCase()).map((message) => invalid(field, key, message)),
  );
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (size > annotationsMaxBytes) errors.push(tooLong(field, annotationsMaxBytes));
  return errors;
}

// In the order of upstream's struct, in which errors print it.
const printOwner = (owner: OwnerReference): object => ({
  apiVersion: owner.apiVersion ?? "",
  kind: owner.kind ?? "",
  name: owner.name ?? "",
  uid: owner.uid ?? "",
  ...(owner.controller === undefined ? {} : { controller: owner.controller }),
  ...(owner.blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion: owner.blockOwnerDeletion }),
});

function versionOf(apiVersion: string): string {
  const parts = apiVersion.split("/");
  return parts.length > 2 ? "" : parts.at(-1)!;
}

export function validateOwnerReferences(owners: readonly OwnerReference[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = "";
  for (const owner of owners ?? []) {
    const { apiVersion = "", kind = "", name = "", uid = "" } = owner;
    if (versionOf(apiVersion) === "") {
      errors.push(invalid(child(field, "apiVersion"), apiVersion, "version must not be empty"));
    }
    if (kind === "") errors.push(invalid(child(field, "kind"), kind, "must not be empty"));
    if (name === "") errors.push(invalid(child(field, "name"), name, "must not be empty"));
    if (uid === "") errors.push(invalid(child(field, "uid"), uid, "must not be empty"));
    if (apiVersion === "v1" && kind === "Event") {
      errors.push(invalid(field, printOwner(owner), "/v1, Kind=Event is disallowed from being an owner"));
    }
    if (owner.controller !== true) continue;
    const current = `${kind}/${name}`;
    if (controller !== "") {
      const detail =
        'Only one reference can have Controller set to true. Found "true" in references for ' +
        `${controller} and ${current}`;
      errors.push(invalid(field, owners!.map(printOwner), detail));
    } else controller = current;
  }
  return errors;
}

export function validateFinalizerName(name: string, field: string): FieldError[] {
  return isQualifiedName(name).map((message) => invalid(field, name, message));
}

export function validateFinalizers(finalizers: readonly string[] | undefined, field: string): FieldError[] {
  const errors = (finalizers ?? []).flatMap((name) => validateFinalizerName(name, field));
  if (finalizers?.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    errors.push(invalid(field, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  }
  return errors;
}

// What Go calls printable: no control characters, no separators but the space, no unassigned or private characters.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

const plainText = /^[\x20-\x7e]*$/;

/** A field manager's name: at most 128 bytes, all printable. */
export function validateFieldManager(name: string | undefined, field: string): FieldError[] {
  if (!name) return [];
  if (plainText.test(name) && name.length <= fieldManagerMaxBytes) return [];
  const errors: FieldError[] = [];
  if (byteLength(name) > fieldManagerMaxBytes) errors.push(tooLong(field, fieldManagerMaxBytes));
  let position = 0;
  for (const letter of name) {
    if (unprintable.test(letter)) {
      const code = letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      errors.push(invalid(field, name, `invalid character U+${code} (at position ${position})`));
    }
    position += byteLength(letter);
  }
  return errors;
}

export function validateManagedFields(entries: readonly ManagedFieldsEntry[] | undefined, field: string): FieldError[] {
  return (entries ?? []).flatMap((entry, index) => {
    const at = `${field}[${index}]`;
    const errors: FieldError[] = [];
    if (entry.operation !== "Apply" && entry.operation !== "Update") {
      errors.push(invalid(child(at, "operation"), entry.operation ?? "", "must be `Apply` or `Update`"));
    }
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1") {
      errors.push(invalid(child(at, "fieldsType"), entry.fieldsType, "must be `FieldsV1`"));
    }
    errors.push(...validateFieldManager(entry.manager, child(at, "manager")));
    if (byteLength(entry.subresource ?? "") > subresourceMaxBytes) {
      errors.push(tooLong(child(at, "subresource"), subresourceMaxBytes));
    }
    return errors;
  });
}

export function validateNonnegative(value: number | undefined, field: string): FieldError[] {
  return (value ?? 0) < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];
}

function validateNamespace(meta: Metadata, namespaced: boolean, field: string): FieldError[] {
  const namespace = meta.namespace ?? "";
  const at = child(field, "namespace");
  if (!namespaced) return namespace === "" ? [] : [forbidden(at, "not allowed on this type")];
  if (namespace === "") return [required(at)];
  return nameIsDNSLabel(namespace, false).map((message) => invalid(at, namespace, message));
}

/** The names alone. */
export function validateNames(meta: Metadata, { checkName, field = "metadata" }: ObjectMetaRules): FieldError[] {
  const errors: FieldError[] = [];
  const { generateName = "", name = "" } = meta;
  if (generateName !== "") {
    for (const message of checkName(generateName, true)) {
      errors.push(invalid(child(field, "generateName"), generateName, message));
    }
  }
  if (name === "") errors.push(required(child(field, "name"), "name or generateName is required"));
  else for (const message of checkName(name, false)) errors.push(invalid(child(field, "name"), name, message));
  return errors;
}

/** Metadata as it is on a create, after a name has been generated. Runs on updates too. */
export function validateObjectMeta(meta: Metadata, rules: ObjectMetaRules): FieldError[] {
  const { namespaced, field = "metadata" } = rules;
  return [
    ...validateNames(meta, rules),
    ...validateNamespace(meta, namespaced, field),
    ...validateNonnegative(meta.generation, child(field, "generation")),
    ...validateLabels(meta.labels, child(field, "labels")),
    ...validateAnnotations(meta.annotations, child(field, "annotations")),
    ...validateOwnerReferences(meta.ownerReferences, child(field, "ownerReferences")),
    ...validateFinalizers(meta.finalizers, child(field, "finalizers")),
    ...validateManagedFields(meta.managedFields, child(field, "managedFields")),
  ];
}

/** An error when the two differ; `semanticEqual` decides. */
export function validateImmutable(value: unknown, old: unknown, field: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(field, value, immutableMessage)];
}

const printGoStrings = (texts: readonly string[]): string =>
  `[]string{${texts.map((text) => JSON.stringify(text)).join(", ")}}`;

const immutableFields = [
  ["name", ""],
  ["namespace", ""],
  ["uid", ""],
  ["creationTimestamp", undefined],
  ["deletionTimestamp", undefined],
  ["deletionGracePeriodSeconds", undefined],
] as const satisfies readonly (readonly [keyof ObjectMeta, string | undefined])[];

/** What an update may not change in metadata. The server has carried over what clients cannot set. */
export function validateObjectMetaUpdate(meta: Metadata, old: Metadata, field = "metadata"): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const added = [...new Set(meta.finalizers)].filter((name) => !old.finalizers?.includes(name)).sort();
    if (added.length > 0) {
      const detail = "no new finalizers can be added if the object is being deleted, found new finalizers";
      errors.push(forbidden(child(field, "finalizers"), `${detail} ${printGoStrings(added)}`));
    }
  }
  if (!meta.resourceVersion) {
    errors.push(invalid(child(field, "resourceVersion"), "", "must be specified for an update"));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(child(field, "generation"), meta.generation ?? 0, "must not be decremented"));
  }
  for (const [name, zero] of immutableFields) {
    errors.push(...validateImmutable(meta[name] ?? zero, old[name] ?? zero, child(field, name)));
  }
  return [
    ...errors,
    ...validateLabels(meta.labels, child(field, "labels")),
    ...validateAnnotations(meta.annotations, child(field, "annotations")),
    ...validateOwnerReferences(meta.ownerReferences, child(field, "ownerReferences")),
    ...validateManagedFields(meta.managedFields, child(field, "managedFields")),
  ];
}
