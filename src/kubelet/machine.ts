// The machine port: what the node agent must know of the machine that it runs on. host/ reads it from the kernel, sim/
// makes it up. Imports nothing.

export interface NodeMachine {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** 0 where there is none. */
  readonly swapBytes: number;
  /** Huge pages by size in bytes: how many bytes of them there are. */
  readonly hugePages: readonly { readonly pageSizeBytes: number; readonly totalBytes: number }[];
  /** The node's addresses, the one that others are to use first; at most one of each family is used. */
  readonly addresses: readonly string[];
  readonly kernelVersion: string;
  /** "Debian GNU/Linux 12 (bookworm)" */
  readonly osImage: string;
  /** As Go names it: "amd64", "arm64". */
  readonly architecture: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  /** CPU paths /sys/devices/system/cpu/cpuN/thermal_throttle that exist: masked in containers. */
  readonly thermalThrottlePaths: readonly string[];
  /** The node's /etc/resolv.conf and /etc/hosts, read anew. */
  resolvConf(): Promise<string>;
  hosts(): Promise<string>;
  /** The file system that holds the pods' volumes and logs. */
  filesystem(): Promise<FilesystemUsage>;
  usage(): Promise<MachineUsage>;
}
export interface FilesystemUsage {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}
export interface MachineUsage {
  readonly timeMs: number;
  readonly cpuNanos: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryAvailableBytes: number;
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  readonly processes: number;
  readonly processesMax: number;
}
