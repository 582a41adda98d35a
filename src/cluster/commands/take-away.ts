// Takes away what a cluster has on the machine: pods, containerd, network, its index and its run folder. May import node and all
// layers.
import { rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import {
  addressesOf,
  type ClusterAddresses,
  indexFolder,
  listIndexes,
  releaseIndex,
} from "../../host/cni/cluster-addresses.ts";
import { type NodePlace, stopNodeHost } from "../../host/kubelet/node-host.ts";
import type { ClusterPaths } from "../paths.ts";
import { isRoot } from "./settings.ts";

/** Where indexes of clusters are claimed; without root nothing of the machine is shared, only the numbers. */
export const indexesFolder = (): string => (isRoot() ? indexFolder : join(tmpdir(), `proa-${userInfo().uid}`));

/** The index that the cluster holds; undefined: it has nothing on the machine. */
export async function heldIndex(paths: ClusterPaths): Promise<number | undefined> {
  for (const [index, owner] of await listIndexes(indexesFolder())) if (owner === paths.runFolder) return index;
  return undefined;
}

export function nodePlaceOf(paths: ClusterPaths, addresses: ClusterAddresses, log: Log): NodePlace {
  return {
    addresses,
    containerd: {
      rootFolder: paths.containerdRootFolder,
      stateFolder: paths.containerdStateFolder,
      logFile: paths.containerdLogFile,
    },
    networkFolder: paths.networkFolder,
    kubeletFolder: paths.kubeletFolder,
    log,
  };
}

/** Callable at any time; the cluster's process must have ended, or be the caller. Data stays. */
export async function takeAway(paths: ClusterPaths, log: Log, removeImages: boolean): Promise<void> {
  const index = await heldIndex(paths);
  if (index !== undefined && isRoot()) {
    await stopNodeHost(nodePlaceOf(paths, addressesOf(index), { ...log, info() {} }), removeImages);
  }
  await releaseIndex(paths.runFolder, indexesFolder());
  await rm(paths.runFolder, { recursive: true, force: true });
}
