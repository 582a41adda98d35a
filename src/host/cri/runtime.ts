// The Runtime port over containerd's CRI. May import node, src/base, src/kinds, src/kubelet's port.
import type { Log } from "../../base/log.ts";
import type { ByteStream, RemoteCommandStreams } from "../../kinds/request.ts";
import {
  RuntimeNotFoundError,
  type AuthConfig,
  type ContainerConfig,
  type ContainerStats,
  type ContainerStatus,
  type ContainerSummary,
  type ExecResult,
  type ExecStreamRequest,
  type Image,
  type ImageSpec,
  type LinuxResources,
  type Runtime,
  type RuntimeConditions,
  type RuntimeEvent,
  type SandboxConfig,
  type SandboxStatus,
} from "../../kubelet/runtime.ts";
import { pauseImageName } from "../images/pause-image.ts";
import { CriConnection } from "./connection.ts";
import {
  toContainerConfig,
  toContainerStats,
  toContainerStatus,
  toContainerSummary,
  toImageSpec,
  toResources,
} from "./container-form.ts";
import { followEvents } from "./events.ts";
import type { Image as CriImage } from "./messages.gen.ts";
import { toAddresses, toSandboxConfig, toSandboxStatus } from "./sandbox-form.ts";
import { connectToPort, serveRemoteCommand } from "./streaming.ts";

// A sandbox's network may take long: upstream gives it twice the time of other calls.
const sandboxTimeoutMs = 4 * 60_000;
const stopMarginMs = 2 * 60_000;
/** Sandboxes asked at once for their state in a list. */
const statusCallsMax = 32;

export interface CriRuntimeOptions {
  readonly socketPath: string;
  readonly log: Log;
  /** Brings up the node's pod network: writes the CNI configuration. */
  setPodCidr(cidr: string): Promise<void>;
}

function toImage(image: CriImage): Image {
  return {
    id: image.id,
    repoTags: image.repoTags,
    repoDigests: image.repoDigests,
    sizeBytes: image.size,
    ...(image.uid ? { uid: image.uid.value } : {}),
    ...(image.username ? { username: image.username } : {}),
    // containerd 1.6 does not tell: without its pause image no pod could start.
    pinned: image.pinned || image.repoTags.includes(pauseImageName),
  };
}

export class CriRuntime implements Runtime {
  readonly #connection: CriConnection;
  readonly #options: CriRuntimeOptions;
  /** Ids of sandboxes: what tells a sandbox's end from a container's. */
  readonly #sandboxes = new Set<string>();
  /** Addresses never change while a sandbox lives: one question each. */
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #sandboxOf = new Map<string, string>();

  constructor(options: CriRuntimeOptions) {
    this.#options = options;
    this.#connection = new CriConnection(options.socketPath);
  }

  /** For what is not CRI: importing images. */
  get connection(): CriConnection {
    return this.#connection;
  }

  close(): void {
    this.#connection.close();
  }

  async version(): Promise<{ name: string; version: string }> {
    const { runtimeName, runtimeVersion } = await this.#connection.call("Version", { version: "0.1.0" });
    return { name: runtimeName, version: runtimeVersion };
  }

  async conditions(): Promise<RuntimeConditions> {
    const { status, runtimeHandlers, features } = await this.#connection.call("Status", {});
    const find = (type: string) => status?.conditions.find((condition) => condition.type === type);
    const [runtime, network] = [find("RuntimeReady"), find("NetworkReady")];
    // The words of the kubelet's "not ready" messages (pkg/kubelet/runtime.go, container.RuntimeStatus).
    const texts = [runtime, network]
      .filter((condition) => condition !== undefined && !condition.status)
      .map((condition) => `${condition!.type}=false reason:${condition!.reason} message:${condition!.message}`);
    return {
      runtimeReady: runtime?.status ?? false,
      networkReady: network?.status ?? false,
      message: texts.join(", "),
      handlers: runtimeHandlers.map((handler) => ({
        name: handler.name,
        recursiveReadOnlyMounts: handler.features?.recursiveReadOnlyMounts ?? false,
        userNamespaces: handler.features?.userNamespaces ?? false,
      })),
      ...(features ? { supplementalGroupsPolicy: features.supplementalGroupsPolicy } : {}),
    };
  }

  setPodCidr(cidr: string): Promise<void> {
    return this.#options.setPodCidr(cidr);
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const request = { config: toSandboxConfig(config), runtimeHandler: config.runtimeHandler };
    const { podSandboxId } = await this.#connection.call("RunPodSandbox", request, { timeoutMs: sandboxTimeoutMs });
    this.#sandboxes.add(podSandboxId);
    return podSandboxId;
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#connection.call("StopPodSandbox", { podSandboxId: id }, { timeoutMs: sandboxTimeoutMs });
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#connection.call("RemovePodSandbox", { podSandboxId: id });
    this.#sandboxes.delete(id);
    this.#addresses.delete(id);
    // Its containers went with it.
    for (const [container, sandbox] of this.#sandboxOf) if (sandbox === id) this.#sandboxOf.delete(container);
  }

  async sandboxStatus(id: string): Promise<SandboxStatus> {
    const { status } = await this.#connection.call("PodSandboxStatus", { podSandboxId: id });
    if (!status) throw new RuntimeNotFoundError(`sandbox "${id}" has no status`);
    this.#sandboxes.add(id);
    const ips = toAddresses(status);
    this.#addresses.set(id, ips);
    return toSandboxStatus(status, ips);
  }

  async #addressesOf(id: string): Promise<readonly string[] | undefined> {
    const known = this.#addresses.get(id);
    if (known) return known;
    try {
      return (await this.sandboxStatus(id)).ips;
    } catch (error) {
      // It was removed between the list and the question.
      if (error instanceof RuntimeNotFoundError) return undefined;
      throw error;
    }
  }

  async listSandboxes(): Promise<readonly SandboxStatus[]> {
    const { items } = await this.#connection.call("ListPodSandbox", {});
    const result: SandboxStatus[] = [];
    for (let from = 0; from < items.length; from += statusCallsMax) {
      const part = items.slice(from, from + statusCallsMax);
      const addresses = await Promise.all(part.map(({ id }) => this.#addressesOf(id)));
      for (const [index, item] of part.entries()) {
        const ips = addresses[index];
        if (!ips) continue;
        this.#sandboxes.add(item.id);
        result.push(toSandboxStatus(item, ips));
      }
    }
    return result;
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const { containerId } = await this.#connection.call("CreateContainer", {
      podSandboxId: sandboxId,
      config: toContainerConfig(config),
      sandboxConfig: toSandboxConfig(sandbox),
    });
    this.#sandboxOf.set(containerId, sandboxId);
    return containerId;
  }

  async startContainer(id: string): Promise<void> {
    await this.#connection.call("StartContainer", { containerId: id });
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const timeoutMs = timeoutSeconds * 1000 + stopMarginMs;
    await this.#connection.call("StopContainer", { containerId: id, timeout: timeoutSeconds }, { timeoutMs });
  }

  async removeContainer(id: string): Promise<void> {
    await this.#connection.call("RemoveContainer", { containerId: id });
    this.#sandboxOf.delete(id);
  }

  async listContainers(): Promise<readonly ContainerSummary[]> {
    const { containers } = await this.#connection.call("ListContainers", {});
    for (const { id, podSandboxId } of containers) this.#sandboxOf.set(id, podSandboxId);
    return containers.map(toContainerSummary);
  }

  async #sandboxIdOf(id: string): Promise<string> {
    const known = this.#sandboxOf.get(id);
    if (known !== undefined) return known;
    const { containers } = await this.#connection.call("ListContainers", { filter: { id } });
    const sandboxId = containers[0]?.podSandboxId ?? "";
    if (sandboxId !== "") this.#sandboxOf.set(id, sandboxId);
    return sandboxId;
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    const { status } = await this.#connection.call("ContainerStatus", { containerId: id });
    if (!status) throw new RuntimeNotFoundError(`container "${id}" has no status`);
    return toContainerStatus(status, await this.#sandboxIdOf(id));
  }

  async updateResources(id: string, resources: LinuxResources): Promise<void> {
    await this.#connection.call("UpdateContainerResources", { containerId: id, linux: toResources(resources) });
  }

  async reopenLog(id: string): Promise<void> {
    await this.#connection.call("ReopenContainerLog", { containerId: id });
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    // The runtime ends the command at its own deadline; ours is behind it. 0: no deadline at all.
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 + stopMarginMs : 0;
    const request = { containerId: id, cmd: command, timeout: timeoutSeconds };
    const { stdout, stderr, exitCode } = await this.#connection.call("ExecSync", request, { timeoutMs });
    return { stdout, stderr, exitCode };
  }

  async containerStats(): Promise<readonly ContainerStats[]> {
    const { stats } = await this.#connection.call("ListContainerStats", {});
    return stats.map(toContainerStats);
  }

  async listImages(): Promise<readonly Image[]> {
    const { images } = await this.#connection.call("ListImages", {});
    return images.map(toImage);
  }

  async imageStatus(image: ImageSpec): Promise<Image | undefined> {
    const reply = await this.#connection.call("ImageStatus", { image: toImageSpec(image) });
    return reply.image && toImage(reply.image);
  }

  async pullImage(image: ImageSpec, auth: AuthConfig | undefined, sandbox: SandboxConfig): Promise<string> {
    const request = { image: toImageSpec(image), auth, sandboxConfig: toSandboxConfig(sandbox) };
    const { imageRef } = await this.#connection.call("PullImage", request, { timeoutMs: 0 });
    return imageRef;
  }

  async removeImage(image: ImageSpec): Promise<void> {
    await this.#connection.call("RemoveImage", { image: toImageSpec(image) });
  }

  async imageFilesystemBytes(): Promise<{ usedBytes: number; inodesUsed: number; mountpoint: string }> {
    const { imageFilesystems } = await this.#connection.call("ImageFsInfo", {});
    const first = imageFilesystems[0];
    return {
      usedBytes: first?.usedBytes?.value ?? 0,
      inodesUsed: first?.inodesUsed?.value ?? 0,
      mountpoint: first?.fsId?.mountpoint ?? "",
    };
  }

  events(signal: AbortSignal, onEvent: (event: RuntimeEvent) => void): void {
    const options = {
      connection: this.#connection,
      isSandbox: (id: string) => this.#sandboxes.has(id),
      log: this.#options.log,
    };
    followEvents(options, signal, onEvent);
  }

  async exec(request: ExecStreamRequest, streams: RemoteCommandStreams): Promise<number> {
    const { containerId, command, stdin, stdout, tty } = request;
    // With a terminal there is one output only.
    const stderr = request.stderr && !tty;
    const form = { containerId, stdin, stdout, stderr, tty };
    const { url } = command
      ? await this.#connection.call("Exec", { ...form, cmd: command })
      : await this.#connection.call("Attach", form);
    return serveRemoteCommand(url, streams, tty);
  }

  async dial(sandboxId: string, port: number): Promise<ByteStream> {
    const { url } = await this.#connection.call("PortForward", { podSandboxId: sandboxId, port: [port] });
    return connectToPort(url, port);
  }
}
