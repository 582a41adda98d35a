// What a pod's containers need on the node before they are created: the sandbox's configuration, the environment, the
// mounts. Imports src/kinds.
import type { Container, Pod } from "../../kinds/types/core-v1.gen.ts";
import { containerConfig } from "../container/container-config.ts";
import { podDns } from "../container/dns.ts";
import { buildEnvironment, type EnvSources } from "../container/env.ts";
import type { FieldContext } from "../container/field-values.ts";
import { hostNameOf, hostNetworkHostsFile, hostsFile } from "../container/host-names.ts";
import { type LinuxContext, podCgroup } from "../container/linux-resources.ts";
import { sandboxConfig } from "../container/sandbox-config.ts";
import { podReference } from "../events.ts";
import type { FoundImage } from "../images/image-puller.ts";
import { podAddresses } from "../pod/runtime-state.ts";
import type { ContainerConfig, NamespaceOptions, SandboxConfig } from "../runtime.ts";
import { containerMounts } from "../volumes/container-mounts.ts";
import { type MountedVolume } from "../volumes/pod-volumes.ts";
import { podUserNamespace } from "./user-namespace.ts";
import type { NodeServices } from "./node-services.ts";

export const linuxContext = ({ machine }: NodeServices): LinuxContext => ({
  memoryBytes: machine.memoryBytes,
  hugePageSizesBytes: machine.hugePages.map(({ pageSizeBytes }) => pageSizeBytes),
});

/** What the downward API shows of a pod now. */
export function fieldContext(services: NodeServices, pod: Pod): FieldContext {
  const hostIps = services.facts.addresses;
  const own = podAddresses(services.index.stateOf(pod.metadata.uid!));
  return { pod, podIps: pod.spec.hostNetwork ? hostIps : own, hostIps, allocatable: services.allocatable() };
}

/** Creates the pod's control group, or sets its limits; resolves to the parent of its sandbox. */
export const ensureCgroup = (services: NodeServices, pod: Pod): Promise<string> =>
  services.cgroups.ensurePod(podCgroup(pod, linuxContext(services)));

async function usernsOf(services: NodeServices, pod: Pod): Promise<NamespaceOptions["userns"]> {
  if (pod.spec.hostUsers !== false) return undefined;
  if (!services.supports("userNamespaces")) {
    throw new Error("can't set `spec.hostUsers: false`, runtime does not support user namespaces");
  }
  return podUserNamespace(services.volumeHost, pod.metadata.uid!);
}

export async function podSandboxConfig(services: NodeServices, pod: Pod, attempt: number): Promise<SandboxConfig> {
  const { facts, recorder, volumeHost } = services;
  const node = await services.nodeDns();
  const { config, warnings } = podDns(pod, { clusterDns: facts.clusterDns, clusterDomain: facts.clusterDomain, node });
  for (const { reason, message } of warnings) recorder.event(podReference(pod), "Warning", reason, message);
  const userns = await usernsOf(services, pod);
  return sandboxConfig({
    pod,
    attempt,
    clusterDomain: facts.clusterDomain,
    dns: config,
    cgroupParent: await ensureCgroup(services, pod),
    runtimeHandler: await services.runtimeHandler(pod.spec.runtimeClassName),
    podLogsPath: volumeHost.podLogsPath,
    ...(userns ? { userns } : {}),
  });
}

/** The hosts file: undefined while the pod has no address. */
async function hostsFileOf(services: NodeServices, pod: Pod, podIps: readonly string[]): Promise<string | undefined> {
  if (pod.spec.hostNetwork) return hostNetworkHostsFile(pod, await services.machine.hosts());
  return podIps.length > 0 ? hostsFile(pod, podIps, hostNameOf(pod, services.facts.clusterDomain)) : undefined;
}

const keyLine = /^(?:export\s+)?([A-Za-z_.-][\w.-]*)=(?:'([^']*)'|"([^"]*)"|(.*))$/;
const envFileBytesMax = 64 * 1024;

/** A key of an environment file: lines of KEY='value' (KEP-3721). */
async function fileKey(services: NodeServices, root: string, path: string, key: string): Promise<string | undefined> {
  if (path.split("/").includes("..")) throw new Error("couldn't parse env file");
  const bytes = await services.volumeHost.readFile(`${root}/${path}`, envFileBytesMax);
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const match = keyLine.exec(line.trim());
    if (match?.[1] === key) return match[2] ?? match[3] ?? match[4] ?? "";
  }
  return undefined;
}

export interface ContainerParts {
  readonly services: NodeServices;
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  readonly found: FoundImage;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly targetId?: string;
}

/** Prepares the container's files and gives its configuration. Rejects with an Error in upstream's words. */
export async function prepareContainer(parts: ContainerParts): Promise<ContainerConfig> {
  const { services, pod, container, restartCount, found, volumes } = parts;
  const { objects, volumeHost, facts, machine } = services;
  const namespace = pod.metadata.namespace!;
  const fields = fieldContext(services, pod);
  const sources: EnvSources = {
    configMap: (name) => objects.configMap(namespace, name),
    secret: (name) => objects.secret(namespace, name),
    fileKey: (volumeName, path, key) => {
      const volume = volumes.get(volumeName);
      if (!volume) throw new Error(`cannot find the volume "${volumeName}" referenced by FileKeyRef`);
      return fileKey(services, volume.hostPath, path, key);
    },
    services: await services.serviceEnv(pod),
  };
  const environment = await buildEnvironment(container, fields, sources);
  const mounts = await containerMounts({
    pod,
    container,
    restartCount,
    volumes,
    environment,
    host: volumeHost,
    hostsFile: await hostsFileOf(services, pod, fields.podIps),
    recursiveReadOnly: services.supports("recursiveReadOnlyMounts"),
  });
  const userns = await usernsOf(services, pod);
  return containerConfig({
    pod,
    container,
    restartCount,
    imageRef: found.ref,
    image: found.image,
    environment,
    mounts,
    linux: linuxContext(services),
    security: { seccompRoot: facts.seccompRoot, thermalThrottlePaths: machine.thermalThrottlePaths },
    ...(userns ? { userns } : {}),
    ...(parts.targetId === undefined ? {} : { targetId: parts.targetId }),
  });
}
