// What the API fills in on pods and pod templates. Source: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go and
// conversion.go. May import src/base.
import { printQuantity } from "../../base/quantity.ts";
import type { Draft } from "../object.ts";
import type {
  Container,
  ContainerState,
  ContainerStatus,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from "../types/core-v1.gen.ts";
import { defaultRequirements, defaultResourceList } from "./default-resources.ts";
import { defaultVolume } from "./volumes/default-volumes.ts";
import { defaultPullPolicy } from "./image-name.ts";
import { isHugePages, isOvercommitAllowed, isPodLevelResource } from "./resource-names.ts";
import { aggregateContainerLimits, aggregateContainerRequests } from "./resources.ts";

type DraftContainer = Draft<Container> | Draft<EphemeralContainer>;

function defaultHTTPGet(action: Draft<HTTPGetAction> | undefined): void {
  if (!action) return;
  action.path ||= "/";
  action.scheme ||= "HTTP";
}

function defaultProbe(probe: Draft<Probe> | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHTTPGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= "";
}

function defaultEnvironment(env: Draft<EnvVar>[] | undefined): void {
  for (const one of env ?? []) {
    const from = one.valueFrom;
    if (from?.fieldRef) from.fieldRef.apiVersion ||= "v1";
    if (from?.resourceFieldRef) from.resourceFieldRef.divisor ??= "0";
    if (from?.fileKeyRef) from.fileKeyRef.optional ??= false;
  }
}

function defaultContainer(container: DraftContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  defaultEnvironment(container.env);
  defaultRequirements(container.resources);
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHTTPGet(container.lifecycle?.postStart?.httpGet);
  defaultHTTPGet(container.lifecycle?.preStop?.httpGet);
}

/** The account's name is served in two fields, of which the newer decides. */
function defaultServiceAccount(spec: Draft<PodSpec>): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

/** Everything that a pod's spec gets wherever it stands: in a pod, in a template of a workload. */
export function defaultPodSpec(spec: Draft<PodSpec>): void {
  defaultServiceAccount(spec);
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.containers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  defaultResourceList(spec.overhead);
  defaultRequirements(spec.resources);
}

/** With host networking, ports of templates and pods are ports of the node. */
export function defaultHostNetworkPorts(spec: Draft<PodSpec>): void {
  if (!spec.hostNetwork) return;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) {
      if (!port.hostPort && port.containerPort) port.hostPort = port.containerPort;
    }
  }
}

/** A template of a workload: as a pod's spec; without requests from limits, service links, host ports. */
export function defaultPodTemplateSpec(template: Draft<PodTemplateSpec>): void {
  template.spec ??= {};
  defaultPodSpec(template.spec);
}

function requestsFromLimits(container: Draft<Container>): void {
  const { resources } = container;
  if (!resources?.limits) return;
  resources.requests ??= {};
  for (const [name, amount] of Object.entries(resources.limits)) {
    if (!Object.hasOwn(resources.requests, name)) resources.requests[name] = amount;
  }
}

/** KEP-2837: a pod-level limit of huge pages follows from those of the containers. */
function defaultPodLevelLimits(spec: Draft<PodSpec>, resources: Draft<ResourceRequirements>): void {
  const some = Object.keys(resources.limits ?? {}).length + Object.keys(resources.requests ?? {}).length > 0;
  if (!some) return;
  const limits = { ...resources.limits };
  for (const [name, amount] of aggregateContainerLimits({ spec: spec as PodSpec })) {
    if (!isHugePages(name) || Object.hasOwn(resources.requests ?? {}, name)) continue;
    if (!Object.hasOwn(limits, name)) limits[name] = printQuantity(amount);
  }
  if (Object.keys(limits).length > 0) resources.limits = limits;
}

/** KEP-2837: pod-level requests follow from the containers' requests, else from the pod-level limits. */
function defaultPodLevelRequests(spec: Draft<PodSpec>, resources: Draft<ResourceRequirements>): void {
  if (Object.keys(resources.limits ?? {}).length === 0) return;
  const requests = { ...resources.requests };
  for (const [name, amount] of aggregateContainerRequests({ spec: spec as PodSpec })) {
    if (Object.hasOwn(requests, name) || !isPodLevelResource(name) || !isOvercommitAllowed(name)) continue;
    requests[name] = printQuantity(amount);
  }
  for (const [name, amount] of Object.entries(resources.limits ?? {})) {
    if (!Object.hasOwn(requests, name) && isPodLevelResource(name)) requests[name] = amount;
  }
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

const initContainerAnnotations = ["init-containers", "init-container-statuses"].flatMap((name) => [
  `pod.beta.kubernetes.io/${name}`,
  `pod.alpha.kubernetes.io/${name}`,
]);

// Times that aren't set are served as null: they are no pointers in upstream's types.
const noTime = null as unknown as string;

function defaultState(state: Draft<ContainerState>): void {
  if (state.running) state.running.startedAt ??= noTime;
  if (!state.terminated) return;
  state.terminated.exitCode ??= 0;
  state.terminated.startedAt ??= noTime;
  state.terminated.finishedAt ??= noTime;
}

function defaultContainerStatuses(statuses: Draft<ContainerStatus>[] | undefined): void {
  for (const status of statuses ?? []) {
    status.state ??= {};
    status.lastState ??= {};
    defaultState(status.state);
    defaultState(status.lastState);
    status.ready ??= false;
    status.restartCount ??= 0;
    status.image ??= "";
    status.imageID ??= "";
    defaultResourceList(status.allocatedResources);
    defaultRequirements(status.resources);
  }
}

/** The first address is served in two fields, of which the older decides where they differ. */
function defaultStatus(pod: Draft<Pod>): void {
  pod.status ??= {};
  const { status } = pod;
  if (status.podIP && status.podIP !== status.podIPs?.[0]?.ip) status.podIPs = [{ ip: status.podIP }];
  const first = status.podIPs?.[0]?.ip;
  if (first) status.podIP = first;
  for (const condition of status.conditions ?? []) {
    condition.lastProbeTime ??= noTime;
    condition.lastTransitionTime ??= noTime;
  }
  defaultContainerStatuses(status.initContainerStatuses);
  defaultContainerStatuses(status.containerStatuses);
  defaultContainerStatuses(status.ephemeralContainerStatuses);
  defaultResourceList(status.allocatedResources);
  defaultRequirements(status.resources);
}

/** A whole pod, as it is read from a request. */
export function defaultPod(pod: Draft<Pod>): void {
  pod.spec ??= {};
  const { spec } = pod;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) requestsFromLimits(container);
  if (spec.resources) {
    defaultPodLevelLimits(spec, spec.resources);
    defaultPodLevelRequests(spec, spec.resources);
  }
  spec.enableServiceLinks ??= true;
  defaultHostNetworkPorts(spec);
  defaultPodSpec(spec);
  // Only pods: a template keeps what was written.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  const annotations = pod.metadata?.annotations;
  if (annotations) for (const name of initContainerAnnotations) delete annotations[name];
  defaultStatus(pod);
}
