// The mounts of one container: its volumes with their subPaths, /etc/hosts, the termination message's file
// (pkg/kubelet: makeMounts; pkg/kubelet/kuberuntime: makeMounts). Imports src/kinds.
import type { Container, Pod, VolumeMount } from "../../kinds/types/core-v1.gen.ts";
import type { Environment } from "../container/env.ts";
import { expand } from "../container/expansion.ts";
import type { Mount } from "../runtime.ts";
import type { VolumeHost } from "../volume-host.ts";
import { type MountedVolume, podDirectory } from "./pod-volumes.ts";

export interface ContainerMountsInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly environment: Environment;
  readonly host: VolumeHost;
  /** The content of /etc/hosts; undefined: the pod has no address yet, so there is none. */
  readonly hostsFile: string | undefined;
  readonly recursiveReadOnly: boolean;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function subPathOf(mount: VolumeMount, environment: Environment): string {
  if (!mount.subPathExpr) return mount.subPath ?? "";
  const missing = new Set<string>();
  const expanded = expand(mount.subPathExpr, (name) => {
    const value = environment.get(name);
    if (!value) missing.add(name);
    return value ?? "";
  });
  if (missing.size > 0) throw new Error(`missing value for ${[...missing].sort().join(", ")}`);
  return expanded;
}

function checkSubPath(subPath: string): void {
  if (subPath.startsWith("/")) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split("/").includes("..")) {
    throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  }
}

function isRecursive(mount: VolumeMount, supported: boolean): boolean {
  if (!mount.readOnly || mount.recursiveReadOnly === undefined || mount.recursiveReadOnly === "Disabled") return false;
  if (mount.recursiveReadOnly === "Enabled" && !supported) {
    throw new Error(
      "failed to resolve recursive read-only mode: volume mount " +
        `"${mount.name}" requested read-only recursive mode, but it is not supported by the runtime`,
    );
  }
  return supported;
}

const propagations = { None: "private", HostToContainer: "host-to-container", Bidirectional: "bidirectional" } as const;

async function bindSubPath(
  input: ContainerMountsInput,
  mount: VolumeMount,
  index: number,
  root: string,
  subPath: string,
) {
  const { host, pod, container } = input;
  const what = `volumeMount "${mount.name}" of container "${container.name}"`;
  try {
    const mode = (await host.stat(root))?.mode ?? 0o755;
    await host.makeSubPath(root, subPath, mode & 0o7777);
  } catch {
    // The details could tell of the node's files, so upstream keeps them to itself, and so does this.
    throw new Error(`failed to create subPath directory for ${what}`);
  }
  const folder = `${podDirectory(host, pod.metadata.uid!)}/volume-subpaths/${mount.name}/${container.name}`;
  await host.makeDirectory(folder, 0o750);
  try {
    return await host.mountSubPath(root, subPath, `${folder}/${index}`);
  } catch {
    throw new Error(`failed to prepare subPath for ${what}`);
  }
}

async function volumeMount(input: ContainerMountsInput, mount: VolumeMount, index: number): Promise<Mount> {
  const volume = input.volumes.get(mount.name);
  if (!volume) throw new Error(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`);
  const subPath = subPathOf(mount, input.environment);
  checkSubPath(subPath);
  const recursive = isRecursive(mount, input.recursiveReadOnly);
  const { hostPath } = volume;
  return {
    containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
    hostPath: subPath === "" ? hostPath : await bindSubPath(input, mount, index, hostPath, subPath),
    readonly: (mount.readOnly ?? false) || volume.readonly,
    ...(recursive ? { recursiveReadOnly: true } : {}),
    propagation: propagations[mount.mountPropagation ?? "None"],
  };
}

/** Prepares the files and binds on the node, and gives the mounts. Rejects with an Error in upstream's words. */
export async function containerMounts(input: ContainerMountsInput): Promise<readonly Mount[]> {
  const { pod, container, host, hostsFile } = input;
  const root = podDirectory(host, pod.metadata.uid!);
  const mounts: Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    mounts.push(await volumeMount(input, mount, index));
  }
  const ownHosts = container.volumeMounts?.some(({ mountPath }) => mountPath === "/etc/hosts") ?? false;
  if (hostsFile !== undefined && !ownHosts) {
    const hostPath = `${root}/etc-hosts`;
    await host.makeDirectory(root, 0o750);
    await host.writeFile(hostPath, encode(hostsFile), 0o644);
    mounts.push({ containerPath: "/etc/hosts", hostPath, readonly: false, propagation: "private" });
  }
  if (container.terminationMessagePath) {
    const folder = `${root}/containers/${container.name}`;
    const hostPath = `${folder}/${input.restartCount}`;
    await host.makeDirectory(folder, 0o750);
    await host.writeFile(hostPath, new Uint8Array(), 0o666);
    mounts.push({ containerPath: container.terminationMessagePath, hostPath, readonly: false, propagation: "private" });
  }
  return mounts;
}
