// Puts an image into containerd through its own content and image services (CRI can only pull). May import node, src/base.
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeError } from "../../kubelet/runtime.ts";
import { containerdCodec, services } from "../containerd/services.ts";
import { toError, type CriConnection } from "../cri/connection.ts";
import { readBlob, type Blob, type Descriptor, type ImageContent } from "./image-content.ts";

const pieceBytes = 1024 * 1024;
// What is written belongs to nothing until the image is made: a lease keeps the garbage collector away.
const leaseMs = 60 * 60_000;
const settleMs = 10_000;
const settlePollMs = 5;

const hasCode = (error: unknown, code: string): boolean => error instanceof RuntimeError && error.code === code;

interface WriteReply {
  readonly offset: number;
}
type WriteMessage = Readonly<Record<string, unknown>>;

/** Calls of the content service's Write stream, one after the other: each message has one reply. */
function openWriter(connection: CriConnection, lease: string) {
  const stream = connection.duplex(services.writeContent, lease);
  let waiting: { resolve(reply: WriteReply): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  stream.on("data", (bytes: Buffer) => {
    waiting?.resolve(containerdCodec.decode("WriteContentReply", bytes) as unknown as WriteReply);
    waiting = undefined;
  });
  stream.on("error", (error) => {
    failure = toError(error as Parameters<typeof toError>[0]);
    waiting?.reject(failure);
    waiting = undefined;
  });
  return {
    send(message: WriteMessage): Promise<WriteReply> {
      return new Promise((resolve, reject) => {
        if (failure) {
          reject(failure);
          return;
        }
        waiting = { resolve, reject };
        stream.write(Buffer.from(containerdCodec.encode("WriteContentRequest", message)));
      });
    },
    close: () => stream.end(),
  };
}

async function writeBlob(
  connection: CriConnection,
  lease: string,
  target: { digest: string; size: number },
  blob: Blob,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const writer = openWriter(connection, lease);
  const about = { ref: `proa-${target.digest}`, total: target.size, expected: target.digest };
  try {
    let { offset } = await writer.send({ action: "STAT", ...about });
    let at = 0;
    for await (const piece of readBlob(blob, pieceBytes)) {
      // A write that was broken off before is taken up where it ended.
      const from = Math.min(Math.max(offset - at, 0), piece.length);
      at += piece.length;
      if (from === piece.length) continue;
      await writer.send({ action: "WRITE", ...about, offset: at - piece.length + from, data: piece.subarray(from) });
      offset = at;
    }
    await writer.send({ action: "COMMIT", ...about, offset, labels });
  } catch (error) {
    if (!hasCode(error, "AlreadyExists")) throw error;
  } finally {
    writer.close();
  }
}

async function nameImage(
  connection: CriConnection,
  name: string,
  target: Descriptor,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const { mediaType, digest, size } = target;
  const request = { image: { name, labels, target: { mediaType, digest, size } } };
  try {
    await connection.callService(services.createImage, request);
  } catch (error) {
    if (!hasCode(error, "AlreadyExists")) throw error;
    await connection.callService(services.updateImage, request);
  }
}

/** CRI learns of the image from an event: waits until it has, with this very content. */
async function waitUntilKnown(connection: CriConnection, name: string, configDigest: string): Promise<void> {
  for (const end = Date.now() + settleMs; Date.now() < end; await delay(settlePollMs)) {
    const { image } = await connection.call("ImageStatus", { image: { image: name } });
    if (image?.id === configDigest) return;
  }
  throw new RuntimeError(`containerd has not taken up the image ${name}`);
}

export interface ImportOptions {
  /** Never removed when space is short (containerd 1.7 and newer know of it). */
  readonly pinned?: boolean;
}

/** Imports all names of an image; resolves when pods can use it. What is there already is not written again. */
export async function importImage(
  connection: CriConnection,
  image: ImageContent,
  options: ImportOptions = {},
): Promise<void> {
  const lease = `proa-import-${process.pid}-${image.target.digest.slice(-12)}`;
  const expires = new Date(Date.now() + leaseMs).toISOString();
  await connection
    .callService(services.createLease, { id: lease, labels: { "containerd.io/gc.expire": expires } })
    .catch((error: unknown) => {
      if (!hasCode(error, "AlreadyExists")) throw error;
    });
  try {
    const { config, layers } = image.manifest;
    for (const part of [config, ...layers]) {
      await writeBlob(connection, lease, part, image.blobs.get(part.digest)!, {});
    }
    // The garbage collector goes from the image to the manifest and, by these labels, on to its parts.
    const labels: Record<string, string> = { "containerd.io/gc.ref.content.config": config.digest };
    for (const [index, layer] of layers.entries()) labels[`containerd.io/gc.ref.content.l.${index}`] = layer.digest;
    await writeBlob(connection, lease, image.target, image.blobs.get(image.target.digest)!, labels);
    for (const name of image.names) {
      await nameImage(connection, name, image.target, options.pinned ? { "io.cri-containerd.pinned": "pinned" } : {});
      await waitUntilKnown(connection, name, config.digest);
    }
  } finally {
    await connection.callService(services.deleteLease, { id: lease });
  }
}

/** The same, unless CRI has an image of that name and content already. */
export async function ensureImage(
  connection: CriConnection,
  image: ImageContent,
  options: ImportOptions = {},
): Promise<void> {
  const known = await Promise.all(
    image.names.map((name) => connection.call("ImageStatus", { image: { image: name } })),
  );
  if (known.every((reply) => reply.image?.id === image.manifest.config.digest)) return;
  await importImage(connection, image, options);
}
