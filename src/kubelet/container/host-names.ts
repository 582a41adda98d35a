// A pod's host name and domain, and the /etc/hosts that its containers see (pkg/kubelet: GeneratePodHostNameAndDomain,
// managedHostsFileContent). Imports src/kinds.
import type { HostAlias, Pod } from "../../kinds/types/core-v1.gen.ts";

const hostNameMax = 63;
const kernelNameMax = 64;

export interface HostName {
  readonly name: string;
  /** "subdomain.namespace.svc.cluster.local", or "". */
  readonly domain: string;
}

const truncated = (name: string): string =>
  name.length <= hostNameMax ? name : name.slice(0, hostNameMax).replace(/[-.]+$/, "");

export function hostNameOf(pod: Pod, clusterDomain: string): HostName {
  if (pod.spec.hostnameOverride !== undefined) return { name: truncated(pod.spec.hostnameOverride), domain: "" };
  const name = truncated(pod.spec.hostname || pod.metadata.name!);
  const { subdomain } = pod.spec;
  return { name, domain: subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : "" };
}

/** What the kernel is told: the short name, or the whole one where the pod asks for it. Throws past 64 characters. */
export function kernelHostName(pod: Pod, { name, domain }: HostName): string {
  if (!pod.spec.setHostnameAsFQDN || domain === "") return name;
  const full = `${name}.${domain}`;
  if (full.length > kernelNameMax) {
    throw new Error(
      `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long ` +
        `(${kernelNameMax} characters is the max, ${full.length} characters requested)`,
    );
  }
  return full;
}

function aliasLines(aliases: readonly HostAlias[] | undefined): string {
  if (!aliases?.length) return "";
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}

const header = "# Kubernetes-managed hosts file.\n";
const hostNetworkHeader = "# Kubernetes-managed hosts file (host network).\n";
const localLines =
  "127.0.0.1\tlocalhost\n" +
  "::1\tlocalhost ip6-localhost ip6-loopback\n" +
  "fe00::0\tip6-localnet\n" +
  "fe00::0\tip6-mcastprefix\n" +
  "fe00::1\tip6-allnodes\n" +
  "fe00::2\tip6-allrouters\n";

/** The file of a pod with a network of its own. */
export function hostsFile(pod: Pod, podIps: readonly string[], { name, domain }: HostName): string {
  const names = domain ? `${name}.${domain}\t${name}` : name;
  return header + localLines + podIps.map((ip) => `${ip}\t${names}\n`).join("") + aliasLines(pod.spec.hostAliases);
}

/** The file of a pod in the node's network: the node's own, with the pod's aliases. */
export const hostNetworkHostsFile = (pod: Pod, nodeFile: string): string =>
  hostNetworkHeader + nodeFile + aliasLines(pod.spec.hostAliases);
