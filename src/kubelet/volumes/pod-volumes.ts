// A pod's volumes on the node: set up before its containers, kept up to date while it runs, taken down after it
// (pkg/kubelet/volumemanager and the plugins in pkg/volume). Level-triggered: every call starts from what is on disk.
// Imports src/base and src/kinds.
import type { Clock } from "../../base/clock.ts";
import type { HostPathVolumeSource, Pod, Volume } from "../../kinds/types/core-v1.gen.ts";
import type { FieldContext } from "../container/field-values.ts";
import { ImageError } from "../images/image-puller.ts";
import { type Amounts, valueOf } from "../pod/amounts.ts";
import { podLimits } from "../pod/pod-resources.ts";
import type { FileType, VolumeHost } from "../volume-host.ts";
import { samePayload, writeAtomically } from "./atomic-writer.ts";
import type { ObjectSource } from "./object-source.ts";
import { type Payload, volumePayload } from "./payload.ts";
import type { Tokens } from "./tokens.ts";

export interface MountedVolume {
  readonly hostPath: string;
  readonly readonly: boolean;
}
export interface VolumeFailure {
  readonly name: string;
  readonly message: string;
}
export interface VolumesResult {
  readonly mounted: ReadonlyMap<string, MountedVolume>;
  readonly failures: readonly VolumeFailure[];
  /** Image volumes whose image is not there: the containers that mount them wait for it as for their own. */
  readonly missingImages: ReadonlyMap<string, ImageError>;
}

export interface PodVolumes {
  /** Sets up what is not, and writes anew what has changed. Never rejects: failures are in the result. */
  sync(pod: Pod, fields: FieldContext): Promise<VolumesResult>;
  /** Unmounts and removes everything of the pod. */
  tearDown(podUid: string): Promise<void>;
  /** Pods that have a folder on the node. */
  listPods(): Promise<readonly string[]>;
}

export interface PodVolumesOptions {
  readonly host: VolumeHost;
  readonly objects: ObjectSource;
  readonly tokens: Tokens;
  readonly clock: Clock;
  /** What a memory volume without a limit may take at most. */
  readonly allocatable: () => Amounts;
  /** Pulls an image for a volume; resolves to its id. Rejects with ImageError. */
  readonly pullImage: (pod: Pod, volume: Volume) => Promise<string>;
}

export const podDirectory = (host: VolumeHost, podUid: string): string => `${host.rootPath}/pods/${podUid}`;

const pluginOf = (volume: Volume): string => {
  if (volume.emptyDir) return "kubernetes.io~empty-dir";
  if (volume.configMap) return "kubernetes.io~configmap";
  if (volume.secret) return "kubernetes.io~secret";
  if (volume.downwardAPI) return "kubernetes.io~downward-api";
  if (volume.image) return "kubernetes.io~image";
  return "kubernetes.io~projected";
};

const pathTypes: Readonly<Record<string, { type: FileType; noun: string }>> = {
  Directory: { type: "directory", noun: "a directory" },
  File: { type: "file", noun: "a file" },
  Socket: { type: "socket", noun: "a socket file" },
  CharDevice: { type: "char-device", noun: "a character device" },
  BlockDevice: { type: "block-device", noun: "a block device" },
};

class DiskVolumes implements PodVolumes {
  readonly #options: PodVolumesOptions;
  /** Payloads as they were last written, by path: unchanged ones cost no disk access. */
  readonly #written = new Map<string, Payload>();
  #unique = 0;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  async sync(pod: Pod, fields: FieldContext): Promise<VolumesResult> {
    const mounted = new Map<string, MountedVolume>();
    const failures: VolumeFailure[] = [];
    const missingImages = new Map<string, ImageError>();
    for (const volume of pod.spec.volumes ?? []) {
      try {
        mounted.set(volume.name, await this.#setUp(pod, volume, fields));
      } catch (error) {
        if (error instanceof ImageError) missingImages.set(volume.name, error);
        else failures.push({ name: volume.name, message: error instanceof Error ? error.message : String(error) });
      }
    }
    return { mounted, failures, missingImages };
  }

  async #setUp(pod: Pod, volume: Volume, fields: FieldContext): Promise<MountedVolume> {
    if (volume.hostPath) return this.#setUpHostPath(volume.hostPath);
    if (volume.persistentVolumeClaim) return this.#setUpClaim(pod, volume);
    const path = `${podDirectory(this.#options.host, pod.metadata.uid!)}/volumes/${pluginOf(volume)}/${volume.name}`;
    if (volume.emptyDir) return this.#setUpEmptyDir(pod, volume, path);
    if (volume.image) return this.#setUpImage(pod, volume, path);
    return this.#setUpFiles(pod, volume, path, fields);
  }

  async #setUpHostPath({ path, type }: HostPathVolumeSource): Promise<MountedVolume> {
    const { host } = this.#options;
    const result = { hostPath: path, readonly: false };
    if (!type) return result;
    const info = await host.statTarget(path);
    if (!info && type === "DirectoryOrCreate") await host.makeDirectory(path, 0o755);
    else if (!info && type === "FileOrCreate") await host.writeFile(path, new Uint8Array(), 0o644);
    if (!info && type.endsWith("OrCreate")) return result;
    const expected = pathTypes[type.replace("OrCreate", "")];
    if (info?.type !== expected?.type) throw new Error(`hostPath type check failed: ${path} is not ${expected?.noun}`);
    return result;
  }

  async #setUpClaim(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const { claimName, readOnly = false } = volume.persistentVolumeClaim!;
    const bound = await this.#options.objects.claimedVolume(pod.metadata.namespace!, claimName);
    const { hostPath, local } = bound.spec ?? {};
    if (hostPath) return { ...(await this.#setUpHostPath(hostPath)), readonly: readOnly };
    if (!local) throw new Error("no volume plugin matched");
    const info = await this.#options.host.statTarget(local.path);
    if (!info) throw new Error(`path "${local.path}" does not exist`);
    return { hostPath: local.path, readonly: readOnly };
  }

  async #setUpEmptyDir(pod: Pod, volume: Volume, path: string): Promise<MountedVolume> {
    const { host, allocatable } = this.#options;
    const result = { hostPath: path, readonly: false };
    const inMemory = volume.emptyDir!.medium === "Memory";
    if (inMemory ? await host.isMounted(path) : (await host.stat(path)) !== undefined) return result;
    // The folder gets its name when it is complete: a crash in between leaves nothing half made.
    const place = inMemory ? path : `${path}.new`;
    await host.makeDirectory(place, 0o777);
    if (inMemory) {
      const limits = [volume.emptyDir!.sizeLimit, podLimits(pod).memory, allocatable().memory].map(valueOf);
      const set = limits.filter((bytes) => bytes > 0);
      await host.mountTmpfs(path, set.length > 0 ? Math.min(...set) : 0);
    }
    await host.chmod(place, 0o777);
    await this.#setGroup(pod, place, false);
    if (place !== path) await host.rename(place, path);
    return result;
  }

  async #setUpImage(pod: Pod, volume: Volume, path: string): Promise<MountedVolume> {
    const { host, pullImage } = this.#options;
    if (!host.mountImage) throw new Error("image volumes are not supported on this node");
    if (!(await host.isMounted(path))) {
      const id = await pullImage(pod, volume);
      await host.makeDirectory(path, 0o755);
      await host.mountImage(id, path);
    }
    return { hostPath: path, readonly: true };
  }

  async #setUpFiles(pod: Pod, volume: Volume, path: string, fields: FieldContext): Promise<MountedVolume> {
    const { host, objects, tokens, clock } = this.#options;
    const payload = await volumePayload({ fields, objects, tokens }, volume);
    if (!payload) throw new Error("no volume plugin matched");
    const result = { hostPath: path, readonly: true };
    if (samePayload(this.#written.get(path), payload)) return result;
    if (!this.#written.has(path)) {
      await host.makeDirectory(path, 0o777);
      const inMemory = volume.secret !== undefined || volume.projected !== undefined;
      if (inMemory && !(await host.isMounted(path))) await host.mountTmpfs(path, 0);
      await host.chmod(path, 0o777);
    }
    this.#unique += 1;
    await writeAtomically(host, {
      target: path,
      payload,
      nowMs: clock.now(),
      unique: this.#unique,
      prepare: (folder) => this.#setGroup(pod, folder, true),
    });
    this.#written.set(path, payload);
    return result;
  }

  async #setGroup(pod: Pod, path: string, readonly: boolean): Promise<void> {
    const context = pod.spec.securityContext;
    if (context?.fsGroup === undefined) return;
    const onMismatch = context.fsGroupChangePolicy === "OnRootMismatch";
    await this.#options.host.setGroup(path, context.fsGroup, readonly, onMismatch);
  }

  async tearDown(podUid: string): Promise<void> {
    const { host } = this.#options;
    const root = podDirectory(host, podUid);
    for (const folder of ["volume-subpaths", "volumes"]) await this.#unmountBelow(`${root}/${folder}`, 3);
    await host.remove(root);
    for (const path of this.#written.keys()) if (path.startsWith(`${root}/`)) this.#written.delete(path);
  }

  /** Mounts are at most `depth` folders below: volumes/PLUGIN/NAME, volume-subpaths/VOLUME/CONTAINER/INDEX. */
  async #unmountBelow(path: string, depth: number): Promise<void> {
    const { host } = this.#options;
    const info = await host.stat(path);
    if (!info) return;
    if (info.type === "directory" && depth > 0) {
      for (const name of await host.list(path)) await this.#unmountBelow(`${path}/${name}`, depth - 1);
    }
    if (await host.isMounted(path)) await host.unmount(path);
  }

  async listPods(): Promise<readonly string[]> {
    const { host } = this.#options;
    const path = `${host.rootPath}/pods`;
    return (await host.stat(path)) ? host.list(path) : [];
  }
}

export const createPodVolumes = (options: PodVolumesOptions): PodVolumes => new DiskVolumes(options);
