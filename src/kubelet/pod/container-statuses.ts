// The statuses of a pod's containers from what the runtime has, what was reported before, and why a start failed
// (pkg/kubelet: convertToAPIContainerStatuses). Pure; imports src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  ResourceRequirements,
  VolumeMountStatus,
} from "../../kinds/types/core-v1.gen.ts";
import type { LinuxResources } from "../runtime.ts";
import { fromBinary, fromMilli, milliOf } from "./amounts.ts";
import { type ContainerType, isSidecar } from "./container-spec.ts";
import { shouldStart } from "./pod-actions.ts";
import { restartingAll } from "./pod-phase.ts";
import {
  hasExited,
  hasRegularContainer,
  isRunning,
  latestContainer,
  type PodContainer,
  type PodRuntimeState,
} from "./runtime-state.ts";

/** Why a container is not running: "CrashLoopBackOff", "ErrImagePull", "CreateContainerConfigError" … */
export interface StartFailure {
  readonly reason: string;
  readonly message: string;
}
export interface StatusFacts {
  readonly pod: Pod;
  readonly runtime: PodRuntimeState;
  /** "containerd": the scheme of container ids. */
  readonly runtimeName: string;
  /** By container name. */
  readonly failures: ReadonlyMap<string, StartFailure>;
  readonly restartAll: boolean;
  /** Whether the runtime can mount read-only recursively. */
  readonly recursiveReadOnly: boolean;
}

export const containerIdOf = (facts: { runtimeName: string }, container: PodContainer): string =>
  `${facts.runtimeName}://${container.id}`;

const mountStatuses = (container: Container, recursive: boolean): VolumeMountStatus[] =>
  (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, recursiveReadOnly }) => {
    if (!readOnly) return { name, mountPath };
    const asked = recursiveReadOnly === "Enabled" || (recursiveReadOnly === "IfPossible" && recursive);
    return { name, mountPath, readOnly, recursiveReadOnly: asked ? "Enabled" : "Disabled" };
  });

const cpuLimitMin = 10;

/** What runs with which resources: the runtime's own numbers where it gives them, what was asked for elsewhere. */
function actualResources(
  asked: ResourceRequirements | undefined,
  runs: LinuxResources | undefined,
): ResourceRequirements {
  const result: { requests?: Record<string, string>; limits?: Record<string, string> } = {};
  if (asked?.requests) result.requests = { ...asked.requests };
  if (asked?.limits) result.limits = { ...asked.limits };
  if (!runs) return result;
  if (result.limits) {
    const quota = runs.cpuQuota && runs.cpuPeriod ? Math.trunc((runs.cpuQuota * 1000) / runs.cpuPeriod) : 0;
    if (quota > 0 && (quota > cpuLimitMin || milliOf(result.limits.cpu) > cpuLimitMin))
      result.limits.cpu = fromMilli(quota);
    if (runs.memoryLimitBytes) result.limits.memory = fromBinary(runs.memoryLimitBytes);
  }
  if (result.requests && runs.cpuShares) {
    const milli = Math.ceil((runs.cpuShares * 1000) / 1024);
    const unchanged = Math.max(2, Math.trunc((milliOf(result.requests.cpu) * 1024) / 1000)) === runs.cpuShares;
    if (!unchanged && milli > 2) result.requests.cpu = fromMilli(milli);
  }
  return result;
}

function terminatedState(facts: StatusFacts, container: PodContainer): ContainerStateTerminated {
  const { status } = container;
  return {
    exitCode: status.exitCode,
    ...(status.reason ? { reason: status.reason } : {}),
    ...(container.message ? { message: container.message } : {}),
    startedAt: toTime(status.startedAtMs),
    finishedAt: toTime(status.finishedAtMs),
    containerID: containerIdOf(facts, container),
  };
}

const unlocated = (message: string): ContainerStateTerminated => ({
  reason: "ContainerStatusUnknown",
  message,
  exitCode: 137,
});

function stateOf(facts: StatusFacts, container: PodContainer, old: ContainerStatus | undefined): ContainerState {
  switch (container.status.state) {
    case "running":
      return { running: { startedAt: toTime(container.status.startedAtMs) } };
    case "exited":
      return { terminated: terminatedState(facts, container) };
    case "created":
      return { waiting: {} };
    case "unknown": {
      if (!old?.state?.running) return { waiting: {} };
      const gone = unlocated("The container could not be located when the pod was terminated");
      return { terminated: facts.restartAll ? { ...gone, reason: restartingAll } : gone };
    }
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type DraftStatus = Writable<ContainerStatus>;

/** A container that the runtime has, its newest instance or the one before. */
function convert(
  facts: StatusFacts,
  spec: Container,
  one: PodContainer,
  old: ContainerStatus | undefined,
): DraftStatus {
  const { status } = one;
  const draft: DraftStatus = {
    name: one.name,
    image: status.image,
    imageID: status.imageRef,
    containerID: containerIdOf(facts, one),
    restartCount: Math.max(one.restartCount, old?.restartCount ?? 0),
    ready: false,
    state: stateOf(facts, one, old),
    lastState: {},
  };
  if (old?.volumeMounts) draft.volumeMounts = old.volumeMounts;
  const ended = old?.containerID !== draft.containerID ? old?.state?.terminated : undefined;
  const last = ended ?? old?.lastState?.terminated;
  if (last) draft.lastState = { terminated: last };
  if (isRunning(one)) {
    if (old?.state?.terminated && old.restartCount >= one.restartCount) draft.restartCount = old.restartCount + 1;
    if (old?.started !== undefined) draft.started = old.started;
  }
  if (status.state === "unknown" && old?.state?.running) draft.restartCount = old.restartCount + 1;
  draft.resources = isRunning(one) ? actualResources(spec.resources, status.resources) : { ...spec.resources };
  if (spec.resources?.requests) draft.allocatedResources = spec.resources.requests;
  if (status.user) {
    const { uid, gid, supplementalGroups } = status.user;
    draft.user = { linux: { uid, gid, ...(supplementalGroups.length > 0 ? { supplementalGroups } : {}) } };
  }
  return draft;
}

/** A container that the runtime does not have. */
function initial(facts: StatusFacts, spec: Container, old: ContainerStatus | undefined): DraftStatus {
  const waiting = facts.pod.spec.initContainers?.length ? "PodInitializing" : "ContainerCreating";
  const volumeMounts = mountStatuses(spec, facts.recursiveReadOnly);
  const base: DraftStatus = {
    name: spec.name,
    image: spec.image ?? "",
    imageID: "",
    restartCount: 0,
    ready: false,
    state: { waiting: { reason: waiting } },
    lastState: {},
    ...(volumeMounts.length > 0 ? { volumeMounts } : {}),
  };
  if (!old) return base;
  if (old.state?.terminated) return { ...old };
  return { ...base, restartCount: old.restartCount, lastState: old.lastState ?? {} };
}

/** The container was reported to run and is gone: it ended, though nobody knows how. */
function withLoss(facts: StatusFacts, draft: DraftStatus, old: ContainerStatus | undefined): DraftStatus {
  if (!old) return draft;
  if (facts.restartAll && !old.state?.waiting) {
    const message = "The container is removed because RestartAllContainers in place";
    return {
      ...draft,
      state: { waiting: { reason: restartingAll, message } },
      lastState: { terminated: { reason: restartingAll, message, exitCode: 137 } },
      restartCount: old.restartCount + 1,
    };
  }
  if (!old.state?.running || draft.lastState?.terminated) return draft;
  const message = "The container could not be located when the pod was deleted.  The container used to be Running";
  const restarted = facts.pod.metadata.deletionTimestamp ? 0 : 1;
  return { ...draft, lastState: { terminated: unlocated(message) }, restartCount: draft.restartCount + restarted };
}

/** A container that waits for its start, with the reason why the last try failed. */
function withFailure(facts: StatusFacts, spec: Container, draft: DraftStatus): DraftStatus {
  const failure = facts.failures.get(spec.name);
  if (!failure || !shouldStart(facts.pod, spec, facts.runtime)) return draft;
  const { reason, message } = failure;
  return {
    ...draft,
    state: { waiting: { reason, ...(message ? { message } : {}) } },
    ...(draft.state?.terminated ? { lastState: { terminated: draft.state.terminated } } : {}),
  };
}

function withInitOutcome(facts: StatusFacts, spec: Container, draft: DraftStatus): DraftStatus | undefined {
  const latest = latestContainer(facts.runtime, spec.name);
  if (hasExited(latest) && latest!.status.exitCode === 0 && !isSidecar(spec)) return draft;
  const lost = !latest && !isSidecar(spec) && draft.state?.waiting !== undefined;
  if (!lost || !hasRegularContainer(facts.pod, facts.runtime)) return undefined;
  const message =
    "Unable to get init container status from container runtime and pod has been initialized, " +
    "treat it as exited normally";
  return { ...draft, state: { terminated: { reason: "Completed", message, exitCode: 0 } } };
}

function statusOf(facts: StatusFacts, type: ContainerType, spec: Container, old: ContainerStatus | undefined) {
  const [newest, previous] = facts.runtime.containers.filter(({ name }) => name === spec.name);
  let draft = initial(facts, spec, old);
  if (!newest) {
    draft = withLoss(facts, draft, old);
  } else {
    const volumeMounts = draft.volumeMounts;
    draft = convert(facts, spec, newest, old);
    if (!draft.volumeMounts && volumeMounts) draft.volumeMounts = volumeMounts;
    if (previous) draft.lastState = convert(facts, spec, previous, undefined).state ?? {};
  }
  if (type === "init") {
    const outcome = withInitOutcome(facts, spec, draft);
    if (outcome) return outcome;
  }
  return type === "ephemeral" && newest ? draft : withFailure(facts, spec, draft);
}

/** The statuses of the containers of one type: init containers in their order, the others sorted by name. */
export function containerStatuses(
  facts: StatusFacts,
  type: ContainerType,
  specs: readonly Container[],
  old: readonly ContainerStatus[] | undefined,
): ContainerStatus[] {
  const statuses = specs.map((spec) =>
    statusOf(
      facts,
      type,
      spec,
      old?.find(({ name }) => name === spec.name),
    ),
  );
  return type === "init" ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
