// Stopping containers: hooks first, sidecars after all others and in reverse order, each with what is left of the grace
// period (pkg/kubelet/kuberuntime: killContainer, terminationOrdering). Imports src/base and src/kinds.
import { sleep } from "../../base/clock.ts";
import type { Container, Pod, Probe } from "../../kinds/types/core-v1.gen.ts";
import { containerReference } from "../events.ts";
import { minimumGraceSeconds } from "../limits.ts";
import type { StopReason } from "../pod/action.ts";
import { findContainer, isSidecar } from "../pod/container-spec.ts";
import { type PodContainer, type PodRuntimeState, runningContainers } from "../pod/runtime-state.ts";
import { RuntimeNotFoundError } from "../runtime.ts";
import { runHook } from "./hooks.ts";
import type { NodeServices } from "./node-services.ts";

export interface StopRequest {
  readonly services: NodeServices;
  readonly pod: Pod;
  readonly container: PodContainer;
  readonly message: string;
  readonly reason: StopReason;
  /** Instead of what the pod says. */
  readonly graceSeconds?: number;
  /** Ended when the pod's grace period has become shorter: the next round starts over with it. */
  readonly signal: AbortSignal;
  /** Hooks that have run in an earlier round are not run again. */
  readonly hooksRun: Set<string>;
  readonly ordering?: StopOrdering;
}

/** The seconds that a container gets, from its pod and from the probe that failed (KEP-2238). */
export function graceSecondsOf(pod: Pod, container: Container | undefined, reason: StopReason): number {
  if (pod.metadata.deletionGracePeriodSeconds !== undefined) return pod.metadata.deletionGracePeriodSeconds;
  const probes: Partial<Record<StopReason, Probe | undefined>> = {
    StartupProbe: container?.startupProbe,
    LivenessProbe: container?.livenessProbe,
  };
  return probes[reason]?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? minimumGraceSeconds;
}

/** Who waits for whom: sidecars for all regular containers, and for the sidecars that come after them. */
export class StopOrdering {
  readonly #ended = new Map<string, { readonly promise: Promise<void>; readonly resolve: () => void }>();
  readonly #before = new Map<string, readonly string[]>();

  constructor(pod: Pod, running: readonly string[]) {
    const regular = pod.spec.containers.map(({ name }) => name);
    const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    for (const name of running) {
      let resolve = (): void => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#ended.set(name, { promise, resolve });
    }
    for (const [index, name] of sidecars.entries()) {
      const later = sidecars[index + 1];
      this.#before.set(name, later === undefined ? regular : [...regular, later]);
    }
  }
  async turnOf(name: string): Promise<void> {
    for (const other of this.#before.get(name) ?? []) await this.#ended.get(other)?.promise;
  }
  ended(name: string): void {
    this.#ended.get(name)?.resolve();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Resolves with the task, after the seconds, or when the signal is aborted; answers how many whole seconds passed. */
async function within(
  services: NodeServices,
  task: Promise<void>,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  const beganMs = services.clock.monotonic();
  const timer = new AbortController();
  const timeout = sleep(services.clock, seconds * 1000, timer.signal).catch(() => {});
  await Promise.race([task, timeout, aborted(signal)]);
  timer.abort();
  return Math.trunc((services.clock.monotonic() - beganMs) / 1000);
}

async function preStop(request: StopRequest, container: Container, graceSeconds: number): Promise<number> {
  const { services, pod, signal, hooksRun } = request;
  const { id, name } = request.container;
  const handler = container.lifecycle?.preStop;
  if (!handler || graceSeconds <= 0 || hooksRun.has(id)) return 0;
  hooksRun.add(id);
  const hook = runHook(services, pod, container, id, handler, signal).catch((error: unknown) => {
    services.log.error("a preStop hook failed", { pod: pod.metadata.name, container: name, error });
    if (signal.aborted) return;
    services.recorder.event(containerReference(pod, name), "Warning", "FailedPreStopHook", "PreStopHook failed");
  });
  return within(services, hook, graceSeconds, signal);
}

/** Resolves when the container has ended, or at once when the signal is aborted. Rejects as the runtime does. */
export async function stopContainer(request: StopRequest): Promise<void> {
  const { services, pod, container, signal, ordering } = request;
  const { id, name } = container;
  const spec = findContainer(pod.spec, name)?.container;
  let graceSeconds = graceSecondsOf(pod, spec, request.reason);
  if (!request.hooksRun.has(`told/${id}`)) {
    request.hooksRun.add(`told/${id}`);
    const message = (request.message || `Stopping container ${name}`).replaceAll(id, name);
    services.recorder.event(containerReference(pod, name), "Normal", "Killing", message);
  }
  graceSeconds = request.graceSeconds ?? graceSeconds;
  if (spec) graceSeconds -= await preStop(request, spec, graceSeconds);
  if (ordering && graceSeconds > 0 && !signal.aborted) {
    graceSeconds -= await within(services, ordering.turnOf(name), graceSeconds, signal);
  }
  if (signal.aborted) return;
  const stop = services.runtime
    .stopContainer(id, Math.max(graceSeconds, minimumGraceSeconds))
    .catch((error: unknown) => {
      if (!(error instanceof RuntimeNotFoundError)) throw error;
    });
  await Promise.race([stop, aborted(signal)]);
  if (signal.aborted) {
    // The round that follows asks again, with less time; this call's outcome no longer counts.
    void stop.catch(() => {});
    return;
  }
  ordering?.ended(name);
}

export interface StopAllRequest {
  readonly services: NodeServices;
  readonly pod: Pod;
  readonly runtime: PodRuntimeState;
  readonly graceSeconds?: number;
  readonly signal: AbortSignal;
  readonly hooksRun: Set<string>;
}

/** Stops all running containers of a pod. Rejects with the first failure, after all have been tried. */
export async function stopAllContainers(request: StopAllRequest): Promise<void> {
  const { pod, runtime } = request;
  const running = runningContainers(runtime);
  const ordered = (pod.spec.initContainers ?? []).some(isSidecar);
  const ordering = ordered
    ? new StopOrdering(
        pod,
        running.map(({ name }) => name),
      )
    : undefined;
  const { graceSeconds } = request;
  const stops = running.map((container) =>
    stopContainer({
      ...request,
      container,
      message: "",
      reason: "Unknown",
      ...(graceSeconds === undefined ? {} : { graceSeconds }),
      ...(ordering ? { ordering } : {}),
    }),
  );
  const failed = (await Promise.allSettled(stops)).find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}
