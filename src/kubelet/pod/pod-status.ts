// The whole status of a pod, as the API is told it, from the runtime's state and the probes' results
// (pkg/kubelet: generateAPIPodStatus; pkg/kubelet/prober: UpdatePodStatus). Pure; imports src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { podTerminationMessageBytesMax } from "../limits.ts";
import type { PodLocalState, ProbeResult } from "./action.ts";
import {
  containersOf,
  isSidecar,
  isTerminalPhase,
  matchingRestartRule,
  mayRestartAllContainers,
} from "./container-spec.ts";
import { containerStatuses, type StartFailure, type StatusFacts } from "./container-statuses.ts";
import {
  allRestarting,
  type ConditionFacts,
  containersReady,
  findCondition,
  ownConditions,
  podInitialized,
  podReady,
  podScheduled,
  sandboxReady,
} from "./pod-conditions.ts";
import { phaseOf } from "./pod-phase.ts";
import { podLimits, podRequests, serviceClassOf } from "./pod-resources.ts";
import { hasExited, latestContainer, podAddresses, type PodRuntimeState, sandboxNeed } from "./runtime-state.ts";

export interface PodStatusInput {
  readonly pod: Pod;
  readonly runtime: PodRuntimeState;
  readonly local: PodLocalState & { readonly readiness: ReadonlyMap<string, ProbeResult> };
  /** The status as this agent last made it; absent after its start: the API's. */
  readonly last: PodStatus | undefined;
  readonly failures: ReadonlyMap<string, StartFailure>;
  readonly runtimeName: string;
  readonly recursiveReadOnly: boolean;
  readonly hostIps: readonly string[];
  readonly nowMs: number;
  /** Containers that ran before this moment keep their readiness until they are probed anew. */
  readonly recoveredBeforeMs: number;
  /** All containers have ended and none will be started. */
  readonly terminal: boolean;
  /** The end that the agent itself decided on: eviction, a deadline. */
  readonly verdict?: { readonly reason: string; readonly message: string };
  /** PodResizePending and PodResizeInProgress, as the worker has them. */
  readonly resizeConditions: readonly PodCondition[];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function isStarted(input: PodStatusInput, status: ContainerStatus, spec: Container): boolean {
  if (!status.state?.running) return false;
  const result = input.local.startup.get(idOf(status));
  if (result !== undefined) return result === "success";
  return status.started === true || !spec.startupProbe;
}

const idOf = (status: ContainerStatus): string => (status.containerID ?? "").replace(/^[^:]*:\/\//, "");

function isReady(input: PodStatusInput, status: ContainerStatus, spec: Container): boolean {
  const running = status.state?.running;
  if (!running) return false;
  const result = input.local.readiness.get(idOf(status));
  if (result === "success") return true;
  if (!spec.readinessProbe) return true;
  const recovered = Date.parse(running.startedAt ?? "") < input.recoveredBeforeMs;
  if (!recovered || result !== undefined) return false;
  return findCondition(input.pod.status, "Ready")?.status === "True";
}

function withProbes(
  input: PodStatusInput,
  list: readonly ContainerStatus[],
  specs: readonly Container[],
  init: boolean,
) {
  return list.map((status): ContainerStatus => {
    const spec = specs.find(({ name }) => name === status.name)!;
    const started = isStarted(input, status, spec);
    if (init && !isSidecar(spec)) {
      return { ...status, started, ready: status.state?.terminated?.exitCode === 0 || status.ready };
    }
    return { ...status, started, ready: started && isReady(input, status, spec) };
  });
}

/** Whether a container's exit has asked for all containers to be restarted (upstream's ShouldAllContainersRestart). */
export function asksForRestart(pod: Pod, runtime: PodRuntimeState, last: PodStatus | undefined): boolean {
  if (!mayRestartAllContainers(pod.spec)) return false;
  if (findCondition(last, "AllContainersRestarting")?.status === "True") return true;
  return containersOf(pod.spec).some(({ type, container }) => {
    const latest = latestContainer(runtime, container.name);
    if (type === "ephemeral" || !hasExited(latest)) return false;
    return matchingRestartRule(container, latest!.status.exitCode)?.action === "RestartAllContainers";
  });
}

/** Whether it is under way: some container is still there. */
export function isRestartingAll(pod: Pod, runtime: PodRuntimeState, last: PodStatus | undefined): boolean {
  const left = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(({ name }) =>
    latestContainer(runtime, name),
  );
  return left && asksForRestart(pod, runtime, last);
}

function cutMessages(statuses: readonly ContainerStatus[] | undefined, bytes: number): ContainerStatus[] | undefined {
  const cut = (state: ContainerStatus["state"]): ContainerStatus["state"] => {
    const message = state?.terminated?.message;
    if (!message || message.length <= bytes) return state;
    return { terminated: { ...state.terminated!, message: message.slice(0, bytes) } };
  };
  return statuses?.map((status) => ({ ...status, state: cut(status.state)!, lastState: cut(status.lastState)! }));
}

function decidePhase(input: PodStatusInput, status: Writable<PodStatus>): void {
  const { pod, last, runtime } = input;
  const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const active = runtime.sandboxes[0]?.id;
  const initialized = pod.spec.containers.some(({ name }) =>
    runtime.containers.some((one) => one.name === name && one.status.sandboxId === active),
  );
  let phase = phaseOf(pod, all, { terminal: input.terminal, initialized });
  if (!isTerminalPhase(phase)) {
    if (isTerminalPhase(last?.phase)) phase = last!.phase!;
    else if (isTerminalPhase(pod.status?.phase)) phase = pod.status!.phase!;
  }
  if (phase === last?.phase) {
    const reason = last.reason || pod.status?.reason;
    const message = last.message || pod.status?.message;
    if (reason) status.reason = reason;
    if (message) status.message = message;
  }
  if (input.verdict) {
    phase = "Failed";
    status.reason = input.verdict.reason;
    status.message = input.verdict.message;
  }
  if (isTerminalPhase(pod.status?.phase)) phase = pod.status!.phase!;
  status.phase = phase;
}

function decideConditions(input: PodStatusInput, status: Writable<PodStatus>, restartAll: boolean): PodCondition[] {
  const { pod, last, runtime } = input;
  const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  const disruption = findCondition(last, "DisruptionTarget");
  const kept = disruption ? [...foreign.filter(({ type }) => type !== "DisruptionTarget"), disruption] : foreign;
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const facts: ConditionFacts = { pod, old: last, statuses, phase: status.phase };
  const conditions = [
    ...kept,
    ...input.resizeConditions,
    sandboxReady(pod, !sandboxNeed(pod, runtime).needed),
    podInitialized(facts),
  ];
  conditions.push(podReady(facts, conditions), containersReady(facts), podScheduled(pod));
  if (mayRestartAllContainers(pod.spec)) {
    const left = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(({ name }) =>
      latestContainer(runtime, name),
    );
    conditions.push(allRestarting(status.phase, restartAll && left));
  }
  return conditions.map((one) => withTransition(one, findCondition(last, one.type), input.nowMs));
}

/** A condition's time is that of its last change of status. */
function withTransition(condition: PodCondition, old: PodCondition | undefined, nowMs: number): PodCondition {
  if (!ownConditions.has(condition.type) && condition.type !== "DisruptionTarget") return condition;
  if (condition.type.startsWith("PodResize")) return condition;
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : undefined;
  return {
    ...condition,
    lastProbeTime: undefined,
    lastTransitionTime: lastTransitionTime ?? toTime(nowMs),
  } as PodCondition;
}

function decideAddresses(input: PodStatusInput, status: Writable<PodStatus>): void {
  const { pod, runtime, hostIps, last } = input;
  const fromRuntime = pod.spec.hostNetwork ? hostIps : podAddresses(runtime);
  // A pod that has ended keeps the addresses that it had; its sandbox has lost them.
  const ended = input.terminal || isTerminalPhase(last?.phase);
  const ips = fromRuntime.length > 0 || !ended ? fromRuntime : (last?.podIPs ?? []).map(({ ip }) => ip);
  if (ips[0]) {
    status.podIP = ips[0];
    status.podIPs = ips.map((ip) => ({ ip }));
  }
  if (hostIps[0]) {
    status.hostIP = hostIps[0];
    status.hostIPs = hostIps.map((ip) => ({ ip }));
  }
}

/** The status that the API is to have. Times of conditions that have not changed stay. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, runtime, last } = input;
  const restartAll = asksForRestart(pod, runtime, last);
  const facts: StatusFacts = { ...input, restartAll };
  const initSpecs = pod.spec.initContainers ?? [];
  const ephemeralSpecs = (pod.spec.ephemeralContainers ?? []) as readonly Container[];
  const status: Writable<PodStatus> = { qosClass: serviceClassOf(pod) };
  const regular = containerStatuses(facts, "regular", pod.spec.containers, last?.containerStatuses);
  const init = containerStatuses(facts, "init", initSpecs, last?.initContainerStatuses);
  const ephemeral = containerStatuses(facts, "ephemeral", ephemeralSpecs, last?.ephemeralContainerStatuses);
  const bytes = Math.trunc(podTerminationMessageBytesMax / Math.max(1, containersOf(pod.spec).length));
  status.containerStatuses = cutMessages(regular, bytes)!;
  if (init.length > 0) status.initContainerStatuses = cutMessages(init, bytes)!;
  if (ephemeral.length > 0) status.ephemeralContainerStatuses = cutMessages(ephemeral, bytes)!;
  status.containerStatuses = withProbes(input, status.containerStatuses, pod.spec.containers, false);
  // The phase looks at whether sidecars have started, so their probes come first.
  if (init.length > 0) status.initContainerStatuses = withProbes(input, status.initContainerStatuses!, initSpecs, true);
  decidePhase(input, status);
  status.conditions = decideConditions(input, status, restartAll);
  decideAddresses(input, status);
  const resources = podLevelResources(pod);
  status.resources = resources;
  if (Object.keys(resources.requests ?? {}).length > 0) status.allocatedResources = resources.requests!;
  status.startTime = last?.startTime ?? pod.status?.startTime ?? toTime(input.nowMs);
  if (pod.metadata.generation) status.observedGeneration = pod.metadata.generation;
  return status;
}

function podLevelResources(pod: Pod): NonNullable<PodStatus["resources"]> {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  return {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}
