// Everything that a watch tells of all pods of a cluster, so that a test can wait for a state, and ask what came before
// it: no state is missed between two questions. May import node.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Kubectl } from "./kubectl.ts";

interface Terminated {
  readonly reason: string;
  readonly exitCode: number;
}
interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: Terminated;
}

export interface PodState {
  /** When the test heard of it, on performance.now()'s clock. */
  readonly atMs: number;
  readonly phase: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly waiting: string | undefined;
  readonly terminated: Terminated | undefined;
  readonly lastTerminated: Terminated | undefined;
  readonly containerId: string | undefined;
  readonly ip: string | undefined;
}

interface StatusJson {
  readonly phase: string;
  readonly podIP?: string;
  readonly containerStatuses?: readonly {
    readonly ready: boolean;
    readonly restartCount: number;
    readonly containerID?: string;
    readonly state: ContainerState;
    readonly lastState: ContainerState;
  }[];
}

function toState({ phase, podIP, containerStatuses }: StatusJson): PodState {
  const container = containerStatuses?.[0];
  return {
    atMs: performance.now(),
    phase,
    ready: container?.ready ?? false,
    restarts: container?.restartCount ?? 0,
    waiting: container?.state.waiting?.reason,
    terminated: container?.state.terminated,
    lastTerminated: container?.lastState.terminated,
    containerId: container?.containerID,
    ip: podIP,
  };
}

interface Waiter {
  check(): void;
}

// kubectl lays tabs out as columns, so another mark stands between the name and the status.
const form = String.raw`jsonpath={.metadata.namespace}/{.metadata.name}|{.status}{"\n"}`;
const timeoutDefaultMs = 30_000;

export class PodHistory {
  readonly #states = new Map<string, PodState[]>();
  readonly #waiters = new Set<Waiter>();
  readonly #process: ChildProcess;

  constructor({ path, env }: Kubectl) {
    const stdio = ["ignore", "pipe", "inherit"] as const;
    const child = spawn(path, ["get", "pods", "-A", "--watch", "-o", form], { env, stdio: [...stdio] });
    this.#process = child;
    createInterface({ input: child.stdout! }).on("line", (line) => this.#note(line));
  }

  #note(line: string): void {
    const mark = line.indexOf("|");
    if (mark < 0) return;
    const [pod, status] = [line.slice(0, mark), line.slice(mark + 1)];
    const states = this.#states.get(pod) ?? [];
    states.push(toState(JSON.parse(status) as StatusJson));
    this.#states.set(pod, states);
    for (const waiter of this.#waiters) waiter.check();
  }

  /** All states that were told of "namespace/name", oldest first. */
  of(pod: string): readonly PodState[] {
    return this.#states.get(pod) ?? [];
  }

  /** The first state that fits, among those told already and those to come. Rejects after so long. */
  waitFor(
    pod: string,
    what: string,
    fits: (state: PodState) => boolean,
    timeoutMs = timeoutDefaultMs,
  ): Promise<PodState> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const last = JSON.stringify(this.of(pod).at(-1));
        reject(new assert.AssertionError({ message: `${pod}: not ${what} within ${timeoutMs} ms; is ${last}` }));
      }, timeoutMs);
      const waiter = {
        check: () => {
          const found = this.of(pod).find(fits);
          if (!found) return;
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(found);
        },
      };
      this.#waiters.add(waiter);
      waiter.check();
    });
  }

  waitUntilReady(pod: string, timeoutMs?: number): Promise<PodState> {
    return this.waitFor(pod, "Running and ready", ({ phase, ready }) => phase === "Running" && ready, timeoutMs);
  }

  close(): void {
    this.#process.kill();
  }
}
