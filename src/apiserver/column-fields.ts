// Which field a column of a Table shows: the column's description is that field's. Columns that show more than one field
// have no description here, since upstream's words for them are its own (docs/divergences.md). Every "Name" is the
// metadata's name and every "Age" its creationTimestamp. Facts of k8s.io/kubernetes/pkg/printers/internalversion.
// May import src/base and src/kinds.
import type { Column, Kind } from "../kinds/kind.ts";
import type { Descriptions } from "../kinds/openapi/schemas.ts";

/** group/plural → column → definition and field. */
const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "apps/controllerrevisions": {
    Revision: "apps.v1.ControllerRevision.revision",
  },
  "apps/daemonsets": {
    Desired: "apps.v1.DaemonSetStatus.desiredNumberScheduled",
    Current: "apps.v1.DaemonSetStatus.currentNumberScheduled",
    Ready: "apps.v1.DaemonSetStatus.numberReady",
    "Up-to-date": "apps.v1.DaemonSetStatus.updatedNumberScheduled",
    Available: "apps.v1.DaemonSetStatus.numberAvailable",
    "Node Selector": "core.v1.PodSpec.nodeSelector",
    Selector: "apps.v1.DaemonSetSpec.selector",
  },
  "apps/deployments": {
    "Up-to-date": "apps.v1.DeploymentStatus.updatedReplicas",
    Available: "apps.v1.DeploymentStatus.availableReplicas",
    Selector: "apps.v1.DeploymentSpec.selector",
  },
  "apps/replicasets": {
    Desired: "apps.v1.ReplicaSetSpec.replicas",
    Current: "apps.v1.ReplicaSetStatus.replicas",
    Ready: "apps.v1.ReplicaSetStatus.readyReplicas",
    Selector: "apps.v1.ReplicaSetSpec.selector",
  },
  "autoscaling/horizontalpodautoscalers": {
    Reference: "autoscaling.v2.HorizontalPodAutoscalerSpec.scaleTargetRef",
    Targets: "autoscaling.v2.HorizontalPodAutoscalerSpec.metrics",
    MinPods: "autoscaling.v2.HorizontalPodAutoscalerSpec.minReplicas",
    MaxPods: "autoscaling.v2.HorizontalPodAutoscalerSpec.maxReplicas",
    Replicas: "autoscaling.v2.HorizontalPodAutoscalerStatus.currentReplicas",
  },
  "batch/cronjobs": {
    Schedule: "batch.v1.CronJobSpec.schedule",
    Timezone: "batch.v1.CronJobSpec.timeZone",
    Suspend: "batch.v1.CronJobSpec.suspend",
    Active: "batch.v1.CronJobStatus.active",
    "Last Schedule": "batch.v1.CronJobStatus.lastScheduleTime",
    Selector: "batch.v1.JobSpec.selector",
  },
  "batch/jobs": {
    Completions: "batch.v1.JobStatus.succeeded",
    Selector: "batch.v1.JobSpec.selector",
  },
  "certificates.k8s.io/certificatesigningrequests": {
    SignerName: "certificates.v1.CertificateSigningRequestSpec.signerName",
    Requestor: "certificates.v1.CertificateSigningRequestSpec.request",
    RequestedDuration: "certificates.v1.CertificateSigningRequestSpec.expirationSeconds",
    Condition: "certificates.v1.CertificateSigningRequestStatus.conditions",
  },
  configmaps: {
    Data: "core.v1.ConfigMap.data",
  },
  "coordination.k8s.io/leases": {
    Holder: "coordination.v1.LeaseSpec.holderIdentity",
  },
  "discovery.k8s.io/endpointslices": {
    AddressType: "discovery.v1.EndpointSlice.addressType",
    Ports: "discovery.v1.EndpointSlice.ports",
    Endpoints: "discovery.v1.EndpointSlice.endpoints",
  },
  endpoints: {
    Endpoints: "core.v1.Endpoints.subsets",
  },
  events: {
    "Last Seen": "core.v1.Event.lastTimestamp",
    Type: "core.v1.Event.type",
    Reason: "core.v1.Event.reason",
    Object: "core.v1.Event.involvedObject",
    Subobject: "core.v1.ObjectReference.fieldPath",
    Source: "core.v1.Event.source",
    Message: "core.v1.Event.message",
    "First Seen": "core.v1.Event.firstTimestamp",
    Count: "core.v1.Event.count",
  },
  "events.k8s.io/events": {
    "Last Seen": "core.v1.Event.lastTimestamp",
    Type: "core.v1.Event.type",
    Reason: "core.v1.Event.reason",
    Object: "core.v1.Event.involvedObject",
    Subobject: "core.v1.ObjectReference.fieldPath",
    Source: "core.v1.Event.source",
    Message: "core.v1.Event.message",
    "First Seen": "core.v1.Event.firstTimestamp",
    Count: "core.v1.Event.count",
  },
  "flowcontrol.apiserver.k8s.io/flowschemas": {
    PriorityLevel: "flowcontrol.v1.PriorityLevelConfigurationReference.name",
    MatchingPrecedence: "flowcontrol.v1.FlowSchemaSpec.matchingPrecedence",
    DistinguisherMethod: "flowcontrol.v1.FlowSchemaSpec.distinguisherMethod",
  },
  "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations": {
    Type: "flowcontrol.v1.PriorityLevelConfigurationSpec.type",
    NominalConcurrencyShares: "flowcontrol.v1.LimitedPriorityLevelConfiguration.nominalConcurrencyShares",
    Queues: "flowcontrol.v1.QueuingConfiguration.queues",
    HandSize: "flowcontrol.v1.QueuingConfiguration.handSize",
    QueueLengthLimit: "flowcontrol.v1.QueuingConfiguration.queueLengthLimit",
  },
  "networking.k8s.io/ipaddresses": {
    ParentRef: "networking.v1.IPAddressSpec.parentRef",
  },
  "networking.k8s.io/networkpolicies": {
    "Pod-Selector": "networking.v1.NetworkPolicySpec.podSelector",
  },
  "networking.k8s.io/servicecidrs": {
    CIDRs: "networking.v1.ServiceCIDRSpec.cidrs",
  },
  nodes: {
    Version: "core.v1.NodeSystemInfo.kubeletVersion",
    "Internal-IP": "core.v1.NodeStatus.addresses",
    "External-IP": "core.v1.NodeStatus.addresses",
    "OS-Image": "core.v1.NodeSystemInfo.osImage",
    "Kernel-Version": "core.v1.NodeSystemInfo.kernelVersion",
    "Container-Runtime": "core.v1.NodeSystemInfo.containerRuntimeVersion",
  },
  persistentvolumeclaims: {
    Status: "core.v1.PersistentVolumeClaimStatus.phase",
    Volume: "core.v1.PersistentVolumeClaimSpec.volumeName",
    Capacity: "core.v1.PersistentVolumeClaimStatus.capacity",
    "Access Modes": "core.v1.PersistentVolumeClaimStatus.accessModes",
    VolumeMode: "core.v1.PersistentVolumeClaimSpec.volumeMode",
  },
  persistentvolumes: {
    Capacity: "core.v1.PersistentVolumeSpec.capacity",
    "Access Modes": "core.v1.PersistentVolumeSpec.accessModes",
    "Reclaim Policy": "core.v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy",
    Status: "core.v1.PersistentVolumeStatus.phase",
    Claim: "core.v1.PersistentVolumeSpec.claimRef",
    Reason: "core.v1.PersistentVolumeStatus.reason",
    VolumeMode: "core.v1.PersistentVolumeSpec.volumeMode",
  },
  pods: {
    IP: "core.v1.PodStatus.podIP",
    Node: "core.v1.PodSpec.nodeName",
    "Nominated Node": "core.v1.PodStatus.nominatedNodeName",
    "Readiness Gates": "core.v1.PodSpec.readinessGates",
  },
  "rbac.authorization.k8s.io/clusterrolebindings": {
    Role: "rbac.v1.ClusterRoleBinding.roleRef",
  },
  "rbac.authorization.k8s.io/rolebindings": {
    Role: "rbac.v1.RoleBinding.roleRef",
  },
  replicationcontrollers: {
    Desired: "core.v1.ReplicationControllerSpec.replicas",
    Current: "core.v1.ReplicationControllerStatus.replicas",
    Ready: "core.v1.ReplicationControllerStatus.readyReplicas",
    Selector: "core.v1.ReplicationControllerSpec.selector",
  },
  "resource.k8s.io/resourceslices": {
    Node: "resource.v1.ResourceSliceSpec.nodeName",
    Driver: "resource.v1.ResourceSliceSpec.driver",
    Pool: "resource.v1.ResourcePool.name",
  },
  "scheduling.k8s.io/priorityclasses": {
    Value: "scheduling.v1.PriorityClass.value",
    "Global-Default": "scheduling.v1.PriorityClass.globalDefault",
    PreemptionPolicy: "scheduling.v1.PriorityClass.preemptionPolicy",
  },
  secrets: {
    Type: "core.v1.Secret.type",
    Data: "core.v1.Secret.data",
  },
  services: {
    Type: "core.v1.ServiceSpec.type",
    "Cluster-IP": "core.v1.ServiceSpec.clusterIP",
    "External-IP": "core.v1.ServiceSpec.externalIPs",
    "Port(s)": "core.v1.ServiceSpec.ports",
    Selector: "core.v1.ServiceSpec.selector",
  },
  "storage.k8s.io/csidrivers": {
    AttachRequired: "storage.v1.CSIDriverSpec.attachRequired",
    PodInfoOnMount: "storage.v1.CSIDriverSpec.podInfoOnMount",
    StorageCapacity: "storage.v1.CSIDriverSpec.storageCapacity",
    TokenRequests: "storage.v1.CSIDriverSpec.tokenRequests",
    RequiresRepublish: "storage.v1.CSIDriverSpec.requiresRepublish",
    Modes: "storage.v1.CSIDriverSpec.volumeLifecycleModes",
  },
  "storage.k8s.io/storageclasses": {
    Provisioner: "storage.v1.StorageClass.provisioner",
    ReclaimPolicy: "storage.v1.StorageClass.reclaimPolicy",
    VolumeBindingMode: "storage.v1.StorageClass.volumeBindingMode",
    AllowVolumeExpansion: "storage.v1.StorageClass.allowVolumeExpansion",
  },
  "storage.k8s.io/volumeattachments": {
    Attacher: "storage.v1.VolumeAttachmentSpec.attacher",
    PV: "storage.v1.VolumeAttachmentSource.persistentVolumeName",
    Node: "storage.v1.VolumeAttachmentSpec.nodeName",
    Attached: "storage.v1.VolumeAttachmentStatus.attached",
  },
  "storage.k8s.io/volumeattributesclasses": {
    DriverName: "storage.v1.VolumeAttributesClass.driverName",
  },
};
const everywhere: Readonly<Record<string, string>> = {
  Name: "meta.v1.ObjectMeta.name",
  Age: "meta.v1.ObjectMeta.creationTimestamp",
  "Created At": "meta.v1.ObjectMeta.creationTimestamp",
};

/** What a column means, in words; "" where nobody says. */
export function describeColumn(kind: Kind, column: Column, descriptions: Descriptions | undefined): string {
  const own = fields[kind.group === "" ? kind.plural : `${kind.group}/${kind.plural}`];
  const path = own && Object.hasOwn(own, column.name) ? own[column.name] : everywhere[column.name];
  if (path === undefined || descriptions === undefined) return "";
  const end = path.lastIndexOf(".");
  const text = descriptions[path.slice(0, end)]?.[path.slice(end + 1)] ?? "";
  // OpenAPI alone lists an enum's values.
  return text.split("\n\nPossible enum values:")[0]!;
}
