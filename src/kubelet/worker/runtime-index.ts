// What the runtime has, by pod: read once at the start, kept by the runtime's events and by what the workers do
// themselves, compared as a whole now and then. Imports src/base.
import type { LogFiles } from "../log-files.ts";
import { terminationMessageBytesMax } from "../limits.ts";
import { tailText } from "../logs/read-log.ts";
import { podUidLabel, readContainerRecord } from "../pod/identity.ts";
import {
  emptyRuntimeState,
  type PodContainer,
  type PodRuntimeState,
  sortRuntimeState,
  toPodContainer,
} from "../pod/runtime-state.ts";
import { type ContainerStatus, type Runtime, RuntimeNotFoundError, type SandboxStatus } from "../runtime.ts";
import type { VolumeHost } from "../volume-host.ts";

interface Entry {
  readonly sandboxes: Map<string, SandboxStatus>;
  readonly containers: Map<string, PodContainer>;
  state: PodRuntimeState | undefined;
}

export interface RuntimeIndexOptions {
  readonly runtime: Runtime;
  readonly volumeHost: VolumeHost;
  readonly logFiles: LogFiles;
  /** A pod's state has changed. */
  readonly onChange: (podUid: string) => void;
}

export class RuntimeIndex {
  readonly #options: RuntimeIndexOptions;
  readonly #pods = new Map<string, Entry>();
  /** The pod of each sandbox and container. */
  readonly #owners = new Map<string, string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(options: RuntimeIndexOptions) {
    this.#options = options;
  }

  stateOf(podUid: string): PodRuntimeState {
    const entry = this.#pods.get(podUid);
    if (!entry) return emptyRuntimeState;
    entry.state ??= sortRuntimeState([...entry.sandboxes.values()], [...entry.containers.values()]);
    return entry.state;
  }

  /** Calls back once when the container has ended or is gone: for those who follow its log. */
  onceEnded(id: string, wake: () => void): void {
    const list = this.#waiting.get(id) ?? [];
    list.push(wake);
    this.#waiting.set(id, list);
  }
  #ended(id: string): void {
    const list = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const wake of list ?? []) wake();
  }

  podUids(): readonly string[] {
    return [...this.#pods.keys()];
  }

  /** Reads everything anew. Only containers whose state has changed are asked for in full. */
  async relist(): Promise<void> {
    const { runtime, onChange } = this.#options;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
    const changed = new Set<string>();
    const seen = new Set<string>();
    for (const sandbox of sandboxes) {
      seen.add(sandbox.id);
      const before = this.#pods.get(sandbox.metadata.uid)?.sandboxes.get(sandbox.id);
      if (before?.ready !== sandbox.ready) changed.add(this.#putSandbox(sandbox));
    }
    for (const summary of containers) {
      seen.add(summary.id);
      const uid = summary.labels[podUidLabel] ?? "";
      const before = this.#pods.get(uid)?.containers.get(summary.id);
      if (before?.status.state !== summary.state) {
        const status = await this.#read(summary.id);
        if (status) changed.add(await this.#putContainer(status));
      }
    }
    for (const [uid, entry] of this.#pods) {
      for (const list of [entry.sandboxes, entry.containers]) {
        for (const id of list.keys()) {
          if (seen.has(id)) continue;
          list.delete(id);
          this.#owners.delete(id);
          this.#ended(id);
          entry.state = undefined;
          changed.add(uid);
        }
      }
      if (entry.sandboxes.size === 0 && entry.containers.size === 0) this.#pods.delete(uid);
    }
    for (const uid of changed) onChange(uid);
  }

  /** Reads one container or sandbox anew, as after an event; nothing where it is neither. */
  async refresh(id: string): Promise<void> {
    const { onChange } = this.#options;
    const known = this.#pods.get(this.#owners.get(id) ?? "");
    const ready = known?.sandboxes.get(id)?.ready;
    const status = ready === undefined ? await this.#read(id) : undefined;
    if (status) {
      const state = known?.containers.get(id)?.status.state;
      const uid = await this.#putContainer(status);
      if (state !== status.state) onChange(uid);
      return;
    }
    const sandbox = await this.#readSandbox(id);
    if (sandbox) {
      const uid = this.#putSandbox(sandbox);
      if (ready !== sandbox.ready) onChange(uid);
      return;
    }
    const gone = this.#drop(id);
    if (gone !== undefined) onChange(gone);
  }

  async #readSandbox(id: string): Promise<SandboxStatus | undefined> {
    try {
      return await this.#options.runtime.sandboxStatus(id);
    } catch (error) {
      if (error instanceof RuntimeNotFoundError) return undefined;
      throw error;
    }
  }

  /** Reads all of one pod's sandboxes and containers that are known. */
  async refreshPod(podUid: string): Promise<void> {
    const entry = this.#pods.get(podUid);
    if (!entry) return;
    for (const id of entry.containers.keys()) await this.refresh(id);
    for (const id of entry.sandboxes.keys()) await this.refresh(id);
  }

  async addSandbox(id: string): Promise<SandboxStatus> {
    const sandbox = await this.#options.runtime.sandboxStatus(id);
    this.#putSandbox(sandbox);
    return sandbox;
  }

  remove(id: string): void {
    this.#drop(id);
  }

  #drop(id: string): string | undefined {
    const uid = this.#owners.get(id);
    this.#owners.delete(id);
    const entry = uid === undefined ? undefined : this.#pods.get(uid);
    if (uid === undefined || !entry) return undefined;
    entry.containers.delete(id);
    entry.sandboxes.delete(id);
    entry.state = undefined;
    this.#ended(id);
    if (entry.sandboxes.size === 0 && entry.containers.size === 0) this.#pods.delete(uid);
    return uid;
  }

  #entry(uid: string): Entry {
    let entry = this.#pods.get(uid);
    if (!entry) {
      entry = { sandboxes: new Map(), containers: new Map(), state: undefined };
      this.#pods.set(uid, entry);
    }
    entry.state = undefined;
    return entry;
  }

  #putSandbox(sandbox: SandboxStatus): string {
    const { uid } = sandbox.metadata;
    const entry = this.#entry(uid);
    // A stopped sandbox has lost its addresses; the pod keeps what it had.
    const before = entry.sandboxes.get(sandbox.id);
    const ips = sandbox.ips.length > 0 ? sandbox.ips : (before?.ips ?? []);
    entry.sandboxes.set(sandbox.id, { ...sandbox, ips });
    this.#owners.set(sandbox.id, uid);
    return uid;
  }

  async #putContainer(status: ContainerStatus): Promise<string> {
    const uid = status.labels[podUidLabel] ?? "";
    const before = this.#pods.get(uid)?.containers.get(status.id);
    const ended = status.state === "exited" && before?.status.state !== "exited";
    const message = ended ? await this.#terminationMessage(status) : undefined;
    const container = toPodContainer(status, message);
    const kept = !ended && before?.status.state === "exited" ? { ...container, message: before.message } : container;
    this.#entry(uid).containers.set(status.id, kept);
    this.#owners.set(status.id, uid);
    if (ended) this.#ended(status.id);
    return uid;
  }

  async #read(id: string): Promise<ContainerStatus | undefined> {
    try {
      return await this.#options.runtime.containerStatus(id);
    } catch (error) {
      if (error instanceof RuntimeNotFoundError) return undefined;
      throw error;
    }
  }

  /** What the program left as its last words: its file, or its log's end where it failed (getTerminationMessage). */
  async #terminationMessage(status: ContainerStatus): Promise<string> {
    const { volumeHost, logFiles } = this.#options;
    const record = readContainerRecord(status.annotations);
    const failed = status.exitCode !== 0 && status.reason !== "ContainerCannotRun";
    const fromLog = record.terminationMessagePolicy === "FallbackToLogsOnError" && failed;
    const path = record.terminationMessagePath;
    const mount = path ? status.mounts.find(({ containerPath }) => containerPath === path) : undefined;
    if (mount) {
      try {
        const bytes = await volumeHost.readFile(mount.hostPath, terminationMessageBytesMax);
        if (bytes.length > 0 || !fromLog) return new TextDecoder().decode(bytes);
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ENOENT") {
          return `Error on reading termination log ${mount.hostPath}: ${String((error as Error).message)}`;
        }
      }
    }
    return fromLog ? tailText(logFiles, status.logPath) : "";
  }
}
