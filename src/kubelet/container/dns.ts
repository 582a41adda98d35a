// What a pod's resolv.conf says (pkg/kubelet/network/dns). Pure; imports src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { dnsSearchCharactersMax, dnsSearchesMax, dnsServersMax } from "../limits.ts";

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}
export interface DnsContext {
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own resolv.conf. */
  readonly node: DnsConfig;
}
export interface PodDns {
  readonly config: DnsConfig;
  /** Warning events: reason and message. */
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
}

const unique = (list: readonly string[]): string[] => [...new Set(list)];

function mergeOptions(old: readonly string[], more: readonly { name?: string; value?: string }[]): string[] {
  const options = new Map<string, string>();
  for (const option of old) {
    const colon = option.indexOf(":");
    if (colon < 0) options.set(option, "");
    else options.set(option.slice(0, colon), option.slice(colon + 1));
  }
  for (const { name = "", value } of more) options.set(name, value ?? "");
  return [...options].map(([name, value]) => (value === "" ? name : `${name}:${value}`));
}

/** Reads a resolv.conf: the last search line counts, later options replace earlier ones of the same name. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0]) servers.push(rest[0]);
    if (word === "search") searches = rest.filter((one) => one !== ".").map((one) => one.replace(/\.$/, ""));
    if (word === "options") {
      options = mergeOptions(
        options,
        rest.map((one) => {
          const [name, value] = one.split(":");
          return { name: name!, ...(value === undefined ? {} : { value }) };
        }),
      );
    }
  }
  return { servers, searches, options };
}

function cutSearches(searches: readonly string[]): { kept: string[]; cut: boolean } {
  const kept = searches.slice(0, dnsSearchesMax).filter((one) => one.length <= 253);
  while (kept.join(" ").length > dnsSearchCharactersMax) kept.pop();
  return { kept, cut: kept.length < searches.length };
}

function withinLimits(config: DnsConfig, warnings: { reason: string; message: string }[]): DnsConfig {
  const reason = "DNSConfigForming";
  let { servers } = config;
  if (servers.length > dnsServersMax) {
    servers = servers.slice(0, dnsServersMax);
    const applied = servers.join(" ");
    const message =
      "Nameserver limits were exceeded, some nameservers have been omitted, " +
      `the applied nameserver line is: ${applied}`;
    warnings.push({ reason, message });
  }
  const { kept, cut } = cutSearches(config.searches);
  if (cut) {
    const message =
      "Search Line limits were exceeded, some search paths have been omitted, " +
      `the applied search line is: ${kept.join(" ")}`;
    warnings.push({ reason, message });
  }
  return { servers, searches: kept, options: config.options };
}

/** The name service of a pod by its dnsPolicy, with its dnsConfig added. */
export function podDns(pod: Pod, { clusterDns, clusterDomain, node }: DnsContext): PodDns {
  const warnings: { reason: string; message: string }[] = [];
  const policy = pod.spec.dnsPolicy ?? "ClusterFirst";
  const cluster = policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !pod.spec.hostNetwork);
  let config: DnsConfig = node;
  if (policy === "None") {
    config = { servers: [], searches: [], options: [] };
  } else if (cluster && clusterDns.length > 0) {
    const own = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
    config = { servers: clusterDns, searches: unique([...own, ...node.searches]), options: ["ndots:5"] };
  } else if (cluster) {
    const message =
      `kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. ` +
      `Falling back to "Default" policy.`;
    warnings.push({ reason: "MissingClusterDNS", message: `pod: "${pod.metadata.name}". ${message}` });
  }
  const { dnsConfig } = pod.spec;
  if (dnsConfig) {
    config = {
      servers: unique([...config.servers, ...(dnsConfig.nameservers ?? [])]),
      searches: unique([...config.searches, ...(dnsConfig.searches ?? [])]),
      options: mergeOptions(config.options, dnsConfig.options ?? []),
    };
  }
  return { config: withinLimits(config, warnings), warnings };
}
