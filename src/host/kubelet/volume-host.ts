// The volume port on a real machine. May import node, src/kubelet's port.
import { constants, watch, type Stats } from "node:fs";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  type FileHandle,
} from "node:fs/promises";
import type { FileInfo, FileType, VolumeHost } from "../../kubelet/volume-host.ts";
import { isMountPoint, isUnder, listMounts } from "../machine/mounts.ts";
import { runProgram } from "../machine/run-program.ts";
import { makeSubPath, mountSubPath } from "./sub-path.ts";
import { countTree, setTreeGroup } from "./volume-tree.ts";

export interface ImageMounts {
  mountImage(imageId: string, path: string): Promise<void>;
  /** After the folder was unmounted. No error where it was no image. */
  releaseImage(path: string): Promise<void>;
}

export interface VolumeHostOptions {
  readonly rootPath: string;
  readonly podLogsPath: string;
  /** Where the runtime cannot mount images itself. */
  readonly images?: ImageMounts;
}

const isMissing = (error: unknown): boolean => {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
};

/** undefined where nothing is there. */
async function unlessMissing<T>(task: Promise<T>): Promise<T | undefined> {
  try {
    return await task;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function typeOf(stats: Stats): FileType {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isSocket()) return "socket";
  if (stats.isBlockDevice()) return "block-device";
  if (stats.isCharacterDevice()) return "char-device";
  return "other";
}

const toInfo = (stats: Stats | undefined): FileInfo | undefined =>
  stats && {
    type: typeOf(stats),
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: stats.size,
  };

async function readBytes(path: string, limitBytes: number): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const buffer = new Uint8Array(Math.min(limitBytes, Math.max((await handle.stat()).size, 64 * 1024)));
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

async function writeBytes(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const flags = constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW;
  const handle: FileHandle = await open(path, flags, mode);
  try {
    await handle.writeFile(bytes);
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

async function makeFolder(path: string, mode: number): Promise<void> {
  // The first folder that was made, or undefined when all were there.
  const made = await mkdir(path, { recursive: true });
  if (made !== undefined) await chmod(path, mode);
}

async function removeTree(path: string): Promise<void> {
  const mounted = (await listMounts()).find(({ mountPoint }) => isUnder(mountPoint, path));
  if (mounted) throw new Error(`${path} is not removed: ${mounted.mountPoint} is mounted below it`);
  await rm(path, { recursive: true, force: true });
}

async function mountMemory(path: string, sizeBytes: number): Promise<void> {
  const size = sizeBytes > 0 ? ["-o", `size=${Math.floor(sizeBytes)}`] : [];
  await runProgram("mount", ["-t", "tmpfs", ...size, "tmpfs", path]);
}

async function mountBind(source: string, path: string, readonly: boolean): Promise<void> {
  await runProgram("mount", ["--bind", source, path]);
  if (readonly) await runProgram("mount", ["-o", "remount,bind,ro", path]);
}

function watchFolder(path: string, signal: AbortSignal, onChange: () => void): void {
  if (signal.aborted) return;
  const watcher = watch(path, { signal }, () => onChange());
  watcher.on("error", () => watcher.close());
}

export function createVolumeHost(options: VolumeHostOptions): VolumeHost {
  const { images } = options;
  return {
    rootPath: options.rootPath,
    podLogsPath: options.podLogsPath,
    stat: async (path) => toInfo(await unlessMissing(lstat(path))),
    statTarget: async (path) => toInfo(await unlessMissing(stat(path))),
    readFile: readBytes,
    writeFile: writeBytes,
    makeDirectory: makeFolder,
    list: (path) => readdir(path),
    symlink,
    readLink: (path) => unlessMissing(readlink(path)),
    rename,
    remove: removeTree,
    chmod,
    chown,
    setGroup: setTreeGroup,
    isMounted: isMountPoint,
    mountTmpfs: mountMemory,
    mountBind,
    async unmount(path) {
      // Mounts may lie over one another.
      while (await isMountPoint(path)) await runProgram("umount", [path]);
      await images?.releaseImage(path);
    },
    makeSubPath,
    mountSubPath,
    usage: countTree,
    ...(images ? { mountImage: (imageId: string, path: string) => images.mountImage(imageId, path) } : {}),
    watch: watchFolder,
  };
}
