// What the node agent answers to the API server about its pods: logs, commands, port forwarding, statistics
// (pkg/kubelet/server). A typed interface: in one process it is called as it is, between machines host/ carries it.
// Imports src/base and src/kinds.
import { errors, StatusError } from "../base/errors.ts";
import type {
  LogOptions,
  PortForwardConnection,
  RemoteCommandOptions,
  RemoteCommandStreams,
  Upgrade,
} from "../kinds/request.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import type { ContainerStatus, Pod } from "../kinds/types/core-v1.gen.ts";
import type { Kubelet } from "./kubelet.ts";
import { type LogOptions as ReadOptions, readLog } from "./logs/read-log.ts";
import { findContainer } from "./pod/container-spec.ts";
import { isRunning, latestContainer, type PodContainer, sandboxNeed } from "./pod/runtime-state.ts";
import { rpcText } from "./runtime.ts";
import { statsSummary, type StatsSummary } from "./stats/summary.ts";

/**
 * All reject with StatusError; what is to be upgraded rejects with an Error where the node refuses it, which clients
 * see as the text of an answer 500.
 */
export interface NodeApi {
  logs(pod: KubernetesObject, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  exec(pod: KubernetesObject, options: RemoteCommandOptions): Promise<Upgrade>;
  attach(pod: KubernetesObject, options: RemoteCommandOptions): Promise<Upgrade>;
  portForward(pod: KubernetesObject, ports: readonly number[]): Promise<Upgrade>;
  /** /stats/summary */
  stats(): Promise<StatsSummary>;
  /** /pods: a PodList of what the agent works on. */
  pods(): object;
  /** /runningpods: a PodList of what the runtime runs. */
  runningPods(): object;
  /** /configz */
  configz(): object;
  /** /metrics, in Prometheus's text format. */
  metrics(): string;
}

function toLogOptions(options: LogOptions, nowMs: number): ReadOptions {
  const { follow, timestamps, tailLines, limitBytes, stream, sinceSeconds, sinceTime } = options;
  const sinceMs =
    sinceSeconds === undefined ? (sinceTime ? Date.parse(sinceTime) : undefined) : nowMs - sinceSeconds * 1000;
  return {
    follow,
    timestamps,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(stream === "Stdout" ? { stream: "stdout" } : stream === "Stderr" ? { stream: "stderr" } : {}),
  };
}

/** The instance whose log is read; throws 400 where there is none, in upstream's words (validateContainerLogStatus). */
function loggedInstance(pod: Pod, name: string, status: ContainerStatus | undefined, previous: boolean): string {
  const what = `container "${name}" in pod "${pod.metadata.name}"`;
  if (!status) throw errors.badRequest(`${what} is not available`);
  const { waiting, running, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous) {
    if (last?.containerID) return last.containerID;
    throw errors.badRequest(`previous terminated ${what} not found`);
  }
  if (running) return status.containerID ?? "";
  if (terminated?.containerID) return terminated.containerID;
  if (last?.containerID) return last.containerID;
  if (terminated || last) throw errors.badRequest(`${what} is terminated`);
  if (waiting?.reason === "ErrImagePull") throw errors.badRequest(`${what} is waiting to start: image can't be pulled`);
  if (waiting?.reason === "ImagePullBackOff") {
    throw errors.badRequest(`${what} is waiting to start: trying and failing to pull image`);
  }
  if (waiting) throw errors.badRequest(`${what} is waiting to start: ${waiting.reason ?? ""}`);
  throw errors.badRequest(`${what} is waiting to start - no logs yet`);
}

const fullName = ({ metadata }: KubernetesObject): string => `${metadata.name}_${metadata.namespace}`;

class LocalNodeApi implements NodeApi {
  readonly #kubelet: Kubelet;

  constructor(kubelet: Kubelet) {
    this.#kubelet = kubelet;
  }

  #containers(pod: KubernetesObject, name: string): readonly PodContainer[] {
    const state = this.#kubelet.services.index.stateOf(pod.metadata.uid!);
    return state.containers.filter((one) => one.name === name);
  }

  async logs(object: KubernetesObject, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const pod = object as Pod;
    const { services, workers } = this.#kubelet;
    const status = workers.get(pod.metadata.uid!)?.status ?? pod.status;
    const all = [
      ...(status?.containerStatuses ?? []),
      ...(status?.initContainerStatuses ?? []),
      ...(status?.ephemeralContainerStatuses ?? []),
    ];
    const found = all.find(({ name }) => name === options.container);
    const reference = loggedInstance(pod, options.container, found, options.previous);
    const id = reference.slice(reference.indexOf("://") + 3);
    const container = this.#containers(pod, options.container).find((one) => one.id === id);
    if (!container) throw errors.badRequest(`unable to retrieve container logs for ${reference}`);
    const isLive = (): boolean =>
      this.#containers(pod, options.container).some((one) => one.id === id && isRunning(one));
    const source = {
      files: services.logFiles,
      path: container.status.logPath,
      signal,
      isRunning: isLive,
      onEnd: (wake: () => void) => services.index.onceEnded(id, wake),
    };
    return readLog(source, toLogOptions(options, services.clock.now()));
  }

  #running(pod: KubernetesObject, name: string): PodContainer | undefined {
    const found = latestContainer(this.#kubelet.services.index.stateOf(pod.metadata.uid!), name);
    return found && isRunning(found) ? found : undefined;
  }

  async exec(pod: KubernetesObject, options: RemoteCommandOptions): Promise<Upgrade> {
    const running = this.#running(pod, options.container);
    if (!running) throw new Error(`container not found (${JSON.stringify(options.container)})`);
    const { id } = running;
    const { stdin, stdout, stderr, tty, command = [] } = options;
    const serve = (streams: RemoteCommandStreams): Promise<void> =>
      this.#serve(streams, () =>
        this.#kubelet.services.runtime.exec({ containerId: id, command, stdin, stdout, stderr, tty }, streams),
      );
    return { kind: "remote-command", stdin, stdout, stderr, tty, serve };
  }

  async attach(object: KubernetesObject, options: RemoteCommandOptions): Promise<Upgrade> {
    const pod = object as Pod;
    const running = this.#running(pod, options.container);
    if (!running) throw new Error(`container ${options.container} not found in pod ${fullName(pod)}`);
    const { id } = running;
    const { stdin, stdout, stderr } = options;
    // A container has a terminal or not; whoever attaches has no say in it.
    const tty = findContainer(pod.spec, options.container)?.container.tty ?? options.tty;
    const serve = (streams: RemoteCommandStreams): Promise<void> =>
      this.#serve(streams, () =>
        this.#kubelet.services.runtime.exec({ containerId: id, stdin, stdout, stderr: stderr && !tty, tty }, streams),
      );
    return { kind: "remote-command", stdin, stdout, stderr: stderr && !tty, tty, serve };
  }

  /** The command's end as the Status that clients read from the error stream (k8s.io/kubelet/pkg/cri/streaming). */
  async #serve(streams: RemoteCommandStreams, run: () => Promise<number>): Promise<void> {
    const success = { metadata: {}, status: "Success" };
    try {
      const exitCode = await run();
      if (exitCode === 0) await streams.finish(success);
      else {
        const causes = [{ reason: "ExitCode", message: String(exitCode) }];
        const message = `command terminated with non-zero exit code: exit code ${exitCode}`;
        const reason = "NonZeroExitCode";
        await streams.finish({ metadata: {}, status: "Failure", message, reason, details: { causes } });
      }
    } catch (error) {
      // The runtime refused: upstream's API server, which has not upgraded to the node by then, tells it so.
      const status =
        error instanceof StatusError
          ? error.status
          : errors.internal(`unable to upgrade connection: ${rpcText(error)}`).status;
      await streams.finish(status);
    }
  }

  async portForward(object: KubernetesObject, ports: readonly number[]): Promise<Upgrade> {
    const pod = object as Pod;
    const { index, runtime } = this.#kubelet.services;
    const need = sandboxNeed(pod, index.stateOf(pod.metadata.uid!));
    if (need.needed) throw new Error(`pod not found (${JSON.stringify(fullName(pod))})`);
    const forward = async (connection: PortForwardConnection): Promise<void> => {
      try {
        const target = await runtime.dial(need.sandboxId, connection.port);
        await Promise.all([pipe(connection.data, target), pipe(target, connection.data)]);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        connection.fail(`error forwarding port ${connection.port} to pod ${need.sandboxId}, uid : ${why}`);
      }
    };
    return {
      kind: "port-forward",
      ports,
      async serve(connections) {
        const open = new Set<Promise<void>>();
        for await (const connection of connections) {
          const one = forward(connection).finally(() => open.delete(one));
          open.add(one);
        }
        await Promise.all(open);
      },
    };
  }

  stats(): Promise<StatsSummary> {
    return statsSummary(
      this.#kubelet.services,
      [...this.#kubelet.workers.values()].map(({ pod }) => pod),
    );
  }

  pods(): object {
    const items = [...this.#kubelet.workers.values()].map(({ pod, status }) => ({
      ...pod,
      status: status ?? pod.status,
    }));
    return { kind: "PodList", apiVersion: "v1", metadata: {}, items };
  }

  runningPods(): object {
    const { index } = this.#kubelet.services;
    const items = [...this.#kubelet.workers.values()].flatMap(({ uid, pod }) => {
      const running = index.stateOf(uid).containers.filter(isRunning);
      if (running.length === 0) return [];
      const { name, namespace } = pod.metadata;
      const containers = running.map((one) => ({ name: one.name, image: one.status.image, resources: {} }));
      return [{ metadata: { name, namespace, uid }, spec: { containers }, status: {} }];
    });
    return { kind: "PodList", apiVersion: "v1", metadata: {}, items };
  }

  metrics(): string {
    const { index } = this.#kubelet.services;
    const states = [...this.#kubelet.workers.keys()].map((uid) => index.stateOf(uid));
    const containers = new Map<string, number>();
    for (const { status } of states.flatMap((state) => state.containers)) {
      containers.set(status.state, (containers.get(status.state) ?? 0) + 1);
    }
    const pods = states.filter(({ sandboxes }) => sandboxes[0]?.ready).length;
    const byState = [...containers].map(
      ([state, count]) => `kubelet_running_containers{container_state="${state}"} ${count}\n`,
    );
    return (
      "# HELP kubelet_running_containers [ALPHA] Number of containers currently running\n" +
      "# TYPE kubelet_running_containers gauge\n" +
      byState.join("") +
      "# HELP kubelet_running_pods [ALPHA] Number of pods that have a running pod sandbox\n" +
      `# TYPE kubelet_running_pods gauge\nkubelet_running_pods ${pods}\n`
    );
  }

  configz(): object {
    return { kubeletconfig: this.#kubelet.configuration() };
  }
}

interface Pipe {
  readonly readable: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
  destroy(error?: Error): void;
}

/** Bytes of one side to the other, with back-pressure, until the one ends. */
async function pipe(from: Pipe, to: Pipe): Promise<void> {
  try {
    for await (const bytes of from.readable) await to.write(bytes);
    to.end();
  } catch (error) {
    to.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

export const createNodeApi = (kubelet: Kubelet): NodeApi => new LocalNodeApi(kubelet);
