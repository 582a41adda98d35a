// Where a cluster keeps its things. The data folder lasts; the run folder ends with `proa down` (and with a reboot).
// May import node.
import { join } from "node:path";

export interface ClusterPaths {
  readonly name: string;
  readonly dataFolder: string;
  readonly runFolder: string;
  readonly keysFolder: string;
  readonly storeFile: string;
  readonly logFile: string;
  readonly kubeletFolder: string;
  readonly staticPodsFolder: string;
  readonly containerdRootFolder: string;
  readonly containerdStateFolder: string;
  readonly containerdLogFile: string;
  readonly networkFolder: string;
  /** What the running process says of itself. */
  readonly stateFile: string;
}

export const defaultClusterName = "proa";
const runRoot = "/run/proa/clusters";

/** A cluster's name is part of paths and of socket names. */
export const clusterNameMaxLength = 30;
export const isClusterName = (name: string): boolean =>
  name.length <= clusterNameMaxLength && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name);

/** The kubeconfig's context: "proa" for the default cluster, "proa-NAME" for others. */
export const contextName = (name: string): string => (name === defaultClusterName ? "proa" : `proa-${name}`);

/** Paths of a cluster; without root, the run folder lies in the data folder. */
export function clusterPaths(name: string, dataFolder: string, root: boolean): ClusterPaths {
  const runFolder = root ? join(runRoot, name) : join(dataFolder, "run");
  return {
    name,
    dataFolder,
    runFolder,
    keysFolder: join(dataFolder, "keys"),
    storeFile: join(dataFolder, "store.db"),
    logFile: join(dataFolder, "proa.log"),
    kubeletFolder: join(dataFolder, "kubelet"),
    staticPodsFolder: join(dataFolder, "manifests"),
    containerdRootFolder: join(dataFolder, "containerd"),
    containerdStateFolder: join(runFolder, "containerd"),
    containerdLogFile: join(dataFolder, "containerd.log"),
    networkFolder: join(runFolder, "network"),
    stateFile: join(runFolder, "state.json"),
  };
}

export function defaultDataFolder(name: string, root: boolean, home: string): string {
  return root ? join("/var/lib/proa", name) : join(home, ".local/share/proa", name);
}
