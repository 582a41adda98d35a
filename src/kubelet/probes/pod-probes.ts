// The probes of one pod: when they run, and what a row of results means (pkg/kubelet/prober/worker.go). Results are
// kept by container id, so that a new instance starts anew. Imports src/base and src/kinds.
import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Container, ContainerStatus, Pod, PodStatus, Probe } from "../../kinds/types/core-v1.gen.ts";
import { containerReference, type EventRecorder } from "../events.ts";
import { probeAttemptsMax, restartToleranceMs } from "../limits.ts";
import type { ProbeResult } from "../pod/action.ts";
import { isTerminalPhase, restartsAfterExit } from "../pod/container-spec.ts";
import { rpcText } from "../runtime.ts";
import { type ProbeOutcome, type ProbeTools, runProbe } from "./run-probe.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";

const titles = { startup: "Startup", liveness: "Liveness", readiness: "Readiness" } as const;
const initialResults = { startup: "unknown", liveness: "success", readiness: "failure" } as const;

export interface PodProbesOptions {
  readonly tools: ProbeTools;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  /** When the node agent started. */
  readonly startedMs: number;
  readonly pod: () => Pod;
  /** The status as the agent last made it. */
  readonly status: () => PodStatus | undefined;
  /** A result has changed: the pod's next round sees it. */
  readonly onChange: () => void;
}

interface Worker {
  readonly kind: ProbeKind;
  readonly containerName: string;
  containerId: string;
  lastOutcome: "success" | "failure" | undefined;
  run: number;
  onHold: boolean;
  timer: Timer | undefined;
  busy: boolean;
  stopped: boolean;
}

const plainId = (containerId: string): string => containerId.replace(/^[^:]*:\/\//, "");

export class PodProbes {
  readonly #options: PodProbesOptions;
  readonly #workers = new Map<string, Worker>();
  readonly results: Record<ProbeKind, Map<string, ProbeResult>> = {
    startup: new Map(),
    liveness: new Map(),
    readiness: new Map(),
  };

  constructor(options: PodProbesOptions) {
    this.#options = options;
  }

  /** Starts what the pod's containers ask for and does not run yet. Init containers: sidecars only. */
  start(): void {
    const { spec } = this.#options.pod();
    const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
    for (const container of [...sidecars, ...spec.containers]) {
      for (const kind of ["readiness", "liveness", "startup"] as const) {
        const key = `${container.name}/${kind}`;
        const probe = this.#probeOf(container, kind);
        if (probe && !this.#workers.has(key)) this.#add(key, kind, container.name, probe);
      }
    }
  }

  /** Ends the probes of these kinds: liveness and startup when the pod terminates, all when it has. */
  stop(kinds: readonly ProbeKind[] = ["startup", "liveness", "readiness"]): void {
    for (const worker of this.#workers.values()) {
      if (!kinds.includes(worker.kind)) continue;
      worker.stopped = true;
      worker.timer?.cancel();
    }
  }

  /** A readiness probe of a container that has just started runs at once instead of at its next tick. */
  trigger(containerName: string): void {
    const worker = this.#workers.get(`${containerName}/readiness`);
    if (!worker || worker.busy || worker.stopped) return;
    worker.timer?.cancel();
    this.#schedule(worker, 0);
  }

  #probeOf(container: Container, kind: ProbeKind): Probe | undefined {
    if (kind === "startup") return container.startupProbe;
    return kind === "liveness" ? container.livenessProbe : container.readinessProbe;
  }

  #specOf(worker: Worker): Container | undefined {
    const { spec } = this.#options.pod();
    return [...(spec.initContainers ?? []), ...spec.containers].find(({ name }) => name === worker.containerName);
  }

  #add(key: string, kind: ProbeKind, containerName: string, probe: Probe): void {
    const worker: Worker = {
      kind,
      containerName,
      containerId: "",
      lastOutcome: undefined,
      run: 0,
      onHold: false,
      timer: undefined,
      busy: false,
      stopped: false,
    };
    this.#workers.set(key, worker);
    const { clock, startedMs, random } = this.#options;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    // After the agent's own start, probes of all pods would come at once: they are spread over a period.
    const young = clock.now() - startedMs < periodMs && this.#ranBefore(containerName);
    this.#schedule(worker, young ? random.next() * periodMs : 0);
  }

  #ranBefore(containerName: string): boolean {
    const startedAt = this.#statusOf(containerName)?.state?.running?.startedAt;
    return startedAt !== undefined && Date.parse(startedAt) < this.#options.startedMs - restartToleranceMs;
  }

  #statusOf(containerName: string): ContainerStatus | undefined {
    const status = this.#options.status();
    const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
    return all.find(({ name }) => name === containerName);
  }

  #schedule(worker: Worker, delayMs: number): void {
    worker.timer = this.#options.clock.after(delayMs, () => {
      worker.busy = true;
      void this.#tick(worker)
        .catch(() => true)
        .then((keepOn) => {
          worker.busy = false;
          const periodMs = (this.#currentProbe(worker)?.periodSeconds ?? 10) * 1000;
          if (keepOn && !worker.stopped) this.#schedule(worker, periodMs);
          else worker.stopped = true;
        });
    });
  }

  #currentProbe(worker: Worker): Probe | undefined {
    const spec = this.#specOf(worker);
    return spec && this.#probeOf(spec, worker.kind);
  }

  #set(worker: Worker, result: ProbeResult): void {
    const results = this.results[worker.kind];
    if (results.get(worker.containerId) === result) return;
    results.set(worker.containerId, result);
    this.#options.onChange();
  }

  /** A new instance of the container: its results begin anew. */
  #adopt(worker: Worker, status: ContainerStatus): void {
    const id = plainId(status.containerID!);
    if (worker.containerId === id) return;
    if (worker.containerId) this.results[worker.kind].delete(worker.containerId);
    worker.containerId = id;
    worker.onHold = false;
    if (worker.kind === "startup" && status.started) this.#set(worker, "success");
    else if (!this.#ranBefore(worker.containerName)) this.#set(worker, initialResults[worker.kind]);
  }

  /** One tick; answers whether there will be another. */
  async #tick(worker: Worker): Promise<boolean> {
    const pod = this.#options.pod();
    const podStatus = this.#options.status();
    const spec = this.#specOf(worker);
    const probe = spec && this.#probeOf(spec, worker.kind);
    if (!spec || !probe || isTerminalPhase(podStatus?.phase)) return false;
    const status = this.#statusOf(worker.containerName);
    if (!status?.containerID) return true;
    this.#adopt(worker, status);
    if (worker.onHold) return true;
    const { running, terminated } = status.state ?? {};
    if (!running) {
      this.#set(worker, "failure");
      return !terminated || restartsAfterExit(spec, pod.spec, terminated.exitCode);
    }
    if (pod.metadata.deletionTimestamp && worker.kind !== "readiness") {
      this.#set(worker, "success");
      return false;
    }
    const age = Math.trunc((this.#options.clock.now() - Date.parse(running.startedAt!)) / 1000);
    if (age < (probe.initialDelaySeconds ?? 0)) return true;
    if ((status.started === true) === (worker.kind === "startup")) return true;
    const outcome = await this.#probe(worker, spec, probe, podStatus?.podIP ?? "");
    if (outcome && !worker.stopped && worker.containerId === plainId(status.containerID)) {
      this.#count(worker, probe, outcome);
    }
    return true;
  }

  async #probe(worker: Worker, container: Container, probe: Probe, podIp: string) {
    const { tools, recorder } = this.#options;
    const target = { container, containerId: worker.containerId, podIp };
    const tell = (reason: string, message: string): void => {
      const reference = containerReference(this.#options.pod(), container.name);
      recorder.event(reference, "Warning", reason, `${titles[worker.kind]} probe ${message}`);
    };
    let outcome: ProbeOutcome | undefined;
    let failure: unknown;
    for (let attempt = 0; attempt < probeAttemptsMax && !outcome; attempt += 1) {
      try {
        outcome = await runProbe(probe, target, tools);
      } catch (error) {
        failure = error;
      }
    }
    if (worker.stopped) return undefined;
    if (!outcome) {
      tell("Unhealthy", `errored and resulted in unknown state: ${rpcText(failure)}`);
      return undefined;
    }
    if (outcome.result === "warning") tell("ProbeWarning", `warning: ${outcome.output}`);
    if (outcome.result === "failure") tell("Unhealthy", `failed: ${outcome.output}`);
    return outcome.result === "failure" ? "failure" : "success";
  }

  /** Results count in rows: as many alike as the threshold asks for change the container's state. */
  #count(worker: Worker, probe: Probe, outcome: "success" | "failure"): void {
    worker.run = worker.lastOutcome === outcome ? worker.run + 1 : 1;
    worker.lastOutcome = outcome;
    const threshold = outcome === "failure" ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
    if (worker.run < threshold) return;
    this.#set(worker, outcome);
    if (worker.kind === "startup" || (worker.kind === "liveness" && outcome === "failure")) {
      worker.onHold = true;
      worker.run = 0;
    }
  }
}
