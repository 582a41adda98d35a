// The control group port: the groups above containers, one per class of service and one per pod. The host's cgroups are
// version 1 or 2, driven by cgroupfs or systemd: only host/ knows. Imports nothing.

export interface PodCgroup {
  readonly podUid: string;
  readonly serviceClass: "Guaranteed" | "Burstable" | "BestEffort";
  /** Shares of version 1; version 2 converts them to a weight. */
  readonly cpuShares: number;
  /** Microseconds in each period; -1: no limit. */
  readonly cpuQuotaMicros: number;
  readonly cpuPeriodMicros: number;
  /** undefined: no limit. */
  readonly memoryBytes: number | undefined;
  readonly hugePages: readonly { readonly pageSize: string; readonly limit: number }[];
}

/** Rejects with an Error whose message says what the kernel said. */
export interface CgroupHost {
  /** Creates the pod's group, or sets its limits anew. Resolves to what CRI calls the parent of the pod's sandbox. */
  ensurePod(group: PodCgroup): Promise<string>;
  /** Removes the pod's group; no error where there is none. */
  removePod(podUid: string): Promise<void>;
  /** The pods that have a group: those that no longer exist are removed. */
  listPods(): Promise<readonly string[]>;
}
