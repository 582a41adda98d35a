// The init containers' part of a pod's state machine: run them one after the other, keep sidecars running
// (pkg/kubelet/kuberuntime: computeInitContainerActions; KEP-753). Imports src/kinds.
import type { Container } from "../../kinds/types/core-v1.gen.ts";
import type { PodView, StopReason } from "./action.ts";
import { isSidecar, restartsAfterExit, restartsAfterKill } from "./container-spec.ts";
import { hashContainer } from "./identity.ts";
import { containerResize } from "./resize-actions.ts";
import { latestContainer, type PodContainer } from "./runtime-state.ts";

export interface PlannedStop {
  readonly container: PodContainer;
  readonly message: string;
  readonly reason: StopReason;
}
export interface InitPlan {
  /** The regular containers may run. */
  initialized: boolean;
  /** An init container has failed for good: the pod ends. */
  failed: boolean;
  /** Indexes in the specification, in the order in which they are started. */
  readonly starts: number[];
  readonly stops: PlannedStop[];
}

const quoteState = (container: PodContainer): string => `"${container.status.state}"`;

/** A running sidecar: is it started, healthy, as specified? Appends what is to be done; answers whether it is started. */
function planSidecar(
  view: PodView,
  container: Container,
  index: number,
  running: PodContainer,
  plan: InitPlan,
): boolean {
  const stop = (message: string, reason: StopReason): void => {
    plan.stops.push({ container: running, message, reason });
    plan.starts.push(index);
  };
  if (container.startupProbe) {
    const startup = view.local.startup.get(running.id);
    if (startup === "failure") stop(`Init container ${container.name} failed startup probe`, "StartupProbe");
    if (startup !== "success") return false;
  }
  if (running.hash !== hashContainer(container)) {
    stop(`Init container ${container.name} definition changed`, "");
  } else if (container.livenessProbe && view.local.liveness.get(running.id) === "failure") {
    stop(`Init container ${container.name} failed liveness probe`, "LivenessProbe");
  } else if (containerResize(view, container).restart) {
    stop(`Container ${container.name} resize requires restart`, "");
  }
  return true;
}

/** What an init container's newest instance asks for. Answers whether it has done its part. */
function planInstance(view: PodView, index: number, latest: PodContainer, plan: InitPlan): boolean {
  const container = view.pod.spec.initContainers![index]!;
  const sidecar = isSidecar(container);
  switch (latest.status.state) {
    case "created":
      plan.starts.push(index);
      return false;
    case "running":
      return sidecar && planSidecar(view, container, index, latest, plan);
    case "exited": {
      if (sidecar) {
        plan.starts.push(index);
        return false;
      }
      if (latest.status.exitCode === 0 && latest.status.reason !== "OOMKilled") return true;
      if (view.pod.metadata.deletionTimestamp || !restartsAfterExit(container, view.pod.spec, latest.status.exitCode)) {
        plan.failed = true;
      } else {
        plan.starts.push(index);
      }
      return false;
    }
    case "unknown": {
      if (!sidecar && !restartsAfterKill(container, view.pod.spec)) {
        plan.failed = true;
        return false;
      }
      const message = `Init container is in ${quoteState(latest)} state, try killing it before restart`;
      plan.stops.push({ container: latest, message, reason: "Unknown" });
      plan.starts.push(index);
      return false;
    }
  }
}

/** Whether a regular container is there that was created in this sandbox: then initialisation is past. */
function isInitialized({ pod, runtime }: PodView): boolean {
  return pod.spec.containers.some((container) => {
    const state = latestContainer(runtime, container.name)?.status.state;
    return state === "created" || state === "running";
  });
}

/** From the last to the first: completed init containers may be gone from the runtime, so the last one that is there
 * tells how far initialisation has come. */
export function planInit(view: PodView): InitPlan {
  const specs = view.pod.spec.initContainers ?? [];
  const plan: InitPlan = { initialized: specs.length === 0, failed: false, starts: [], stops: [] };
  if (specs.length === 0) return plan;
  plan.initialized = isInitialized(view);
  let later = plan.initialized;
  for (let index = specs.length - 1; index >= 0; index -= 1) {
    const container = specs[index]!;
    const sidecar = isSidecar(container);
    const latest = latestContainer(view.runtime, container.name);
    if (!latest) {
      if (later && sidecar) plan.starts.push(index);
      continue;
    }
    if (later && !sidecar) continue;
    const done = planInstance(view, index, latest, plan);
    if (plan.failed) return { ...plan, initialized: false, starts: [] };
    if (done && index === specs.length - 1) plan.initialized = true;
    else if (done && !later) plan.starts.push(index + 1);
    later = true;
  }
  if (!later) plan.starts.push(0);
  plan.starts.reverse();
  return plan;
}
