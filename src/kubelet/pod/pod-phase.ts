// The phase of a pod from its containers' statuses (pkg/kubelet: getPhase). Pure; imports src/kinds.
import type { Container, ContainerStatus, Pod, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { isSidecar, isStaticPod, restartsAfterExit } from "./container-spec.ts";

/** The reason that a container bears which was removed so that its pod restarts in place. */
export const restartingAll = "RestartingAllContainers";

interface Count {
  pendingInit: number;
  pendingSidecars: number;
  failedForGood: boolean;
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  stoppedForGood: number;
  succeeded: number;
}

function endsForGood(pod: Pod, container: Container, exitCode: number, reason: string | undefined): boolean {
  return !restartsAfterExit(container, pod.spec, exitCode) && reason !== restartingAll;
}

function countInit(pod: Pod, container: Container, status: ContainerStatus | undefined, count: Count): void {
  const state = status?.state ?? {};
  const ended = state.terminated ?? (state.waiting ? status?.lastState?.terminated : undefined);
  if (!ended) count.pendingInit += 1;
  else if (ended.exitCode !== 0 && endsForGood(pod, container, ended.exitCode, ended.reason))
    count.failedForGood = true;
}

function countSidecar(status: ContainerStatus | undefined, count: Count): void {
  const state = status?.state ?? {};
  if (!status) {
    count.unknown += 1;
  } else if (state.running) {
    if (!status.started) count.pendingSidecars += 1;
    count.running += 1;
  } else if (state.waiting) {
    if (status.lastState?.terminated) return;
    count.pendingSidecars += 1;
    count.waiting += 1;
  } else if (!state.terminated) {
    count.pendingSidecars += 1;
    count.unknown += 1;
  }
}

function countRegular(pod: Pod, container: Container, status: ContainerStatus | undefined, count: Count): void {
  const state = status?.state ?? {};
  const last = status?.lastState?.terminated;
  if (state.running) {
    count.running += 1;
  } else if (state.terminated) {
    count.stopped += 1;
    const { exitCode, reason } = state.terminated;
    if (endsForGood(pod, container, exitCode, reason)) count.stoppedForGood += 1;
    if (exitCode === 0) count.succeeded += 1;
  } else if (state.waiting && last) {
    count.stopped += 1;
    if (endsForGood(pod, container, last.exitCode, last.reason)) count.stoppedForGood += 1;
  } else if (state.waiting) {
    count.waiting += 1;
  } else {
    count.unknown += 1;
  }
}

export interface PhaseFacts {
  /** No container runs and none will be started: the phase is a last one. */
  readonly terminal: boolean;
  /** A regular container has been created in the sandbox that is there now. */
  readonly initialized: boolean;
}

/** The phase; `statuses` are those of the init and the regular containers. */
export function phaseOf(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  { terminal, initialized }: PhaseFacts,
): NonNullable<PodStatus["phase"]> {
  const count: Count = {
    pendingInit: 0,
    pendingSidecars: 0,
    failedForGood: false,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    stoppedForGood: 0,
    succeeded: 0,
  };
  const statusOf = (container: Container): ContainerStatus | undefined =>
    statuses.find(({ name }) => name === container.name);
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) countSidecar(statusOf(container), count);
    else countInit(pod, container, statusOf(container), count);
  }
  for (const container of pod.spec.containers) countRegular(pod, container, statusOf(container), count);

  if (count.failedForGood) return "Failed";
  if (count.pendingInit > 0 || (count.pendingSidecars > 0 && !initialized) || count.waiting > 0) return "Pending";
  if (count.unknown > 0) return "Pending";
  if (count.running > 0) return "Running";
  if (count.stopped === 0) return "Pending";
  const end = count.stopped === count.succeeded ? "Succeeded" : "Failed";
  if (terminal && !isStaticPod(pod)) return end;
  return count.stopped === count.stoppedForGood ? end : "Running";
}
