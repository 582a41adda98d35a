// The explicit list of all kinds, in the order of discovery, and the ways to find one. A kind is served when it is in
// builtInKinds; laterKinds are ready and wait for their controllers. May import src/base.
import type { Kind } from "./kind.ts";
import { controllerRevision } from "./apps/controller-revision.ts";
import { daemonSet } from "./apps/daemon-set.ts";
import { deployment } from "./apps/deployment.ts";
import { replicaSet } from "./apps/replica-set.ts";
import { statefulSet } from "./apps/stateful-set.ts";
import { selfSubjectReview, tokenReview } from "./authentication/reviews.ts";
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
} from "./authorization/reviews.ts";
import { horizontalPodAutoscalerV1 } from "./autoscaling/horizontal-pod-autoscaler-v1.ts";
import { horizontalPodAutoscaler } from "./autoscaling/horizontal-pod-autoscaler.ts";
import { cronJob } from "./batch/cron-job.ts";
import { job } from "./batch/job.ts";
import { certificateSigningRequest } from "./certificates/certificate-signing-request.ts";
import { lease } from "./coordination/lease.ts";
import { binding } from "./core/binding.ts";
import { componentStatus } from "./core/component-status.ts";
import { configMap } from "./core/config-map.ts";
import { event } from "./core/event.ts";
import { endpoints } from "./core/endpoints.ts";
import { limitRange } from "./core/limit-range.ts";
import { namespace } from "./core/namespace.ts";
import { node } from "./core/node.ts";
import { persistentVolumeClaim } from "./core/persistent-volume-claim.ts";
import { persistentVolume } from "./core/persistent-volume.ts";
import { podTemplate } from "./core/pod-template.ts";
import { pod } from "./core/pod.ts";
import { replicationController } from "./core/replication-controller.ts";
import { resourceQuota } from "./core/resource-quota.ts";
import { service } from "./core/service.ts";
import { secret } from "./core/secret.ts";
import { serviceAccount } from "./core/service-account.ts";
import { endpointSlice } from "./discovery/endpoint-slice.ts";
import { eventsEvent } from "./events/event.ts";
import { ingressClass } from "./networking/ingress-class.ts";
import { ingress } from "./networking/ingress.ts";
import { ipAddress } from "./networking/ip-address.ts";
import { networkPolicy } from "./networking/network-policy.ts";
import { serviceCIDR } from "./networking/service-cidr.ts";
import { runtimeClass } from "./node/runtime-class.ts";
import { podDisruptionBudget } from "./policy/pod-disruption-budget.ts";
import { clusterRoleBinding } from "./rbac/cluster-role-binding.ts";
import { clusterRole } from "./rbac/cluster-role.ts";
import { roleBinding } from "./rbac/role-binding.ts";
import { role } from "./rbac/role.ts";
import { deviceClass } from "./resource/device-class.ts";
import { resourceClaimTemplate } from "./resource/resource-claim-template.ts";
import { resourceClaim } from "./resource/resource-claim.ts";
import { resourceSlice } from "./resource/resource-slice.ts";
import { priorityClass } from "./scheduling/priority-class.ts";
import { csiDriver } from "./storage/csi-driver.ts";
import { csiNode } from "./storage/csi-node.ts";
import { csiStorageCapacity } from "./storage/csi-storage-capacity.ts";
import { storageClass } from "./storage/storage-class.ts";
import { volumeAttachment } from "./storage/volume-attachment.ts";
import { volumeAttributesClass } from "./storage/volume-attributes-class.ts";

// A kind of one type of objects serves as a kind of any, since whoever decodes an object takes its own kind's functions.
const anyKind = (kind: Kind<never>): Kind => kind as unknown as Kind;

export const builtInKinds: readonly Kind[] = [
  binding,
  componentStatus,
  configMap,
  event,
  limitRange,
  namespace,
  node,
  persistentVolumeClaim,
  persistentVolume,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  serviceAccount,
  service,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  eventsEvent,
  selfSubjectReview,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  cronJob,
  job,
  podDisruptionBudget,
  clusterRoleBinding,
  clusterRole,
  roleBinding,
  role,
  storageClass,
  priorityClass,
  lease,
  runtimeClass,
].map((kind) => anyKind(kind as never));

const resourceKey = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;
const byResource = new Map(builtInKinds.map((kind) => [resourceKey(kind.group, kind.version, kind.plural), kind]));
const byKind = new Map(builtInKinds.map((kind) => [resourceKey(kind.group, kind.version, kind.kind), kind]));

/** The served kind of a resource's name, as it is in a path: ("apps", "v1", "deployments"). */
export function findKindOfResource(group: string, version: string, plural: string): Kind | undefined {
  return byResource.get(resourceKey(group, version, plural));
}

/** The served kind of an object: ("apps", "v1", "Deployment"). */
export function findKind(group: string, version: string, kind: string): Kind | undefined {
  return byKind.get(resourceKey(group, version, kind));
}

/** Whole records of kinds that nothing acts on yet. */
export const laterKinds: readonly Kind[] = [
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  endpoints,
  endpointSlice,
  ingress,
  ingressClass,
  networkPolicy,
  serviceCIDR,
  ipAddress,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  volumeAttachment,
  volumeAttributesClass,
  certificateSigningRequest,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
].map((kind) => anyKind(kind as never));

// What of device claims and classes a record can't check alone: CEL, and the leave of a namespace.
export { adminAccessField, expressionsOfClaim } from "./resource/claim-spec.ts";
export { adminResultField } from "./resource/claim-status.ts";
export { expressionsOf } from "./resource/device-configuration.ts";
