// What the source of a PersistentVolume may be: one rule per kind of volume (k8s.io/kubernetes
// pkg/apis/core/validation). May import src/base.
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from "../../../base/field-error.ts";
import { byteLength, inclusiveRangeError, isDNS1123Label, isDNS1123Subdomain } from "../../meta/names.ts";
import type { PersistentVolumeSpec, SecretReference } from "../../types/core-v1.gen.ts";

type Rule<Name extends keyof PersistentVolumeSpec> = (
  source: NonNullable<PersistentVolumeSpec[Name]>,
  field: string,
  volumeName: string,
) => FieldError[];

const check = (wrong: boolean, error: FieldError): FieldError[] => (wrong ? [error] : []);
const need = (value: string | undefined, field: string): FieldError[] => check(!value, required(field));

function checkPartition(partition: number | undefined, field: string): FieldError[] {
  const number = partition ?? 0;
  return check(number < 0 || number > 255, invalid(field, number, inclusiveRangeError(0, 255)));
}

export function validateBacksteps(path: string, field: string): FieldError[] {
  return check(path.split("/").includes(".."), invalid(field, path, "must not contain '..'"));
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

/** A CSI driver's name: a domain of at most 63 bytes, capitals allowed. */
export function validateDriverName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  return [
    ...check(byteLength(name) > 63, tooLong(field, 63)),
    ...isDNS1123Subdomain(name.toLowerCase()).map((message) => invalid(field, name, message)),
  ];
}

function validateSecret(secret: SecretReference | undefined, field: string): FieldError[] {
  if (!secret) return [];
  const { name = "", namespace = "" } = secret;
  const names = name === "" ? [required(`${field}.name`)] : [];
  if (name !== "") names.push(...isDNS1123Subdomain(name).map((message) => invalid(`${field}.name`, name, message)));
  const at = `${field}.namespace`;
  if (namespace === "") return [...names, required(at)];
  return [...names, ...isDNS1123Label(namespace).map((message) => invalid(at, namespace, message))];
}

const bothNames = (secret: SecretReference | undefined, field: string): FieldError[] =>
  secret ? [...need(secret.name, `${field}.name`), ...need(secret.namespace, `${field}.namespace`)] : [];

const initiatorFormats: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function validateInitiator(name: string, field: string): FieldError[] {
  const format = initiatorFormats[name.slice(0, 3)];
  return check(!format?.test(name), invalid(field, name, "must be valid format"));
}

const validateISCSI: Rule<"iscsi"> = (source, field, volumeName) => {
  const { targetPortal = "", initiatorName, iqn = "", lun = 0, secretRef } = source;
  const errors = need(targetPortal, `${field}.targetPortal`);
  if (initiatorName !== undefined && byteLength(`${volumeName}:${targetPortal}`) > 64) {
    const detail =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is " +
      "specified.";
    errors.push(invalid(`${field}.targetportal`, targetPortal, detail));
  }
  errors.push(...(iqn === "" ? [required(`${field}.iqn`)] : validateInitiator(iqn, `${field}.iqn`)));
  errors.push(...checkPartition(lun, `${field}.lun`));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) errors.push(required(`${field}.secretRef`));
  if (secretRef) errors.push(...need(secretRef.name, `${field}.secretRef.name`));
  if (initiatorName !== undefined) errors.push(...validateInitiator(initiatorName, `${field}.initiatorname`));
  return errors;
};

const validateFibreChannel: Rule<"fc"> = ({ targetWWNs = [], wwids = [], lun }, field) => {
  const at = `${field}.targetWWNs`;
  const errors: FieldError[] = [];
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(at, "must specify either targetWWNs or wwids, but not both"));
  }
  if (targetWWNs.length === 0) return errors;
  if (wwids.length > 0)
    errors.push(invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  if (lun === undefined) return [...errors, required(`${field}.lun`, "lun is required if targetWWNs is specified")];
  return [...errors, ...checkPartition(lun, `${field}.lun`)];
};

const managedDisk = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const blobDisk = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

const validateAzureDisk: Rule<"azureDisk"> = ({ diskName, diskURI = "", cachingMode, kind }, field) => {
  const errors = [...need(diskName, `${field}.diskName`), ...need(diskURI, `${field}.diskURI`)];
  const modes = ["None", "ReadOnly", "ReadWrite"];
  if (cachingMode !== undefined && !modes.includes(cachingMode)) {
    errors.push(notSupported(`${field}.cachingMode`, cachingMode, modes));
  }
  if (kind === undefined) return errors;
  const kinds = ["Dedicated", "Managed", "Shared"];
  if (!kinds.includes(kind)) errors.push(notSupported(`${field}.kind`, kind, kinds));
  const [prefix, form] = kind === "Managed" ? ["/subscriptions/", managedDisk] : ["https://", blobDisk];
  return [...errors, ...check(!diskURI.startsWith(prefix), notSupported(`${field}.diskURI`, diskURI, [form]))];
};

const validateFlex: Rule<"flexVolume"> = ({ driver, options }, field) => {
  const errors = need(driver, `${field}.driver`);
  for (const key of Object.keys(options ?? {})) {
    const owner = `.${key.split("/")[0]!.toLowerCase()}`;
    if (!owner.endsWith(".kubernetes.io") && !owner.endsWith(".k8s.io")) continue;
    const detail = "kubernetes.io and k8s.io namespaces are reserved";
    errors.push(invalid(`${field}.options[${key}]`, key, detail));
  }
  return errors;
};

const validateQuobyte: Rule<"quobyte"> = ({ registry = "", tenant = "", volume }, field) => {
  const pairs = "must be a host:port pair or multiple pairs separated by commas";
  const errors: FieldError[] = [];
  if (registry === "") errors.push(required(`${field}.registry`, pairs));
  else if (byteLength(tenant) >= 65) {
    errors.push(required(`${field}.tenant`, "must be a UUID and may not exceed a length of 64 characters"));
  } else {
    const bad = registry.split(",").filter((pair) => !/^(\[[^\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair));
    errors.push(...bad.map(() => invalid(`${field}.registry`, registry, pairs)));
  }
  return [...errors, ...need(volume, `${field}.volume`)];
};

const validateFlocker: Rule<"flocker"> = ({ datasetName = "", datasetUUID = "" }, field) => {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(field, "one of datasetName and datasetUUID is required"));
  if (datasetName && datasetUUID) {
    errors.push(invalid(field, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  return [
    ...errors,
    ...check(datasetName.includes("/"), invalid(`${field}.datasetName`, datasetName, "must not contain '/'")),
  ];
};

const validateGlusterfs: Rule<"glusterfs"> = ({ endpoints, path, endpointsNamespace }, field) => {
  const errors = [...need(endpoints, `${field}.endpoints`), ...need(path, `${field}.path`)];
  if (endpointsNamespace === undefined) return errors;
  const at = `${field}.endpointsNamespace`;
  const messages =
    endpointsNamespace === ""
      ? ["if the endpointnamespace is set, it must be a valid namespace name"]
      : isDNS1123Label(endpointsNamespace);
  return [...errors, ...messages.map((message) => invalid(at, endpointsNamespace, message))];
};

const validateStorageOS: Rule<"storageos"> = ({ volumeName = "", volumeNamespace = "", secretRef }, field) => {
  const label = (value: string, at: string): FieldError[] =>
    isDNS1123Label(value).map((message) => invalid(at, value, message));
  return [
    ...(volumeName === "" ? [required(`${field}.volumeName`)] : label(volumeName, `${field}.volumeName`)),
    ...(volumeNamespace === "" ? [] : label(volumeNamespace, `${field}.volumeNamespace`)),
    ...bothNames(secretRef, `${field}.secretRef`),
  ];
};

const validateHostPath: Rule<"hostPath"> = ({ path = "", type }, field) => {
  if (path === "") return [required(`${field}.path`)];
  const errors = validateBacksteps(path, `${field}.path`);
  if (type === undefined || hostPathTypes.includes(type)) return errors;
  return [...errors, notSupported(`${field}.type`, type, hostPathTypes)];
};

const validateCSI: Rule<"csi"> = (source, field) => [
  ...validateDriverName(source.driver, `${field}.driver`),
  ...need(source.volumeHandle, `${field}.volumeHandle`),
  ...validateSecret(source.controllerPublishSecretRef, `${field}.controllerPublishSecretRef`),
  ...validateSecret(source.controllerExpandSecretRef, `${field}.controllerExpandSecretRef`),
  ...validateSecret(source.nodePublishSecretRef, `${field}.nodePublishSecretRef`),
  ...validateSecret(source.nodeExpandSecretRef, `${field}.nodeExpandSecretRef`),
];

interface NamedRule {
  readonly name: keyof PersistentVolumeSpec;
  /** How errors of the rule name the field. */
  readonly path: string;
  readonly rule: Rule<never>;
}
const ruleOf = <Name extends keyof PersistentVolumeSpec>(name: Name, path: string, rule: Rule<Name>): NamedRule => ({
  name,
  path,
  rule: rule as Rule<never>,
});

/** In upstream's order. */
const rules: readonly NamedRule[] = [
  ruleOf("hostPath", "hostPath", validateHostPath),
  ruleOf("gcePersistentDisk", "persistentDisk", ({ pdName, partition }, field) => [
    ...need(pdName, `${field}.pdName`),
    ...checkPartition(partition, `${field}.partition`),
  ]),
  ruleOf("awsElasticBlockStore", "awsElasticBlockStore", ({ volumeID, partition }, field) => [
    ...need(volumeID, `${field}.volumeID`),
    ...checkPartition(partition, `${field}.partition`),
  ]),
  ruleOf("glusterfs", "glusterfs", validateGlusterfs),
  ruleOf("flocker", "flocker", validateFlocker),
  ruleOf("nfs", "nfs", ({ server, path = "" }, field) => [
    ...need(server, `${field}.server`),
    ...need(path, `${field}.path`),
    ...check(!path.startsWith("/"), invalid(`${field}.path`, path, "must be an absolute path")),
  ]),
  ruleOf("rbd", "rbd", ({ monitors = [], image }, field) => [
    ...check(monitors.length === 0, required(`${field}.monitors`)),
    ...need(image, `${field}.image`),
  ]),
  ruleOf("quobyte", "quobyte", validateQuobyte),
  ruleOf("cephfs", "cephfs", ({ monitors = [] }, field) => check(monitors.length === 0, required(`${field}.monitors`))),
  ruleOf("iscsi", "iscsi", validateISCSI),
  ruleOf("cinder", "cinder", ({ volumeID, secretRef }, field) => [
    ...need(volumeID, `${field}.volumeID`),
    ...bothNames(secretRef, `${field}.secretRef`),
  ]),
  ruleOf("fc", "fc", validateFibreChannel),
  ruleOf("flexVolume", "flexVolume", validateFlex),
  ruleOf("azureFile", "azureFile", ({ secretName, shareName, secretNamespace }, field) => [
    ...need(secretName, `${field}.secretName`),
    ...need(shareName, `${field}.shareName`),
    ...check(secretNamespace === "", required(`${field}.secretNamespace`)),
  ]),
  ruleOf("vsphereVolume", "vsphereVolume", ({ volumePath }, field) => need(volumePath, `${field}.volumePath`)),
  ruleOf("photonPersistentDisk", "photonPersistentDisk", ({ pdID }, field) => need(pdID, `${field}.pdID`)),
  ruleOf("portworxVolume", "portworxVolume", ({ volumeID }, field) => need(volumeID, `${field}.volumeID`)),
  ruleOf("azureDisk", "azureDisk", validateAzureDisk),
  ruleOf("scaleIO", "scaleIO", ({ gateway, system, volumeName }, field) => [
    ...need(gateway, `${field}.gateway`),
    ...need(system, `${field}.system`),
    ...need(volumeName, `${field}.volumeName`),
  ]),
  ruleOf("local", "local", ({ path }, field) =>
    path ? validateBacksteps(path, `${field}.path`) : [required(`${field}.path`)],
  ),
  ruleOf("storageos", "storageos", validateStorageOS),
  ruleOf("csi", "csi", validateCSI),
];

export const volumeSourceNames: readonly string[] = rules.map(({ name }) => name);

/** The volume's one source. A second one is refused, except that flexVolume is looked at in any case. */
export function validateVolumeSource(spec: PersistentVolumeSpec, volumeName: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = 0;
  for (const { name, path, rule } of rules) {
    const source = spec[name];
    if (!source) continue;
    if (found > 0 && name !== "flexVolume") {
      const named = name === "cephfs" ? "cephFS" : name;
      errors.push(forbidden(`${field}.${named}`, "may not specify more than 1 volume type"));
      continue;
    }
    found += 1;
    errors.push(...rule(source as never, `${field}.${path}`, volumeName));
    if (name === "local" && !spec.nodeAffinity) {
      errors.push(required(`${field}.nodeAffinity`, "Local volume requires node affinity"));
    }
  }
  return found > 0 ? errors : [...errors, required(field, "must specify a volume type")];
}
