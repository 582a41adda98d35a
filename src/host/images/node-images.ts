// What `proa image` does on a node: loads archives into its containerd and lists what is there. May import node.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CriConnection } from "../cri/connection.ts";
import { importImage } from "./import-image.ts";
import { readImageArchive } from "./read-archive.ts";

export interface ListedImage {
  readonly names: readonly string[];
  readonly digests: readonly string[];
  readonly id: string;
  readonly sizeBytes: number;
}

/** Loads every image of an archive; resolves to their names. `scratchFolder` is made and removed. */
export async function loadImages(
  connection: CriConnection,
  file: string,
  scratchFolder: string,
  name?: string,
): Promise<readonly string[]> {
  const folder = join(scratchFolder, `load-${process.pid}-${Date.now()}`);
  try {
    const images = await readImageArchive(file, folder, name);
    for (const image of images) await importImage(connection, image);
    return images.flatMap(({ names }) => names);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function listImages(connection: CriConnection): Promise<readonly ListedImage[]> {
  const { images } = await connection.call("ListImages", {});
  return images
    .map(({ id, repoTags, repoDigests, size }) => ({ id, names: repoTags, digests: repoDigests, sizeBytes: size }))
    .sort((a, b) => (a.names[0] ?? a.id).localeCompare(b.names[0] ?? b.id));
}
