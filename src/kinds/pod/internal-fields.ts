// The fields of a pod's parts in the order and by the names of upstream's internal types, which some errors print. A
// table of facts (pkg/apis/core/types.go, 1.36). After a name: nothing is a text, # a number, ? a boolean, * a pointer,
// [] a list, {} a map, ":" a value; then, the type of what it holds. Imports nothing.

export const internalFields: Readonly<Record<string, string>> = {
  AWSElasticBlockStoreVolumeSource: "VolumeID FSType Partition# ReadOnly?",
  Affinity: "NodeAffinity*NodeAffinity PodAffinity*PodAffinity PodAntiAffinity*PodAntiAffinity",
  AppArmorProfile: "Type LocalhostProfile*",
  AzureDiskVolumeSource: "DiskName DataDiskURI CachingMode* FSType* ReadOnly* Kind*",
  AzureFileVolumeSource: "SecretName ShareName ReadOnly?",
  CSIVolumeSource: "Driver ReadOnly* FSType* VolumeAttributes{} NodePublishSecretRef*LocalObjectReference",
  Capabilities: "Add[] Drop[]",
  CephFSVolumeSource: "Monitors[] Path User SecretFile SecretRef*LocalObjectReference ReadOnly?",
  CinderVolumeSource: "VolumeID FSType ReadOnly? SecretRef*LocalObjectReference",
  ClusterTrustBundleProjection: "Name* SignerName* LabelSelector* Optional* Path",
  ConfigMapEnvSource: "Name Optional*",
  ConfigMapKeySelector: "Name Key Optional*",
  ConfigMapProjection: "Name Items[]KeyToPath Optional*",
  ConfigMapVolumeSource: "Name Items[]KeyToPath DefaultMode* Optional*",
  Container:
    "Name Image Command[] Args[] WorkingDir Ports[]ContainerPort EnvFrom[]EnvFromSource Env[]EnvVar " +
    "Resources:ResourceRequirements ResizePolicy[]ContainerResizePolicy RestartPolicy* " +
    "RestartPolicyRules[]ContainerRestartRule VolumeMounts[]VolumeMount VolumeDevices[]VolumeDevice " +
    "LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath " +
    "TerminationMessagePolicy ImagePullPolicy SecurityContext*SecurityContext Stdin? StdinOnce? TTY?",
  ContainerPort: "Name HostPort# ContainerPort# Protocol HostIP",
  ContainerResizePolicy: "ResourceName RestartPolicy",
  ContainerRestartRule: "Action ExitCodes*ContainerRestartRuleOnExitCodes",
  ContainerRestartRuleOnExitCodes: "Operator Values[]",
  DownwardAPIProjection: "Items[]DownwardAPIVolumeFile",
  DownwardAPIVolumeFile: "Path FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector Mode*",
  DownwardAPIVolumeSource: "Items[]DownwardAPIVolumeFile DefaultMode*",
  EmptyDirVolumeSource: "Medium SizeLimit*",
  EnvFromSource: "Prefix ConfigMapRef*ConfigMapEnvSource SecretRef*SecretEnvSource",
  EnvVar: "Name Value ValueFrom*EnvVarSource",
  EnvVarSource:
    "FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector ConfigMapKeyRef*ConfigMapKeySelector " +
    "SecretKeyRef*SecretKeySelector FileKeyRef*FileKeySelector",
  EphemeralContainer:
    "Name Image Command[] Args[] WorkingDir Ports[]ContainerPort EnvFrom[]EnvFromSource Env[]EnvVar " +
    "Resources:ResourceRequirements ResizePolicy[]ContainerResizePolicy RestartPolicy* " +
    "RestartPolicyRules[]ContainerRestartRule VolumeMounts[]VolumeMount VolumeDevices[]VolumeDevice " +
    "LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath " +
    "TerminationMessagePolicy ImagePullPolicy SecurityContext*SecurityContext Stdin? StdinOnce? TTY? " +
    "TargetContainerName",
  EphemeralVolumeSource: "VolumeClaimTemplate*PersistentVolumeClaimTemplate",
  ExecAction: "Command[]",
  FCVolumeSource: "TargetWWNs[] Lun* FSType ReadOnly? WWIDs[]",
  FileKeySelector: "VolumeName Path Key Optional*",
  FlexVolumeSource: "Driver FSType SecretRef*LocalObjectReference ReadOnly? Options{}",
  FlockerVolumeSource: "DatasetName DatasetUUID",
  GCEPersistentDiskVolumeSource: "PDName FSType Partition# ReadOnly?",
  GRPCAction: "Port# Service*",
  GitRepoVolumeSource: "Repository Revision Directory",
  GlusterfsVolumeSource: "EndpointsName Path ReadOnly?",
  HTTPGetAction: "Path Port:IntOrString Host Scheme HTTPHeaders[]HTTPHeader",
  HTTPHeader: "Name Value",
  HostAlias: "IP Hostnames[]",
  HostPathVolumeSource: "Path Type*",
  ISCSIVolumeSource:
    "TargetPortal IQN Lun# ISCSIInterface FSType ReadOnly? Portals[] DiscoveryCHAPAuth? SessionCHAPAuth? " +
    "SecretRef*LocalObjectReference InitiatorName*",
  ImageVolumeSource: "Reference PullPolicy",
  KeyToPath: "Key Path Mode*",
  Lifecycle: "PostStart*LifecycleHandler PreStop*LifecycleHandler StopSignal*",
  LifecycleHandler: "Exec*ExecAction HTTPGet*HTTPGetAction TCPSocket*TCPSocketAction Sleep*SleepAction",
  LocalObjectReference: "Name",
  NFSVolumeSource: "Server Path ReadOnly?",
  NodeAffinity:
    "RequiredDuringSchedulingIgnoredDuringExecution*NodeSelector " +
    "PreferredDuringSchedulingIgnoredDuringExecution[]PreferredSchedulingTerm",
  NodeSelector: "NodeSelectorTerms[]NodeSelectorTerm",
  NodeSelectorRequirement: "Key Operator Values[]",
  NodeSelectorTerm: "MatchExpressions[]NodeSelectorRequirement MatchFields[]NodeSelectorRequirement",
  ObjectFieldSelector: "APIVersion FieldPath",
  PersistentVolumeClaimSpec:
    "AccessModes[] Selector* Resources:VolumeResourceRequirements VolumeName StorageClassName* VolumeMode* " +
    "DataSource*TypedLocalObjectReference DataSourceRef*TypedObjectReference VolumeAttributesClassName*",
  PersistentVolumeClaimTemplate: "ObjectMeta:ObjectMeta Spec:PersistentVolumeClaimSpec",
  PersistentVolumeClaimVolumeSource: "ClaimName ReadOnly?",
  PhotonPersistentDiskVolumeSource: "PdID FSType",
  PodAffinity:
    "RequiredDuringSchedulingIgnoredDuringExecution[]PodAffinityTerm " +
    "PreferredDuringSchedulingIgnoredDuringExecution[]WeightedPodAffinityTerm",
  PodAffinityTerm: "LabelSelector* Namespaces[] TopologyKey NamespaceSelector* MatchLabelKeys[] MismatchLabelKeys[]",
  PodAntiAffinity:
    "RequiredDuringSchedulingIgnoredDuringExecution[]PodAffinityTerm " +
    "PreferredDuringSchedulingIgnoredDuringExecution[]WeightedPodAffinityTerm",
  PodCertificateProjection:
    "SignerName KeyType MaxExpirationSeconds* CredentialBundlePath KeyPath CertificateChainPath UserAnnotations{}",
  PodDNSConfig: "Nameservers[] Searches[] Options[]PodDNSConfigOption",
  PodDNSConfigOption: "Name Value*",
  PodOS: "Name",
  PodReadinessGate: "ConditionType",
  PodResourceClaim: "Name ResourceClaimName* ResourceClaimTemplateName*",
  PodSchedulingGate: "Name",
  PodSchedulingGroup: "PodGroupName*",
  PodSecurityContext:
    "HostNetwork? HostPID? HostIPC? ShareProcessNamespace* HostUsers* SELinuxOptions*SELinuxOptions " +
    "WindowsOptions*WindowsSecurityContextOptions RunAsUser* RunAsGroup* RunAsNonRoot* SupplementalGroups[] " +
    "SupplementalGroupsPolicy* FSGroup* FSGroupChangePolicy* Sysctls[]Sysctl SeccompProfile*SeccompProfile " +
    "AppArmorProfile*AppArmorProfile SELinuxChangePolicy*",
  PodSpec:
    "Volumes[]Volume InitContainers[]Container Containers[]Container EphemeralContainers[]EphemeralContainer " +
    "RestartPolicy TerminationGracePeriodSeconds* ActiveDeadlineSeconds* DNSPolicy NodeSelector{} " +
    "ServiceAccountName AutomountServiceAccountToken* NodeName SecurityContext*PodSecurityContext " +
    "ImagePullSecrets[]LocalObjectReference Hostname Subdomain SetHostnameAsFQDN* Affinity*Affinity SchedulerName " +
    "Tolerations[]Toleration HostAliases[]HostAlias PriorityClassName Priority* PreemptionPolicy* " +
    "DNSConfig*PodDNSConfig ReadinessGates[]PodReadinessGate RuntimeClassName* Overhead{} EnableServiceLinks* " +
    "TopologySpreadConstraints[]TopologySpreadConstraint OS*PodOS SchedulingGates[]PodSchedulingGate " +
    "ResourceClaims[]PodResourceClaim Resources*ResourceRequirements HostnameOverride* " +
    "SchedulingGroup*PodSchedulingGroup",
  PortworxVolumeSource: "VolumeID FSType ReadOnly?",
  PreferredSchedulingTerm: "Weight# Preference:NodeSelectorTerm",
  Probe:
    "Exec*ExecAction HTTPGet*HTTPGetAction TCPSocket*TCPSocketAction GRPC*GRPCAction InitialDelaySeconds# " +
    "TimeoutSeconds# PeriodSeconds# SuccessThreshold# FailureThreshold# TerminationGracePeriodSeconds*",
  ProjectedVolumeSource: "Sources[]VolumeProjection DefaultMode*",
  QuobyteVolumeSource: "Registry Volume ReadOnly? User Group Tenant",
  RBDVolumeSource: "CephMonitors[] RBDImage FSType RBDPool RadosUser Keyring SecretRef*LocalObjectReference ReadOnly?",
  ResourceClaim: "Name Request",
  ResourceFieldSelector: "ContainerName Resource Divisor:Quantity",
  ResourceRequirements: "Limits{} Requests{} Claims[]ResourceClaim",
  SELinuxOptions: "User Role Type Level",
  ScaleIOVolumeSource:
    "Gateway System SecretRef*LocalObjectReference SSLEnabled? ProtectionDomain StoragePool StorageMode " +
    "VolumeName FSType ReadOnly?",
  SeccompProfile: "Type LocalhostProfile*",
  SecretEnvSource: "Name Optional*",
  SecretKeySelector: "Name Key Optional*",
  SecretProjection: "Name Items[]KeyToPath Optional*",
  SecretVolumeSource: "SecretName Items[]KeyToPath DefaultMode* Optional*",
  SecurityContext:
    "Capabilities*Capabilities Privileged* SELinuxOptions*SELinuxOptions " +
    "WindowsOptions*WindowsSecurityContextOptions RunAsUser* RunAsGroup* RunAsNonRoot* ReadOnlyRootFilesystem* " +
    "AllowPrivilegeEscalation* ProcMount* SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile",
  ServiceAccountTokenProjection: "Audience ExpirationSeconds# Path",
  SleepAction: "Seconds#",
  StorageOSVolumeSource: "VolumeName VolumeNamespace FSType ReadOnly? SecretRef*LocalObjectReference",
  Sysctl: "Name Value",
  TCPSocketAction: "Port:IntOrString Host",
  Toleration: "Key Operator Value Effect TolerationSeconds*",
  TopologySpreadConstraint:
    "MaxSkew# TopologyKey WhenUnsatisfiable LabelSelector* MinDomains* NodeAffinityPolicy* NodeTaintsPolicy* " +
    "MatchLabelKeys[]",
  TypedLocalObjectReference: "APIGroup* Kind Name",
  TypedObjectReference: "APIGroup* Kind Name Namespace*",
  Volume:
    "Name HostPath*HostPathVolumeSource EmptyDir*EmptyDirVolumeSource " +
    "GCEPersistentDisk*GCEPersistentDiskVolumeSource AWSElasticBlockStore*AWSElasticBlockStoreVolumeSource " +
    "GitRepo*GitRepoVolumeSource Secret*SecretVolumeSource NFS*NFSVolumeSource ISCSI*ISCSIVolumeSource " +
    "Glusterfs*GlusterfsVolumeSource PersistentVolumeClaim*PersistentVolumeClaimVolumeSource RBD*RBDVolumeSource " +
    "Quobyte*QuobyteVolumeSource FlexVolume*FlexVolumeSource Cinder*CinderVolumeSource CephFS*CephFSVolumeSource " +
    "Flocker*FlockerVolumeSource DownwardAPI*DownwardAPIVolumeSource FC*FCVolumeSource " +
    "AzureFile*AzureFileVolumeSource ConfigMap*ConfigMapVolumeSource VsphereVolume*VsphereVirtualDiskVolumeSource " +
    "AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource " +
    "Projected*ProjectedVolumeSource PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOVolumeSource " +
    "StorageOS*StorageOSVolumeSource CSI*CSIVolumeSource Ephemeral*EphemeralVolumeSource Image*ImageVolumeSource",
  VolumeDevice: "Name DevicePath",
  VolumeMount: "Name ReadOnly? RecursiveReadOnly* MountPath SubPath MountPropagation* SubPathExpr",
  VolumeProjection:
    "Secret*SecretProjection DownwardAPI*DownwardAPIProjection ConfigMap*ConfigMapProjection " +
    "ServiceAccountToken*ServiceAccountTokenProjection ClusterTrustBundle*ClusterTrustBundleProjection " +
    "PodCertificate*PodCertificateProjection",
  VolumeResourceRequirements: "Limits{} Requests{}",
  VsphereVirtualDiskVolumeSource: "VolumePath FSType StoragePolicyName StoragePolicyID",
  WeightedPodAffinityTerm: "Weight# PodAffinityTerm:PodAffinityTerm",
  WindowsSecurityContextOptions: "GMSACredentialSpecName* GMSACredentialSpec* RunAsUserName* HostProcess*",
};
