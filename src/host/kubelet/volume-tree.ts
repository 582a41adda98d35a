// Whole trees of a volume: giving them to a group, counting what they use. Walked by held descriptors, since containers
// may change them meanwhile. May import node.
import type { FileHandle } from "node:fs/promises";
import { chmod, chown, lchown, readdir } from "node:fs/promises";
import { heldPath, holdChild, holdPath } from "./held-path.ts";

// Upstream's pkg/volume/volume_linux.go: what the group may do, on top of the mode that is there.
const readWriteMask = 0o660;
const readOnlyMask = 0o440;
const executeMask = 0o110;
const setGroupId = 0o2000;
/** Folders within folders: each holds a descriptor. */
const depthMax = 512;

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

async function eachChild(folder: FileHandle, task: (child: FileHandle) => Promise<void>): Promise<void> {
  for (const name of await readdir(heldPath(folder))) {
    let child: FileHandle;
    try {
      child = await holdChild(folder, name);
    } catch (error) {
      if (isGone(error)) continue;
      throw error;
    }
    try {
      await task(child);
    } finally {
      await child.close();
    }
  }
}

async function setGroupOfPlace(held: FileHandle, path: string, gid: number, readonly: boolean, depth: number) {
  const info = await held.stat();
  if (info.isSymbolicLink()) {
    // A link's own owner cannot be set through its descriptor; the folder above it is held.
    await lchown(path, info.uid, gid).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
    return;
  }
  await chown(heldPath(held), info.uid, gid);
  const mask = readonly ? readOnlyMask : readWriteMask;
  const more = info.isDirectory() ? setGroupId | executeMask : 0;
  await chmod(heldPath(held), (info.mode & 0o7777) | mask | more);
  if (!info.isDirectory()) return;
  if (depth >= depthMax) throw new Error("the volume's folders are nested too deeply");
  for (const name of await readdir(heldPath(held))) {
    try {
      const child = await holdChild(held, name);
      try {
        await setGroupOfPlace(child, `${heldPath(held)}/${name}`, gid, readonly, depth + 1);
      } finally {
        await child.close();
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

/** See VolumeHost.setGroup. */
export async function setTreeGroup(path: string, gid: number, readonly: boolean, onRootMismatch: boolean) {
  const root = await holdPath(path);
  try {
    const info = await root.stat();
    const wanted = (readonly ? readOnlyMask : readWriteMask) | executeMask | setGroupId;
    if (onRootMismatch && info.gid === gid && (info.mode & wanted) === wanted) return;
    await setGroupOfPlace(root, path, gid, readonly, 0);
  } finally {
    await root.close();
  }
}

interface Count {
  usedBytes: number;
  inodesUsed: number;
}

async function countPlace(held: FileHandle, device: number, seen: Set<number>, count: Count, depth: number) {
  const { dev, ino, nlink, blocks, ...info } = await held.stat();
  // Another file system mounted below is not this volume's.
  if (dev !== device || (nlink > 1 && seen.has(ino))) return;
  if (nlink > 1) seen.add(ino);
  count.usedBytes += blocks * 512;
  count.inodesUsed += 1;
  const directory = (info.mode & 0o170000) === 0o040000;
  if (!directory || depth >= depthMax) return;
  await eachChild(held, (child) => countPlace(child, device, seen, count, depth + 1));
}

/** Bytes on disk and inodes of everything at and below `path`, on its own file system; hard links count once. */
export async function countTree(path: string): Promise<Count> {
  const count: Count = { usedBytes: 0, inodesUsed: 0 };
  let root: FileHandle;
  try {
    root = await holdPath(path);
  } catch (error) {
    if (isGone(error)) return count;
    throw error;
  }
  try {
    await countPlace(root, (await root.stat()).dev, new Set(), count, 0);
  } finally {
    await root.close();
  }
  return count;
}
