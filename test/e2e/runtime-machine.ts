// A containerd in a scratch folder with a network of its own, for the end-to-end tests of the Runtime port: started, used,
// ended, and then the machine is searched for what may be left of it. May import node, src/base, src/kubelet, src/host.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { silentLog } from "../../src/base/log.ts";
import type { ByteStream, RemoteCommandStreams } from "../../src/kinds/request.ts";
import type { ContainerConfig, ContainerStatus, RuntimeEvent, SandboxConfig } from "../../src/kubelet/runtime.ts";
import { claimIndex, releaseIndex, type ClusterAddresses } from "../../src/host/cni/cluster-addresses.ts";
import {
  cniConfigFolder,
  prepareNodeNetwork,
  removeNodeNetwork,
  writePodNetwork,
  type NodeNetworkSettings,
} from "../../src/host/cni/node-network.ts";
import { areAddressesFree } from "../../src/host/cni/route-conflicts.ts";
import { startContainerd, stopContainerd, type ContainerdOptions } from "../../src/host/containerd/containerd.ts";
import { CriRuntime } from "../../src/host/cri/runtime.ts";
import { ensureImage } from "../../src/host/images/import-image.ts";
import { buildPauseImage, pauseImageName } from "../../src/host/images/pause-image.ts";
import { requirePrograms } from "../../src/host/install/programs.ts";
import { findControlGroups } from "../../src/host/machine/cgroups.ts";
import { isUnder, listMounts } from "../../src/host/machine/mounts.ts";
import { commandLine, listProcessIds } from "../../src/host/machine/processes.ts";
import { runProgram } from "../../src/host/machine/run-program.ts";
import { startRegistry, type RunningRegistry } from "../images/registry.ts";
import { buildStandIns } from "../images/stand-ins.ts";

/** A stream that collects what is written to it. */
function collect(): ByteStream & { text(): string } {
  const chunks: Uint8Array[] = [];
  return {
    readable: (async function* () {})(),
    write: async (bytes) => void chunks.push(bytes),
    end: () => {},
    destroy: () => {},
    text: () => Buffer.concat(chunks).toString(),
  };
}

/** Outputs of a command that are collected. */
export function collectCommand() {
  const stdout = collect();
  const stderr = collect();
  const { signal } = new AbortController();
  const streams: RemoteCommandStreams = { stdout, stderr, finish: async () => {}, signal };
  return { stdout, stderr, streams };
}

export async function* input(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const ownNamespaces = { network: "pod", pid: "container", ipc: "pod" } as const;

export const containerOf = (command: string[], change: Partial<ContainerConfig> = {}): ContainerConfig => ({
  metadata: { name: "main", attempt: 0 },
  image: { image: "docker.io/library/busybox:latest" },
  command,
  args: [],
  workingDir: "",
  envs: [{ key: "COLOUR", value: "blue" }],
  mounts: [],
  devices: [],
  labels: { role: "test" },
  annotations: {},
  logPath: "main/0.log",
  stdin: false,
  stdinOnce: false,
  tty: false,
  linux: {
    resources: {},
    privileged: false,
    namespaces: ownNamespaces,
    readonlyRootfs: false,
    supplementalGroups: [],
    noNewPrivs: false,
    maskedPaths: [],
    readonlyPaths: [],
    seccomp: { type: "RuntimeDefault" },
  },
  ...change,
});

export interface StartedPod {
  readonly sandboxId: string;
  readonly id: string;
}

export class RuntimeMachine {
  readonly folder: string;
  readonly addresses: ClusterAddresses;
  readonly options: ContainerdOptions;
  readonly runtime: CriRuntime;
  readonly events: RuntimeEvent[] = [];
  readonly #registry: RunningRegistry;
  readonly #network: NodeNetworkSettings;
  readonly #following = new AbortController();

  private constructor(
    folder: string,
    addresses: ClusterAddresses,
    options: ContainerdOptions,
    network: NodeNetworkSettings,
    registry: RunningRegistry,
  ) {
    this.folder = folder;
    this.addresses = addresses;
    this.options = options;
    this.#network = network;
    this.#registry = registry;
    const setPodCidr = (cidr: string): Promise<void> => writePodNetwork(network, cidr);
    const socketPath = join(options.stateFolder, "containerd.sock");
    this.runtime = new CriRuntime({ socketPath, log: silentLog, setPodCidr });
    this.runtime.events(this.#following.signal, (event) => this.events.push(event));
  }

  static async start(): Promise<RuntimeMachine> {
    const folder = await mkdtemp(join(tmpdir(), "proa-runtime-"));
    await chmod(folder, 0o711);
    const addresses = await claimIndex(folder, areAddressesFree);
    const { name, bridge, podCidr } = addresses;
    const network = { name, bridge, clusterPodCidr: podCidr, folder: join(folder, "cni") };
    await prepareNodeNetwork(network);
    const registry = await startRegistry(await buildStandIns());
    const options = {
      rootFolder: join(folder, "root"),
      stateFolder: `/run/proa/test-${process.pid}`,
      logFile: join(folder, "containerd.log"),
      programs: await requirePrograms(),
      cniConfigFolder: cniConfigFolder(network.folder),
      pauseImage: pauseImageName,
      mirrors: ["docker.io", "ghcr.io"].map((registryName) => ({ registry: registryName, url: registry.url })),
      log: silentLog,
    };
    await startContainerd(options);
    const machine = new RuntimeMachine(folder, addresses, options, network, registry);
    await ensureImage(machine.runtime.connection, await buildPauseImage(), { pinned: true });
    return machine;
  }

  /** Ends everything, and fails when anything is left of it. */
  async stop(): Promise<void> {
    this.#following.abort();
    this.runtime.close();
    await stopContainerd({ ...this.options, removeRoot: true, cgroup: `/${this.addresses.name}` });
    await removeNodeNetwork(this.#network);
    await this.#registry.close();
    await releaseIndex(this.folder);
    await rm(this.folder, { recursive: true, force: true });
    await this.#searchLeftovers();
  }

  async #searchLeftovers(): Promise<void> {
    const { name, bridge } = this.addresses;
    const told = await Promise.all([
      runProgram("ip", ["-o", "link"]),
      runProgram("nft", ["list", "ruleset"]),
      runProgram("iptables", ["-t", "nat", "-S"]),
    ]);
    for (const { stdout } of told) {
      for (const word of [name, bridge]) assert.ok(!new RegExp(`\\b${word}\\b`).test(stdout), `${word} in:\n${stdout}`);
    }
    const own = [this.folder, this.options.stateFolder];
    const mounts = (await listMounts()).filter(({ mountPoint }) => own.some((place) => isUnder(mountPoint, place)));
    assert.deepEqual(mounts, [], "no mount is left");
    for (const pid of await listProcessIds()) {
      assert.ok(!(await commandLine(pid)).join(" ").includes(this.options.stateFolder), `process ${pid} is left`);
    }
    for (const group of findControlGroups().folders.values()) {
      assert.ok(!existsSync(join(group, name)), `${group} has a group of ours`);
    }
    for (const place of own) assert.ok(!existsSync(place), `${place} is left`);
  }

  sandboxOf(name: string, change: Partial<SandboxConfig> = {}): SandboxConfig {
    return {
      metadata: { name, namespace: "default", uid: `uid-${name}`, attempt: 0 },
      hostname: name,
      logDirectory: join(this.folder, "logs", name),
      portMappings: [],
      labels: { name },
      annotations: { note: "kept" },
      linux: {
        cgroupParent: `/${this.addresses.name}/kubepods/besteffort/pod${name}`,
        sysctls: {},
        namespaces: ownNamespaces,
        readonlyRootfs: false,
        supplementalGroups: [],
        privileged: false,
      },
      runtimeHandler: "",
      ...change,
    };
  }

  /** Runs a pod of one container. */
  async startPod(name: string, command: string[], change: Partial<ContainerConfig> = {}): Promise<StartedPod> {
    const config = this.sandboxOf(name);
    const sandboxId = await this.runtime.runSandbox(config);
    const id = await this.runtime.createContainer(sandboxId, containerOf(command, change), config);
    await this.runtime.startContainer(id);
    return { sandboxId, id };
  }

  async removePod({ sandboxId }: { readonly sandboxId: string }): Promise<void> {
    await this.runtime.stopSandbox(sandboxId);
    await this.runtime.removeSandbox(sandboxId);
  }

  async waitForEvent(kind: RuntimeEvent["kind"], id: string): Promise<void> {
    const [triesMax, pauseMs] = [500, 20];
    for (let tries = 0; tries < triesMax; tries += 1) {
      if (this.events.some((event) => event.kind === kind && event.id === id)) return;
      await delay(pauseMs);
    }
    assert.fail(`no event ${kind} of ${id}`);
  }

  async waitForExit(id: string): Promise<ContainerStatus> {
    await this.waitForEvent("exited", id);
    const status = await this.runtime.containerStatus(id);
    assert.equal(status.state, "exited");
    return status;
  }
}
