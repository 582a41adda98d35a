// A pod's life as one pure function: from what the API wants, what the runtime has and what probes and back-off say,
// the actions that come next, in order (pkg/kubelet/kuberuntime: computePodActions and SyncPod's order). Imports
// src/kinds.
import type { Container, Pod } from "../../kinds/types/core-v1.gen.ts";
import { crashBackOff } from "../limits.ts";
import type { Action, PodView, StopReason } from "./action.ts";
import { backOffEnd, formatDuration } from "./back-off.ts";
import {
  type ContainerType,
  containersOf,
  formatPod,
  isSidecar,
  matchingRestartRule,
  restartsAfterExit,
  restartsAfterKill,
} from "./container-spec.ts";
import { hashContainer } from "./identity.ts";
import { planInit } from "./init-actions.ts";
import { containerResize } from "./resize-actions.ts";
import {
  hasExited,
  hasRegularContainer,
  isRunning,
  latestContainer,
  type PodContainer,
  type PodRuntimeState,
  sandboxNeed,
} from "./runtime-state.ts";

/** The key of a container's crash back-off: a container with another image has a history of its own. */
export const backOffKey = (container: Container): string => `${container.name}_${hashContainer(container)}`;

/** Whether the container is to be started, given its newest instance (upstream's ShouldContainerBeRestarted). */
export function shouldStart(pod: Pod, container: Container, runtime: PodRuntimeState): boolean {
  if (pod.metadata.deletionTimestamp) return false;
  const latest = latestContainer(runtime, container.name);
  if (!latest) return true;
  if (isRunning(latest)) return false;
  if (!hasExited(latest)) return true;
  return restartsAfterExit(container, pod.spec, latest.status.exitCode);
}

/** A start, or the wait before it where the container has crashed of late. */
function planStart(view: PodView, type: ContainerType, container: Container): Action {
  const required = type === "init" && !isSidecar(container);
  const { name } = container;
  const dead = view.runtime.containers.find((one) => one.name === name && hasExited(one));
  const entry = view.local.backOff.get(backOffKey(container));
  const untilMs = dead ? backOffEnd(entry, dead.status.finishedAtMs, view.nowMs, crashBackOff) : undefined;
  if (untilMs === undefined) return { kind: "start-container", type, name, required };
  const delayMs = entry!.delayMs;
  const message = `back-off ${formatDuration(delayMs)} restarting failed container=${name} pod=${formatPod(view.pod)}`;
  return { kind: "back-off", type, name, untilMs, delayMs, message, required };
}

const stopOf = (container: PodContainer, message: string, reason: StopReason): Action => ({
  kind: "stop-container",
  id: container.id,
  name: container.name,
  message,
  reason,
});

/** Everything anew in another sandbox, or nothing where the pod has had its run. */
function planNewSandbox(view: PodView, attempt: number, changed: boolean): Action[] {
  const { pod, runtime } = view;
  const kill: Action[] = changed ? [{ kind: "kill-pod", forNewSandbox: true }] : [];
  if (pod.spec.restartPolicy === "Never" && attempt !== 0 && runtime.containers.length > 0) return kill;
  const remaining = pod.spec.containers.filter((container) => {
    const policy = container.restartPolicy ?? pod.spec.restartPolicy;
    const latest = latestContainer(runtime, container.name);
    return !(policy === "OnFailure" && hasExited(latest) && latest!.status.exitCode === 0);
  });
  if (remaining.length === 0 && hasRegularContainer(pod, runtime)) return kill;
  const [first] = pod.spec.initContainers ?? [];
  const starts = first
    ? [planStart(view, "init", first)]
    : remaining.map((container) => planStart(view, "regular", container));
  const initNames = new Set((pod.spec.initContainers ?? []).map((container) => container.name));
  const purges = runtime.containers
    .filter((container) => changed && initNames.has(container.name))
    .map(({ id, name }): Action => ({ kind: "remove-container", id, name, keepLogs: true }));
  return [...kill, ...purges, { kind: "create-sandbox", attempt, changed }, ...starts];
}

/** All containers are killed and removed, those that asked for it last (KEP-5532). */
function planRestartAll({ pod, runtime }: PodView): Action[] {
  const order: Record<"regular" | "init" | "asking", Action[]> = { regular: [], init: [], asking: [] };
  const specs = containersOf(pod.spec).filter(({ type }) => type !== "ephemeral");
  for (const { type, container } of [...specs].sort((a, b) => Number(a.type === "init") - Number(b.type === "init"))) {
    for (const one of runtime.containers.filter(({ name }) => name === container.name)) {
      const rule = hasExited(one) ? matchingRestartRule(container, one.status.exitCode) : undefined;
      const list = rule?.action === "RestartAllContainers" ? order.asking : order[type === "init" ? "init" : "regular"];
      if (!hasExited(one)) {
        list.push({ ...stopOf(one, "killing", "RestartAllContainers"), graceSeconds: 0 } as Action);
      }
      list.push({ kind: "remove-container", id: one.id, name: one.name, keepLogs: true });
    }
  }
  return [...order.regular, ...order.init, ...order.asking];
}

interface RegularPlan {
  kept: number;
  readonly stops: Action[];
  readonly starts: Container[];
}

/** Why a running container cannot stay; undefined: it can. */
function stopCause(view: PodView, container: Container, running: PodContainer) {
  if (running.hash !== hashContainer(container)) {
    return { message: `Container ${container.name} definition changed`, reason: "" as const, restart: true };
  }
  const restart = restartsAfterKill(container, view.pod.spec);
  if (view.local.liveness.get(running.id) === "failure") {
    return { message: `Container ${container.name} failed liveness probe`, reason: "LivenessProbe" as const, restart };
  }
  if (view.local.startup.get(running.id) === "failure") {
    return { message: `Container ${container.name} failed startup probe`, reason: "StartupProbe" as const, restart };
  }
  return undefined;
}

function planRegular(view: PodView): RegularPlan {
  const plan: RegularPlan = { kept: 0, stops: [], starts: [] };
  for (const container of view.pod.spec.containers) {
    const latest = latestContainer(view.runtime, container.name);
    if (!latest || !isRunning(latest)) {
      if (!shouldStart(view.pod, container, view.runtime)) continue;
      plan.starts.push(container);
      if (latest?.status.state === "unknown") {
        plan.stops.push(stopOf(latest, `Container is in "unknown" state, try killing it before restart`, "Unknown"));
      }
      continue;
    }
    const cause = stopCause(view, container, latest);
    if (cause) {
      const message = cause.restart ? `${cause.message}, will be restarted` : cause.message;
      plan.stops.push(stopOf(latest, message, cause.reason));
      if (cause.restart) plan.starts.push(container);
    } else if (containerResize(view, container).restart) {
      plan.stops.push(stopOf(latest, `Container ${container.name} resize requires restart`, ""));
      plan.starts.push(container);
    } else {
      plan.kept += 1;
    }
  }
  return plan;
}

/** Updates of running containers: memory, then CPU; what shrinks first. */
function planResize(view: PodView): Action[] {
  const found: Record<"memory" | "cpu", { action: Action; decrease: boolean }[]> = { memory: [], cpu: [] };
  for (const { type, container } of containersOf(view.pod.spec)) {
    const latest = latestContainer(view.runtime, container.name);
    if (type === "ephemeral" || !latest || !isRunning(latest)) continue;
    const { changes, restart } = containerResize(view, container);
    for (const { resource, decrease } of restart ? [] : changes) {
      const action: Action = { kind: "update-resources", id: latest.id, name: latest.name, resource };
      found[resource].push({ action, decrease });
    }
  }
  const ordered = [found.memory, found.cpu].flatMap((list) =>
    list.sort((a, b) => Number(b.decrease) - Number(a.decrease)),
  );
  if (ordered.length === 0) return [];
  return [{ kind: "update-pod-resources" }, ...ordered.map(({ action }) => action)];
}

/** Of the dead instances of a container the newest is kept: its end is the container's last state. */
function planPruning({ pod, runtime }: PodView): Action[] {
  const prunes: Action[] = [];
  for (const { container } of containersOf(pod.spec)) {
    const dead = runtime.containers.filter((one) => one.name === container.name && hasExited(one));
    for (const { id, name } of dead.slice(1)) prunes.push({ kind: "remove-container", id, name, keepLogs: false });
  }
  return prunes;
}

/**
 * The actions that bring the runtime closer to the pod's specification, in the order in which they are carried out.
 * None: all is as it should be. Not for a pod that is being terminated.
 */
export function podActions(view: PodView): Action[] {
  const { pod, runtime } = view;
  const sandbox = sandboxNeed(pod, runtime);
  if (view.local.restartAll) return planRestartAll(view);
  if (sandbox.needed) return planNewSandbox(view, sandbox.attempt, sandbox.sandboxId !== "");

  const ephemeral = (pod.spec.ephemeralContainers ?? [])
    .filter(({ name }) => !latestContainer(runtime, name))
    .map((one): Action => ({ kind: "start-container", type: "ephemeral", name: one.name, required: false }));
  const init = planInit(view);
  if (init.failed) return [{ kind: "kill-pod", forNewSandbox: false }];
  const regular: RegularPlan = init.initialized ? planRegular(view) : { kept: 1, stops: [], starts: [] };
  if (regular.kept === 0 && regular.starts.length === 0) return [{ kind: "kill-pod", forNewSandbox: false }];
  const stops = init.stops.map(({ container, message, reason }) => stopOf(container, message, reason));
  return [
    ...stops,
    ...regular.stops,
    ...ephemeral,
    ...init.starts.map((index) => planStart(view, "init", pod.spec.initContainers![index]!)),
    ...planResize(view),
    ...regular.starts.map((container) => planStart(view, "regular", container)),
    ...planPruning(view),
  ];
}
