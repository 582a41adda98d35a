// The sandbox of a pod as the runtime is asked for it (pkg/kubelet/kuberuntime: generatePodSandboxConfig). Pure;
// imports src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { sandboxLabels } from "../pod/identity.ts";
import type { NamespaceOptions, SandboxConfig } from "../runtime.ts";
import type { DnsConfig } from "./dns.ts";
import { hostNameOf, kernelHostName } from "./host-names.ts";
import { isPrivileged, podGroups, podNamespaces } from "./security.ts";

export interface SandboxInput {
  readonly pod: Pod;
  readonly attempt: number;
  readonly clusterDomain: string;
  readonly dns: DnsConfig;
  readonly cgroupParent: string;
  /** The handler of the pod's RuntimeClass; "" is the runtime's default. */
  readonly runtimeHandler: string;
  readonly podLogsPath: string;
  readonly userns?: NamespaceOptions["userns"];
}

/** /var/log/pods/NAMESPACE_NAME_UID */
export const podLogDirectory = (podLogsPath: string, pod: Pod): string =>
  `${podLogsPath}/${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`;

/** Throws an Error where the whole host name is too long. */
export function sandboxConfig(input: SandboxInput): SandboxConfig {
  const { pod } = input;
  const context = pod.spec.securityContext;
  const hostname = pod.spec.hostNetwork ? "" : kernelHostName(pod, hostNameOf(pod, input.clusterDomain));
  const sysctls = (context?.sysctls ?? []).map(({ name, value }) => [name.replaceAll("/", "."), value] as const);
  const portMappings = pod.spec.containers.flatMap((container) =>
    (container.ports ?? []).map((port) => ({
      protocol: port.protocol ?? ("TCP" as const),
      containerPort: port.containerPort,
      hostPort: port.hostPort ?? 0,
      ...(port.hostIP ? { hostIp: port.hostIP } : {}),
    })),
  );
  return {
    metadata: {
      name: pod.metadata.name!,
      namespace: pod.metadata.namespace!,
      uid: pod.metadata.uid!,
      attempt: input.attempt,
    },
    hostname,
    logDirectory: podLogDirectory(input.podLogsPath, pod),
    dns: input.dns,
    portMappings,
    labels: sandboxLabels(pod),
    annotations: pod.metadata.annotations ?? {},
    linux: {
      cgroupParent: input.cgroupParent,
      sysctls: Object.fromEntries(sysctls),
      namespaces: podNamespaces(pod, input.userns),
      readonlyRootfs: false,
      supplementalGroups: podGroups(pod),
      privileged: isPrivileged(pod),
      seccomp: { type: "RuntimeDefault" },
      ...(context?.runAsUser === undefined ? {} : { runAsUser: context.runAsUser }),
      ...(context?.runAsGroup === undefined ? {} : { runAsGroup: context.runAsGroup }),
      ...(context?.supplementalGroupsPolicy ? { supplementalGroupsPolicy: context.supplementalGroupsPolicy } : {}),
      ...(context?.seLinuxOptions ? { selinux: context.seLinuxOptions } : {}),
    },
    runtimeHandler: input.runtimeHandler,
  };
}
