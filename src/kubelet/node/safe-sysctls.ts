// Which kernel settings a pod may ask for: those that belong to its own namespaces and disturb nobody else
// (pkg/kubelet/sysctl). Imports src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";

/** By the namespace that isolates them. All are namespaced since Linux 4.15, which is older than any that is supported. */
const safeSysctls: Readonly<Record<string, "IPC" | "Net">> = {
  "kernel.shm_rmid_forced": "IPC",
  "net.ipv4.ip_local_port_range": "Net",
  "net.ipv4.tcp_syncookies": "Net",
  "net.ipv4.ping_group_range": "Net",
  "net.ipv4.ip_unprivileged_port_start": "Net",
  "net.ipv4.ip_local_reserved_ports": "Net",
  "net.ipv4.tcp_keepalive_time": "Net",
  "net.ipv4.tcp_fin_timeout": "Net",
  "net.ipv4.tcp_keepalive_intvl": "Net",
  "net.ipv4.tcp_keepalive_probes": "Net",
  "net.ipv4.tcp_rmem": "Net",
  "net.ipv4.tcp_wmem": "Net",
};

/** Names may be separated by slashes, and dots then belong to their parts: "net/ipv4/conf/eth0.100/forwarding". */
export function normalizeSysctl(name: string): string {
  const separator = /[./]/.exec(name)?.[0];
  if (separator !== "/") return name;
  return name.replaceAll(/[./]/g, (one) => (one === "/" ? "." : "/"));
}

/** Why the pod's settings are refused, in upstream's words; undefined: they are not. */
export function forbiddenSysctl(pod: Pod): string | undefined {
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const sysctl = normalizeSysctl(name);
    const quoted = JSON.stringify(sysctl);
    const namespace = Object.hasOwn(safeSysctls, sysctl) ? safeSysctls[sysctl] : undefined;
    if (!namespace) return `forbidden sysctl: ${quoted} not allowlisted`;
    const shared = namespace === "IPC" ? pod.spec.hostIPC : pod.spec.hostNetwork;
    if (shared) return `forbidden sysctl: ${quoted} not allowed with host ${namespace} enabled`;
  }
  return undefined;
}
