// Carries out one action of a pod's state machine through the ports. Imports src/kinds.
import { containerReference, podReference } from "../events.ts";
import { crashBackOff, podRetryMs } from "../limits.ts";
import type { Action } from "../pod/action.ts";
import { nextBackOff } from "../pod/back-off.ts";
import { formatPod } from "../pod/container-spec.ts";
import { backOffKey } from "../pod/pod-actions.ts";
import { effectiveResources } from "../pod/resize-actions.ts";
import { hasExited } from "../pod/runtime-state.ts";
import { rpcText, RuntimeNotFoundError, type SandboxConfig } from "../runtime.ts";
import { containerResources } from "../container/linux-resources.ts";
import type { PodWorker } from "./pod-worker.ts";
import { ensureCgroup, linuxContext, podSandboxConfig } from "./pod-files.ts";
import { specOf, startContainer, StartError } from "./start-container.ts";
import { stopAllContainers, stopContainer } from "./stop-containers.ts";

/** "stop": what comes after depends on this; the next round goes on. */
export type Outcome = "next" | "stop";

/** Stops the pod's containers, then its sandboxes. */
export async function killPod(worker: PodWorker, signal: AbortSignal, graceSeconds?: number): Promise<boolean> {
  const { services, pod, uid, hooksRun } = worker;
  const runtime = services.index.stateOf(uid);
  await stopAllContainers({
    services,
    pod,
    runtime,
    signal,
    hooksRun,
    ...(graceSeconds === undefined ? {} : { graceSeconds }),
  });
  if (signal.aborted) return false;
  for (const sandbox of runtime.sandboxes) {
    if (!sandbox.ready) continue;
    try {
      await services.runtime.stopSandbox(sandbox.id);
    } catch (error) {
      if (!(error instanceof RuntimeNotFoundError)) throw error;
    }
  }
  await services.index.refreshPod(uid);
  return true;
}

export async function removeContainer(worker: PodWorker, id: string): Promise<void> {
  try {
    await worker.services.runtime.removeContainer(id);
  } catch (error) {
    if (!(error instanceof RuntimeNotFoundError)) throw error;
  }
  worker.services.index.remove(id);
}

async function sandboxOf(worker: PodWorker, attempt: number): Promise<SandboxConfig> {
  if (worker.sandbox?.attempt !== attempt) {
    worker.sandbox = { attempt, config: await podSandboxConfig(worker.services, worker.pod, attempt) };
  }
  return worker.sandbox.config;
}

async function createSandbox(worker: PodWorker, action: Action & { kind: "create-sandbox" }, signal: AbortSignal) {
  const { services, pod } = worker;
  const { recorder, runtime, index, clock } = services;
  if (action.changed) {
    const message = "Pod sandbox changed, it will be killed and re-created.";
    recorder.event(podReference(pod), "Normal", "SandboxChanged", message);
  }
  try {
    const config = await sandboxOf(worker, action.attempt);
    const id = await runtime.runSandbox(config);
    await index.addSandbox(id);
  } catch (error) {
    worker.sandbox = undefined;
    if (signal.aborted) return "stop";
    const message = `Failed to create pod sandbox: ${rpcText(error)}`;
    recorder.event(podReference(pod), "Warning", "FailedCreatePodSandBox", message);
    worker.wakeAt(clock.now() + podRetryMs);
    return "stop";
  }
  worker.publish({ terminal: false, mayRun: true });
  // Files of the downward API may tell the address, which there was none of before.
  return "next";
}

async function start(worker: PodWorker, action: Action & { kind: "start-container" }, signal: AbortSignal) {
  const { services, pod, failures, backOff, uid } = worker;
  const container = specOf(pod, action.name);
  const sandbox = services.index.stateOf(uid).sandboxes[0];
  if (!container || !sandbox?.ready) return "stop";
  const dead = services.index.stateOf(uid).containers.find((one) => one.name === action.name && hasExited(one));
  if (dead) {
    const key = backOffKey(container);
    const entry = backOff.get(key);
    backOff.set(key, nextBackOff(entry, dead.status.finishedAtMs, services.clock.now(), crashBackOff));
  }
  try {
    const config = await sandboxOf(worker, sandbox.metadata.attempt);
    const { volumes, missingImages, hooksRun } = worker;
    const known = { services, pod, container, sandboxId: sandbox.id, sandbox: config };
    const request = { ...known, volumes, missingImages, signal, hooksRun };
    const id = await startContainer(request);
    if (id === undefined) return "stop";
    failures.delete(action.name);
    worker.actuated.set(action.name, effectiveResources(pod, container.resources));
    worker.publish({ terminal: false, mayRun: true });
    return "next";
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    failures.set(action.name, { reason: error.reason, message: error.message });
    worker.wakeAt(error.retryAtMs ?? services.clock.now() + podRetryMs);
    return action.required ? "stop" : "next";
  }
}

function waitBackOff(worker: PodWorker, action: Action & { kind: "back-off" }): Outcome {
  const { services, pod, failures, toldBackOffs } = worker;
  failures.set(action.name, { reason: "CrashLoopBackOff", message: action.message });
  const told = `${action.name}/${action.untilMs}`;
  if (!toldBackOffs.has(told)) {
    toldBackOffs.clear();
    toldBackOffs.add(told);
    const message = `Back-off restarting failed container ${action.name} in pod ${formatPod(pod)}`;
    services.recorder.event(containerReference(pod, action.name), "Warning", "BackOff", message);
  }
  worker.wakeAt(action.untilMs);
  return action.required ? "stop" : "next";
}

async function updateResources(worker: PodWorker, action: Action & { kind: "update-resources" }): Promise<Outcome> {
  const { services, pod, actuated } = worker;
  const container = specOf(pod, action.name);
  if (!container) return "next";
  const before = actuated.get(action.name);
  const desired = effectiveResources(pod, container.resources);
  // One resource at a time: the other keeps what it has until its own turn.
  const mixed = (list: "requests" | "limits"): Record<string, string> => {
    const result: Record<string, string> = { ...before?.[list] };
    const value = desired[list]?.[action.resource];
    if (value === undefined) delete result[action.resource];
    else result[action.resource] = value;
    return result;
  };
  const resources = { requests: mixed("requests"), limits: mixed("limits") };
  const { oomScoreAdj: _score, ...linux } = containerResources(
    pod,
    { ...container, resources },
    linuxContext(services),
  );
  await services.runtime.updateResources(action.id, linux);
  actuated.set(action.name, resources);
  await services.index.refresh(action.id);
  return "next";
}

/** Rejects as the runtime does; the round is then tried again later. */
export async function actOn(worker: PodWorker, action: Action, signal: AbortSignal): Promise<Outcome> {
  const { services, pod, hooksRun, uid } = worker;
  switch (action.kind) {
    case "kill-pod":
      return (await killPod(worker, signal)) ? "next" : "stop";
    case "stop-container": {
      const container = services.index.stateOf(uid).containers.find(({ id }) => id === action.id);
      if (!container) return "next";
      const { message, reason, graceSeconds } = action;
      const grace = graceSeconds === undefined ? {} : { graceSeconds };
      await stopContainer({ services, pod, container, message, reason, signal, hooksRun, ...grace });
      await services.index.refresh(action.id);
      return signal.aborted ? "stop" : "next";
    }
    case "remove-container": {
      const container = services.index.stateOf(uid).containers.find(({ id }) => id === action.id);
      await removeContainer(worker, action.id);
      if (container && !action.keepLogs) await services.logFiles.remove(container.status.logPath);
      return "next";
    }
    case "create-sandbox":
      return createSandbox(worker, action, signal);
    case "start-container":
      return start(worker, action, signal);
    case "back-off":
      return waitBackOff(worker, action);
    case "update-resources":
      return updateResources(worker, action);
    case "update-pod-resources":
      await ensureCgroup(services, pod);
      return "next";
  }
}
