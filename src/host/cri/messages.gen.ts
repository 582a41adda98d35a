// Printed by scripts/generate.ts from the reference's cri-v1-fields.json; not edited by hand. Imports src/host/cri.
import type { EnumTable, MessageTable } from "./codec.ts";

export const messages: MessageTable = {
  AttachRequest: [[1, "containerId", "string"], [2, "stdin", "bool"], [3, "tty", "bool"], [4, "stdout", "bool"], [5, "stderr", "bool"]],
  AttachResponse: [[1, "url", "string"]],
  AuthConfig: [[1, "username", "string"], [2, "password", "string"], [3, "auth", "string"], [4, "serverAddress", "string"], [5, "identityToken", "string"], [6, "registryToken", "string"]],
  CDIDevice: [[1, "name", "string"]],
  Capability: [[1, "addCapabilities", "string", true], [2, "dropCapabilities", "string", true], [3, "addAmbientCapabilities", "string", true]],
  Container: [[1, "id", "string"], [2, "podSandboxId", "string"], [3, "metadata", "ContainerMetadata"], [4, "image", "ImageSpec"], [5, "imageRef", "string"], [6, "state", "enum ContainerState"], [7, "createdAt", "int64"], [8, "labels", "map<string,string>"], [9, "annotations", "map<string,string>"], [10, "imageId", "string"]],
  ContainerAttributes: [[1, "id", "string"], [2, "metadata", "ContainerMetadata"], [3, "labels", "map<string,string>"], [4, "annotations", "map<string,string>"]],
  ContainerConfig: [[1, "metadata", "ContainerMetadata"], [2, "image", "ImageSpec"], [3, "command", "string", true], [4, "args", "string", true], [5, "workingDir", "string"], [6, "envs", "KeyValue", true], [7, "mounts", "Mount", true], [8, "devices", "Device", true], [9, "labels", "map<string,string>"], [10, "annotations", "map<string,string>"], [11, "logPath", "string"], [12, "stdin", "bool"], [13, "stdinOnce", "bool"], [14, "tty", "bool"], [15, "linux", "LinuxContainerConfig"], [17, "CDIDevices", "CDIDevice", true], [18, "stopSignal", "enum Signal"]],
  ContainerFilter: [[1, "id", "string"], [2, "state", "ContainerStateValue"], [3, "podSandboxId", "string"], [4, "labelSelector", "map<string,string>"]],
  ContainerMetadata: [[1, "name", "string"], [2, "attempt", "uint32"]],
  ContainerResources: [[1, "linux", "LinuxContainerResources"]],
  ContainerStateValue: [[1, "state", "enum ContainerState"]],
  ContainerStats: [[1, "attributes", "ContainerAttributes"], [2, "cpu", "CpuUsage"], [3, "memory", "MemoryUsage"], [4, "writableLayer", "FilesystemUsage"], [5, "swap", "SwapUsage"], [6, "io", "IoUsage"]],
  ContainerStatsFilter: [[1, "id", "string"], [2, "podSandboxId", "string"], [3, "labelSelector", "map<string,string>"]],
  ContainerStatus: [[1, "id", "string"], [2, "metadata", "ContainerMetadata"], [3, "state", "enum ContainerState"], [4, "createdAt", "int64"], [5, "startedAt", "int64"], [6, "finishedAt", "int64"], [7, "exitCode", "int32"], [8, "image", "ImageSpec"], [9, "imageRef", "string"], [10, "reason", "string"], [11, "message", "string"], [12, "labels", "map<string,string>"], [13, "annotations", "map<string,string>"], [14, "mounts", "Mount", true], [15, "logPath", "string"], [16, "resources", "ContainerResources"], [17, "imageId", "string"], [18, "user", "ContainerUser"], [19, "stopSignal", "enum Signal"]],
  ContainerStatusRequest: [[1, "containerId", "string"], [2, "verbose", "bool"]],
  ContainerStatusResponse: [[1, "status", "ContainerStatus"], [2, "info", "map<string,string>"]],
  ContainerUser: [[1, "linux", "LinuxContainerUser"]],
  CpuUsage: [[1, "timestamp", "int64"], [2, "usageCoreNanoSeconds", "UInt64Value"], [3, "usageNanoCores", "UInt64Value"], [4, "psi", "PsiStats"]],
  CreateContainerRequest: [[1, "podSandboxId", "string"], [2, "config", "ContainerConfig"], [3, "sandboxConfig", "PodSandboxConfig"]],
  CreateContainerResponse: [[1, "containerId", "string"]],
  DNSConfig: [[1, "servers", "string", true], [2, "searches", "string", true], [3, "options", "string", true]],
  Device: [[1, "containerPath", "string"], [2, "hostPath", "string"], [3, "permissions", "string"]],
  ExecRequest: [[1, "containerId", "string"], [2, "cmd", "string", true], [3, "tty", "bool"], [4, "stdin", "bool"], [5, "stdout", "bool"], [6, "stderr", "bool"]],
  ExecResponse: [[1, "url", "string"]],
  ExecSyncRequest: [[1, "containerId", "string"], [2, "cmd", "string", true], [3, "timeout", "int64"]],
  ExecSyncResponse: [[1, "stdout", "bytes"], [2, "stderr", "bytes"], [3, "exitCode", "int32"]],
  FilesystemIdentifier: [[1, "mountpoint", "string"]],
  FilesystemUsage: [[1, "timestamp", "int64"], [2, "fsId", "FilesystemIdentifier"], [3, "usedBytes", "UInt64Value"], [4, "inodesUsed", "UInt64Value"]],
  HugepageLimit: [[1, "pageSize", "string"], [2, "limit", "uint64"]],
  IDMapping: [[1, "hostId", "uint32"], [2, "containerId", "uint32"], [3, "length", "uint32"]],
  Image: [[1, "id", "string"], [2, "repoTags", "string", true], [3, "repoDigests", "string", true], [4, "size", "uint64"], [5, "uid", "Int64Value"], [6, "username", "string"], [7, "spec", "ImageSpec"], [8, "pinned", "bool"]],
  ImageFilter: [[1, "image", "ImageSpec"]],
  ImageFsInfoRequest: [],
  ImageFsInfoResponse: [[1, "imageFilesystems", "FilesystemUsage", true], [2, "containerFilesystems", "FilesystemUsage", true]],
  ImageSpec: [[1, "image", "string"], [2, "annotations", "map<string,string>"], [18, "userSpecifiedImage", "string"], [19, "runtimeHandler", "string"], [20, "imageRef", "string"]],
  ImageStatusRequest: [[1, "image", "ImageSpec"], [2, "verbose", "bool"]],
  ImageStatusResponse: [[1, "image", "Image"], [2, "info", "map<string,string>"]],
  Int64Value: [[1, "value", "int64"]],
  IoUsage: [[1, "timestamp", "int64"], [2, "psi", "PsiStats"]],
  KeyValue: [[1, "key", "string"], [2, "value", "string"]],
  LinuxContainerConfig: [[1, "resources", "LinuxContainerResources"], [2, "securityContext", "LinuxContainerSecurityContext"]],
  LinuxContainerResources: [[1, "cpuPeriod", "int64"], [2, "cpuQuota", "int64"], [3, "cpuShares", "int64"], [4, "memoryLimitInBytes", "int64"], [5, "oomScoreAdj", "int64"], [6, "cpusetCpus", "string"], [7, "cpusetMems", "string"], [8, "hugepageLimits", "HugepageLimit", true], [9, "unified", "map<string,string>"], [10, "memorySwapLimitInBytes", "int64"]],
  LinuxContainerSecurityContext: [[1, "capabilities", "Capability"], [2, "privileged", "bool"], [3, "namespaceOptions", "NamespaceOption"], [4, "selinuxOptions", "SELinuxOption"], [5, "runAsUser", "Int64Value"], [12, "runAsGroup", "Int64Value"], [6, "runAsUsername", "string"], [7, "readonlyRootfs", "bool"], [8, "supplementalGroups", "int64", true], [17, "supplementalGroupsPolicy", "enum SupplementalGroupsPolicy"], [11, "noNewPrivs", "bool"], [13, "maskedPaths", "string", true], [14, "readonlyPaths", "string", true], [15, "seccomp", "SecurityProfile"], [16, "apparmor", "SecurityProfile"], [9, "apparmorProfile", "string"], [10, "seccompProfilePath", "string"]],
  LinuxContainerUser: [[1, "uid", "int64"], [2, "gid", "int64"], [3, "supplementalGroups", "int64", true]],
  LinuxPodSandboxConfig: [[1, "cgroupParent", "string"], [2, "securityContext", "LinuxSandboxSecurityContext"], [3, "sysctls", "map<string,string>"], [4, "overhead", "LinuxContainerResources"], [5, "resources", "LinuxContainerResources"]],
  LinuxPodSandboxStatus: [[1, "namespaces", "Namespace"]],
  LinuxSandboxSecurityContext: [[1, "namespaceOptions", "NamespaceOption"], [2, "selinuxOptions", "SELinuxOption"], [3, "runAsUser", "Int64Value"], [8, "runAsGroup", "Int64Value"], [4, "readonlyRootfs", "bool"], [5, "supplementalGroups", "int64", true], [11, "supplementalGroupsPolicy", "enum SupplementalGroupsPolicy"], [6, "privileged", "bool"], [9, "seccomp", "SecurityProfile"], [10, "apparmor", "SecurityProfile"], [7, "seccompProfilePath", "string"]],
  ListContainerStatsRequest: [[1, "filter", "ContainerStatsFilter"]],
  ListContainerStatsResponse: [[1, "stats", "ContainerStats", true]],
  ListContainersRequest: [[1, "filter", "ContainerFilter"]],
  ListContainersResponse: [[1, "containers", "Container", true]],
  ListImagesRequest: [[1, "filter", "ImageFilter"]],
  ListImagesResponse: [[1, "images", "Image", true]],
  ListPodSandboxRequest: [[1, "filter", "PodSandboxFilter"]],
  ListPodSandboxResponse: [[1, "items", "PodSandbox", true]],
  MemoryUsage: [[1, "timestamp", "int64"], [2, "workingSetBytes", "UInt64Value"], [3, "availableBytes", "UInt64Value"], [4, "usageBytes", "UInt64Value"], [5, "rssBytes", "UInt64Value"], [6, "pageFaults", "UInt64Value"], [7, "majorPageFaults", "UInt64Value"], [8, "psi", "PsiStats"]],
  Mount: [[1, "containerPath", "string"], [2, "hostPath", "string"], [3, "readonly", "bool"], [4, "selinuxRelabel", "bool"], [5, "propagation", "enum MountPropagation"], [6, "uidMappings", "IDMapping", true], [7, "gidMappings", "IDMapping", true], [8, "recursiveReadOnly", "bool"], [9, "image", "ImageSpec"], [10, "imageSubPath", "string"]],
  Namespace: [[2, "options", "NamespaceOption"]],
  NamespaceOption: [[1, "network", "enum NamespaceMode"], [2, "pid", "enum NamespaceMode"], [3, "ipc", "enum NamespaceMode"], [4, "targetId", "string"], [5, "usernsOptions", "UserNamespace"]],
  PodIP: [[1, "ip", "string"]],
  PodSandbox: [[1, "id", "string"], [2, "metadata", "PodSandboxMetadata"], [3, "state", "enum PodSandboxState"], [4, "createdAt", "int64"], [5, "labels", "map<string,string>"], [6, "annotations", "map<string,string>"], [7, "runtimeHandler", "string"]],
  PodSandboxConfig: [[1, "metadata", "PodSandboxMetadata"], [2, "hostname", "string"], [3, "logDirectory", "string"], [4, "dnsConfig", "DNSConfig"], [5, "portMappings", "PortMapping", true], [6, "labels", "map<string,string>"], [7, "annotations", "map<string,string>"], [8, "linux", "LinuxPodSandboxConfig"]],
  PodSandboxFilter: [[1, "id", "string"], [2, "state", "PodSandboxStateValue"], [3, "labelSelector", "map<string,string>"]],
  PodSandboxMetadata: [[1, "name", "string"], [2, "uid", "string"], [3, "namespace", "string"], [4, "attempt", "uint32"]],
  PodSandboxNetworkStatus: [[1, "ip", "string"], [2, "additionalIps", "PodIP", true]],
  PodSandboxStateValue: [[1, "state", "enum PodSandboxState"]],
  PodSandboxStatus: [[1, "id", "string"], [2, "metadata", "PodSandboxMetadata"], [3, "state", "enum PodSandboxState"], [4, "createdAt", "int64"], [5, "network", "PodSandboxNetworkStatus"], [6, "linux", "LinuxPodSandboxStatus"], [7, "labels", "map<string,string>"], [8, "annotations", "map<string,string>"], [9, "runtimeHandler", "string"]],
  PodSandboxStatusRequest: [[1, "podSandboxId", "string"], [2, "verbose", "bool"]],
  PodSandboxStatusResponse: [[1, "status", "PodSandboxStatus"], [2, "info", "map<string,string>"], [3, "containersStatuses", "ContainerStatus", true], [4, "timestamp", "int64"]],
  PortForwardRequest: [[1, "podSandboxId", "string"], [2, "port", "int32", true]],
  PortForwardResponse: [[1, "url", "string"]],
  PortMapping: [[1, "protocol", "enum Protocol"], [2, "containerPort", "int32"], [3, "hostPort", "int32"], [4, "hostIp", "string"]],
  PsiData: [[1, "Total", "uint64"], [2, "Avg10", "double"], [3, "Avg60", "double"], [4, "Avg300", "double"]],
  PsiStats: [[1, "Full", "PsiData"], [2, "Some", "PsiData"]],
  PullImageRequest: [[1, "image", "ImageSpec"], [2, "auth", "AuthConfig"], [3, "sandboxConfig", "PodSandboxConfig"]],
  PullImageResponse: [[1, "imageRef", "string"]],
  RemoveContainerRequest: [[1, "containerId", "string"]],
  RemoveContainerResponse: [],
  RemoveImageRequest: [[1, "image", "ImageSpec"]],
  RemoveImageResponse: [],
  RemovePodSandboxRequest: [[1, "podSandboxId", "string"]],
  RemovePodSandboxResponse: [],
  ReopenContainerLogRequest: [[1, "containerId", "string"]],
  ReopenContainerLogResponse: [],
  RunPodSandboxRequest: [[1, "config", "PodSandboxConfig"], [2, "runtimeHandler", "string"]],
  RunPodSandboxResponse: [[1, "podSandboxId", "string"]],
  RuntimeCondition: [[1, "type", "string"], [2, "status", "bool"], [3, "reason", "string"], [4, "message", "string"]],
  RuntimeFeatures: [[1, "supplementalGroupsPolicy", "bool"], [2, "userNamespacesHostNetwork", "bool"]],
  RuntimeHandler: [[1, "name", "string"], [2, "features", "RuntimeHandlerFeatures"]],
  RuntimeHandlerFeatures: [[1, "recursiveReadOnlyMounts", "bool"], [2, "userNamespaces", "bool"]],
  RuntimeStatus: [[1, "conditions", "RuntimeCondition", true]],
  SELinuxOption: [[1, "user", "string"], [2, "role", "string"], [3, "type", "string"], [4, "level", "string"]],
  SecurityProfile: [[1, "profileType", "enum SecurityProfile.ProfileType"], [2, "localhostRef", "string"]],
  StartContainerRequest: [[1, "containerId", "string"]],
  StartContainerResponse: [],
  StatusRequest: [[1, "verbose", "bool"]],
  StatusResponse: [[1, "status", "RuntimeStatus"], [2, "info", "map<string,string>"], [3, "runtimeHandlers", "RuntimeHandler", true], [4, "features", "RuntimeFeatures"]],
  StopContainerRequest: [[1, "containerId", "string"], [2, "timeout", "int64"]],
  StopContainerResponse: [],
  StopPodSandboxRequest: [[1, "podSandboxId", "string"]],
  StopPodSandboxResponse: [],
  SwapUsage: [[1, "timestamp", "int64"], [2, "swapAvailableBytes", "UInt64Value"], [3, "swapUsageBytes", "UInt64Value"]],
  UInt64Value: [[1, "value", "uint64"]],
  UpdateContainerResourcesRequest: [[1, "containerId", "string"], [2, "linux", "LinuxContainerResources"], [4, "annotations", "map<string,string>"]],
  UpdateContainerResourcesResponse: [],
  UserNamespace: [[1, "mode", "enum NamespaceMode"], [2, "uids", "IDMapping", true], [3, "gids", "IDMapping", true]],
  VersionRequest: [[1, "version", "string"]],
  VersionResponse: [[1, "version", "string"], [2, "runtimeName", "string"], [3, "runtimeVersion", "string"], [4, "runtimeApiVersion", "string"]],
};

export const enums: EnumTable = {
  "ContainerState": {"CONTAINER_CREATED":0,"CONTAINER_RUNNING":1,"CONTAINER_EXITED":2,"CONTAINER_UNKNOWN":3},
  "MountPropagation": {"PROPAGATION_PRIVATE":0,"PROPAGATION_HOST_TO_CONTAINER":1,"PROPAGATION_BIDIRECTIONAL":2},
  "NamespaceMode": {"POD":0,"CONTAINER":1,"NODE":2,"TARGET":3},
  "PodSandboxState": {"SANDBOX_READY":0,"SANDBOX_NOTREADY":1},
  "Protocol": {"TCP":0,"UDP":1,"SCTP":2},
  "SecurityProfile.ProfileType": {"RuntimeDefault":0,"Unconfined":1,"Localhost":2},
  "Signal": {"RUNTIME_DEFAULT":0,"SIGABRT":1,"SIGALRM":2,"SIGBUS":3,"SIGCHLD":4,"SIGCLD":5,"SIGCONT":6,"SIGFPE":7,"SIGHUP":8,"SIGILL":9,"SIGINT":10,"SIGIO":11,"SIGIOT":12,"SIGKILL":13,"SIGPIPE":14,"SIGPOLL":15,"SIGPROF":16,"SIGPWR":17,"SIGQUIT":18,"SIGSEGV":19,"SIGSTKFLT":20,"SIGSTOP":21,"SIGSYS":22,"SIGTERM":23,"SIGTRAP":24,"SIGTSTP":25,"SIGTTIN":26,"SIGTTOU":27,"SIGURG":28,"SIGUSR1":29,"SIGUSR2":30,"SIGVTALRM":31,"SIGWINCH":32,"SIGXCPU":33,"SIGXFSZ":34,"SIGRTMIN":35,"SIGRTMINPLUS1":36,"SIGRTMINPLUS2":37,"SIGRTMINPLUS3":38,"SIGRTMINPLUS4":39,"SIGRTMINPLUS5":40,"SIGRTMINPLUS6":41,"SIGRTMINPLUS7":42,"SIGRTMINPLUS8":43,"SIGRTMINPLUS9":44,"SIGRTMINPLUS10":45,"SIGRTMINPLUS11":46,"SIGRTMINPLUS12":47,"SIGRTMINPLUS13":48,"SIGRTMINPLUS14":49,"SIGRTMINPLUS15":50,"SIGRTMAXMINUS14":51,"SIGRTMAXMINUS13":52,"SIGRTMAXMINUS12":53,"SIGRTMAXMINUS11":54,"SIGRTMAXMINUS10":55,"SIGRTMAXMINUS9":56,"SIGRTMAXMINUS8":57,"SIGRTMAXMINUS7":58,"SIGRTMAXMINUS6":59,"SIGRTMAXMINUS5":60,"SIGRTMAXMINUS4":61,"SIGRTMAXMINUS3":62,"SIGRTMAXMINUS2":63,"SIGRTMAXMINUS1":64,"SIGRTMAX":65},
  "SupplementalGroupsPolicy": {"Merge":0,"Strict":1},
};

export const calls = {
  Version: { path: "/runtime.v1.RuntimeService/Version", request: "VersionRequest", response: "VersionResponse" },
  Status: { path: "/runtime.v1.RuntimeService/Status", request: "StatusRequest", response: "StatusResponse" },
  RunPodSandbox: { path: "/runtime.v1.RuntimeService/RunPodSandbox", request: "RunPodSandboxRequest", response: "RunPodSandboxResponse" },
  StopPodSandbox: { path: "/runtime.v1.RuntimeService/StopPodSandbox", request: "StopPodSandboxRequest", response: "StopPodSandboxResponse" },
  RemovePodSandbox: { path: "/runtime.v1.RuntimeService/RemovePodSandbox", request: "RemovePodSandboxRequest", response: "RemovePodSandboxResponse" },
  PodSandboxStatus: { path: "/runtime.v1.RuntimeService/PodSandboxStatus", request: "PodSandboxStatusRequest", response: "PodSandboxStatusResponse" },
  ListPodSandbox: { path: "/runtime.v1.RuntimeService/ListPodSandbox", request: "ListPodSandboxRequest", response: "ListPodSandboxResponse" },
  CreateContainer: { path: "/runtime.v1.RuntimeService/CreateContainer", request: "CreateContainerRequest", response: "CreateContainerResponse" },
  StartContainer: { path: "/runtime.v1.RuntimeService/StartContainer", request: "StartContainerRequest", response: "StartContainerResponse" },
  StopContainer: { path: "/runtime.v1.RuntimeService/StopContainer", request: "StopContainerRequest", response: "StopContainerResponse" },
  RemoveContainer: { path: "/runtime.v1.RuntimeService/RemoveContainer", request: "RemoveContainerRequest", response: "RemoveContainerResponse" },
  ListContainers: { path: "/runtime.v1.RuntimeService/ListContainers", request: "ListContainersRequest", response: "ListContainersResponse" },
  ContainerStatus: { path: "/runtime.v1.RuntimeService/ContainerStatus", request: "ContainerStatusRequest", response: "ContainerStatusResponse" },
  UpdateContainerResources: { path: "/runtime.v1.RuntimeService/UpdateContainerResources", request: "UpdateContainerResourcesRequest", response: "UpdateContainerResourcesResponse" },
  ReopenContainerLog: { path: "/runtime.v1.RuntimeService/ReopenContainerLog", request: "ReopenContainerLogRequest", response: "ReopenContainerLogResponse" },
  ExecSync: { path: "/runtime.v1.RuntimeService/ExecSync", request: "ExecSyncRequest", response: "ExecSyncResponse" },
  Exec: { path: "/runtime.v1.RuntimeService/Exec", request: "ExecRequest", response: "ExecResponse" },
  Attach: { path: "/runtime.v1.RuntimeService/Attach", request: "AttachRequest", response: "AttachResponse" },
  PortForward: { path: "/runtime.v1.RuntimeService/PortForward", request: "PortForwardRequest", response: "PortForwardResponse" },
  ListContainerStats: { path: "/runtime.v1.RuntimeService/ListContainerStats", request: "ListContainerStatsRequest", response: "ListContainerStatsResponse" },
  ListImages: { path: "/runtime.v1.ImageService/ListImages", request: "ListImagesRequest", response: "ListImagesResponse" },
  ImageStatus: { path: "/runtime.v1.ImageService/ImageStatus", request: "ImageStatusRequest", response: "ImageStatusResponse" },
  PullImage: { path: "/runtime.v1.ImageService/PullImage", request: "PullImageRequest", response: "PullImageResponse" },
  RemoveImage: { path: "/runtime.v1.ImageService/RemoveImage", request: "RemoveImageRequest", response: "RemoveImageResponse" },
  ImageFsInfo: { path: "/runtime.v1.ImageService/ImageFsInfo", request: "ImageFsInfoRequest", response: "ImageFsInfoResponse" },
} as const;

export interface Calls {
  readonly Version: { readonly request: VersionRequest; readonly response: VersionResponse };
  readonly Status: { readonly request: StatusRequest; readonly response: StatusResponse };
  readonly RunPodSandbox: { readonly request: RunPodSandboxRequest; readonly response: RunPodSandboxResponse };
  readonly StopPodSandbox: { readonly request: StopPodSandboxRequest; readonly response: StopPodSandboxResponse };
  readonly RemovePodSandbox: { readonly request: RemovePodSandboxRequest; readonly response: RemovePodSandboxResponse };
  readonly PodSandboxStatus: { readonly request: PodSandboxStatusRequest; readonly response: PodSandboxStatusResponse };
  readonly ListPodSandbox: { readonly request: ListPodSandboxRequest; readonly response: ListPodSandboxResponse };
  readonly CreateContainer: { readonly request: CreateContainerRequest; readonly response: CreateContainerResponse };
  readonly StartContainer: { readonly request: StartContainerRequest; readonly response: StartContainerResponse };
  readonly StopContainer: { readonly request: StopContainerRequest; readonly response: StopContainerResponse };
  readonly RemoveContainer: { readonly request: RemoveContainerRequest; readonly response: RemoveContainerResponse };
  readonly ListContainers: { readonly request: ListContainersRequest; readonly response: ListContainersResponse };
  readonly ContainerStatus: { readonly request: ContainerStatusRequest; readonly response: ContainerStatusResponse };
  readonly UpdateContainerResources: { readonly request: UpdateContainerResourcesRequest; readonly response: UpdateContainerResourcesResponse };
  readonly ReopenContainerLog: { readonly request: ReopenContainerLogRequest; readonly response: ReopenContainerLogResponse };
  readonly ExecSync: { readonly request: ExecSyncRequest; readonly response: ExecSyncResponse };
  readonly Exec: { readonly request: ExecRequest; readonly response: ExecResponse };
  readonly Attach: { readonly request: AttachRequest; readonly response: AttachResponse };
  readonly PortForward: { readonly request: PortForwardRequest; readonly response: PortForwardResponse };
  readonly ListContainerStats: { readonly request: ListContainerStatsRequest; readonly response: ListContainerStatsResponse };
  readonly ListImages: { readonly request: ListImagesRequest; readonly response: ListImagesResponse };
  readonly ImageStatus: { readonly request: ImageStatusRequest; readonly response: ImageStatusResponse };
  readonly PullImage: { readonly request: PullImageRequest; readonly response: PullImageResponse };
  readonly RemoveImage: { readonly request: RemoveImageRequest; readonly response: RemoveImageResponse };
  readonly ImageFsInfo: { readonly request: ImageFsInfoRequest; readonly response: ImageFsInfoResponse };
}

export interface AttachRequest {
  readonly containerId: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}
export interface AttachResponse {
  readonly url: string;
}
export interface AuthConfig {
  readonly username: string;
  readonly password: string;
  readonly auth: string;
  readonly serverAddress: string;
  readonly identityToken: string;
  readonly registryToken: string;
}
export interface CDIDevice {
  readonly name: string;
}
export interface Capability {
  readonly addCapabilities: readonly (string)[];
  readonly dropCapabilities: readonly (string)[];
  readonly addAmbientCapabilities: readonly (string)[];
}
export interface Container {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata?: ContainerMetadata;
  readonly image?: ImageSpec;
  readonly imageRef: string;
  readonly state: "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED" | "CONTAINER_UNKNOWN";
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly imageId: string;
}
export interface ContainerAttributes {
  readonly id: string;
  readonly metadata?: ContainerMetadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
export interface ContainerConfig {
  readonly metadata?: ContainerMetadata;
  readonly image?: ImageSpec;
  readonly command: readonly (string)[];
  readonly args: readonly (string)[];
  readonly workingDir: string;
  readonly envs: readonly (KeyValue)[];
  readonly mounts: readonly (Mount)[];
  readonly devices: readonly (Device)[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly linux?: LinuxContainerConfig;
  readonly CDIDevices: readonly (CDIDevice)[];
  readonly stopSignal: "RUNTIME_DEFAULT" | "SIGABRT" | "SIGALRM" | "SIGBUS" | "SIGCHLD" | "SIGCLD" | "SIGCONT" | "SIGFPE" | "SIGHUP" | "SIGILL" | "SIGINT" | "SIGIO" | "SIGIOT" | "SIGKILL" | "SIGPIPE" | "SIGPOLL" | "SIGPROF" | "SIGPWR" | "SIGQUIT" | "SIGSEGV" | "SIGSTKFLT" | "SIGSTOP" | "SIGSYS" | "SIGTERM" | "SIGTRAP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU" | "SIGURG" | "SIGUSR1" | "SIGUSR2" | "SIGVTALRM" | "SIGWINCH" | "SIGXCPU" | "SIGXFSZ" | "SIGRTMIN" | "SIGRTMINPLUS1" | "SIGRTMINPLUS2" | "SIGRTMINPLUS3" | "SIGRTMINPLUS4" | "SIGRTMINPLUS5" | "SIGRTMINPLUS6" | "SIGRTMINPLUS7" | "SIGRTMINPLUS8" | "SIGRTMINPLUS9" | "SIGRTMINPLUS10" | "SIGRTMINPLUS11" | "SIGRTMINPLUS12" | "SIGRTMINPLUS13" | "SIGRTMINPLUS14" | "SIGRTMINPLUS15" | "SIGRTMAXMINUS14" | "SIGRTMAXMINUS13" | "SIGRTMAXMINUS12" | "SIGRTMAXMINUS11" | "SIGRTMAXMINUS10" | "SIGRTMAXMINUS9" | "SIGRTMAXMINUS8" | "SIGRTMAXMINUS7" | "SIGRTMAXMINUS6" | "SIGRTMAXMINUS5" | "SIGRTMAXMINUS4" | "SIGRTMAXMINUS3" | "SIGRTMAXMINUS2" | "SIGRTMAXMINUS1" | "SIGRTMAX";
}
export interface ContainerFilter {
  readonly id: string;
  readonly state?: ContainerStateValue;
  readonly podSandboxId: string;
  readonly labelSelector: Readonly<Record<string, string>>;
}
export interface ContainerMetadata {
  readonly name: string;
  readonly attempt: number;
}
export interface ContainerResources {
  readonly linux?: LinuxContainerResources;
}
export interface ContainerStateValue {
  readonly state: "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED" | "CONTAINER_UNKNOWN";
}
export interface ContainerStats {
  readonly attributes?: ContainerAttributes;
  readonly cpu?: CpuUsage;
  readonly memory?: MemoryUsage;
  readonly writableLayer?: FilesystemUsage;
  readonly swap?: SwapUsage;
  readonly io?: IoUsage;
}
export interface ContainerStatsFilter {
  readonly id: string;
  readonly podSandboxId: string;
  readonly labelSelector: Readonly<Record<string, string>>;
}
export interface ContainerStatus {
  readonly id: string;
  readonly metadata?: ContainerMetadata;
  readonly state: "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED" | "CONTAINER_UNKNOWN";
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly image?: ImageSpec;
  readonly imageRef: string;
  readonly reason: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly mounts: readonly (Mount)[];
  readonly logPath: string;
  readonly resources?: ContainerResources;
  readonly imageId: string;
  readonly user?: ContainerUser;
  readonly stopSignal: "RUNTIME_DEFAULT" | "SIGABRT" | "SIGALRM" | "SIGBUS" | "SIGCHLD" | "SIGCLD" | "SIGCONT" | "SIGFPE" | "SIGHUP" | "SIGILL" | "SIGINT" | "SIGIO" | "SIGIOT" | "SIGKILL" | "SIGPIPE" | "SIGPOLL" | "SIGPROF" | "SIGPWR" | "SIGQUIT" | "SIGSEGV" | "SIGSTKFLT" | "SIGSTOP" | "SIGSYS" | "SIGTERM" | "SIGTRAP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU" | "SIGURG" | "SIGUSR1" | "SIGUSR2" | "SIGVTALRM" | "SIGWINCH" | "SIGXCPU" | "SIGXFSZ" | "SIGRTMIN" | "SIGRTMINPLUS1" | "SIGRTMINPLUS2" | "SIGRTMINPLUS3" | "SIGRTMINPLUS4" | "SIGRTMINPLUS5" | "SIGRTMINPLUS6" | "SIGRTMINPLUS7" | "SIGRTMINPLUS8" | "SIGRTMINPLUS9" | "SIGRTMINPLUS10" | "SIGRTMINPLUS11" | "SIGRTMINPLUS12" | "SIGRTMINPLUS13" | "SIGRTMINPLUS14" | "SIGRTMINPLUS15" | "SIGRTMAXMINUS14" | "SIGRTMAXMINUS13" | "SIGRTMAXMINUS12" | "SIGRTMAXMINUS11" | "SIGRTMAXMINUS10" | "SIGRTMAXMINUS9" | "SIGRTMAXMINUS8" | "SIGRTMAXMINUS7" | "SIGRTMAXMINUS6" | "SIGRTMAXMINUS5" | "SIGRTMAXMINUS4" | "SIGRTMAXMINUS3" | "SIGRTMAXMINUS2" | "SIGRTMAXMINUS1" | "SIGRTMAX";
}
export interface ContainerStatusRequest {
  readonly containerId: string;
  readonly verbose: boolean;
}
export interface ContainerStatusResponse {
  readonly status?: ContainerStatus;
  readonly info: Readonly<Record<string, string>>;
}
export interface ContainerUser {
  readonly linux?: LinuxContainerUser;
}
export interface CpuUsage {
  readonly timestamp: number;
  readonly usageCoreNanoSeconds?: UInt64Value;
  readonly usageNanoCores?: UInt64Value;
  readonly psi?: PsiStats;
}
export interface CreateContainerRequest {
  readonly podSandboxId: string;
  readonly config?: ContainerConfig;
  readonly sandboxConfig?: PodSandboxConfig;
}
export interface CreateContainerResponse {
  readonly containerId: string;
}
export interface DNSConfig {
  readonly servers: readonly (string)[];
  readonly searches: readonly (string)[];
  readonly options: readonly (string)[];
}
export interface Device {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly permissions: string;
}
export interface ExecRequest {
  readonly containerId: string;
  readonly cmd: readonly (string)[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}
export interface ExecResponse {
  readonly url: string;
}
export interface ExecSyncRequest {
  readonly containerId: string;
  readonly cmd: readonly (string)[];
  readonly timeout: number;
}
export interface ExecSyncResponse {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}
export interface FilesystemIdentifier {
  readonly mountpoint: string;
}
export interface FilesystemUsage {
  readonly timestamp: number;
  readonly fsId?: FilesystemIdentifier;
  readonly usedBytes?: UInt64Value;
  readonly inodesUsed?: UInt64Value;
}
export interface HugepageLimit {
  readonly pageSize: string;
  readonly limit: number;
}
export interface IDMapping {
  readonly hostId: number;
  readonly containerId: number;
  readonly length: number;
}
export interface Image {
  readonly id: string;
  readonly repoTags: readonly (string)[];
  readonly repoDigests: readonly (string)[];
  readonly size: number;
  readonly uid?: Int64Value;
  readonly username: string;
  readonly spec?: ImageSpec;
  readonly pinned: boolean;
}
export interface ImageFilter {
  readonly image?: ImageSpec;
}
export interface ImageFsInfoRequest {
}
export interface ImageFsInfoResponse {
  readonly imageFilesystems: readonly (FilesystemUsage)[];
  readonly containerFilesystems: readonly (FilesystemUsage)[];
}
export interface ImageSpec {
  readonly image: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly userSpecifiedImage: string;
  readonly runtimeHandler: string;
  readonly imageRef: string;
}
export interface ImageStatusRequest {
  readonly image?: ImageSpec;
  readonly verbose: boolean;
}
export interface ImageStatusResponse {
  readonly image?: Image;
  readonly info: Readonly<Record<string, string>>;
}
export interface Int64Value {
  readonly value: number;
}
export interface IoUsage {
  readonly timestamp: number;
  readonly psi?: PsiStats;
}
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}
export interface LinuxContainerConfig {
  readonly resources?: LinuxContainerResources;
  readonly securityContext?: LinuxContainerSecurityContext;
}
export interface LinuxContainerResources {
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuShares: number;
  readonly memoryLimitInBytes: number;
  readonly oomScoreAdj: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly hugepageLimits: readonly (HugepageLimit)[];
  readonly unified: Readonly<Record<string, string>>;
  readonly memorySwapLimitInBytes: number;
}
export interface LinuxContainerSecurityContext {
  readonly capabilities?: Capability;
  readonly privileged: boolean;
  readonly namespaceOptions?: NamespaceOption;
  readonly selinuxOptions?: SELinuxOption;
  readonly runAsUser?: Int64Value;
  readonly runAsGroup?: Int64Value;
  readonly runAsUsername: string;
  readonly readonlyRootfs: boolean;
  readonly supplementalGroups: readonly (number)[];
  readonly supplementalGroupsPolicy: "Merge" | "Strict";
  readonly noNewPrivs: boolean;
  readonly maskedPaths: readonly (string)[];
  readonly readonlyPaths: readonly (string)[];
  readonly seccomp?: SecurityProfile;
  readonly apparmor?: SecurityProfile;
  readonly apparmorProfile: string;
  readonly seccompProfilePath: string;
}
export interface LinuxContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups: readonly (number)[];
}
export interface LinuxPodSandboxConfig {
  readonly cgroupParent: string;
  readonly securityContext?: LinuxSandboxSecurityContext;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly overhead?: LinuxContainerResources;
  readonly resources?: LinuxContainerResources;
}
export interface LinuxPodSandboxStatus {
  readonly namespaces?: Namespace;
}
export interface LinuxSandboxSecurityContext {
  readonly namespaceOptions?: NamespaceOption;
  readonly selinuxOptions?: SELinuxOption;
  readonly runAsUser?: Int64Value;
  readonly runAsGroup?: Int64Value;
  readonly readonlyRootfs: boolean;
  readonly supplementalGroups: readonly (number)[];
  readonly supplementalGroupsPolicy: "Merge" | "Strict";
  readonly privileged: boolean;
  readonly seccomp?: SecurityProfile;
  readonly apparmor?: SecurityProfile;
  readonly seccompProfilePath: string;
}
export interface ListContainerStatsRequest {
  readonly filter?: ContainerStatsFilter;
}
export interface ListContainerStatsResponse {
  readonly stats: readonly (ContainerStats)[];
}
export interface ListContainersRequest {
  readonly filter?: ContainerFilter;
}
export interface ListContainersResponse {
  readonly containers: readonly (Container)[];
}
export interface ListImagesRequest {
  readonly filter?: ImageFilter;
}
export interface ListImagesResponse {
  readonly images: readonly (Image)[];
}
export interface ListPodSandboxRequest {
  readonly filter?: PodSandboxFilter;
}
export interface ListPodSandboxResponse {
  readonly items: readonly (PodSandbox)[];
}
export interface MemoryUsage {
  readonly timestamp: number;
  readonly workingSetBytes?: UInt64Value;
  readonly availableBytes?: UInt64Value;
  readonly usageBytes?: UInt64Value;
  readonly rssBytes?: UInt64Value;
  readonly pageFaults?: UInt64Value;
  readonly majorPageFaults?: UInt64Value;
  readonly psi?: PsiStats;
}
export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly selinuxRelabel: boolean;
  readonly propagation: "PROPAGATION_PRIVATE" | "PROPAGATION_HOST_TO_CONTAINER" | "PROPAGATION_BIDIRECTIONAL";
  readonly uidMappings: readonly (IDMapping)[];
  readonly gidMappings: readonly (IDMapping)[];
  readonly recursiveReadOnly: boolean;
  readonly image?: ImageSpec;
  readonly imageSubPath: string;
}
export interface Namespace {
  readonly options?: NamespaceOption;
}
export interface NamespaceOption {
  readonly network: "POD" | "CONTAINER" | "NODE" | "TARGET";
  readonly pid: "POD" | "CONTAINER" | "NODE" | "TARGET";
  readonly ipc: "POD" | "CONTAINER" | "NODE" | "TARGET";
  readonly targetId: string;
  readonly usernsOptions?: UserNamespace;
}
export interface PodIP {
  readonly ip: string;
}
export interface PodSandbox {
  readonly id: string;
  readonly metadata?: PodSandboxMetadata;
  readonly state: "SANDBOX_READY" | "SANDBOX_NOTREADY";
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly runtimeHandler: string;
}
export interface PodSandboxConfig {
  readonly metadata?: PodSandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dnsConfig?: DNSConfig;
  readonly portMappings: readonly (PortMapping)[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly linux?: LinuxPodSandboxConfig;
}
export interface PodSandboxFilter {
  readonly id: string;
  readonly state?: PodSandboxStateValue;
  readonly labelSelector: Readonly<Record<string, string>>;
}
export interface PodSandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}
export interface PodSandboxNetworkStatus {
  readonly ip: string;
  readonly additionalIps: readonly (PodIP)[];
}
export interface PodSandboxStateValue {
  readonly state: "SANDBOX_READY" | "SANDBOX_NOTREADY";
}
export interface PodSandboxStatus {
  readonly id: string;
  readonly metadata?: PodSandboxMetadata;
  readonly state: "SANDBOX_READY" | "SANDBOX_NOTREADY";
  readonly createdAt: number;
  readonly network?: PodSandboxNetworkStatus;
  readonly linux?: LinuxPodSandboxStatus;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly runtimeHandler: string;
}
export interface PodSandboxStatusRequest {
  readonly podSandboxId: string;
  readonly verbose: boolean;
}
export interface PodSandboxStatusResponse {
  readonly status?: PodSandboxStatus;
  readonly info: Readonly<Record<string, string>>;
  readonly containersStatuses: readonly (ContainerStatus)[];
  readonly timestamp: number;
}
export interface PortForwardRequest {
  readonly podSandboxId: string;
  readonly port: readonly (number)[];
}
export interface PortForwardResponse {
  readonly url: string;
}
export interface PortMapping {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}
export interface PsiData {
  readonly Total: number;
  readonly Avg10: number;
  readonly Avg60: number;
  readonly Avg300: number;
}
export interface PsiStats {
  readonly Full?: PsiData;
  readonly Some?: PsiData;
}
export interface PullImageRequest {
  readonly image?: ImageSpec;
  readonly auth?: AuthConfig;
  readonly sandboxConfig?: PodSandboxConfig;
}
export interface PullImageResponse {
  readonly imageRef: string;
}
export interface RemoveContainerRequest {
  readonly containerId: string;
}
export interface RemoveContainerResponse {
}
export interface RemoveImageRequest {
  readonly image?: ImageSpec;
}
export interface RemoveImageResponse {
}
export interface RemovePodSandboxRequest {
  readonly podSandboxId: string;
}
export interface RemovePodSandboxResponse {
}
export interface ReopenContainerLogRequest {
  readonly containerId: string;
}
export interface ReopenContainerLogResponse {
}
export interface RunPodSandboxRequest {
  readonly config?: PodSandboxConfig;
  readonly runtimeHandler: string;
}
export interface RunPodSandboxResponse {
  readonly podSandboxId: string;
}
export interface RuntimeCondition {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}
export interface RuntimeFeatures {
  readonly supplementalGroupsPolicy: boolean;
  readonly userNamespacesHostNetwork: boolean;
}
export interface RuntimeHandler {
  readonly name: string;
  readonly features?: RuntimeHandlerFeatures;
}
export interface RuntimeHandlerFeatures {
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
}
export interface RuntimeStatus {
  readonly conditions: readonly (RuntimeCondition)[];
}
export interface SELinuxOption {
  readonly user: string;
  readonly role: string;
  readonly type: string;
  readonly level: string;
}
export interface SecurityProfile {
  readonly profileType: "RuntimeDefault" | "Unconfined" | "Localhost";
  readonly localhostRef: string;
}
export interface StartContainerRequest {
  readonly containerId: string;
}
export interface StartContainerResponse {
}
export interface StatusRequest {
  readonly verbose: boolean;
}
export interface StatusResponse {
  readonly status?: RuntimeStatus;
  readonly info: Readonly<Record<string, string>>;
  readonly runtimeHandlers: readonly (RuntimeHandler)[];
  readonly features?: RuntimeFeatures;
}
export interface StopContainerRequest {
  readonly containerId: string;
  readonly timeout: number;
}
export interface StopContainerResponse {
}
export interface StopPodSandboxRequest {
  readonly podSandboxId: string;
}
export interface StopPodSandboxResponse {
}
export interface SwapUsage {
  readonly timestamp: number;
  readonly swapAvailableBytes?: UInt64Value;
  readonly swapUsageBytes?: UInt64Value;
}
export interface UInt64Value {
  readonly value: number;
}
export interface UpdateContainerResourcesRequest {
  readonly containerId: string;
  readonly linux?: LinuxContainerResources;
  readonly annotations: Readonly<Record<string, string>>;
}
export interface UpdateContainerResourcesResponse {
}
export interface UserNamespace {
  readonly mode: "POD" | "CONTAINER" | "NODE" | "TARGET";
  readonly uids: readonly (IDMapping)[];
  readonly gids: readonly (IDMapping)[];
}
export interface VersionRequest {
  readonly version: string;
}
export interface VersionResponse {
  readonly version: string;
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly runtimeApiVersion: string;
}
