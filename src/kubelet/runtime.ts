// The Runtime port: what runs containers, in the terms of CRI v1. host/cri implements it over gRPC, sim/ by a script.
// Fields are CRI's, in camelCase; times are nanoseconds since 1970 as CRI has them, here as numbers of milliseconds.
// May import src/base, src/kinds, src/client.

export type Labels = Readonly<Record<string, string>>;

export interface SandboxMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
}
export type NamespaceMode = "pod" | "container" | "node" | "target";

export interface NamespaceOptions {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  readonly targetId?: string;
  /** User namespace: undefined is the node's. */
  readonly userns?: {
    readonly mode: "pod" | "node";
    readonly uids: readonly IdMapping[];
    readonly gids: readonly IdMapping[];
  };
}
export interface IdMapping {
  readonly hostId: number;
  readonly containerId: number;
  readonly length: number;
}
export interface SecurityProfile {
  readonly type: "RuntimeDefault" | "Unconfined" | "Localhost";
  readonly localhostRef?: string;
}
export interface SelinuxOptions {
  readonly user?: string;
  readonly role?: string;
  readonly type?: string;
  readonly level?: string;
}
export interface SandboxConfig {
  readonly metadata: SandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly portMappings: readonly {
    readonly protocol: "TCP" | "UDP" | "SCTP";
    readonly containerPort: number;
    readonly hostPort: number;
    readonly hostIp?: string;
  }[];
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly linux: {
    readonly cgroupParent: string;
    readonly sysctls: Labels;
    readonly namespaces: NamespaceOptions;
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly readonlyRootfs: boolean;
    readonly supplementalGroups: readonly number[];
    readonly supplementalGroupsPolicy?: "Merge" | "Strict";
    readonly privileged: boolean;
    readonly seccomp?: SecurityProfile;
    readonly apparmor?: SecurityProfile;
    readonly selinux?: SelinuxOptions;
  };
  readonly runtimeHandler: string;
}
export interface SandboxStatus {
  readonly id: string;
  readonly metadata: SandboxMetadata;
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** None for a pod in the node's network. */
  readonly ips: readonly string[];
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly runtimeHandler: string;
}

export interface ContainerMetadata {
  readonly name: string;
  readonly attempt: number;
}
export interface ImageSpec {
  readonly image: string;
  readonly userSpecifiedImage?: string;
  readonly runtimeHandler?: string;
}
export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly recursiveReadOnly?: boolean;
  readonly propagation: "private" | "host-to-container" | "bidirectional";
  readonly selinuxRelabel?: boolean;
}
export interface LinuxResources {
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  readonly memoryLimitBytes?: number;
  readonly oomScoreAdj?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
}
export interface ContainerConfig {
  readonly metadata: ContainerMetadata;
  readonly image: ImageSpec;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly envs: readonly { readonly key: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly permissions: string;
  }[];
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Relative to the sandbox's logDirectory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly stopSignal?: string;
  readonly linux: {
    readonly resources: LinuxResources;
    readonly capabilities?: { readonly add: readonly string[]; readonly drop: readonly string[] };
    readonly privileged: boolean;
    readonly namespaces: NamespaceOptions;
    readonly selinux?: SelinuxOptions;
    readonly runAsUser?: number;
    readonly runAsUsername?: string;
    readonly runAsGroup?: number;
    readonly readonlyRootfs: boolean;
    readonly supplementalGroups: readonly number[];
    readonly supplementalGroupsPolicy?: "Merge" | "Strict";
    readonly noNewPrivs: boolean;
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly seccomp?: SecurityProfile;
    readonly apparmor?: SecurityProfile;
  };
}
export type ContainerState = "created" | "running" | "exited" | "unknown";

export interface ContainerSummary {
  readonly id: string;
  readonly sandboxId: string;
  readonly metadata: ContainerMetadata;
  readonly image: string;
  readonly imageId: string;
  readonly state: ContainerState;
  readonly createdAtMs: number;
  readonly labels: Labels;
  readonly annotations: Labels;
}
export interface ContainerStatus extends ContainerSummary {
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** The image as it was asked for, and "docker.io/library/busybox@sha256:…" or its id. */
  readonly imageRef: string;
  /** "OOMKilled", "Error", "Completed", "ContainerCannotRun", "StartError" … as the runtime says. */
  readonly reason: string;
  readonly message: string;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
  readonly resources?: LinuxResources;
  readonly user?: { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] };
  readonly stopSignal?: string;
}
export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** The user that the image asks for: a number, or a name. */
  readonly uid?: number;
  readonly username?: string;
  readonly pinned: boolean;
}
export interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly serverAddress?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}
export interface ContainerStats {
  readonly id: string;
  readonly labels: Labels;
  readonly timeMs: number;
  readonly cpuNanos: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  readonly memoryPageFaults: number;
  readonly memoryMajorPageFaults: number;
  readonly rootfsUsedBytes: number;
  readonly rootfsInodesUsed: number;
}
export interface ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}
export interface RuntimeEvent {
  readonly kind: "started" | "exited" | "deleted" | "oom" | "sandbox-exited" | "image-changed";
  /** The sandbox's or the container's id. */
  readonly id: string;
}
/** What the runtime can do under one handler; "" is the default. */
export interface RuntimeHandler {
  readonly name: string;
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
}
export interface RuntimeConditions {
  readonly runtimeReady: boolean;
  readonly networkReady: boolean;
  /** Why not, where one is not. */
  readonly message: string;
  /** None: an old runtime, which tells nothing and can do none of it. */
  readonly handlers: readonly RuntimeHandler[];
  /** undefined: it does not say. */
  readonly supplementalGroupsPolicy?: boolean;
}
/** What the runtime's streaming server asks back: see remote-command in src/kinds/request.ts. */
export interface ExecStreamRequest {
  readonly containerId: string;
  /** Absent: attach. */
  readonly command?: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** An answer of "no such thing", which callers treat apart from other failures. */
export class RuntimeNotFoundError extends Error {
  override name = "RuntimeNotFoundError";
  code = "NotFound";
}
/** A failure that the runtime reports; `message` is its own text, as upstream shows it in events and states. */
export class RuntimeError extends Error {
  override name = "RuntimeError";
  /** gRPC's name of the sort of failure: some of upstream's texts are "rpc error: code = CODE desc = MESSAGE". */
  code = "Unknown";
}

/** What Go's gRPC client calls the error, and upstream shows where it doesn't take the message out of it. */
export function rpcText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const fromRuntime = error instanceof RuntimeError || error instanceof RuntimeNotFoundError;
  return fromRuntime ? `rpc error: code = ${error.code} desc = ${error.message}` : error.message;
}

/** Every call rejects with RuntimeError (or RuntimeNotFoundError where the id is unknown). */
export interface Runtime {
  version(): Promise<{ readonly name: string; readonly version: string }>;
  conditions(): Promise<RuntimeConditions>;
  /** The pod CIDR of this node: the network is set up when it is known. */
  setPodCidr(cidr: string): Promise<void>;
  runSandbox(config: SandboxConfig): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  sandboxStatus(id: string): Promise<SandboxStatus>;
  listSandboxes(): Promise<readonly SandboxStatus[]>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Stop signal, then SIGKILL after the time. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(): Promise<readonly ContainerSummary[]>;
  containerStatus(id: string): Promise<ContainerStatus>;
  updateResources(id: string, resources: LinuxResources): Promise<void>;
  reopenLog(id: string): Promise<void>;
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  containerStats(): Promise<readonly ContainerStats[]>;
  listImages(): Promise<readonly Image[]>;
  /** undefined: not present. */
  imageStatus(image: ImageSpec): Promise<Image | undefined>;
  /** Resolves to the image's reference (id). */
  pullImage(image: ImageSpec, auth: AuthConfig | undefined, sandbox: SandboxConfig): Promise<string>;
  removeImage(image: ImageSpec): Promise<void>;
  imageFilesystemBytes(): Promise<{
    readonly usedBytes: number;
    readonly inodesUsed: number;
    readonly mountpoint: string;
  }>;
  /** Events from now on, until the signal is aborted. They may be lost: a slow relist goes beside them. */
  events(signal: AbortSignal, onEvent: (event: RuntimeEvent) => void): void;
  /** Runs a command, or attaches, and serves its streams until it ends. Resolves to the exit code. */
  exec(request: ExecStreamRequest, streams: import("../kinds/request.ts").RemoteCommandStreams): Promise<number>;
  /** One connection to a port inside the sandbox's network namespace. */
  dial(sandboxId: string, port: number): Promise<import("../kinds/request.ts").ByteStream>;
}
