// Reads an image archive: an OCI layout, or what `docker save` writes (old and new), plain or gzipped. The archive is
// unpacked into a scratch folder, since its table of contents may come last. May import node, tar-stream.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import {
  digestOf,
  digestOfFile,
  fullImageName,
  machineArchitecture,
  mediaTypes,
  type Blob,
  type Descriptor,
  type ImageContent,
  type Manifest,
} from "./image-content.ts";

/** Manifests and indexes are read whole: upstream registries take 4 MiB at most. */
const documentBytesMax = 4 * 1024 * 1024;
const digestForm = /^sha256:[0-9a-f]{64}$/;

interface Index {
  readonly manifests: readonly Descriptor[];
}
interface DockerEntry {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}
/** Paths in the archive → files in the scratch folder. */
type Files = ReadonlyMap<string, string>;

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** Files get names of our own making: nothing in the archive chooses where it is written. */
async function unpack(file: string, folder: string): Promise<Files> {
  await mkdir(folder, { recursive: true });
  const files = new Map<string, string>();
  const links: [string, string][] = [];
  const archive = extract();
  const source = createReadStream(file);
  const fed = (await isGzip(file)) ? pipeline(source, createGunzip(), archive) : pipeline(source, archive);
  const read = (async () => {
    for await (const entry of archive) {
      const path = posix.normalize(entry.header.name).replace(/^\.?\//, "");
      if (entry.header.type === "file") {
        const target = join(folder, String(files.size));
        await pipeline(entry, createWriteStream(target));
        files.set(path, target);
      } else {
        // Old `docker save` writes a layer once and links to it.
        const { type, linkname } = entry.header;
        if (type === "symlink") links.push([path, posix.join(posix.dirname(path), linkname ?? "")]);
        if (type === "link") links.push([path, posix.normalize(linkname ?? "")]);
        entry.resume();
      }
    }
  })();
  await Promise.all([fed, read]);
  for (const [path, target] of links) {
    const found = files.get(target);
    if (found !== undefined) files.set(path, found);
  }
  return files;
}

async function readDocument<T>(files: Files, path: string): Promise<T> {
  const file = files.get(path);
  if (file === undefined) throw new Error(`the archive is not complete: ${path} is missing`);
  if ((await stat(file)).size > documentBytesMax) throw new Error(`the archive's ${path} is too large`);
  return JSON.parse(await readFile(file, "utf8")) as T;
}

function blobPath(digest: string): string {
  if (!digestForm.test(digest)) throw new Error(`the archive names a digest that is not understood: ${digest}`);
  return `blobs/${digest.replace(":", "/")}`;
}

const isIndex = (mediaType: string): boolean =>
  mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;

/** The manifest for this machine, through indexes; undefined when there is none. */
async function chooseManifest(files: Files, descriptor: Descriptor): Promise<Descriptor | undefined> {
  if (!isIndex(descriptor.mediaType)) return descriptor;
  const index = await readDocument<Index>(files, blobPath(descriptor.digest));
  const fits = index.manifests.filter(
    ({ platform }) => !platform || (platform.os === "linux" && platform.architecture === machineArchitecture()),
  );
  for (const candidate of fits) {
    if (!files.has(blobPath(candidate.digest))) continue;
    const found = await chooseManifest(files, candidate);
    if (found) return found;
  }
  return undefined;
}

async function readLayoutImage(files: Files, descriptor: Descriptor, names: string[]): Promise<ImageContent> {
  const target = await chooseManifest(files, descriptor);
  if (!target) throw new Error(`the archive has no image for linux/${machineArchitecture()}`);
  const manifest = await readDocument<Manifest>(files, blobPath(target.digest));
  const blobs = new Map<string, Blob>();
  for (const { digest } of [target, manifest.config, ...manifest.layers]) {
    const file = files.get(blobPath(digest));
    if (file === undefined) throw new Error(`the archive is not complete: ${digest} is missing`);
    blobs.set(digest, { file });
  }
  return { names, target, manifest, blobs };
}

function namesOf(descriptor: Descriptor): string[] {
  const { annotations = {} } = descriptor;
  const full = annotations["io.containerd.image.name"];
  if (full !== undefined) return [fullImageName(full)];
  const reference = annotations["org.opencontainers.image.ref.name"];
  // A mere tag is no name.
  return reference !== undefined && /[/:]/.test(reference) ? [fullImageName(reference)] : [];
}

async function readLayout(files: Files): Promise<ImageContent[]> {
  const { manifests } = await readDocument<Index>(files, "index.json");
  const names = new Map<string, string[]>();
  for (const descriptor of manifests) {
    names.set(descriptor.digest, [...(names.get(descriptor.digest) ?? []), ...namesOf(descriptor)]);
  }
  const unique = manifests.filter((one, at) => manifests.findIndex(({ digest }) => digest === one.digest) === at);
  return Promise.all(unique.map((one) => readLayoutImage(files, one, [...new Set(names.get(one.digest))])));
}

/** docker save without an OCI layout has no manifest of the registry's form: one is made. */
async function readDockerImage(files: Files, entry: DockerEntry): Promise<ImageContent> {
  const blobs = new Map<string, Blob>();
  const describe = async (mediaType: string, path: string): Promise<Descriptor> => {
    const file = files.get(posix.normalize(path));
    if (file === undefined) throw new Error(`the archive is not complete: ${path} is missing`);
    const digest = await digestOfFile(file);
    blobs.set(digest, { file });
    return { mediaType, digest, size: (await stat(file)).size };
  };
  const layers: Descriptor[] = [];
  for (const path of entry.Layers) layers.push(await describe(mediaTypes.dockerLayer, path));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: await describe(mediaTypes.dockerConfig, entry.Config),
    layers,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const target = { mediaType: mediaTypes.dockerManifest, digest: digestOf(bytes), size: bytes.length };
  blobs.set(target.digest, bytes);
  return { names: (entry.RepoTags ?? []).map(fullImageName), target, manifest, blobs };
}

/**
 * The images of an archive. `scratchFolder` must outlive their use: large blobs stay there. `name` names an image that
 * the archive leaves without one. Rejects with an Error in words for people when it is no such archive.
 */
export async function readImageArchive(file: string, scratchFolder: string, name?: string): Promise<ImageContent[]> {
  const files = await unpack(file, scratchFolder);
  let images: ImageContent[];
  if (files.has("manifest.json")) {
    const entries = await readDocument<DockerEntry[]>(files, "manifest.json");
    // docker save of today writes both; the layout has the manifests as they were pulled, this one has the names.
    images = await Promise.all(entries.map((entry) => readDockerImage(files, entry)));
  } else if (files.has("index.json")) {
    images = await readLayout(files);
  } else {
    throw new Error(`${file} is no image archive: neither manifest.json nor index.json is in it`);
  }
  if (images.length === 0) throw new Error(`${file} holds no image`);
  if (name !== undefined && images.length === 1) images = [{ ...images[0]!, names: [fullImageName(name)] }];
  if (images.some(({ names }) => names.length === 0)) {
    throw new Error(`${file} holds an image without a name: give it one`);
  }
  return images;
}
