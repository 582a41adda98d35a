// A runtime that runs nothing: containers follow a script, in the clock's time. The same port as containerd's, so that
// the node agent cannot tell. Cheap enough for thousands of containers. Imports src/base, src/kubelet.
import type { Clock, Timer } from "../../base/clock.ts";
import { sleep } from "../../base/clock.ts";
import type {
  ContainerConfig,
  ContainerStats,
  ContainerStatus,
  ContainerSummary,
  ExecResult,
  ExecStreamRequest,
  Image,
  ImageSpec,
  LinuxResources,
  RuntimeConditions,
  Runtime,
  RuntimeEvent,
  SandboxConfig,
  SandboxStatus,
} from "../../kubelet/runtime.ts";
import { RuntimeError, RuntimeNotFoundError } from "../../kubelet/runtime.ts";
import type { ByteStream, RemoteCommandStreams } from "../../kinds/request.ts";
import type { SimulatedFiles } from "./simulated-files.ts";
import type { ContainerScript, HttpScriptAnswer, RuntimeScript } from "./script.ts";

interface Sandbox {
  readonly config: SandboxConfig;
  status: SandboxStatus;
}
interface Container {
  readonly config: ContainerConfig;
  readonly script: ContainerScript;
  readonly sandboxId: string;
  status: ContainerStatus;
  timer: Timer | undefined;
  readonly onEnd: (() => void)[];
}

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly script?: RuntimeScript;
  /** Where logs and termination messages go. */
  readonly files?: SimulatedFiles;
  /** The first two parts of pods' addresses: "10.244". */
  readonly addressPrefix?: string;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const killedCode = 137;

export class SimulatedRuntime implements Runtime {
  readonly #clock: Clock;
  readonly #files: SimulatedFiles | undefined;
  readonly #prefix: string;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #containers = new Map<string, Container>();
  readonly #images = new Map<string, Image>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #serial = 0;
  /** May be changed at any time: new containers follow the new script. */
  script: RuntimeScript;
  networkReady = true;
  /** Calls in order: for tests. */
  readonly calls: string[] = [];

  constructor({ clock, script = {}, files, addressPrefix = "10.244" }: SimulatedRuntimeOptions) {
    this.#clock = clock;
    this.script = script;
    this.#files = files;
    this.#prefix = addressPrefix;
  }

  #id(kind: string): string {
    this.#serial += 1;
    return `${kind}${String(this.#serial).padStart(12, "0")}`;
  }
  #emit(kind: RuntimeEvent["kind"], id: string): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener({ kind, id }));
  }
  #container(id: string): Container {
    const found = this.#containers.get(id);
    if (!found) throw new RuntimeNotFoundError(`an error occurred when try to find container "${id}": not found`);
    return found;
  }
  #sandbox(id: string): Sandbox {
    const found = this.#sandboxes.get(id);
    if (!found) throw new RuntimeNotFoundError(`an error occurred when try to find sandbox "${id}": not found`);
    return found;
  }

  async version(): Promise<{ name: string; version: string }> {
    return { name: "containerd", version: "2.1.0-simulated" };
  }
  async conditions(): Promise<RuntimeConditions> {
    const message = this.networkReady ? "" : "cni plugin not initialized";
    const handlers = [{ name: "", recursiveReadOnlyMounts: true, userNamespaces: true }];
    const { networkReady } = this;
    return { runtimeReady: true, networkReady, message, handlers, supplementalGroupsPolicy: true };
  }
  async setPodCidr(): Promise<void> {
    this.networkReady = true;
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const { metadata } = config;
    this.calls.push(`run-sandbox ${metadata.name} ${metadata.attempt}`);
    const script = this.script.sandbox?.(metadata.name, metadata.attempt);
    if (script?.delayMs) await sleep(this.#clock, script.delayMs);
    if (script?.fail) throw new RuntimeError(script.fail);
    const id = this.#id("sandbox");
    const host = config.linux.namespaces.network === "node";
    const address = `${this.#prefix}.${Math.trunc(this.#serial / 250) % 250}.${(this.#serial % 250) + 2}`;
    const status: SandboxStatus = {
      id,
      metadata,
      ready: true,
      createdAtMs: this.#clock.now(),
      ips: host ? [] : [address],
      labels: config.labels,
      annotations: config.annotations,
      runtimeHandler: config.runtimeHandler,
    };
    this.#sandboxes.set(id, { config, status });
    return id;
  }
  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.#sandbox(id);
    if (!sandbox.status.ready) return;
    this.calls.push(`stop-sandbox ${sandbox.status.metadata.name}`);
    for (const [containerId, container] of this.#containers) {
      if (container.sandboxId === id && container.status.state === "running") this.#end(containerId, killedCode);
    }
    sandbox.status = { ...sandbox.status, ready: false, ips: [] };
    this.#emit("sandbox-exited", id);
  }
  async removeSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox) return;
    this.calls.push(`remove-sandbox ${sandbox.status.metadata.name}`);
    this.#sandboxes.delete(id);
    for (const [containerId, container] of this.#containers) {
      if (container.sandboxId === id) this.#containers.delete(containerId);
    }
    this.#emit("deleted", id);
  }
  async sandboxStatus(id: string): Promise<SandboxStatus> {
    return this.#sandbox(id).status;
  }
  async listSandboxes(): Promise<readonly SandboxStatus[]> {
    return [...this.#sandboxes.values()].map(({ status }) => status);
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    this.#sandbox(sandboxId);
    const { name, attempt } = config.metadata;
    const image = config.image.userSpecifiedImage ?? config.image.image;
    this.calls.push(`create ${name} ${attempt}`);
    const script = this.script.container?.(name, image, attempt, config) ?? {};
    if (script.failCreate) throw new RuntimeError(script.failCreate);
    const id = this.#id("container");
    const { uid = 0, gid = 0 } = { uid: config.linux.runAsUser, gid: config.linux.runAsGroup };
    const status: ContainerStatus = {
      id,
      sandboxId,
      metadata: config.metadata,
      image,
      imageId: config.image.image,
      imageRef: `${image}@sha256:${"0".repeat(64)}`,
      state: "created",
      createdAtMs: this.#clock.now(),
      startedAtMs: 0,
      finishedAtMs: 0,
      exitCode: 0,
      reason: "",
      message: "",
      mounts: config.mounts,
      logPath: `${sandbox.logDirectory}/${config.logPath}`,
      labels: config.labels,
      annotations: config.annotations,
      resources: config.linux.resources,
      user: { uid, gid, supplementalGroups: [gid, ...config.linux.supplementalGroups] },
    };
    this.#containers.set(id, { config, script, sandboxId, status, timer: undefined, onEnd: [] });
    return id;
  }
  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    this.calls.push(`start ${container.status.metadata.name}`);
    const { script } = container;
    const nowMs = this.#clock.now();
    if (script.failStart) {
      const reason = "StartError";
      const message = script.failStart;
      const times = { startedAtMs: 0, finishedAtMs: nowMs };
      container.status = { ...container.status, ...times, state: "exited", exitCode: 128, reason, message };
      throw new RuntimeError(script.failStart);
    }
    container.status = { ...container.status, state: "running", startedAtMs: nowMs };
    for (const line of script.logs ?? []) this.#log(container, line);
    this.#emit("started", id);
    if (script.exitAfterMs === undefined) return;
    const code = script.exitCode ?? 0;
    container.timer = this.#clock.after(script.exitAfterMs, () => this.#end(id, code, script.reason));
  }

  /** One more line in a container's log, as the program would write it. */
  writeLog(id: string, line: string): void {
    this.#log(this.#container(id), line);
  }
  #log({ status }: Container, line: string): void {
    const time = new Date(this.#clock.now()).toISOString().replace("Z", "000000Z");
    this.#files?.append(status.logPath, encode(`${time} stdout F ${line}\n`));
  }

  /** Ends a container at once, as a crash would. */
  crash(id: string, exitCode: number, reason?: string): void {
    this.#end(id, exitCode, reason);
  }
  #end(id: string, exitCode: number, reason = exitCode === 0 ? "Completed" : "Error"): void {
    const container = this.#containers.get(id);
    if (container?.status.state !== "running") return;
    container.timer?.cancel();
    container.status = { ...container.status, state: "exited", exitCode, reason, finishedAtMs: this.#clock.now() };
    const last = container.script.terminationMessage;
    const mount = container.status.mounts.find(({ hostPath }) => hostPath.includes("/containers/"));
    if (last !== undefined && mount) this.#files?.put(mount.hostPath, encode(last));
    if (reason === "OOMKilled") this.#emit("oom", id);
    this.#emit("exited", id);
    for (const wake of container.onEnd.splice(0)) wake();
  }

  stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const container = this.#containers.get(id);
      if (!container) {
        reject(new RuntimeNotFoundError(`container "${id}" not found`));
        return;
      }
      this.calls.push(`stop ${container.status.metadata.name} ${timeoutSeconds}`);
      if (container.status.state !== "running") {
        resolve();
        return;
      }
      const { stopAfterMs = 0, stopExitCode = 0 } = container.script;
      const limitMs = timeoutSeconds * 1000;
      const inTime = stopAfterMs <= limitMs;
      container.onEnd.push(resolve);
      this.#clock.after(Math.min(stopAfterMs, limitMs), () => this.#end(id, inTime ? stopExitCode : killedCode));
    });
  }
  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (!container) return;
    this.calls.push(`remove ${container.status.metadata.name} ${container.status.metadata.attempt}`);
    container.timer?.cancel();
    this.#containers.delete(id);
    this.#emit("deleted", id);
  }
  async listContainers(): Promise<readonly ContainerSummary[]> {
    return [...this.#containers.values()].map(({ status }) => status);
  }
  async containerStatus(id: string): Promise<ContainerStatus> {
    return this.#container(id).status;
  }
  async updateResources(id: string, resources: LinuxResources): Promise<void> {
    const container = this.#container(id);
    this.calls.push(`update ${container.status.metadata.name}`);
    container.status = { ...container.status, resources: { ...container.status.resources, ...resources } };
  }
  async reopenLog(id: string): Promise<void> {
    this.#files?.append(this.#container(id).status.logPath, new Uint8Array());
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    const container = this.#container(id);
    this.calls.push(`exec ${container.status.metadata.name} ${command.join(" ")}`);
    if (container.status.state !== "running") throw new RuntimeError(`container "${id}" is not running`);
    const answer = container.script.exec?.(command) ?? { exitCode: 0 };
    const afterMs = answer.afterMs ?? 0;
    if (timeoutSeconds > 0 && afterMs > timeoutSeconds * 1000) {
      await sleep(this.#clock, timeoutSeconds * 1000);
      const late = new RuntimeError(`timeout ${timeoutSeconds}s exceeded: context deadline exceeded`);
      late.code = "DeadlineExceeded";
      throw late;
    }
    if (afterMs > 0) await sleep(this.#clock, afterMs);
    return { exitCode: answer.exitCode, stdout: encode(answer.stdout ?? ""), stderr: encode(answer.stderr ?? "") };
  }
  async containerStats(): Promise<readonly ContainerStats[]> {
    const running = [...this.#containers.values()].filter(({ status }) => status.state === "running");
    return running.map(({ status, script }) => {
      const bytes = script.memoryBytes ?? 0;
      return {
        id: status.id,
        labels: status.labels,
        timeMs: this.#clock.now(),
        cpuNanos: 0,
        memoryWorkingSetBytes: bytes,
        memoryUsageBytes: bytes,
        memoryRssBytes: bytes,
        memoryPageFaults: 0,
        memoryMajorPageFaults: 0,
        rootfsUsedBytes: 0,
        rootfsInodesUsed: 0,
      };
    });
  }

  async listImages(): Promise<readonly Image[]> {
    return [...this.#images.values()];
  }
  async imageStatus({ image }: ImageSpec): Promise<Image | undefined> {
    const script = this.script.image?.(image);
    if (!this.#images.has(image) && script?.present) this.#addImage(image);
    return this.#images.get(image);
  }
  async pullImage({ image }: ImageSpec): Promise<string> {
    const script = this.script.image?.(image);
    this.calls.push(`pull ${image}`);
    if (script?.pullMs) await sleep(this.#clock, script.pullMs);
    if (script?.failPull) throw new RuntimeError(script.failPull);
    return this.#addImage(image).id;
  }
  #addImage(name: string): Image {
    const script = this.script.image?.(name);
    const image: Image = {
      id: `sha256:${name
        .replaceAll(/[^a-z0-9]/g, "")
        .padEnd(64, "0")
        .slice(0, 64)}`,
      repoTags: [name],
      repoDigests: [],
      sizeBytes: script?.sizeBytes ?? 1000,
      pinned: false,
      ...(script?.uid === undefined ? {} : { uid: script.uid }),
      ...(script?.username ? { username: script.username } : {}),
    };
    this.#images.set(name, image);
    return image;
  }
  async removeImage({ image }: ImageSpec): Promise<void> {
    this.#images.delete(image);
  }
  async imageFilesystemBytes(): Promise<{ usedBytes: number; inodesUsed: number; mountpoint: string }> {
    let usedBytes = 0;
    for (const { sizeBytes } of this.#images.values()) usedBytes += sizeBytes;
    return { usedBytes, inodesUsed: this.#images.size, mountpoint: "/" };
  }

  events(signal: AbortSignal, onEvent: (event: RuntimeEvent) => void): void {
    this.#listeners.add(onEvent);
    signal.addEventListener("abort", () => this.#listeners.delete(onEvent), { once: true });
  }
  async exec(request: ExecStreamRequest, streams: RemoteCommandStreams): Promise<number> {
    const container = this.#container(request.containerId);
    const answer = container.script.exec?.(request.command ?? []) ?? { exitCode: 0 };
    if (answer.stdout) await streams.stdout?.write(encode(answer.stdout));
    if (answer.stderr) await streams.stderr?.write(encode(answer.stderr));
    return answer.exitCode;
  }
  async dial(sandboxId: string, port: number): Promise<ByteStream> {
    this.#sandbox(sandboxId);
    throw new RuntimeError(`dial tcp4 127.0.0.1:${port}: connect: connection refused`);
  }

  #at(host: string): Container[] {
    const ids = new Set<string>();
    for (const [id, { status }] of this.#sandboxes) if (status.ips.includes(host)) ids.add(id);
    return [...this.#containers.values()].filter(
      ({ sandboxId, status }) => ids.has(sandboxId) && status.state === "running",
    );
  }
  /** What the containers at an address answer: for the simulated prober. */
  answerHttp(host: string, port: number, path: string): HttpScriptAnswer | undefined {
    for (const { script } of this.#at(host)) {
      const answer = script.http?.(port, path);
      if (answer) return answer;
    }
    return undefined;
  }
  answerTcp(host: string, port: number): boolean {
    return this.#at(host).some(({ script }) => script.tcp?.(port) || script.http?.(port, "/") !== undefined);
  }
  answerGrpc(host: string, port: number, service: string): string | undefined {
    for (const { script } of this.#at(host)) {
      const answer = script.grpc?.(port, service);
      if (answer) return answer;
    }
    return undefined;
  }
}
