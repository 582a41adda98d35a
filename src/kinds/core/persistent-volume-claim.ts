// PersistentVolumeClaims. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { canonicalQuantity, compareQuantities, parseQuantity, zeroQuantity } from "../../base/quantity.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { hasInvalidLabelValue, validateLabelSelector } from "../meta/label-selector.ts";
import { isDNS1123Subdomain, isQualifiedName, nameIsDNSLabel, nameIsDNSSubdomain } from "../meta/names.ts";
import { immutableMessage, validateImmutable } from "../meta/object-meta.ts";
import {
  isFractional,
  validateBasicResource,
  validatePositiveQuantity,
  validateResourceQuantity,
} from "../meta/quantity-rules.ts";
import type { Draft } from "../object.ts";
import { defaultRequirements, defaultResourceList } from "../pod/default-resources.ts";
import { isNativeResource } from "../pod/resource-names.ts";
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "../types/core-v1.gen.ts";
import { printAccessModes, storageClassAnnotation, validateAccessModes } from "./volumes/access-modes.ts";
import { printClaimSpec } from "./volumes/claim-diff.ts";
import { diffLines } from "../pod/line-diff.ts";

interface ClaimOptions {
  readonly allowInvalidValues?: boolean;
  readonly allowInvalidGroup?: boolean;
}

type Reference = Omit<TypedObjectReference, "namespace"> & { readonly namespace?: string };

function validateSource(source: Reference, field: string, allowInvalidGroup: boolean): FieldError[] {
  const { apiGroup = "", kind = "", name = "", namespace = "" } = source;
  const errors = name === "" ? [required(`${field}.name`)] : [];
  if (kind === "") errors.push(required(`${field}.kind`));
  if (apiGroup === "" && kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(field, kind, detail));
  }
  if (apiGroup !== "" && !allowInvalidGroup) {
    errors.push(...isDNS1123Subdomain(apiGroup).map((message) => invalid(`${field}.apiGroup`, apiGroup, message)));
  }
  if (namespace === "") return errors;
  const at = `${field}.namespace`;
  return [...errors, ...nameIsDNSLabel(namespace, false).map((message) => invalid(at, namespace, message))];
}

function validateSources(spec: PersistentVolumeClaimSpec, field: string, options: ClaimOptions): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const lenient = options.allowInvalidGroup ?? false;
  const errors = dataSource ? validateSource(dataSource, `${field}.dataSource`, lenient) : [];
  if (dataSourceRef) errors.push(...validateSource(dataSourceRef, `${field}.dataSourceRef`, lenient));
  if (!dataSource || !dataSourceRef) return errors;
  // Upstream prints the path where a value is meant, and a path has nothing to print.
  if (dataSourceRef.namespace) {
    return [...errors, invalid(field, {}, "may not be specified when dataSourceRef.namespace is specified")];
  }
  const same =
    (dataSource.kind ?? "") === (dataSourceRef.kind ?? "") &&
    (dataSource.name ?? "") === (dataSourceRef.name ?? "") &&
    dataSource.apiGroup === dataSourceRef.apiGroup;
  return same ? errors : [...errors, invalid(field, {}, "must match dataSourceRef")];
}

const className = (name: string | undefined, field: string): FieldError[] =>
  name ? nameIsDNSSubdomain(name, false).map((message) => invalid(field, name, message)) : [];

/** A claim's spec, in a claim or in a template of one. */
export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  field: string,
  options: ClaimOptions = {},
): FieldError[] {
  const errors: FieldError[] = [];
  if ((spec.accessModes?.length ?? 0) === 0) {
    errors.push(required(`${field}.accessModes`, "at least 1 access mode is required"));
  }
  const { allowInvalidValues = false } = options;
  errors.push(...validateLabelSelector(spec.selector, `${field}.selector`, { allowInvalidValues }));
  errors.push(...validateAccessModes(spec.accessModes, `${field}.accessModes`));
  const storage = spec.resources?.requests?.["storage"];
  const storageField = `${field}.resources[storage]`;
  if (storage === undefined) errors.push(required(storageField));
  else {
    const positive = validatePositiveQuantity(storage, storageField);
    errors.push(...(positive.length > 0 ? positive : validateResourceQuantity("storage", storage, storageField)));
  }
  errors.push(...className(spec.storageClassName, `${field}.storageClassName`));
  const modes = ["Block", "Filesystem"];
  if (spec.volumeMode !== undefined && !modes.includes(spec.volumeMode)) {
    errors.push(notSupported(`${field}.volumeMode`, spec.volumeMode, modes));
  }
  errors.push(...validateSources(spec, field, options));
  return [...errors, ...className(spec.volumeAttributesClassName, `${field}.volumeAttributesClassName`)];
}

export function defaultClaimSpec(spec: Draft<PersistentVolumeClaimSpec>): void {
  spec.volumeMode ??= "Filesystem";
  spec.resources ??= {};
  defaultRequirements(spec.resources);
}

/** A claim in a StatefulSet's volumeClaimTemplates: a whole object, or an ephemeral volume's template. */
export function defaultClaimTemplate(draft: Draft<PersistentVolumeClaim> | Draft<PersistentVolumeClaimTemplate>): void {
  defaultClaimSpec((draft.spec ??= {}));
}

/** Keeps the two fields that name a data source equal (KEP-1495). */
function normalizeSources(spec: Draft<PersistentVolumeClaimSpec>): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}

const snapshotGroup = "snapshot.storage.k8s.io";

/** What fields are dropped as if they had never been known: other sources than claims and snapshots. */
function dropFields(draft: Draft<PersistentVolumeClaim>, old?: PersistentVolumeClaim): void {
  const spec = (draft.spec ??= {});
  if (spec.dataSourceRef?.namespace && !old?.spec?.dataSourceRef) delete spec.dataSourceRef;
  const inUse = old?.spec?.dataSource ?? old?.spec?.dataSourceRef;
  if (!inUse && !spec.dataSourceRef) {
    const { kind, apiGroup = "" } = spec.dataSource ?? {};
    const known =
      (kind === "PersistentVolumeClaim" && apiGroup === "") ||
      (kind === "VolumeSnapshot" && apiGroup === snapshotGroup);
    if (!known) delete spec.dataSource;
  }
  normalizeSources(spec);
}

const sizeOf = (value: string | undefined) => (value === undefined ? zeroQuantity : parseQuantity(value));

/** The spec that an update may have: the old one, but for what may change. */
function comparable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): [object, object] {
  const [spec, before] = [{ ...claim.spec }, { ...old.spec }] as [
    Draft<PersistentVolumeClaimSpec>,
    Draft<PersistentVolumeClaimSpec>,
  ];
  const annotation = old.metadata.annotations?.[storageClassAnnotation];
  if (!before.volumeName && spec.volumeName) before.volumeName = spec.volumeName;
  const { storageClassName } = spec;
  if (annotation !== undefined && before.storageClassName === undefined && storageClassName === annotation) {
    delete spec.storageClassName;
  } else if (storageClassName !== undefined && before.storageClassName === undefined && annotation === undefined) {
    delete spec.storageClassName;
  }
  if (claim.status?.phase === "Bound") {
    if (spec.resources?.requests) {
      const storage = before.resources?.requests?.["storage"] ?? "0";
      spec.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage } };
    }
    if (before.volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName;
    else spec.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  return [spec, before];
}

function validateClassAnnotation(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = [claim, old].map(({ metadata }) => metadata.annotations?.[storageClassAnnotation]);
  if ((now ?? "") === (before ?? "")) return [];
  const upgraded =
    before !== undefined &&
    old.spec?.storageClassName === undefined &&
    claim.spec?.storageClassName === before &&
    now === undefined;
  return upgraded ? [] : [invalid(`metadata.annotations.${storageClassAnnotation}`, now ?? "", immutableMessage)];
}

function validateClassUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const now = claim.spec?.volumeAttributesClassName;
  if (now === old.spec?.volumeAttributesClassName) return [];
  if (old.status?.currentVolumeAttributesClassName === undefined) return [];
  const field = "spec.volumeAttributesClassName";
  const why = "is forbidden when status.currentVolumeAttributesClassName is not nil";
  if (now === undefined) return [forbidden(field, `update to nil ${why}`)];
  return now === "" ? [forbidden(field, `update to empty string ${why}`)] : [];
}

function allowGroup(old: PersistentVolumeClaim): boolean {
  const groups = [old.spec?.dataSource?.apiGroup, old.spec?.dataSourceRef?.apiGroup];
  return groups.some((group) => group !== undefined && isDNS1123Subdomain(group).length > 0);
}

function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const options = {
    allowInvalidValues: hasInvalidLabelValue(old.spec?.selector),
    allowInvalidGroup: allowGroup(old),
  };
  const errors = validateClaimSpec(claim.spec ?? {}, "spec", options);
  errors.push(...validateClassAnnotation(claim, old));
  const [now, before] = comparable(claim, old);
  if (!semanticEqual(now, before)) {
    const rule =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.push(forbidden("spec", `${rule}\n${diffLines(printClaimSpec(before), printClaimSpec(now))}`));
  }
  const newSize = sizeOf(claim.spec?.resources?.requests?.["storage"]);
  const oldSize = sizeOf(old.spec?.resources?.requests?.["storage"]);
  const statusSize = sizeOf(old.status?.capacity?.["storage"]);
  if (compareQuantities(newSize, oldSize) < 0 && compareQuantities(newSize, statusSize) <= 0) {
    errors.push(forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"));
  }
  errors.push(...validateImmutable(claim.spec?.volumeMode, old.spec?.volumeMode, "volumeMode"));
  return [...errors, ...validateClassUpdate(claim, old)];
}

const strategy: Strategy<PersistentVolumeClaim> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  resetFields: [["status"]],
  validateOnUpdate: false,
  default(draft) {
    draft.status ??= {};
    draft.status.phase ||= "Pending";
    defaultClaimTemplate(draft);
    for (const list of [draft.status.capacity, draft.status.allocatedResources]) if (list) defaultResourceList(list);
  },
  prepareForCreate(draft) {
    // The phase comes back with the defaults of what is read.
    draft.status = { phase: "Pending" };
    dropFields(draft);
  },
  prepareForUpdate(draft, old) {
    carry(draft, old, "status");
    dropFields(draft, old);
  },
  validate: ({ spec }) => validateClaimSpec(spec ?? {}, "spec"),
  validateUpdate,
  warnings({ metadata, spec }) {
    const warnings: string[] = [];
    if (Object.hasOwn(metadata.annotations ?? {}, storageClassAnnotation)) {
      const advice = 'deprecated since v1.8; use "storageClassName" attribute instead';
      warnings.push(`metadata.annotations[${storageClassAnnotation}]: ${advice}`);
    }
    return [...warnings, ...warnOfClaimSpec(spec, "spec")];
  },
};

/** Bytes come whole; a fraction of one is taken, and warned of. */
export function warnOfClaimSpec(spec: PersistentVolumeClaimSpec | undefined, field: string): string[] {
  return (["requests", "limits"] as const).flatMap((list) => {
    const value = spec?.resources?.[list]?.["storage"];
    if (!isFractional(value)) return [];
    const text = `fractional byte value "${canonicalQuantity(value!)}" is invalid, must be an integer`;
    return [`${field}.resources.${list}[storage]: ${text}`];
  });
}

const resizeStates = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizePending",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
].sort();

function validateResourceKey(name: string, field: string): FieldError[] {
  const errors = isQualifiedName(name).map((message) => invalid(field, name, message));
  if (errors.length > 0 || !isNativeResource(name) || name === "storage") return errors;
  return [notSupported(field, name, ["storage"])];
}

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate({ status: now, spec }) {
    const errors = (spec?.accessModes?.length ?? 0) === 0 ? [required("Spec.accessModes")] : [];
    for (const [name, value] of Object.entries(now?.capacity ?? {})) {
      errors.push(...validateBasicResource(value, `status.capacity[${name}]`));
    }
    const statuses = "status.allocatedResourceStatuses";
    for (const [name, value] of Object.entries(now?.allocatedResourceStatuses ?? {})) {
      errors.push(...validateResourceKey(name, statuses));
      if (!resizeStates.includes(value)) errors.push(notSupported(statuses, name, resizeStates));
    }
    for (const [name, value] of Object.entries(now?.allocatedResources ?? {})) {
      const key = validateResourceKey(name, "status.allocatedResources");
      const at = `status.allocatedResources[${name}]`;
      const basic = key.length > 0 ? key : validateBasicResource(value, at);
      errors.push(...(basic.length > 0 ? basic : validateResourceQuantity("storage", value, at)));
    }
    return errors;
  },
});

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  namespaced: true,
  definition: "core.v1.PersistentVolumeClaim",
  storageKey: "persistentvolumeclaims",
  subresources: [objectSubresource("status", status)],
  columns: columns(
    "Name:name",
    "Status",
    "Volume",
    "Capacity",
    "Access Modes",
    "StorageClass",
    "VolumeAttributesClass",
    "Age",
    "VolumeMode:+",
  ),
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    metadata.deletionTimestamp ? "Terminating" : (now?.phase ?? ""),
    spec?.volumeName ?? "",
    spec?.volumeName ? (now?.capacity?.["storage"] ?? "0") : "",
    spec?.volumeName ? printAccessModes(now?.accessModes) : "",
    metadata.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? "",
    spec?.volumeAttributesClassName ?? "<unset>",
    humanAge(metadata.creationTimestamp, nowMs),
    spec?.volumeMode ?? "<unset>",
  ],
  strategy,
});
