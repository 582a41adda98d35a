// What a pod's state machine may order, and what it looks at. Pure types; imports src/kinds.
import type { Pod, ResourceRequirements } from "../../kinds/types/core-v1.gen.ts";
import type { BackOffEntry } from "./back-off.ts";
import type { ContainerType } from "./container-spec.ts";
import type { PodRuntimeState } from "./runtime-state.ts";

export type ProbeResult = "success" | "failure" | "unknown";

/** Why a running container is stopped; a probe's own grace period depends on it. */
export type StopReason =
  | "StartupProbe"
  | "LivenessProbe"
  | "FailedPostStartHook"
  | "RestartAllContainers"
  | "Unknown"
  | "";

/** What the node agent itself knows of a pod. It may be lost at any moment: the machine converges without it. */
export interface PodLocalState {
  /** Results by container id; absent: not probed yet. */
  readonly startup: ReadonlyMap<string, ProbeResult>;
  readonly liveness: ReadonlyMap<string, ProbeResult>;
  /** Crash back-off by container name and hash. */
  readonly backOff: ReadonlyMap<string, BackOffEntry>;
  /** Resources as they were last set on a container, by its name. */
  readonly actuated: ReadonlyMap<string, ResourceRequirements>;
  /** A container's exit has asked for all containers to be restarted, and they are not all removed yet. */
  readonly restartAll: boolean;
}

export type Action =
  /** Stop all containers (in order, where there are sidecars), then all sandboxes. */
  | { readonly kind: "kill-pod"; readonly forNewSandbox: boolean }
  | {
      readonly kind: "stop-container";
      readonly id: string;
      readonly name: string;
      readonly message: string;
      readonly reason: StopReason;
      readonly graceSeconds?: number;
    }
  | { readonly kind: "remove-container"; readonly id: string; readonly name: string; readonly keepLogs: boolean }
  | { readonly kind: "create-sandbox"; readonly attempt: number; readonly changed: boolean }
  | {
      readonly kind: "start-container";
      readonly type: ContainerType;
      readonly name: string;
      /** A failure ends this round: what comes after depends on it (an init container that is not a sidecar). */
      readonly required: boolean;
    }
  /** The container waits until `untilMs`; `message` is what the status and an event say. */
  | {
      readonly kind: "back-off";
      readonly type: ContainerType;
      readonly name: string;
      readonly untilMs: number;
      readonly delayMs: number;
      readonly message: string;
      readonly required: boolean;
    }
  | { readonly kind: "update-resources"; readonly id: string; readonly name: string; readonly resource: Resizable }
  | { readonly kind: "update-pod-resources" };

export type Resizable = "cpu" | "memory";

export interface PodView {
  readonly pod: Pod;
  readonly runtime: PodRuntimeState;
  readonly local: PodLocalState;
  readonly nowMs: number;
}

export const emptyLocalState: PodLocalState = {
  startup: new Map(),
  liveness: new Map(),
  backOff: new Map(),
  actuated: new Map(),
  restartAll: false,
};
