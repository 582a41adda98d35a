// A pod's volumes: names, and exactly one source each. Source: pkg/apis/core/validation. May import src/base.
import { duplicate, forbidden, invalid, quote, required, type FieldError } from "../../../../base/field-error.ts";
import { parseQuantity, quantitySign } from "../../../../base/quantity.ts";
import { byteLength, isDNS1123Label, nameIsDNSSubdomain } from "../../../meta/names.ts";
import type { ObjectMeta } from "../../../types/meta-v1.gen.ts";
import type { Volume } from "../../../types/core-v1.gen.ts";
import { validatePullPolicy } from "../containers.ts";
import type { PodValidationOptions } from "../options.ts";
import { validateClaimTemplate } from "./claim-template.ts";
import { validateConfigMapVolume, validateDownwardAPIVolume, validateSecretVolume } from "./files.ts";
import { validateISCSI } from "./iscsi.ts";
import { validateProjectedVolume } from "./projected.ts";
import * as sources from "./sources.ts";

type Check = (volume: Volume, field: string, options: PodValidationOptions) => FieldError[];

interface SourceRule {
  readonly name: Exclude<keyof Volume, "name" | "emptyDir">;
  readonly check: Check;
  /** Where upstream's errors name another field. */
  readonly field?: string;
  readonly forbiddenField?: string;
}

/** In the order in which upstream looks for sources; the first counts, the others are forbidden. */
const rules: readonly SourceRule[] = [
  { name: "hostPath", check: ({ hostPath }, field) => sources.validateHostPath(hostPath!, field) },
  { name: "gitRepo", check: ({ gitRepo }, field) => sources.validateGitRepo(gitRepo!, field) },
  {
    name: "gcePersistentDisk",
    field: "persistentDisk",
    check: ({ gcePersistentDisk }, field) => sources.validateDisk(gcePersistentDisk!, "pdName", field),
  },
  {
    name: "awsElasticBlockStore",
    check: ({ awsElasticBlockStore }, field) => sources.validateDisk(awsElasticBlockStore!, "volumeID", field),
  },
  { name: "secret", check: ({ secret }, field) => validateSecretVolume(secret!, field) },
  { name: "nfs", check: ({ nfs }, field) => sources.validateNFS(nfs!, field) },
  { name: "iscsi", check: ({ iscsi }, field) => validateISCSI(iscsi!, field) },
  { name: "glusterfs", check: ({ glusterfs }, field) => sources.requireFields(glusterfs, field, "endpoints", "path") },
  { name: "flocker", check: ({ flocker }, field) => sources.validateFlocker(flocker!, field) },
  {
    name: "persistentVolumeClaim",
    check: ({ persistentVolumeClaim }, field) => sources.requireFields(persistentVolumeClaim, field, "claimName"),
  },
  { name: "rbd", check: ({ rbd }, field) => sources.requireFields(rbd, field, "monitors", "image") },
  { name: "cinder", check: ({ cinder }, field) => sources.validateCinder(cinder!, field) },
  {
    name: "cephfs",
    forbiddenField: "cephFS",
    check: ({ cephfs }, field) => sources.requireFields(cephfs, field, "monitors"),
  },
  { name: "quobyte", check: ({ quobyte }, field) => sources.validateQuobyte(quobyte!, field) },
  {
    name: "downwardAPI",
    forbiddenField: "downwarAPI",
    check: ({ downwardAPI }, field) => validateDownwardAPIVolume(downwardAPI!, field),
  },
  { name: "fc", check: ({ fc }, field) => sources.validateFibreChannel(fc!, field) },
  { name: "flexVolume", check: ({ flexVolume }, field) => sources.validateFlexVolume(flexVolume!, field) },
  { name: "configMap", check: ({ configMap }, field) => validateConfigMapVolume(configMap!, field) },
  {
    name: "azureFile",
    check: ({ azureFile }, field) => sources.requireFields(azureFile, field, "secretName", "shareName"),
  },
  {
    name: "vsphereVolume",
    check: ({ vsphereVolume }, field) => sources.requireFields(vsphereVolume, field, "volumePath"),
  },
  {
    name: "photonPersistentDisk",
    check: ({ photonPersistentDisk }, field) => sources.requireFields(photonPersistentDisk, field, "pdID"),
  },
  {
    name: "portworxVolume",
    check: ({ portworxVolume }, field) => sources.requireFields(portworxVolume, field, "volumeID"),
  },
  { name: "azureDisk", check: ({ azureDisk }, field) => sources.validateAzureDisk(azureDisk!, field) },
  { name: "storageos", check: ({ storageos }, field) => sources.validateStorageOS(storageos!, field) },
  {
    name: "projected",
    check: ({ projected }, field, options) => validateProjectedVolume(projected!, field, options),
  },
  {
    name: "scaleIO",
    check: ({ scaleIO }, field) => sources.requireFields(scaleIO, field, "gateway", "system", "volumeName"),
  },
  { name: "csi", check: ({ csi }, field) => sources.validateCSI(csi!, field) },
  {
    name: "ephemeral",
    check: ({ ephemeral }, field) => validateClaimTemplate(ephemeral!.volumeClaimTemplate, field),
  },
  {
    name: "image",
    check: ({ image }, field, options) => [
      ...(options.resourceIsPod && !image!.reference ? [required(`${field}.reference`)] : []),
      ...validatePullPolicy(image!.pullPolicy, `${field}.pullPolicy`),
    ],
  },
];

const iscsiNameMaxBytes = 64;

/** Rules of a source that depend on the volume's own name. */
function validateNameWithSource(volume: Volume, first: string, field: string, podName: string): FieldError[] {
  const { name = "", iscsi } = volume;
  const errors: FieldError[] = [];
  const target = `${name}:${iscsi?.targetPortal ?? ""}`;
  if (iscsi?.initiatorName !== undefined && byteLength(target) > iscsiNameMaxBytes) {
    const detail =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is " +
      "specified.";
    errors.push(invalid(`${field}.name`, name, detail));
  }
  if (first === "ephemeral" && podName && name) {
    const claim = `${podName}-${name}`;
    for (const message of nameIsDNSSubdomain(claim, false)) {
      errors.push(invalid(`${field}.name`, name, `PVC name ${quote(claim)}: ${message}`));
    }
  }
  return errors;
}

function validateSource(volume: Volume, field: string, podName: string, options: PodValidationOptions): FieldError[] {
  const errors: FieldError[] = [];
  let first: string | undefined;
  if (volume.emptyDir) {
    first = "emptyDir";
    const { sizeLimit } = volume.emptyDir;
    if (sizeLimit !== undefined && quantitySign(parseQuantity(sizeLimit)) < 0) {
      errors.push(forbidden(`${field}.emptyDir.sizeLimit`, "SizeLimit field must be a valid resource quantity"));
    }
  }
  for (const rule of rules) {
    if (!volume[rule.name]) continue;
    if (first !== undefined) {
      const name = rule.forbiddenField ?? rule.name;
      errors.push(forbidden(`${field}.${name}`, "may not specify more than 1 volume type"));
    } else {
      first = rule.name;
      errors.push(...rule.check(volume, `${field}.${rule.field ?? rule.name}`, options));
    }
  }
  if (first === undefined) errors.push(required(field, "must specify a volume type"));
  return [...errors, ...validateNameWithSource(volume, first ?? "", field, podName)];
}

/** The errors, and the volumes without any by name: only those may be mounted. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  meta: ObjectMeta | undefined,
  field: string,
  options: PodValidationOptions,
): { errors: FieldError[]; valid: Map<string, Volume> } {
  const podName = meta?.name ?? "";
  const created = new Set(
    (volumes ?? []).filter((one) => podName && one.ephemeral).map((one) => `${podName}-${one.name}`),
  );
  const valid = new Map<string, Volume>();
  const errors: FieldError[] = [];
  for (const [index, volume] of (volumes ?? []).entries()) {
    const path = `${field}[${index}]`;
    const { name = "" } = volume;
    const own = validateSource(volume, path, podName, options);
    if (!name) own.push(required(`${path}.name`));
    else own.push(...isDNS1123Label(name).map((message) => invalid(`${path}.name`, name, message)));
    if (valid.has(name)) own.push(duplicate(`${path}.name`, name));
    if (own.length === 0) valid.set(name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName ?? "";
    if (volume.persistentVolumeClaim && created.has(claim)) {
      const detail = "must not reference a PVC that gets created for an ephemeral volume";
      errors.push(invalid(`${path}.persistentVolumeClaim.claimName`, claim, detail));
    }
  }
  return { errors, valid };
}
