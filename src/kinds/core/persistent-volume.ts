// PersistentVolumes. May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { diffLines } from "../pod/line-diff.ts";
import { isLabelValue, nameIsDNSSubdomain } from "../meta/names.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import { validateBasicResource, validatePositiveQuantity } from "../meta/quantity-rules.ts";
import type { Draft } from "../object.ts";
import { defaultResourceList } from "../pod/default-resources.ts";
import { validateNodeSelector } from "../pod/validation/affinity.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../types/core-v1.gen.ts";
import { printAccessModes, storageClassAnnotation, validateAccessModes } from "./volumes/access-modes.ts";
import { printVolumeSource } from "./volumes/claim-diff.ts";
import { validateVolumeSource, volumeSourceNames } from "./volumes/persistent-volume-sources.ts";

const mountOptionsAnnotation = "volume.beta.kubernetes.io/mount-options";

function validateCapacity(capacity: Readonly<Record<string, string>> | undefined): FieldError[] {
  const names = Object.keys(capacity ?? {});
  const field = "spec.capacity";
  const errors = names.length === 0 ? [required(field)] : [];
  if (!names.includes("storage") || names.length > 1) {
    errors.push(notSupported(field, names.length === 0 ? null : capacity, ["storage"]));
  }
  const amounts = Object.entries(capacity ?? {}).flatMap(([name, value]) => [
    ...validateBasicResource(value, `${field}[${name}]`),
    ...validatePositiveQuantity(value, `${field}[${name}]`),
  ]);
  return [...errors, ...amounts];
}

const className = (name: string, field: string): FieldError[] =>
  nameIsDNSSubdomain(name, false).map((message) => invalid(field, name, message));

/** What a volume says of the classes it belongs to, and its mode; an inline volume says so too. */
export function validateClasses(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const { storageClassName, volumeMode, volumeAttributesClassName, csi } = spec;
  const errors = storageClassName ? className(storageClassName, `${field}.storageClassName`) : [];
  const modes = ["Block", "Filesystem"];
  if (volumeMode !== undefined && !modes.includes(volumeMode)) {
    errors.push(notSupported(`${field}.volumeMode`, volumeMode, modes));
  }
  if (volumeAttributesClassName === undefined) return errors;
  const at = `${field}.volumeAttributesClassName`;
  if (volumeAttributesClassName === "") errors.push(required(at, "an empty string is disallowed"));
  else errors.push(...className(volumeAttributesClassName, at));
  if (!csi) errors.push(required(`${field}.csi`, "has to be specified when using volumeAttributesClassName"));
  return errors;
}

const isRoot = (path: string): boolean =>
  path.startsWith("/") && path.split("/").every((part) => /^\.{0,2}$/.test(part));

function validateSpec({ metadata, spec = {} }: PersistentVolume, allowInvalidValues: boolean): FieldError[] {
  const errors = (spec.accessModes?.length ?? 0) === 0 ? [required("spec.accessModes")] : [];
  errors.push(...validateAccessModes(spec.accessModes, "spec.accessModes"), ...validateCapacity(spec.capacity));
  const policies = ["Delete", "Recycle", "Retain"];
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && !policies.includes(policy)) {
    errors.push(notSupported("spec.persistentVolumeReclaimPolicy", policy, policies));
  }
  if (spec.nodeAffinity) {
    const required_ = spec.nodeAffinity.required;
    const field = "spec.nodeAffinity.required";
    if (required_) errors.push(...validateNodeSelector(required_, field, allowInvalidValues));
    else errors.push(required(field, "must specify required node constraints"));
  }
  errors.push(...validateVolumeSource(spec, metadata.name, "spec"));
  if (spec.hostPath && isRoot(spec.hostPath.path ?? "") && policy === "Recycle") {
    const detail = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbidden("spec.persistentVolumeReclaimPolicy", detail));
  }
  return [...errors, ...validateClasses(spec, "spec")];
}

const mountable = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "nfs",
  "rbd",
  "quobyte",
  "iscsi",
  "cinder",
  "cephfs",
  "azureFile",
  "vsphereVolume",
  "azureDisk",
  "photonPersistentDisk",
] as const;

function validateMountOptions({ metadata, spec }: PersistentVolume): FieldError[] {
  if (mountable.some((name) => spec?.[name])) return [];
  if (!Object.hasOwn(metadata.annotations ?? {}, mountOptionsAnnotation)) return [];
  const detail = "may not specify mount options for this volume type";
  return [forbidden(`metadata.annotations.${mountOptionsAnnotation}`, detail)];
}

function sourceOf(spec: PersistentVolumeSpec | undefined, withExpandSecret: boolean): object {
  const entries = volumeSourceNames.map((name) => [name, (spec as Record<string, unknown>)?.[name]] as const);
  const source = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  if (withExpandSecret || !spec?.csi) return source;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...source, csi };
}

function validateUpdate(object: PersistentVolume, old: PersistentVolume): FieldError[] {
  const terms = old.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const allowInvalidValues = terms.some((term) =>
    term.matchExpressions?.some((one) => one.values?.some((value) => isLabelValue(value).length > 0)),
  );
  // Upstream looks at the whole object twice.
  const errors = [
    ...validateSpec(object, allowInvalidValues),
    ...validateMountOptions(object),
    ...validateSpec(object, allowInvalidValues),
  ];
  // A secret for expansion may be added, and nothing else of the source may change.
  const fixedSecret = !old.spec?.csi || old.spec.csi.controllerExpandSecretRef !== undefined;
  const [now, before] = [object.spec, old.spec].map((spec) => sourceOf(spec, fixedSecret)) as [object, object];
  if (!semanticEqual(now, before)) {
    const difference = diffLines(printVolumeSource(before), printVolumeSource(now));
    const detail = `spec.persistentvolumesource is immutable after creation
${difference}`;
    errors.push(forbidden("spec.persistentvolumesource", detail));
  }
  errors.push(...validateImmutable(object.spec?.volumeMode, old.spec?.volumeMode, "volumeMode"));
  if (old.spec?.volumeAttributesClassName !== undefined && object.spec?.volumeAttributesClassName === undefined) {
    const detail = "update from non-nil value to nil is forbidden";
    errors.push(forbidden("spec.volumeAttributesClassName", detail));
  }
  return errors;
}

const dead = (since: string, until: string): string => `deprecated in v1.${since}, non-functional in v1.${until}+`;
const deadSources = [
  ["cephfs", "cephfs", dead("28", "31")],
  ["photonPersistentDisk", "photonPersistentDisk", dead("11", "16")],
  ["scaleIO", "scaleIO", dead("16", "22")],
  ["storageos", "storageOS", dead("22", "25")],
  ["glusterfs", "glusterfs", dead("25", "26")],
  ["rbd", "rbd", dead("28", "31")],
] as const;

function warnOf({ metadata, spec }: PersistentVolume): string[] {
  const has = (key: string): boolean => Object.hasOwn(metadata.annotations ?? {}, key);
  const warnings: string[] = [];
  const annotation = (key: string, text: string): void => {
    if (has(key)) warnings.push(`metadata.annotations[${key}]: ${text}`);
  };
  annotation(storageClassAnnotation, 'deprecated since v1.8; use "storageClassName" attribute instead');
  annotation(mountOptionsAnnotation, 'deprecated since v1.31; use "mountOptions" attribute instead');
  if (spec?.persistentVolumeReclaimPolicy === "Recycle") {
    const advice = "Instead, the recommended approach is to use dynamic provisioning.";
    warnings.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`);
  }
  for (const [name, field, text] of deadSources) if (spec?.[name]) warnings.push(`spec.${field}: ${text}`);
  return warnings;
}

/** Defaults what a volume is made of and how much of it there is. */
export function defaultVolumeSource(spec: Draft<PersistentVolumeSpec>): void {
  if (spec.capacity) defaultResourceList(spec.capacity);
  if (spec.hostPath) spec.hostPath.type ??= "";
  if (spec.rbd) {
    spec.rbd.pool ||= "rbd";
    spec.rbd.user ||= "admin";
    spec.rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= "default";
  if (spec.azureDisk) {
    spec.azureDisk.cachingMode ??= "ReadWrite";
    spec.azureDisk.fsType ??= "ext4";
    spec.azureDisk.readOnly ??= false;
    spec.azureDisk.kind ??= "Shared";
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= "ThinProvisioned";
    spec.scaleIO.fsType ||= "xfs";
  }
}

const strategy: Strategy<PersistentVolume> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 2, update: 0 },
  resetFields: [["status"]],
  validateOnUpdate: false,
  default(draft) {
    draft.status ??= {};
    draft.status.phase ||= "Pending";
    const spec = (draft.spec ??= {});
    spec.persistentVolumeReclaimPolicy ||= "Retain";
    spec.volumeMode ??= "Filesystem";
    defaultVolumeSource(spec);
  },
  prepareForCreate(draft, { now }) {
    draft.status = { phase: "Pending", lastPhaseTransitionTime: now };
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: (object) => [...validateSpec(object, false), ...validateMountOptions(object)],
  validateUpdate,
  warnings: warnOf,
};

const status = statusStrategy(strategy, ["spec"], {
  prepareForUpdate(draft, old, { now }) {
    carry(draft, old, "spec");
    const before = old.status ?? {};
    const after = (draft.status ??= {});
    const moved = (before.phase ?? "") !== (after.phase ?? "");
    const time = after.lastPhaseTransitionTime;
    if (!moved && time === undefined) carry(draft, old, "status.lastPhaseTransitionTime");
    if (moved && (time === undefined || time === before.lastPhaseTransitionTime)) after.lastPhaseTransitionTime = now;
  },
});

export const persistentVolume = defineKind<PersistentVolume>({
  group: "",
  version: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  namespaced: false,
  definition: "core.v1.PersistentVolume",
  storageKey: "persistentvolumes",
  subresources: [objectSubresource("status", status)],
  columns: columns(
    "Name:name",
    "Capacity",
    "Access Modes",
    "Reclaim Policy",
    "Status",
    "Claim",
    "StorageClass",
    "VolumeAttributesClass",
    "Reason",
    "Age",
    "VolumeMode:+",
  ),
  cells: ({ metadata, spec, status: now }, nowMs) => [
    metadata.name,
    spec?.capacity?.["storage"] ?? "0",
    printAccessModes(spec?.accessModes),
    spec?.persistentVolumeReclaimPolicy ?? "",
    metadata.deletionTimestamp ? "Terminating" : (now?.phase ?? ""),
    spec?.claimRef ? `${spec.claimRef.namespace ?? ""}/${spec.claimRef.name ?? ""}` : "",
    metadata.annotations?.[storageClassAnnotation] ?? spec?.storageClassName ?? "",
    spec?.volumeAttributesClassName ?? "<unset>",
    now?.reason ?? "",
    humanAge(metadata.creationTimestamp, nowMs),
    spec?.volumeMode ?? "<unset>",
  ],
  strategy,
});
