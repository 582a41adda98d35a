// Containers, their resources and their numbers between the Runtime port's form and CRI's. Imports src/kubelet's port.
import type {
  ContainerConfig,
  ContainerState,
  ContainerStats,
  ContainerStatus,
  ContainerSummary,
  ImageSpec,
  LinuxResources,
  Mount,
} from "../../kubelet/runtime.ts";
import type { Draft } from "./codec.ts";
import type {
  Container,
  ContainerConfig as CriContainerConfig,
  ContainerStats as CriContainerStats,
  ContainerStatus as CriContainerStatus,
  ImageSpec as CriImageSpec,
  LinuxContainerResources,
  LinuxContainerSecurityContext,
  Mount as CriMount,
} from "./messages.gen.ts";
import { toInt64, toMillis, toNamespaces, toProfile, toSelinux } from "./sandbox-form.ts";

const propagations = {
  private: "PROPAGATION_PRIVATE",
  "host-to-container": "PROPAGATION_HOST_TO_CONTAINER",
  bidirectional: "PROPAGATION_BIDIRECTIONAL",
} as const;
const states: Readonly<Record<string, ContainerState>> = {
  CONTAINER_CREATED: "created",
  CONTAINER_RUNNING: "running",
  CONTAINER_EXITED: "exited",
};

export function toImageSpec(image: ImageSpec): Draft<CriImageSpec> {
  const { userSpecifiedImage, runtimeHandler } = image;
  return { image: image.image, userSpecifiedImage, runtimeHandler };
}

export function toResources(resources: LinuxResources): Draft<LinuxContainerResources> {
  const { memoryLimitBytes, ...others } = resources;
  return { ...others, memoryLimitInBytes: memoryLimitBytes };
}

function fromResources(resources: LinuxContainerResources): LinuxResources {
  return {
    cpuPeriod: resources.cpuPeriod,
    cpuQuota: resources.cpuQuota,
    cpuShares: resources.cpuShares,
    memoryLimitBytes: resources.memoryLimitInBytes,
    oomScoreAdj: resources.oomScoreAdj,
    cpusetCpus: resources.cpusetCpus,
    cpusetMems: resources.cpusetMems,
    hugepageLimits: resources.hugepageLimits,
  };
}

function toMount(mount: Mount): Draft<CriMount> {
  return {
    containerPath: mount.containerPath,
    hostPath: mount.hostPath,
    readonly: mount.readonly,
    recursiveReadOnly: mount.recursiveReadOnly,
    propagation: propagations[mount.propagation],
    selinuxRelabel: mount.selinuxRelabel,
  };
}

function fromMount(mount: CriMount): Mount {
  const match = Object.entries(propagations).find(([, name]) => name === mount.propagation);
  return {
    containerPath: mount.containerPath,
    hostPath: mount.hostPath,
    readonly: mount.readonly,
    recursiveReadOnly: mount.recursiveReadOnly,
    propagation: (match?.[0] ?? "private") as Mount["propagation"],
    selinuxRelabel: mount.selinuxRelabel,
  };
}

function toSecurityContext(linux: ContainerConfig["linux"]): Draft<LinuxContainerSecurityContext> {
  const { capabilities } = linux;
  return {
    capabilities: capabilities && { addCapabilities: capabilities.add, dropCapabilities: capabilities.drop },
    privileged: linux.privileged,
    namespaceOptions: toNamespaces(linux.namespaces),
    selinuxOptions: toSelinux(linux.selinux),
    runAsUser: toInt64(linux.runAsUser),
    runAsUsername: linux.runAsUsername,
    runAsGroup: toInt64(linux.runAsGroup),
    readonlyRootfs: linux.readonlyRootfs,
    supplementalGroups: linux.supplementalGroups,
    supplementalGroupsPolicy: linux.supplementalGroupsPolicy,
    noNewPrivs: linux.noNewPrivs,
    maskedPaths: linux.maskedPaths,
    readonlyPaths: linux.readonlyPaths,
    seccomp: toProfile(linux.seccomp),
    apparmor: toProfile(linux.apparmor),
  };
}

type StopSignal = CriContainerConfig["stopSignal"];

export function toContainerConfig(config: ContainerConfig): Draft<CriContainerConfig> {
  return {
    metadata: config.metadata,
    image: toImageSpec(config.image),
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.envs,
    mounts: config.mounts.map(toMount),
    devices: config.devices,
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    stopSignal: config.stopSignal as StopSignal | undefined,
    linux: { resources: toResources(config.linux.resources), securityContext: toSecurityContext(config.linux) },
  };
}

export function toContainerSummary(container: Container): ContainerSummary {
  return {
    id: container.id,
    sandboxId: container.podSandboxId,
    metadata: { name: container.metadata?.name ?? "", attempt: container.metadata?.attempt ?? 0 },
    image: container.image?.image ?? "",
    // containerd 1.6 does not tell the id apart from the reference.
    imageId: container.imageId || container.imageRef,
    state: states[container.state] ?? "unknown",
    createdAtMs: toMillis(container.createdAt),
    labels: container.labels,
    annotations: container.annotations,
  };
}

/** `sandboxId` comes from elsewhere: CRI's status does not have it. */
export function toContainerStatus(status: CriContainerStatus, sandboxId: string): ContainerStatus {
  const user = status.user?.linux;
  const resources = status.resources?.linux;
  return {
    id: status.id,
    sandboxId,
    metadata: { name: status.metadata?.name ?? "", attempt: status.metadata?.attempt ?? 0 },
    image: status.image?.image ?? "",
    imageId: status.imageId || status.imageRef,
    imageRef: status.imageRef,
    state: states[status.state] ?? "unknown",
    createdAtMs: toMillis(status.createdAt),
    startedAtMs: toMillis(status.startedAt),
    finishedAtMs: toMillis(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    labels: status.labels,
    annotations: status.annotations,
    mounts: status.mounts.map(fromMount),
    logPath: status.logPath,
    ...(resources ? { resources: fromResources(resources) } : {}),
    ...(user ? { user: { uid: user.uid, gid: user.gid, supplementalGroups: user.supplementalGroups } } : {}),
    ...(status.stopSignal === "RUNTIME_DEFAULT" ? {} : { stopSignal: status.stopSignal }),
  };
}

export function toContainerStats(stats: CriContainerStats): ContainerStats {
  const { cpu, memory, writableLayer } = stats;
  return {
    id: stats.attributes?.id ?? "",
    labels: stats.attributes?.labels ?? {},
    timeMs: toMillis(cpu?.timestamp ?? memory?.timestamp ?? writableLayer?.timestamp ?? 0),
    cpuNanos: cpu?.usageCoreNanoSeconds?.value ?? 0,
    memoryWorkingSetBytes: memory?.workingSetBytes?.value ?? 0,
    memoryUsageBytes: memory?.usageBytes?.value ?? 0,
    memoryRssBytes: memory?.rssBytes?.value ?? 0,
    memoryPageFaults: memory?.pageFaults?.value ?? 0,
    memoryMajorPageFaults: memory?.majorPageFaults?.value ?? 0,
    rootfsUsedBytes: writableLayer?.usedBytes?.value ?? 0,
    rootfsInodesUsed: writableLayer?.inodesUsed?.value ?? 0,
  };
}
