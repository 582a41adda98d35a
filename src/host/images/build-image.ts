// Makes an image of one layer from files, always the same bytes for the same input. May import node, tar-stream.
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import {
  digestOf,
  fullImageName,
  machineArchitecture,
  mediaTypes,
  type Blob,
  type Descriptor,
  type ImageContent,
  type Manifest,
} from "./image-content.ts";

export interface ImageFile {
  /** Without a leading slash. */
  readonly path: string;
  /** A regular file's bytes; absent for folders and links. */
  readonly bytes?: Uint8Array;
  readonly mode?: number;
  /** A symbolic link's target. */
  readonly link?: string;
  readonly folder?: boolean;
}

export interface ImageRecipe {
  readonly name: string;
  readonly files: readonly ImageFile[];
  readonly architecture?: "amd64" | "arm64";
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly ports?: readonly number[];
  readonly stopSignal?: string;
  readonly volumes?: readonly string[];
}

const programMode = 0o755;

/** A tar archive of the files, with fixed times and owners. */
export async function packFiles(files: readonly ImageFile[]): Promise<Buffer> {
  const archive = pack();
  const chunks: Buffer[] = [];
  const done = (async () => {
    for await (const chunk of archive) chunks.push(chunk as Buffer);
  })();
  for (const file of files) {
    const type = file.folder ? "directory" : file.link === undefined ? "file" : "symlink";
    const header = {
      name: file.path,
      type,
      mode: file.mode ?? programMode,
      mtime: new Date(0),
      ...(file.link === undefined ? {} : { linkname: file.link }),
    } as const;
    await new Promise<void>((resolve, reject) => {
      const entry = type === "file" ? Buffer.from(file.bytes ?? []) : undefined;
      const finish = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (entry) archive.entry(header, entry, finish);
      else archive.entry(header, finish);
    });
  }
  archive.finalize();
  await done;
  return Buffer.concat(chunks);
}

export async function buildImage(recipe: ImageRecipe): Promise<ImageContent> {
  const layer = await packFiles(recipe.files);
  const compressed = gzipSync(layer, { level: 6 });
  const list = (values: readonly string[] | undefined): object =>
    Object.fromEntries((values ?? []).map((value) => [value, {}]));
  const config = Buffer.from(
    JSON.stringify({
      created: "1970-01-01T00:00:00Z",
      architecture: recipe.architecture ?? machineArchitecture(),
      os: "linux",
      config: {
        Env: recipe.env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        ...(recipe.entrypoint ? { Entrypoint: recipe.entrypoint } : {}),
        ...(recipe.command ? { Cmd: recipe.command } : {}),
        ...(recipe.user === undefined ? {} : { User: recipe.user }),
        ...(recipe.workingDir === undefined ? {} : { WorkingDir: recipe.workingDir }),
        ...(recipe.stopSignal === undefined ? {} : { StopSignal: recipe.stopSignal }),
        ...(recipe.ports ? { ExposedPorts: list(recipe.ports.map((port) => `${port}/tcp`)) } : {}),
        ...(recipe.volumes ? { Volumes: list(recipe.volumes) } : {}),
      },
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
      history: [{ created: "1970-01-01T00:00:00Z", created_by: "proa" }],
    }),
  );
  const blobs = new Map<string, Blob>();
  const describe = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: describe(mediaTypes.ociConfig, config),
    layers: [describe(mediaTypes.ociLayerGzip, compressed)],
  };
  const target = describe(mediaTypes.ociManifest, Buffer.from(JSON.stringify(manifest)));
  return { names: [fullImageName(recipe.name)], target, manifest, blobs };
}

/** An OCI image layout as a tar archive: what `docker load`, `ctr images import` and `proa image load` take. */
export async function packImage(image: ImageContent): Promise<Buffer> {
  const files: ImageFile[] = [
    { path: "oci-layout", bytes: Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" })), mode: 0o644 },
    { path: "blobs", folder: true },
    { path: "blobs/sha256", folder: true },
  ];
  for (const [digest, blob] of image.blobs) {
    if (!(blob instanceof Uint8Array)) throw new Error("packImage takes images that are in memory");
    files.push({ path: `blobs/${digest.replace(":", "/")}`, bytes: blob, mode: 0o644 });
  }
  const manifests = image.names.map((name) => ({
    ...image.target,
    annotations: {
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
    },
  }));
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  files.push({ path: "index.json", bytes: Buffer.from(JSON.stringify(index)), mode: 0o644 });
  return packFiles(files);
}
