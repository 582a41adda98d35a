// Walking a tree by descriptors held step by step, each opened without following a link: what somebody else does to the
// tree in between cannot lead out of it. /proc/self/fd/N/NAME is Node's openat(N, NAME). May import node.
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

// O_PATH: a descriptor that only stands for the place (open(2)); Node has no name for it. The same on x86-64 and arm64.
const openPath = 0o10000000;

/** Opens a place without following a link at its end. A link itself can be held, too. */
export function holdPath(path: string): Promise<FileHandle> {
  return open(path, openPath | constants.O_NOFOLLOW);
}

/** The held place as a path that other calls of this process take. */
export const heldPath = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;
/** The same for other processes. */
export const heldPathOutside = (handle: FileHandle): string => `/proc/${process.pid}/fd/${handle.fd}`;

/** Opens `name` in the held folder. `name` has no slash. */
export function holdChild(folder: FileHandle, name: string): Promise<FileHandle> {
  if (name === "" || name === "." || name === ".." || name.includes("/")) throw new Error(`not a file name: ${name}`);
  return holdPath(`${heldPath(folder)}/${name}`);
}
