// The rest of a simulated node: its machine, its control groups, and a prober that asks the simulated runtime. Imports
// src/kubelet types.
import type { CgroupHost, PodCgroup } from "../../kubelet/cgroup-host.ts";
import type { NodeMachine } from "../../kubelet/machine.ts";
import type { HttpAnswer, HttpProbe, Prober } from "../../kubelet/prober.ts";
import type { SimulatedRuntime } from "./simulated-runtime.ts";

export interface SimulatedMachineOptions {
  readonly hostname: string;
  readonly address?: string;
  readonly cpus?: number;
  readonly memoryBytes?: number;
}

const gibibyte = 1024 ** 3;

export function createSimulatedMachine(options: SimulatedMachineOptions): NodeMachine {
  const { hostname, address = "192.0.2.1", cpus = 8, memoryBytes = 32 * gibibyte } = options;
  const capacityBytes = 100 * gibibyte;
  return {
    hostname,
    cpus,
    memoryBytes,
    swapBytes: 0,
    hugePages: [],
    addresses: [address],
    kernelVersion: "6.12.0-simulated",
    osImage: "Proa (simulated)",
    architecture: "amd64",
    machineId: hostname,
    systemUuid: hostname,
    bootId: `${hostname}-boot`,
    thermalThrottlePaths: [],
    resolvConf: async () => "nameserver 192.0.2.53\nsearch example.test\n",
    hosts: async () => "127.0.0.1\tlocalhost\n",
    filesystem: async () => ({
      capacityBytes,
      availableBytes: capacityBytes / 2,
      usedBytes: capacityBytes / 2,
      inodes: 1_000_000,
      inodesFree: 900_000,
    }),
    usage: async () => ({
      timeMs: 0,
      cpuNanos: 0,
      memoryWorkingSetBytes: 0,
      memoryAvailableBytes: memoryBytes,
      memoryUsageBytes: 0,
      memoryRssBytes: 0,
      processes: 0,
      processesMax: 32_768,
    }),
  };
}

export class SimulatedCgroups implements CgroupHost {
  readonly pods = new Map<string, PodCgroup>();
  async ensurePod(group: PodCgroup): Promise<string> {
    this.pods.set(group.podUid, group);
    return `/kubepods/${group.serviceClass.toLowerCase()}/pod${group.podUid}`;
  }
  async removePod(podUid: string): Promise<void> {
    this.pods.delete(podUid);
  }
  async listPods(): Promise<readonly string[]> {
    return [...this.pods.keys()];
  }
}

const refused = (host: string, port: number): Error =>
  new Error(`dial tcp ${host}:${port}: connect: connection refused`);

/** Asks the scripts of the containers at the address that is probed. */
export function createSimulatedProber(runtime: SimulatedRuntime): Prober {
  return {
    async http({ url }: HttpProbe): Promise<HttpAnswer> {
      const { hostname, port, pathname, protocol } = new URL(url);
      const number = Number(port || (protocol === "https:" ? 443 : 80));
      const answer = runtime.answerHttp(hostname, number, pathname);
      if (!answer) throw new Error(`Get "${url}": ${refused(hostname, number).message}`);
      return { status: answer.status, body: answer.body ?? "" };
    },
    async tcp(host, port) {
      if (!runtime.answerTcp(host, port)) throw refused(host, port);
    },
    async grpc(host, port, service) {
      const answer = runtime.answerGrpc(host, port, service);
      if (answer) return answer;
      const why = `connection error: desc = "transport: Error while dialing: ${refused(host, port).message}"`;
      throw new Error(`error: failed to connect service at "${host}:${port}": ${why}`);
    },
  };
}
