// One pod's worker: rounds that look at the pod and the runtime, tell the API, and carry out the actions that come
// next, in order. It keeps nothing that a new one could not find out. Imports src/base and src/kinds.
import type { Timer } from "../../base/clock.ts";
import type { Pod, PodCondition, PodStatus, ResourceRequirements } from "../../kinds/types/core-v1.gen.ts";
import { podReference } from "../events.ts";
import type { ImageError } from "../images/image-puller.ts";
import { podRetryMs, volumeBackOff } from "../limits.ts";
import type { Action, PodLocalState, PodView } from "../pod/action.ts";
import type { BackOffEntry } from "../pod/back-off.ts";
import { isTerminalPhase } from "../pod/container-spec.ts";
import type { StartFailure } from "../pod/container-statuses.ts";
import { podActions } from "../pod/pod-actions.ts";
import { findCondition, ownConditions } from "../pod/pod-conditions.ts";
import { isRestartingAll, podStatus } from "../pod/pod-status.ts";
import { isResizing } from "../pod/resize-actions.ts";
import { sandboxNeed } from "../pod/runtime-state.ts";
import { PodProbes } from "../probes/pod-probes.ts";
import type { SandboxConfig } from "../runtime.ts";
import type { MountedVolume } from "../volumes/pod-volumes.ts";
import { actOn } from "./act.ts";
import type { NodeServices } from "./node-services.ts";
import { ensureCgroup, fieldContext } from "./pod-files.ts";
import { terminatePod } from "./terminate.ts";

/** Why the agent itself ends a pod. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  readonly graceSeconds?: number;
}

export type WorkerPhase = "running" | "terminating" | "terminated" | "gone";

/** What others say of a pod: its specification, labels, annotations, deletion, and their conditions. */
function wantedPart({ metadata, status }: Pod): string {
  const { generation, labels, annotations, deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  const foreign = (status?.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  return JSON.stringify([generation, labels, annotations, deletionTimestamp, deletionGracePeriodSeconds, foreign]);
}

export class PodWorker {
  readonly services: NodeServices;
  readonly probes: PodProbes;
  readonly uid: string;
  /** Start failures by container name; one that has started has none. */
  readonly failures = new Map<string, StartFailure>();
  readonly backOff = new Map<string, BackOffEntry>();
  readonly actuated = new Map<string, ResourceRequirements>();
  readonly hooksRun = new Set<string>();
  /** Back-offs that an event has told of. */
  readonly toldBackOffs = new Set<string>();
  volumes: ReadonlyMap<string, MountedVolume> = new Map();
  missingImages: ReadonlyMap<string, ImageError> = new Map();
  sandbox: { readonly attempt: number; readonly config: SandboxConfig } | undefined;
  phase: WorkerPhase = "running";
  /** The pod is no longer in the API: nobody is told of its end. */
  removed = false;
  verdict: Verdict | undefined;

  readonly #onGone: (worker: PodWorker) => void;
  #pod: Pod;
  #last: PodStatus | undefined;
  #dirty = false;
  #running = false;
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #interrupt = new AbortController();
  #volumeDelayMs = 0;
  #resizeGeneration: number | undefined;
  #closed = false;

  constructor(services: NodeServices, pod: Pod, onGone: (worker: PodWorker) => void) {
    this.services = services;
    this.#pod = pod;
    this.uid = pod.metadata.uid!;
    this.#onGone = onGone;
    // What was last set on containers is known from the status, where the agent has started anew.
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const { name, resources } of statuses) if (resources) this.actuated.set(name, resources);
    this.probes = new PodProbes({
      tools: services,
      recorder: services.recorder,
      clock: services.clock,
      random: services.random,
      startedMs: services.facts.startedMs,
      pod: () => this.#pod,
      status: () => this.#last,
      onChange: () => this.wake(),
    });
  }

  get pod(): Pod {
    return this.#pod;
  }
  get status(): PodStatus | undefined {
    return this.#last;
  }
  /** Aborted when what is under way has to make room: termination, or a shorter one. */
  get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    const ends = pod.metadata.deletionTimestamp && !before.metadata.deletionTimestamp;
    const sooner =
      (pod.metadata.deletionGracePeriodSeconds ?? Infinity) < (before.metadata.deletionGracePeriodSeconds ?? Infinity);
    if (ends || sooner) this.interrupt();
    if (this.#concerns(before, pod)) this.wake();
  }

  /** Whether a new version says anything new: most are the echo of the status that this worker wrote. */
  #concerns(before: Pod, after: Pod): boolean {
    if (isTerminalPhase(after.status?.phase) && after.status?.phase !== this.#last?.phase) return true;
    return wantedPart(before) !== wantedPart(after);
  }

  /** The pod has left the API without the agent's doing: it is stopped and forgotten. */
  remove(): void {
    this.removed = true;
    if (this.phase === "running") this.interrupt();
    this.wake();
  }

  evict(verdict: Verdict): void {
    if (this.verdict || this.phase !== "running") return;
    this.verdict = verdict;
    this.interrupt();
    this.wake();
  }

  interrupt(): void {
    this.#interrupt.abort(new Error("interrupted"));
    this.#interrupt = new AbortController();
  }

  /** Stops working; everything on the node stays as it is, for another worker to find. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.probes.stop();
    this.#interrupt.abort(new Error("closed"));
  }

  wake(): void {
    if (this.#closed) return;
    this.#dirty = true;
    if (this.#running) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      if (this.#dirty) this.wake();
    });
  }

  /** A round at `atMs` at the latest. */
  wakeAt(atMs: number): void {
    if (atMs >= this.#timerMs || this.#closed) return;
    this.#timer?.cancel();
    this.#timerMs = atMs;
    this.#timer = this.services.clock.after(Math.max(0, atMs - this.services.clock.now()), () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }

  async #run(): Promise<void> {
    // Changes that come together make one round.
    await Promise.resolve();
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      try {
        await this.#syncOnce();
      } catch (error) {
        if (this.#closed) return;
        this.services.log.error("a pod's round failed", { pod: this.#pod.metadata.name, uid: this.uid, error });
        this.wakeAt(this.services.clock.now() + podRetryMs);
      }
    }
  }

  async #syncOnce(): Promise<void> {
    if (this.phase === "gone") return;
    const ending = this.#pod.metadata.deletionTimestamp !== undefined || this.removed || this.verdict !== undefined;
    if (this.phase === "running" && !ending) await this.#converge();
    else if (await terminatePod(this)) this.#onGone(this);
  }

  #local(): PodLocalState {
    const { startup, liveness } = this.probes.results;
    const runtime = this.services.index.stateOf(this.uid);
    const restartAll = isRestartingAll(this.#pod, runtime, this.#last ?? this.#pod.status);
    return { startup, liveness, backOff: this.backOff, actuated: this.actuated, restartAll };
  }

  view(): PodView {
    const runtime = this.services.index.stateOf(this.uid);
    return { pod: this.#pod, runtime, local: this.#local(), nowMs: this.services.clock.now() };
  }

  /** Makes the status and hands it to the writer. */
  publish(options: { readonly terminal: boolean; readonly mayRun: boolean }): PodStatus {
    const { services } = this;
    const { clock, facts } = services;
    // The API's own status may be newer than the informer's version of the pod.
    const known = services.statuses.latest(this.uid)?.status;
    const status = podStatus({
      pod: known ? { ...this.#pod, status: known } : this.#pod,
      runtime: services.index.stateOf(this.uid),
      local: { ...this.#local(), readiness: this.probes.results.readiness },
      last: this.#last ?? this.#pod.status,
      failures: this.failures,
      runtimeName: facts.runtimeName,
      recursiveReadOnly: services.supports("recursiveReadOnlyMounts"),
      hostIps: facts.addresses,
      nowMs: clock.now(),
      recoveredBeforeMs: facts.startedMs - 10_000,
      terminal: options.terminal,
      ...(this.verdict ? { verdict: this.verdict } : {}),
      resizeConditions: this.#resizeConditions(),
    });
    const before = this.#last;
    this.#last = status;
    if (!this.removed) services.statuses.set(this.uid, status, options.mayRun);
    this.#triggerReadiness(before, status);
    return status;
  }

  /** A container that has just started is probed for readiness at once. */
  #triggerReadiness(before: PodStatus | undefined, after: PodStatus): void {
    const all = (status: PodStatus | undefined) => [
      ...(status?.containerStatuses ?? []),
      ...(status?.initContainerStatuses ?? []),
    ];
    for (const { name, started } of all(after)) {
      const old = all(before).find((one) => one.name === name);
      if (started && !old?.started) this.probes.trigger(name);
    }
  }

  #resizeConditions(): PodCondition[] {
    const last = this.#last ?? this.#pod.status;
    const generation = this.#pod.metadata.generation ?? 0;
    if (isResizing(this.view())) this.#resizeGeneration ??= generation;
    else if (this.#resizeGeneration !== undefined) {
      const containers = this.#pod.spec.containers.map(({ name, resources }) => ({ name, resources: resources ?? {} }));
      const summary = JSON.stringify({ containers, generation: this.#resizeGeneration });
      this.#resizeGeneration = undefined;
      this.services.recorder.event(
        podReference(this.#pod),
        "Normal",
        "ResizeCompleted",
        `Pod resize completed: ${summary}`,
      );
    }
    if (this.#resizeGeneration === undefined) return [];
    const old = findCondition(last, "PodResizeInProgress");
    const now = new Date(this.services.clock.now()).toISOString().slice(0, 19) + "Z";
    return [
      {
        type: "PodResizeInProgress",
        status: "True",
        lastProbeTime: now,
        lastTransitionTime: old?.lastTransitionTime ?? now,
        observedGeneration: this.#resizeGeneration,
      },
    ];
  }

  /** One round of a pod that is to run. */
  async #converge(): Promise<void> {
    const { services } = this;
    const status = this.publish({ terminal: false, mayRun: true });
    if (isTerminalPhase(status.phase)) {
      this.phase = "terminating";
      this.#dirty = true;
      return;
    }
    if (this.#pastDeadline(status)) return;
    const network = this.#pod.spec.hostNetwork ? undefined : services.networkFailure();
    if (network !== undefined) {
      const message = `network is not ready: ${network}`;
      services.recorder.event(podReference(this.#pod), "Warning", "NetworkNotReady", message);
      this.wakeAt(services.clock.now() + podRetryMs);
      return;
    }
    await ensureCgroup(services, this.#pod);
    services.objects.follow(this.#pod, () => this.wake());
    if (!(await this.#syncVolumes())) return;
    this.probes.start();
    await this.#carryOut(podActions(this.view()));
    const after = this.publish({ terminal: false, mayRun: true });
    if (isTerminalPhase(after.phase)) this.#dirty = true;
  }

  /** activeDeadlineSeconds: past it the pod fails (pkg/kubelet/active_deadline.go). */
  #pastDeadline(status: PodStatus): boolean {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || !status.startTime) return false;
    const endMs = Date.parse(status.startTime) + seconds * 1000;
    if (this.services.clock.now() < endMs) {
      this.wakeAt(endMs);
      return false;
    }
    const verdict = {
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    };
    this.services.recorder.event(podReference(this.#pod), "Normal", verdict.reason, verdict.message);
    this.evict(verdict);
    return true;
  }

  async #syncVolumes(): Promise<boolean> {
    const { services } = this;
    const { mounted, failures, missingImages } = await services.volumes.sync(
      this.#pod,
      fieldContext(services, this.#pod),
    );
    this.volumes = mounted;
    this.missingImages = missingImages;
    const renewal = services.tokens.nextRenewal(this.uid);
    if (renewal !== undefined) this.wakeAt(renewal);
    if (failures.length === 0) {
      this.#volumeDelayMs = 0;
      return true;
    }
    for (const { name, message } of failures) {
      const text = `MountVolume.SetUp failed for volume "${name}" : ${message}`;
      services.recorder.event(podReference(this.#pod), "Warning", "FailedMount", text);
    }
    this.#volumeDelayMs = Math.min(Math.max(this.#volumeDelayMs * 2, volumeBackOff.initialMs), volumeBackOff.maxMs);
    this.wakeAt(services.clock.now() + this.#volumeDelayMs);
    // A pod that runs already runs on; what is live in its volumes waits.
    return !sandboxNeed(this.#pod, services.index.stateOf(this.uid)).needed;
  }

  async #carryOut(actions: readonly Action[]): Promise<void> {
    const { signal } = this;
    for (const action of actions) {
      if (signal.aborted || this.#closed) return;
      const outcome = await actOn(this, action, signal);
      if (outcome === "stop") return;
    }
  }
}
