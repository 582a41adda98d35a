// The volume port: files, links and mounts on the node. Paths are absolute. Every operation below a volume that a
// container can write to must not follow links out of it (openat2 with RESOLVE_IN_ROOT, or file descriptors held step
// by step): the methods with a root promise that. Imports nothing.

export type FileType = "file" | "directory" | "symlink" | "socket" | "block-device" | "char-device" | "other";

export interface FileInfo {
  readonly type: FileType;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
}

/** Operations reject with an Error; its `code` is the system's ("ENOENT", "EEXIST" …) where the system gave one. */
export interface VolumeHost {
  /** The agent's own folder: pods/UID/volumes below it. Upstream: /var/lib/kubelet. */
  readonly rootPath: string;
  /** Where pods' logs are. Upstream: /var/log/pods. */
  readonly podLogsPath: string;
  /** undefined: nothing there. Does not follow a link at the end of the path. */
  stat(path: string): Promise<FileInfo | undefined>;
  /** The same, following links: for paths of hostPath volumes. */
  statTarget(path: string): Promise<FileInfo | undefined>;
  readFile(path: string, limitBytes: number): Promise<Uint8Array>;
  /** Creates or overwrites the file, with just these permissions whatever the umask. */
  writeFile(path: string, bytes: Uint8Array, mode: number): Promise<void>;
  /** Creates the folder and those above it; no error where it exists, whose mode then stays. */
  makeDirectory(path: string, mode: number): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  symlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Removes the file or folder with all in it, never crossing a mount; no error where there is none. */
  remove(path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  chown(path: string, uid: number, gid: number): Promise<void>;
  /** Gives everything below to the group, with its rights and setgid on folders, as fsGroup asks. */
  setGroup(path: string, gid: number, readonly: boolean, onRootMismatch: boolean): Promise<void>;
  isMounted(path: string): Promise<boolean>;
  /** Mounts memory at the folder; 0 bytes: no limit of its own. */
  mountTmpfs(path: string, sizeBytes: number): Promise<void>;
  /** Bind-mounts `source` at `path`. */
  mountBind(source: string, path: string, readonly: boolean): Promise<void>;
  /** Unmounts; no error where nothing is mounted. */
  unmount(path: string): Promise<void>;
  /** Creates the folder `subPath` in `root` where it is absent, never leaving `root`. */
  makeSubPath(root: string, subPath: string, mode: number): Promise<void>;
  /**
   * Binds what is at `subPath` in `root`, resolved without leaving `root`, to `path` (a file or a folder that the call
   * creates), so that later changes of links in the volume cannot move it. Resolves to `path`.
   */
  mountSubPath(root: string, subPath: string, path: string): Promise<string>;
  /** Bytes and inodes that everything below uses. */
  usage(path: string): Promise<{ readonly usedBytes: number; readonly inodesUsed: number }>;
  /** Mounts an image's files read-only, where the runtime cannot (containerd before 2.1). Absent: it can. */
  mountImage?(imageId: string, path: string): Promise<void>;
  /** Calls back when something in the folder changes, until the signal is aborted. For static pods' manifests. */
  watch(path: string, signal: AbortSignal, onChange: () => void): void;
}
