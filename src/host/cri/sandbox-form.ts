// Pod sandboxes between the Runtime port's form and CRI's. Imports src/kubelet's Runtime port.
import type {
  NamespaceMode,
  NamespaceOptions,
  SandboxConfig,
  SandboxStatus,
  SecurityProfile,
  SelinuxOptions,
} from "../../kubelet/runtime.ts";
import type { Draft } from "./codec.ts";
import type {
  NamespaceOption,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  SecurityProfile as CriSecurityProfile,
  SELinuxOption,
} from "./messages.gen.ts";

const nanosPerMilli = 1e6;
/** CRI's times are nanoseconds; 0 is "never". */
export const toMillis = (nanos: number): number => Math.floor(nanos / nanosPerMilli);

const namespaceModes = { pod: "POD", container: "CONTAINER", node: "NODE", target: "TARGET" } as const satisfies Record<
  NamespaceMode,
  string
>;

export function toNamespaces(options: NamespaceOptions): Draft<NamespaceOption> {
  const { userns } = options;
  return {
    network: namespaceModes[options.network],
    pid: namespaceModes[options.pid],
    ipc: namespaceModes[options.ipc],
    targetId: options.targetId,
    usernsOptions: userns && { mode: namespaceModes[userns.mode], uids: userns.uids, gids: userns.gids },
  };
}

export function toProfile(profile: SecurityProfile | undefined): Draft<CriSecurityProfile> | undefined {
  return profile && { profileType: profile.type, localhostRef: profile.localhostRef };
}

export function toSelinux(options: SelinuxOptions | undefined): Draft<SELinuxOption> | undefined {
  return options && { user: options.user, role: options.role, type: options.type, level: options.level };
}

export const toInt64 = (value: number | undefined): { value: number } | undefined =>
  value === undefined ? undefined : { value };

export function toSandboxConfig(config: SandboxConfig): Draft<PodSandboxConfig> {
  const { linux } = config;
  return {
    metadata: config.metadata,
    hostname: config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings,
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: linux.cgroupParent,
      sysctls: linux.sysctls,
      securityContext: {
        namespaceOptions: toNamespaces(linux.namespaces),
        selinuxOptions: toSelinux(linux.selinux),
        runAsUser: toInt64(linux.runAsUser),
        runAsGroup: toInt64(linux.runAsGroup),
        readonlyRootfs: linux.readonlyRootfs,
        supplementalGroups: linux.supplementalGroups,
        supplementalGroupsPolicy: linux.supplementalGroupsPolicy,
        privileged: linux.privileged,
        seccomp: toProfile(linux.seccomp),
        apparmor: toProfile(linux.apparmor),
      },
    },
  };
}

const noMetadata = { name: "", namespace: "", uid: "", attempt: 0 };

/** Pod addresses as CRI gives them, the first one first. */
export function toAddresses(status: PodSandboxStatus): string[] {
  const first = status.network?.ip ?? "";
  const more = (status.network?.additionalIps ?? []).map(({ ip }) => ip);
  return [first, ...more].filter((ip) => ip !== "");
}

export function toSandboxStatus(sandbox: PodSandboxStatus | PodSandbox, ips: readonly string[]): SandboxStatus {
  const { metadata = noMetadata } = sandbox;
  return {
    id: sandbox.id,
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      attempt: metadata.attempt,
    },
    ready: sandbox.state === "SANDBOX_READY",
    createdAtMs: toMillis(sandbox.createdAt),
    ips,
    labels: sandbox.labels,
    annotations: sandbox.annotations,
    runtimeHandler: sandbox.runtimeHandler,
  };
}
