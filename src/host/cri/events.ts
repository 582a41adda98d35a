// The runtime's events, from containerd's own event stream (1.6 has no CRI events). An exit is told only once CRI's own
// state says so: CRI hears of it from the same stream, a little later than we do. May import node, src/kubelet's port.
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../base/log.ts";
import { RuntimeNotFoundError, type RuntimeEvent } from "../../kubelet/runtime.ts";
import { containerdCodec, services } from "../containerd/services.ts";
import { containerdNamespace, type CriConnection } from "./connection.ts";

const reconnectDelayMs = 200;
// CRI needs a few milliseconds; where it is stuck the relist finds out later.
const settleDelaysMs = [0, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

interface Envelope {
  readonly namespace: string;
  readonly topic: string;
  readonly event?: { readonly typeUrl: string; readonly value: Uint8Array };
}
type RawEvent = { readonly topic: string; readonly id: string; readonly execId?: string };

/** undefined: not of interest, or not understood. */
export function readEnvelope(envelope: Envelope): RawEvent | undefined {
  const { topic, event, namespace } = envelope;
  if (namespace !== containerdNamespace || !event) return undefined;
  const read = (message: string): Record<string, unknown> => containerdCodec.decode(message, event.value);
  switch (topic) {
    case "/tasks/start":
      return { topic, id: read("TaskStart")["containerId"] as string };
    case "/tasks/oom":
      return { topic, id: read("TaskOOM")["containerId"] as string };
    case "/tasks/exit": {
      const { containerId, id } = read("TaskExit") as { containerId: string; id: string };
      return { topic, id: containerId, execId: id };
    }
    case "/containers/delete":
      return { topic, id: read("ContainerDelete")["id"] as string };
    case "/images/create":
    case "/images/update":
    case "/images/delete":
      return { topic, id: read("ImageName")["name"] as string };
    default:
      return undefined;
  }
}

export interface EventsOptions {
  readonly connection: CriConnection;
  readonly isSandbox: (id: string) => boolean;
  readonly log: Log;
}

async function hasExited(connection: CriConnection, id: string, sandbox: boolean): Promise<boolean> {
  try {
    if (sandbox) {
      const reply = await connection.call("PodSandboxStatus", { podSandboxId: id });
      return reply.status?.state !== "SANDBOX_READY";
    }
    const reply = await connection.call("ContainerStatus", { containerId: id });
    return reply.status?.state === "CONTAINER_EXITED";
  } catch (error) {
    if (error instanceof RuntimeNotFoundError) return true;
    throw error;
  }
}

async function waitForExit(options: EventsOptions, id: string, sandbox: boolean): Promise<void> {
  for (const delayMs of settleDelaysMs) {
    if (delayMs > 0) await delay(delayMs);
    if (await hasExited(options.connection, id, sandbox)) return;
  }
}

function handle(options: EventsOptions, raw: RawEvent, onEvent: (event: RuntimeEvent) => void): void {
  const { topic, id, execId } = raw;
  if (topic === "/tasks/start") onEvent({ kind: "started", id });
  else if (topic === "/tasks/oom") onEvent({ kind: "oom", id });
  else if (topic === "/containers/delete") onEvent({ kind: "deleted", id });
  else if (topic.startsWith("/images/")) onEvent({ kind: "image-changed", id });
  else if (execId === undefined || execId === id || execId === "") {
    const sandbox = options.isSandbox(id);
    const tell = (): void => onEvent({ kind: sandbox ? "sandbox-exited" : "exited", id });
    waitForExit(options, id, sandbox).then(tell, (error: unknown) => {
      options.log.error("asking for the state of a container that exited failed", { id, error });
      tell();
    });
  }
}

/** Subscribes, and again after each loss, until the signal is aborted. */
export function followEvents(
  options: EventsOptions,
  signal: AbortSignal,
  onEvent: (event: RuntimeEvent) => void,
): void {
  let told: string | undefined;
  const subscribe = (): void => {
    if (signal.aborted) return;
    options.connection.subscribe(
      services.subscribe,
      {},
      signal,
      (message) => {
        told = undefined;
        const raw = readEnvelope(message as unknown as Envelope);
        if (raw) handle(options, raw, onEvent);
      },
      (error) => {
        if (signal.aborted) return;
        const message = error?.message ?? "";
        // While containerd is away, each try would say the same.
        if (message !== told)
          options.log.info("containerd's event stream ended; subscribing again", { error: message });
        told = message;
        setTimeout(subscribe, reconnectDelayMs).unref();
      },
    );
  };
  subscribe();
}
