// VolumeAttachments: the wish that a volume be attached to a node. May import src/base.
import { forbidden, invalid, required, tooLong, type FieldError } from "../../base/field-error.ts";
import { validateAccessModes } from "../core/volumes/access-modes.ts";
import { validateDriverName, validateVolumeSource } from "../core/volumes/persistent-volume-sources.ts";
import { defaultVolumeSource, validateClasses } from "../core/persistent-volume.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { byteLength, inclusiveRangeError, nameIsDNSSubdomain } from "../meta/names.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import { metadataKept } from "../networking/service-cidr.ts";
import type { PersistentVolumeSpec } from "../types/core-v1.gen.ts";
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from "../types/storage-v1.gen.ts";

/** Upstream's limits of what a driver may leave in a status. */
const metadataMaxBytes = 256 * 1024;
const messageMaxBytes = 1024;
const int32Max = 2 ** 31 - 1;

const inline = "may not be specified in the context of inline volumes";

/** A volume in place of a PersistentVolume's name: only of a CSI driver, bound to nothing. */
function validateInlineSpec(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.claimRef) errors.push(forbidden(`${field}.claimRef`, inline));
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(forbidden(`${field}.capacity`, inline));
  if (!spec.csi) errors.push(required(`${field}.csi`, "has to be specified in the context of inline volumes"));
  if (!spec.accessModes?.length) errors.push(required(`${field}.accessModes`));
  errors.push(...validateAccessModes(spec.accessModes, `${field}.accessModes`));
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== "Retain") {
    const detail = "may only be Retain in the context of inline volumes";
    errors.push(forbidden(`${field}.persistentVolumeReclaimPolicy`, detail));
  }
  if (spec.nodeAffinity) errors.push(forbidden(`${field}.nodeAffinity`, inline));
  return [...errors, ...validateVolumeSource(spec, "", field), ...validateClasses(spec, field)];
}

const exactlyOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

function validateSource({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource): FieldError[] {
  const field = "spec.source";
  if (!inlineVolumeSpec && persistentVolumeName === undefined) return [required(field, exactlyOne)];
  if (inlineVolumeSpec && persistentVolumeName !== undefined) return [forbidden(field, exactlyOne)];
  if (inlineVolumeSpec) return validateInlineSpec(inlineVolumeSpec, `${field}.inlineVolumeSpec`);
  if (persistentVolumeName !== "") return [];
  return [required(`${field}.persistentVolumeName`, "must specify non empty persistentVolumeName")];
}

function validateVolumeError(error: VolumeError | undefined, field: string): FieldError[] {
  if (!error) return [];
  // The limit that upstream reports is the metadata's.
  const errors =
    byteLength(error.message ?? "") > messageMaxBytes ? [tooLong(`${field}.message`, metadataMaxBytes)] : [];
  const code = error.errorCode;
  if (code === undefined || code >= 0) return errors;
  return [...errors, invalid(`${field}.errorCode`, code, inclusiveRangeError(0, int32Max))];
}

function validateAttachment({ spec, status }: VolumeAttachment): FieldError[] {
  const { source = {}, nodeName = "" } = spec;
  const metadata = Object.entries(status?.attachmentMetadata ?? {});
  const size = metadata.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  const name = source.persistentVolumeName;
  return [
    ...validateDriverName(spec.attacher, "spec.attacher"),
    ...validateSource(source),
    ...nameIsDNSSubdomain(nodeName, false).map((message) => invalid("spec.nodeName", nodeName, message)),
    ...(size > metadataMaxBytes ? [tooLong("status.attachmentMetadata", metadataMaxBytes)] : []),
    ...validateVolumeError(status?.attachError, "status.attachError"),
    ...validateVolumeError(status?.detachError, "status.detachError"),
    ...(name === undefined ? [] : nameIsDNSSubdomain(name, false)).map((message) =>
      invalid("spec.source.persistentVolumeName", name, message),
    ),
  ];
}

const strategy: Strategy<VolumeAttachment> = {
  metadataChecks: { updateAsCreate: 1, update: 0 },
  resetFields: [["status"]],
  default(draft) {
    const source = (draft.spec ??= {}).source;
    if (source?.inlineVolumeSpec) defaultVolumeSource(source.inlineVolumeSpec);
  },
  prepareForCreate(draft) {
    draft.status = { attached: false };
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: validateAttachment,
  validateUpdate: ({ spec }, old) => validateImmutable(spec, old.spec, "spec"),
};

const status = statusStrategy(strategy, ["spec", ...metadataKept], {
  resetFields: [["metadata"], ["spec"]],
  metadataChecks: { updateAsCreate: 1, update: 0 },
  validateOnUpdate: true,
  validate: validateAttachment,
});

export const volumeAttachment = defineKind<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  namespaced: false,
  definition: "storage.v1.VolumeAttachment",
  storageKey: "volumeattachments",
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "Attacher:name", "PV", "Node", "Attached:boolean", "Age"),
  cells: ({ metadata, spec, status: current }, nowMs) => [
    metadata.name,
    spec.attacher ?? "",
    spec.source?.persistentVolumeName ?? "",
    spec.nodeName ?? "",
    current?.attached ?? false,
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
