// A node of this machine, whole: its network, its containerd, and every port that the node agent needs. Started, found
// again, and taken away. May import node, src/base, src/kubelet's ports.
import { mkdir } from "node:fs/promises";
import type { Log } from "../../base/log.ts";
import type { CgroupHost } from "../../kubelet/cgroup-host.ts";
import type { LogFiles } from "../../kubelet/log-files.ts";
import type { NodeMachine } from "../../kubelet/machine.ts";
import type { Prober } from "../../kubelet/prober.ts";
import type { VolumeHost } from "../../kubelet/volume-host.ts";
import type { ClusterAddresses } from "../cni/cluster-addresses.ts";
import {
  cniConfigFolder,
  prepareNodeNetwork,
  removeNodeNetwork,
  writePodNetwork,
  type NodeNetworkSettings,
} from "../cni/node-network.ts";
import { startContainerd, stopContainerd, type ContainerdFolders } from "../containerd/containerd.ts";
import { keepContainerdRunning } from "../containerd/keep-running.ts";
import type { RegistryMirror } from "../containerd/registries.ts";
import { CriRuntime } from "../cri/runtime.ts";
import { ensureImage } from "../images/import-image.ts";
import { buildPauseImage, pauseImageName } from "../images/pause-image.ts";
import { requirePrograms } from "../install/programs.ts";
import { isMountPoint, unmountUnder } from "../machine/mounts.ts";
import { runProgram } from "../machine/run-program.ts";
import { createCgroupHost } from "./cgroup-host.ts";
import { createImageMounts } from "./image-mounts.ts";
import { hostLogFiles } from "./log-files.ts";
import { readNodeMachine } from "./node-machine.ts";
import { hostProber } from "./prober.ts";
import { createVolumeHost } from "./volume-host.ts";

/** Where a node lives; enough to take it away again. */
export interface NodePlace {
  readonly addresses: ClusterAddresses;
  readonly containerd: ContainerdFolders;
  /** Ours alone: ends with the node. */
  readonly networkFolder: string;
  /** The agent's own folder: pods' volumes. */
  readonly kubeletFolder: string;
  readonly log: Log;
}

export interface NodeHostOptions extends NodePlace {
  readonly podLogsFolder: string;
  readonly mirrors: readonly RegistryMirror[];
}

export interface NodeHost {
  readonly runtime: CriRuntime;
  readonly machine: NodeMachine;
  readonly volumes: VolumeHost;
  readonly logFiles: LogFiles;
  readonly prober: Prober;
  readonly cgroups: CgroupHost;
  /** containerd ran already, and with it maybe pods. */
  readonly found: boolean;
  /** Lets go of the runtime, which goes on running. */
  close(): void;
}

const networkOf = (place: NodePlace): NodeNetworkSettings => ({
  name: place.addresses.name,
  bridge: place.addresses.bridge,
  clusterPodCidr: place.addresses.podCidr,
  folder: place.networkFolder,
});

/** Mounts that a pod makes in its volumes reach the node and other pods (mountPropagation) through a shared mount only. */
async function shareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (await isMountPoint(folder)) return;
  await runProgram("mount", ["--bind", folder, folder]);
  await runProgram("mount", ["--make-rshared", folder]);
}

/**
 * Brings the node up to where its agent can begin: the pause image is there, the pod network begins with
 * `runtime.setPodCidr`. Rejects with an Error in words for people; what was started stays for stopNodeHost.
 */
export async function startNodeHost(options: NodeHostOptions): Promise<NodeHost> {
  const { addresses, kubeletFolder, podLogsFolder, log } = options;
  const network = networkOf(options);
  const [programs] = await Promise.all([
    requirePrograms(),
    prepareNodeNetwork(network),
    shareFolder(kubeletFolder),
    mkdir(podLogsFolder, { recursive: true, mode: 0o755 }),
  ]);
  const settings = {
    ...options.containerd,
    programs,
    cniConfigFolder: cniConfigFolder(network.folder),
    pauseImage: pauseImageName,
    mirrors: options.mirrors,
    log,
  };
  const containerd = await startContainerd(settings);
  const setPodCidr = (cidr: string): Promise<void> => writePodNetwork(network, cidr);
  const runtime = new CriRuntime({ socketPath: containerd.socketPath, log, setPodCidr });
  try {
    await ensureImage(runtime.connection, await buildPauseImage(), { pinned: true });
  } catch (error) {
    runtime.close();
    throw error;
  }
  const closing = new AbortController();
  // It ends with the signal, and tells its failures itself.
  void keepContainerdRunning(runtime.connection, settings, closing.signal).catch((error: unknown) =>
    log.error("containerd is no longer watched", { error }),
  );
  return {
    runtime,
    machine: readNodeMachine({ rootPath: kubeletFolder }),
    volumes: createVolumeHost({
      rootPath: kubeletFolder,
      podLogsPath: podLogsFolder,
      images: createImageMounts(runtime.connection, containerd.snapshotter),
    }),
    logFiles: hostLogFiles,
    prober: hostProber,
    cgroups: createCgroupHost({ root: `/${addresses.name}` }),
    found: containerd.found,
    close() {
      closing.abort();
      runtime.close();
    },
  };
}

/** Ends every pod of the node and takes away all that it has left on the machine; images stay unless told otherwise. */
export async function stopNodeHost(place: NodePlace, removeImages: boolean): Promise<void> {
  const { addresses, containerd, kubeletFolder, log } = place;
  await stopContainerd({ ...containerd, log, cgroup: `/${addresses.name}`, removeRoot: removeImages });
  await unmountUnder(kubeletFolder);
  await removeNodeNetwork(networkOf(place));
}
