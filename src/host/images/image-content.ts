// Container images as content: blobs known by their digest, the manifest that binds them, and names. May import node.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
} as const;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly architecture: string; readonly os: string };
}
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** The bytes of a blob: in memory, or a file. */
export type Blob = Uint8Array | { readonly file: string };

/** One image for one platform. */
export interface ImageContent {
  /** Full names: "docker.io/library/ubuntu:latest". */
  readonly names: readonly string[];
  readonly target: Descriptor;
  readonly manifest: Manifest;
  /** By digest: config, layers, and the manifest itself. */
  readonly blobs: ReadonlyMap<string, Blob>;
}

export const machineArchitecture = (): "amd64" | "arm64" => (process.arch === "arm64" ? "arm64" : "amd64");

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export async function digestOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}

export async function* readBlob(blob: Blob, pieceBytes: number): AsyncGenerator<Uint8Array> {
  if (!(blob instanceof Uint8Array)) {
    yield* createReadStream(blob.file, { highWaterMark: pieceBytes }) as AsyncIterable<Buffer>;
    return;
  }
  for (let at = 0; at < blob.length; at += pieceBytes) yield blob.subarray(at, at + pieceBytes);
}

const nameForm = /^[a-z0-9]+(?:[._/:@-]+[A-Za-z0-9]+)*$/;

/** "ubuntu" → "docker.io/library/ubuntu:latest", as Docker and containerd write names in full. */
export function fullImageName(name: string): string {
  if (!nameForm.test(name)) throw new Error(`invalid reference format: ${JSON.stringify(name)}`);
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const hasRegistry = first.includes(".") || first.includes(":") || first === "localhost";
  let full = hasRegistry ? name : `docker.io/${slash < 0 ? "library/" : ""}${name}`;
  if (full.startsWith("index.docker.io/")) full = full.slice("index.".length);
  const last = full.slice(full.lastIndexOf("/") + 1);
  return last.includes(":") || last.includes("@") ? full : `${full}:latest`;
}
