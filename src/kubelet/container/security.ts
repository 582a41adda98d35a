// Security contexts as the runtime takes them (pkg/securitycontext, pkg/kubelet/kuberuntime security_context.go). Pure;
// imports src/kinds.
import type {
  AppArmorProfile,
  Container,
  Pod,
  SeccompProfile,
  SecurityContext,
} from "../../kinds/types/core-v1.gen.ts";
import { containersOf, formatPod } from "../pod/container-spec.ts";
import type { ContainerConfig, NamespaceOptions, SecurityProfile } from "../runtime.ts";

type LinuxSecurity = Omit<ContainerConfig["linux"], "resources" | "namespaces">;

export interface ImageUser {
  readonly uid?: number;
  readonly username?: string;
}
export interface SecurityHost {
  /** The folder of Localhost seccomp profiles. */
  readonly seccompRoot: string;
  readonly thermalThrottlePaths: readonly string[];
}

const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The container's context over its pod's. */
export function effectiveContext(pod: Pod, container: Container): SecurityContext {
  const own = pod.spec.securityContext;
  const base: SecurityContext = {
    ...(own?.seLinuxOptions ? { seLinuxOptions: own.seLinuxOptions } : {}),
    ...(own?.runAsUser === undefined ? {} : { runAsUser: own.runAsUser }),
    ...(own?.runAsGroup === undefined ? {} : { runAsGroup: own.runAsGroup }),
    ...(own?.runAsNonRoot === undefined ? {} : { runAsNonRoot: own.runAsNonRoot }),
  };
  return { ...base, ...container.securityContext };
}

/** Throws an Error in upstream's words where runAsNonRoot would be broken. */
export function verifyNonRoot(pod: Pod, container: Container, { uid, username }: ImageUser): void {
  const context = effectiveContext(pod, container);
  if (!context.runAsNonRoot) return;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  if (context.runAsUser !== undefined) {
    if (context.runAsUser === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (uid === undefined && username) {
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${username}), ` +
        `cannot verify user is non-root ${where}`,
    );
  }
  // An image that names no user runs as root.
  if (uid === 0 || (uid === undefined && !username))
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
}

function seccomp(profile: SeccompProfile | undefined, root: string): SecurityProfile {
  if (profile?.type === "RuntimeDefault") return { type: "RuntimeDefault" };
  if (profile?.type !== "Localhost") return { type: "Unconfined" };
  if (!profile.localhostProfile) {
    throw new Error("localhostProfile must be set if seccompProfile type is Localhost.");
  }
  return { type: "Localhost", localhostRef: `${root}/${profile.localhostProfile}` };
}

const appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";

function appArmorOf(pod: Pod, container: Container): AppArmorProfile | undefined {
  const field = container.securityContext?.appArmorProfile;
  if (field) return field;
  const annotation = pod.metadata.annotations?.[appArmorAnnotation + container.name];
  if (annotation === "runtime/default") return { type: "RuntimeDefault" };
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation?.startsWith("localhost/")) {
    return { type: "Localhost", localhostProfile: annotation.slice("localhost/".length) };
  }
  return pod.spec.securityContext?.appArmorProfile;
}

function appArmor(pod: Pod, container: Container): SecurityProfile | undefined {
  const profile = appArmorOf(pod, container);
  if (!profile) return undefined;
  if (profile.type !== "Localhost") return { type: profile.type };
  if (profile.localhostProfile === undefined) throw new Error("missing localhost apparmor profile name");
  return { type: "Localhost", localhostRef: profile.localhostProfile };
}

/** Groups beside the main one: the pod's fsGroup, then those it names. */
export function podGroups(pod: Pod): number[] {
  const context = pod.spec.securityContext;
  return [...(context?.fsGroup === undefined ? [] : [context.fsGroup]), ...(context?.supplementalGroups ?? [])];
}

export function isPrivileged(pod: Pod): boolean {
  return containersOf(pod.spec).some(({ container }) => container.securityContext?.privileged === true);
}

/** Namespaces that the pod shares with the node, or its containers with one another. */
export function podNamespaces(pod: Pod, userns?: NamespaceOptions["userns"]): NamespaceOptions {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
  return {
    network: hostNetwork ? "node" : "pod",
    pid: hostPID ? "node" : shareProcessNamespace ? "pod" : "container",
    ipc: hostIPC ? "node" : "pod",
    ...(userns ? { userns } : {}),
  };
}

/** The security of a container. Throws an Error where a profile is incomplete. */
export function containerSecurity(pod: Pod, container: Container, user: ImageUser, host: SecurityHost): LinuxSecurity {
  const context = effectiveContext(pod, container);
  const unmasked = context.procMount === "Unmasked";
  const apparmor = appArmor(pod, container);
  const policy = pod.spec.securityContext?.supplementalGroupsPolicy;
  const profile = container.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  const fromImage = context.runAsUser === undefined;
  const runAsUser = fromImage ? user.uid : context.runAsUser;
  const { capabilities, seLinuxOptions } = context;
  return {
    privileged: context.privileged ?? false,
    readonlyRootfs: context.readOnlyRootFilesystem ?? false,
    noNewPrivs: context.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : [...maskedPaths, ...host.thermalThrottlePaths],
    readonlyPaths: unmasked ? [] : readonlyPaths,
    supplementalGroups: podGroups(pod),
    seccomp: seccomp(profile, host.seccompRoot),
    ...(policy ? { supplementalGroupsPolicy: policy } : {}),
    ...(apparmor ? { apparmor } : {}),
    ...(capabilities ? { capabilities: { add: capabilities.add ?? [], drop: capabilities.drop ?? [] } } : {}),
    ...(seLinuxOptions ? { selinux: seLinuxOptions } : {}),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(fromImage && user.username ? { runAsUsername: user.username } : {}),
    ...(context.runAsGroup === undefined ? {} : { runAsGroup: context.runAsGroup }),
  };
}
