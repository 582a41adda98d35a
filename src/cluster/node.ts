// A node of this process: the node agent over real containers or over the simulated runtime. May import all layers.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { parseYaml } from "../base/yaml/yaml.ts";
import type { Client } from "../client/client.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import type { NodeHost } from "../host/kubelet/node-host.ts";
import { lease } from "../kinds/coordination/lease.ts";
import { configMap } from "../kinds/core/config-map.ts";
import { node } from "../kinds/core/node.ts";
import { persistentVolumeClaim } from "../kinds/core/persistent-volume-claim.ts";
import { persistentVolume } from "../kinds/core/persistent-volume.ts";
import { pod } from "../kinds/core/pod.ts";
import { secret } from "../kinds/core/secret.ts";
import { service } from "../kinds/core/service.ts";
import { runtimeClass } from "../kinds/node/runtime-class.ts";
import { Kubelet, type KubeletKinds, type KubeletOptions } from "../kubelet/kubelet.ts";
import { createSimulatedMachine, createSimulatedProber, SimulatedCgroups } from "../sim/runtime/simulated-node.ts";
import { SimulatedFiles } from "../sim/runtime/simulated-files.ts";
import { SimulatedRuntime } from "../sim/runtime/simulated-runtime.ts";
import type { RuntimeScript } from "../sim/runtime/script.ts";

const kubeletKinds: KubeletKinds = {
  pods: pod,
  nodes: node,
  leases: lease,
  runtimeClasses: runtimeClass,
  configMaps: configMap,
  secrets: secret,
  claims: persistentVolumeClaim,
  volumes: persistentVolume,
  services: service,
};

/** Pods that a node takes at most. Upstream: --max-pods, 110. */
const podsMax = 110;
/** Upstream's kubelet port; Proa's own server for it comes with nodes on other machines. */
const kubeletPort = 10250;

export interface NodeOptions {
  readonly name: string;
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly podsMax?: number;
}

type MachinePorts = Pick<
  KubeletOptions,
  "runtime" | "machine" | "volumeHost" | "cgroups" | "prober" | "logFiles" | "staticPods"
>;

function createKubelet(options: NodeOptions, ports: MachinePorts, labels: Readonly<Record<string, string>>): Kubelet {
  const { name, client, clock, random, log, clusterDns, clusterDomain } = options;
  return new Kubelet({
    client,
    kinds: kubeletKinds,
    recorder: createEventRecorder(client, { component: "kubelet", host: name }, { clock, log }),
    clock,
    random,
    log: log.with({ node: name }),
    node: {
      name,
      labels: { ...options.labels, ...labels },
      taints: [],
      reserved: {},
      podsMax: options.podsMax ?? podsMax,
      port: kubeletPort,
      version: "v1.36.3",
    },
    clusterDns,
    clusterDomain,
    ...ports,
  });
}

/** The label by which a node says what runs its containers. */
export const runtimeLabel = "proa.dev/runtime";

/** A node that runs real containers. */
export function createContainerdNode(options: NodeOptions, host: NodeHost, staticPodsFolder: string): Kubelet {
  mkdirSync(staticPodsFolder, { recursive: true });
  const { runtime, machine, volumes, cgroups, prober, logFiles } = host;
  const staticPods = {
    folder: staticPodsFolder,
    parse: (text: string) => parseYaml(text).value,
    hash: (text: string) => createHash("sha256").update(text).digest("hex"),
  };
  const ports = { runtime, machine, volumeHost: volumes, cgroups, prober, logFiles, staticPods };
  return createKubelet(options, ports, { [runtimeLabel]: "containerd" });
}

/** A node whose containers are scripted. */
export function createSimulatedNode(options: NodeOptions, script: RuntimeScript = {}): Kubelet {
  const files = new SimulatedFiles();
  const runtime = new SimulatedRuntime({ clock: options.clock, files, script });
  const ports = {
    runtime,
    machine: createSimulatedMachine({ hostname: options.name }),
    volumeHost: files,
    cgroups: new SimulatedCgroups(),
    prober: createSimulatedProber(runtime),
    logFiles: files,
  };
  return createKubelet(options, ports, { [runtimeLabel]: "simulated" });
}
