// Sources of volumes with few rules. Source: pkg/apis/core/validation. May import src/base.
import { invalid, notSupported, required, tooLong, type FieldError } from "../../../../base/field-error.ts";
import {
  byteLength,
  inclusiveRangeError,
  isDNS1123Label,
  isDNS1123Subdomain,
  nameIsDNSSubdomain,
} from "../../../meta/names.ts";
import type {
  AzureDiskVolumeSource,
  CinderVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  GitRepoVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from "../../../types/core-v1.gen.ts";
import { validateLocalDescendingPath, validatePathNoBacksteps } from "../paths.ts";

/** Each named field must not be empty. */
export function requireFields(source: object | undefined, field: string, ...names: readonly string[]): FieldError[] {
  const values = source as Record<string, { length?: number } | undefined> | undefined;
  return names.filter((name) => !values?.[name]?.length).map((name) => required(`${field}.${name}`));
}

const hostPathTypes = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];

export function validateHostPath({ path = "", type }: HostPathVolumeSource, field: string): FieldError[] {
  if (!path) return [required(`${field}.path`)];
  const errors = validatePathNoBacksteps(path, `${field}.path`);
  if (type !== undefined && !hostPathTypes.includes(type)) {
    errors.push(notSupported(`${field}.type`, type, hostPathTypes));
  }
  return errors;
}

export const validateGitRepo = (source: GitRepoVolumeSource, field: string): FieldError[] => [
  ...requireFields(source, field, "repository"),
  ...validateLocalDescendingPath(source.directory ?? "", `${field}.directory`),
];

/** A cloud's disk: its name and a partition. */
export function validateDisk(source: { readonly partition?: number }, idName: string, field: string): FieldError[] {
  const { partition = 0 } = source;
  const errors = requireFields(source, field, idName);
  if (partition < 0 || partition > 255) {
    errors.push(invalid(`${field}.partition`, partition, inclusiveRangeError(1, 255)));
  }
  return errors;
}

export function validateNFS(source: NFSVolumeSource, field: string): FieldError[] {
  const errors = requireFields(source, field, "server", "path");
  const { path = "" } = source;
  return path.startsWith("/") ? errors : [...errors, invalid(`${field}.path`, path, "must be an absolute path")];
}

export function validateFlocker({ datasetName = "", datasetUUID = "" }: FlockerVolumeSource, field: string) {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(field, "one of datasetName and datasetUUID is required"));
  if (datasetName && datasetUUID) {
    errors.push(invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  if (datasetName.includes("/")) errors.push(invalid(`${field}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
}

export const validateCinder = (source: CinderVolumeSource, field: string): FieldError[] => [
  ...requireFields(source, field, "volumeID"),
  ...(source.secretRef ? requireFields(source.secretRef, `${field}.secretRef`, "name") : []),
];

const hostPortDetail = "must be a host:port pair or multiple pairs separated by commas";
const tenantMaxBytes = 64;

/** As net.SplitHostPort: one colon outside of brackets, which hold an IPv6 address. */
const isHostPort = (text: string): boolean => /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(text);

export function validateQuobyte(source: QuobyteVolumeSource, field: string): FieldError[] {
  const { registry = "", tenant = "" } = source;
  const errors: FieldError[] = [];
  if (!registry) errors.push(required(`${field}.registry`, hostPortDetail));
  else if (byteLength(tenant) > tenantMaxBytes) {
    errors.push(required(`${field}.tenant`, "must be a UUID and may not exceed a length of 64 characters"));
  } else {
    const wrong = registry.split(",").filter((pair) => !isHostPort(pair));
    errors.push(...wrong.map(() => invalid(`${field}.registry`, registry, hostPortDetail)));
  }
  return [...errors, ...requireFields(source, field, "volume")];
}

export function validateFibreChannel(source: FCVolumeSource, field: string): FieldError[] {
  const { targetWWNs = [], wwids = [], lun } = source;
  const errors: FieldError[] = [];
  const path = `${field}.targetWWNs`;
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(path, "must specify either targetWWNs or wwids, but not both"));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(invalid(path, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  }
  if (targetWWNs.length === 0) return errors;
  if (lun === undefined) errors.push(required(`${field}.lun`, "lun is required if targetWWNs is specified"));
  else if (lun < 0 || lun > 255) errors.push(invalid(`${field}.lun`, lun, inclusiveRangeError(0, 255)));
  return errors;
}

/** Options of Kubernetes' own domains are for Kubernetes itself. */
export function validateFlexVolume(source: FlexVolumeSource, field: string): FieldError[] {
  const errors = requireFields(source, field, "driver");
  for (const key of Object.keys(source.options ?? {})) {
    const namespace = `.${key.split("/")[0]!.toLowerCase()}`;
    if (!namespace.endsWith(".kubernetes.io") && !namespace.endsWith(".k8s.io")) continue;
    errors.push(invalid(`${field}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved"));
  }
  return errors;
}

const managedDiskURI =
  "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const blobDiskURI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

export function validateAzureDisk(source: AzureDiskVolumeSource, field: string): FieldError[] {
  const errors = requireFields(source, field, "diskName", "diskURI");
  const { diskURI = "" } = source;
  const cachingMode: string | undefined = source.cachingMode;
  const kind: string | undefined = source.kind;
  const cachingModes = ["None", "ReadOnly", "ReadWrite"];
  const kinds = ["Dedicated", "Managed", "Shared"];
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(`${field}.cachingMode`, cachingMode, cachingModes));
  }
  if (kind === undefined) return errors;
  if (!kinds.includes(kind)) errors.push(notSupported(`${field}.kind`, kind, kinds));
  const [prefix, form] = kind === "Managed" ? ["/subscriptions/", managedDiskURI] : ["https://", blobDiskURI];
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(`${field}.diskURI`, diskURI, [form]));
  return errors;
}

export function validateStorageOS(source: StorageOSVolumeSource, field: string): FieldError[] {
  const { volumeName = "", volumeNamespace = "", secretRef } = source;
  const label = (value: string, path: string): FieldError[] =>
    isDNS1123Label(value).map((message) => invalid(path, value, message));
  return [
    ...(volumeName ? label(volumeName, `${field}.volumeName`) : [required(`${field}.volumeName`)]),
    ...(volumeNamespace ? label(volumeNamespace, `${field}.volumeNamespace`) : []),
    ...(secretRef ? requireFields(secretRef, `${field}.secretRef`, "name") : []),
  ];
}

const driverMaxBytes = 63;

export function validateCSIDriverName(driver: string, field: string): FieldError[] {
  if (!driver) return [required(field)];
  const errors = byteLength(driver) > driverMaxBytes ? [tooLong(field, driverMaxBytes)] : [];
  const wrong = isDNS1123Subdomain(driver.toLowerCase());
  return [...errors, ...wrong.map((message) => invalid(field, driver, message))];
}

export function validateCSI({ driver = "", nodePublishSecretRef: ref }: CSIVolumeSource, field: string): FieldError[] {
  const errors = validateCSIDriverName(driver, `${field}.driver`);
  if (!ref) return errors;
  if (!ref.name) return [...errors, required(`${field}.nodePublishSecretRef.name`)];
  const wrong = nameIsDNSSubdomain(ref.name, false);
  return [...errors, ...wrong.map((message) => invalid(`${field}.name`, ref.name, message))];
}
