// The structs in which upstream shows how a claim's spec or a volume's source differ. May import src/base.
import { printGoStruct, printIndented, type GoStruct } from "../../meta/go-struct.ts";

const reference: GoStruct = [
  ["APIGroup", "apiGroup", null],
  ["Kind", "kind", ""],
  ["Name", "name", ""],
];
const secret: GoStruct = [
  ["Name", "name", ""],
  ["Namespace", "namespace", ""],
];
const pointer = (struct: GoStruct): { readonly pointer: GoStruct } => ({ pointer: struct });

export const claimSpecStruct: GoStruct = [
  ["AccessModes", "accessModes", null],
  ["Selector", "selector", null],
  [
    "Resources",
    "resources",
    [
      ["Limits", "limits", null],
      ["Requests", "requests", null],
    ],
  ],
  ["VolumeName", "volumeName", ""],
  ["StorageClassName", "storageClassName", null],
  ["VolumeMode", "volumeMode", null],
  ["DataSource", "dataSource", pointer(reference)],
  ["DataSourceRef", "dataSourceRef", pointer([...reference, ["Namespace", "namespace", null]])],
  ["VolumeAttributesClassName", "volumeAttributesClassName", null],
];

export const printClaimSpec = (spec: object): string => printIndented(printGoStruct(spec, claimSpecStruct));

const monitors: GoStruct = [["Monitors", "monitors", null]];

/** The kinds of volumes that still work are shown in full, the others with what names them. */
const volumeSourceStruct: GoStruct = [
  [
    "GCEPersistentDisk",
    "gcePersistentDisk",
    pointer([
      ["PDName", "pdName", ""],
      ["FSType", "fsType", ""],
      ["Partition", "partition", 0],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "AWSElasticBlockStore",
    "awsElasticBlockStore",
    pointer([
      ["VolumeID", "volumeID", ""],
      ["FSType", "fsType", ""],
      ["Partition", "partition", 0],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "HostPath",
    "hostPath",
    pointer([
      ["Path", "path", ""],
      ["Type", "type", null],
    ]),
  ],
  [
    "Glusterfs",
    "glusterfs",
    pointer([
      ["EndpointsName", "endpoints", ""],
      ["Path", "path", ""],
      ["ReadOnly", "readOnly", false],
      ["EndpointsNamespace", "endpointsNamespace", null],
    ]),
  ],
  [
    "NFS",
    "nfs",
    pointer([
      ["Server", "server", ""],
      ["Path", "path", ""],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "RBD",
    "rbd",
    pointer([
      ["CephMonitors", "monitors", null],
      ["RBDImage", "image", ""],
      ["FSType", "fsType", ""],
      ["RBDPool", "pool", ""],
      ["RadosUser", "user", ""],
      ["Keyring", "keyring", ""],
      ["SecretRef", "secretRef", pointer(secret)],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "Quobyte",
    "quobyte",
    pointer([
      ["Registry", "registry", ""],
      ["Volume", "volume", ""],
      ["ReadOnly", "readOnly", false],
      ["User", "user", ""],
      ["Group", "group", ""],
      ["Tenant", "tenant", ""],
    ]),
  ],
  [
    "ISCSI",
    "iscsi",
    pointer([
      ["TargetPortal", "targetPortal", ""],
      ["IQN", "iqn", ""],
      ["Lun", "lun", 0],
      ["ISCSIInterface", "iscsiInterface", ""],
      ["FSType", "fsType", ""],
      ["ReadOnly", "readOnly", false],
      ["Portals", "portals", null],
      ["DiscoveryCHAPAuth", "chapAuthDiscovery", false],
      ["SessionCHAPAuth", "chapAuthSession", false],
      ["SecretRef", "secretRef", pointer(secret)],
      ["InitiatorName", "initiatorName", null],
    ]),
  ],
  [
    "FlexVolume",
    "flexVolume",
    pointer([
      ["Driver", "driver", ""],
      ["FSType", "fsType", ""],
      ["SecretRef", "secretRef", pointer(secret)],
      ["ReadOnly", "readOnly", false],
      ["Options", "options", null],
    ]),
  ],
  [
    "Cinder",
    "cinder",
    pointer([
      ["VolumeID", "volumeID", ""],
      ["FSType", "fsType", ""],
      ["ReadOnly", "readOnly", false],
      ["SecretRef", "secretRef", pointer(secret)],
    ]),
  ],
  [
    "CephFS",
    "cephfs",
    pointer([
      ...monitors,
      ["Path", "path", ""],
      ["User", "user", ""],
      ["SecretFile", "secretFile", ""],
      ["SecretRef", "secretRef", pointer(secret)],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "FC",
    "fc",
    pointer([
      ["TargetWWNs", "targetWWNs", null],
      ["Lun", "lun", null],
      ["FSType", "fsType", ""],
      ["ReadOnly", "readOnly", false],
      ["WWIDs", "wwids", null],
    ]),
  ],
  [
    "Flocker",
    "flocker",
    pointer([
      ["DatasetName", "datasetName", ""],
      ["DatasetUUID", "datasetUUID", ""],
    ]),
  ],
  [
    "AzureFile",
    "azureFile",
    pointer([
      ["SecretName", "secretName", ""],
      ["ShareName", "shareName", ""],
      ["ReadOnly", "readOnly", false],
      ["SecretNamespace", "secretNamespace", null],
    ]),
  ],
  [
    "VsphereVolume",
    "vsphereVolume",
    pointer([
      ["VolumePath", "volumePath", ""],
      ["FSType", "fsType", ""],
      ["StoragePolicyName", "storagePolicyName", ""],
      ["StoragePolicyID", "storagePolicyID", ""],
    ]),
  ],
  [
    "AzureDisk",
    "azureDisk",
    pointer([
      ["DiskName", "diskName", ""],
      ["DataDiskURI", "diskURI", ""],
      ["CachingMode", "cachingMode", null],
      ["FSType", "fsType", null],
      ["ReadOnly", "readOnly", null],
      ["Kind", "kind", null],
    ]),
  ],
  [
    "PhotonPersistentDisk",
    "photonPersistentDisk",
    pointer([
      ["PdID", "pdID", ""],
      ["FSType", "fsType", ""],
    ]),
  ],
  [
    "PortworxVolume",
    "portworxVolume",
    pointer([
      ["VolumeID", "volumeID", ""],
      ["FSType", "fsType", ""],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "ScaleIO",
    "scaleIO",
    pointer([
      ["Gateway", "gateway", ""],
      ["System", "system", ""],
      ["SecretRef", "secretRef", pointer(secret)],
      ["SSLEnabled", "sslEnabled", false],
      ["ProtectionDomain", "protectionDomain", ""],
      ["StoragePool", "storagePool", ""],
      ["StorageMode", "storageMode", ""],
      ["VolumeName", "volumeName", ""],
      ["FSType", "fsType", ""],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "Local",
    "local",
    pointer([
      ["Path", "path", ""],
      ["FSType", "fsType", null],
    ]),
  ],
  [
    "StorageOS",
    "storageos",
    pointer([
      ["VolumeName", "volumeName", ""],
      ["VolumeNamespace", "volumeNamespace", ""],
      ["FSType", "fsType", ""],
      ["ReadOnly", "readOnly", false],
    ]),
  ],
  [
    "CSI",
    "csi",
    pointer([
      ["Driver", "driver", ""],
      ["VolumeHandle", "volumeHandle", ""],
      ["ReadOnly", "readOnly", false],
      ["FSType", "fsType", ""],
      ["VolumeAttributes", "volumeAttributes", null],
      ["ControllerPublishSecretRef", "controllerPublishSecretRef", pointer(secret)],
      ["NodeStageSecretRef", "nodeStageSecretRef", pointer(secret)],
      ["NodePublishSecretRef", "nodePublishSecretRef", pointer(secret)],
      ["ControllerExpandSecretRef", "controllerExpandSecretRef", pointer(secret)],
      ["NodeExpandSecretRef", "nodeExpandSecretRef", pointer(secret)],
    ]),
  ],
];

export const printVolumeSource = (source: object): string => printIndented(printGoStruct(source, volumeSourceStruct));
