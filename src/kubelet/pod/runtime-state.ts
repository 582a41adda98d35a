// What the runtime knows of one pod, in the order in which decisions read it: the newest first. Imports src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import type { ContainerStatus, SandboxStatus } from "../runtime.ts";
import { containerNameLabel, readContainerRecord } from "./identity.ts";

/** One container of a pod as the runtime has it, and what its annotations tell. */
export interface PodContainer {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly restartCount: number;
  readonly status: ContainerStatus;
  /** The runtime's message with the termination message of the program, where it wrote one. */
  readonly message: string;
}

export interface PodRuntimeState {
  /** The newest first. */
  readonly sandboxes: readonly SandboxStatus[];
  /** The newest first. */
  readonly containers: readonly PodContainer[];
}

export const emptyRuntimeState: PodRuntimeState = { sandboxes: [], containers: [] };

export function toPodContainer(status: ContainerStatus, terminationMessage = ""): PodContainer {
  const record = readContainerRecord(status.annotations);
  const parts = [status.message, terminationMessage].filter((text) => text !== "");
  return {
    id: status.id,
    name: status.labels[containerNameLabel] ?? status.metadata.name,
    hash: record.hash,
    restartCount: record.restartCount,
    status,
    message: parts.join(": "),
  };
}

export function sortRuntimeState(
  sandboxes: readonly SandboxStatus[],
  containers: readonly PodContainer[],
): PodRuntimeState {
  return {
    sandboxes: [...sandboxes].sort((a, b) => b.createdAtMs - a.createdAtMs || b.metadata.attempt - a.metadata.attempt),
    containers: [...containers].sort(
      (a, b) => b.status.createdAtMs - a.status.createdAtMs || b.restartCount - a.restartCount,
    ),
  };
}

/** The newest container of that name. */
export function latestContainer(runtime: PodRuntimeState, name: string): PodContainer | undefined {
  return runtime.containers.find((one) => one.name === name);
}

export const isRunning = (container: PodContainer | undefined): boolean => container?.status.state === "running";
export const hasExited = (container: PodContainer | undefined): boolean => container?.status.state === "exited";

export function runningContainers(runtime: PodRuntimeState): readonly PodContainer[] {
  return runtime.containers.filter(isRunning);
}

export interface SandboxNeed {
  readonly needed: boolean;
  readonly attempt: number;
  /** The newest sandbox; "" where there is none. */
  readonly sandboxId: string;
}

/** Whether the pod needs another sandbox (pkg/kubelet/kuberuntime/util: PodSandboxChanged). */
export function sandboxNeed(pod: Pod, runtime: PodRuntimeState): SandboxNeed {
  const [newest] = runtime.sandboxes;
  if (!newest) return { needed: true, attempt: 0, sandboxId: "" };
  const ready = runtime.sandboxes.filter((one) => one.ready).length;
  const withoutAddress = !pod.spec.hostNetwork && newest.ips.length === 0;
  if (ready > 1 || !newest.ready || withoutAddress) {
    return { needed: true, attempt: newest.metadata.attempt + 1, sandboxId: newest.id };
  }
  return { needed: false, attempt: newest.metadata.attempt, sandboxId: newest.id };
}

/** Whether a regular container has been created: then all init containers had their turn. */
export function hasRegularContainer(pod: Pod, runtime: PodRuntimeState): boolean {
  return pod.spec.containers.some((container) => {
    const latest = latestContainer(runtime, container.name);
    return latest !== undefined && latest.status.state !== "unknown";
  });
}

/** The addresses of the pod: the newest sandbox's, the first of each family, IPv4 first. */
export function podAddresses(runtime: PodRuntimeState): readonly string[] {
  const ips = runtime.sandboxes[0]?.ips ?? [];
  const first = (six: boolean): string[] => {
    const found = ips.find((ip) => ip.includes(":") === six);
    return found === undefined ? [] : [found];
  };
  return [...first(false), ...first(true)];
}
