// The Node object as the agent writes it: labels and taints at registration, and the status (pkg/kubelet/nodestatus,
// kubelet_node_status.go). Pure; imports src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import type { Node, NodeCondition, NodeStatus, Taint } from "../../kinds/types/core-v1.gen.ts";
import { imageNamesMax, nodeImagesMax } from "../limits.ts";
import type { FilesystemUsage, NodeMachine } from "../machine.ts";
import { type Amounts, fromBinary, fromDecimal, milliOf, valueOf } from "../pod/amounts.ts";
import type { Image, RuntimeHandler } from "../runtime.ts";

export interface NodeConfig {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Kept for the system: cpu, memory, ephemeral-storage. */
  readonly reserved: Amounts;
  readonly podsMax: number;
  /** The port of the agent's own server, for the API server. */
  readonly port: number;
  /** "v1.36.0" */
  readonly version: string;
}

export interface Pressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly processes: boolean;
}
export interface NodeFindings {
  readonly machine: NodeMachine;
  readonly filesystem: FilesystemUsage;
  readonly runtime: { readonly name: string; readonly version: string };
  readonly images: readonly Image[];
  /** What keeps the node from being ready. */
  readonly failures: readonly string[];
  readonly pressure: Pressure;
  readonly nowMs: number;
  readonly handlers: readonly RuntimeHandler[];
  readonly supplementalGroupsPolicy?: boolean;
}

export function initialNode(
  { name, labels, taints }: NodeConfig,
  machine: NodeMachine,
): Pick<Node, "metadata" | "spec"> {
  const own = {
    "beta.kubernetes.io/arch": machine.architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": machine.architecture,
    "kubernetes.io/hostname": machine.hostname,
    "kubernetes.io/os": "linux",
  };
  const metadata = {
    name,
    labels: { ...own, ...labels },
    annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
  } as unknown as Node["metadata"];
  return { metadata, spec: taints.length > 0 ? { taints } : {} };
}

/** The suffix of a page size in a resource's name: hugepages-2Mi. */
const hugePagesName = (bytes: number): string => `hugepages-${fromBinary(bytes)}`;

export function capacityOf(machine: NodeMachine, filesystem: FilesystemUsage, podsMax: number): Amounts {
  const capacity: Record<string, string> = {
    cpu: fromDecimal(machine.cpus),
    "ephemeral-storage": `${Math.trunc(filesystem.capacityBytes / 1024)}Ki`,
    memory: `${Math.trunc(machine.memoryBytes / 1024)}Ki`,
    pods: String(podsMax),
  };
  for (const { pageSizeBytes, totalBytes } of machine.hugePages) {
    capacity[hugePagesName(pageSizeBytes)] = fromBinary(totalBytes);
  }
  return capacity;
}

/** Capacity without what is reserved; huge pages are memory that nothing else can have. */
export function allocatableOf(capacity: Amounts, reserved: Amounts): Amounts {
  const allocatable: Record<string, string> = { ...capacity };
  for (const [name, amount] of Object.entries(reserved)) {
    const whole = capacity[name];
    if (whole === undefined) continue;
    if (name === "cpu") allocatable.cpu = `${Math.max(0, milliOf(whole) - milliOf(amount))}m`;
    else allocatable[name] = fromDecimal(Math.max(0, valueOf(whole) - valueOf(amount)));
  }
  for (const [name, amount] of Object.entries(capacity)) {
    if (!name.startsWith("hugepages-") || valueOf(amount) === 0) continue;
    allocatable.memory = `${Math.max(0, valueOf(allocatable.memory) - valueOf(amount)) / 1024}Ki`;
  }
  return allocatable;
}

interface ConditionDraft {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

function pressureConditions({ memory, disk, processes }: Pressure): ConditionDraft[] {
  const one = (type: string, on: boolean, yes: [string, string], no: [string, string]): ConditionDraft => {
    const [reason, message] = on ? yes : no;
    return { type, status: on ? "True" : "False", reason, message };
  };
  return [
    one(
      "MemoryPressure",
      memory,
      ["KubeletHasInsufficientMemory", "kubelet has insufficient memory available"],
      ["KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
    ),
    one(
      "DiskPressure",
      disk,
      ["KubeletHasDiskPressure", "kubelet has disk pressure"],
      ["KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
    ),
    one(
      "PIDPressure",
      processes,
      ["KubeletHasInsufficientPID", "kubelet has insufficient PID available"],
      ["KubeletHasSufficientPID", "kubelet has sufficient PID available"],
    ),
  ];
}

function conditionsOf(old: NodeStatus | undefined, findings: NodeFindings): NodeCondition[] {
  const { failures, nowMs } = findings;
  const message = failures.length > 1 ? `[${failures.join(", ")}]` : failures[0];
  const ready: ConditionDraft = message
    ? { type: "Ready", status: "False", reason: "KubeletNotReady", message }
    : { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  const now = toTime(nowMs);
  const own = [...pressureConditions(findings.pressure), ready].map((draft): NodeCondition => {
    const before = old?.conditions?.find(({ type }) => type === draft.type);
    const lastTransitionTime = before?.status === draft.status ? (before.lastTransitionTime ?? now) : now;
    return { ...draft, lastHeartbeatTime: now, lastTransitionTime };
  });
  const foreign = (old?.conditions ?? []).filter(({ type }) => !own.some((one) => one.type === type));
  return [...foreign, ...own];
}

/** The status now. `old` is the API's: what others wrote into it stays. */
export function nodeStatus(config: NodeConfig, old: NodeStatus | undefined, findings: NodeFindings): NodeStatus {
  const { machine, filesystem, runtime } = findings;
  const capacity = capacityOf(machine, filesystem, config.podsMax);
  const images = [...findings.images].sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, nodeImagesMax);
  const four = machine.addresses.find((address) => !address.includes(":"));
  const six = machine.addresses.find((address) => address.includes(":"));
  const addresses = machine.addresses[0]?.includes(":") ? [six, four] : [four, six];
  const handlers = findings.handlers.map(({ name, recursiveReadOnlyMounts, userNamespaces }) => ({
    features: { recursiveReadOnlyMounts, userNamespaces },
    name,
  }));
  const { supplementalGroupsPolicy } = findings;
  const { runtimeHandlers: _handlers, features: _features, ...kept } = old ?? {};
  return {
    ...kept,
    addresses: [
      ...addresses.filter((one) => one !== undefined).map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: machine.hostname },
    ],
    capacity,
    allocatable: allocatableOf(capacity, config.reserved),
    conditions: conditionsOf(old, findings),
    daemonEndpoints: { kubeletEndpoint: { Port: config.port } },
    images: images.map(({ repoDigests, repoTags, sizeBytes }) => ({
      names: [...repoDigests, ...repoTags].slice(0, imageNamesMax),
      sizeBytes,
    })),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: `${runtime.name}://${runtime.version.replace(/^v/, "")}`,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: "",
      kubeletVersion: config.version,
      machineID: machine.machineId,
      operatingSystem: "linux",
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    ...(handlers.length > 0 ? { runtimeHandlers: handlers } : {}),
    ...(supplementalGroupsPolicy === undefined ? {} : { features: { supplementalGroupsPolicy } }),
  };
}
