// A file system in memory: the volume and log file ports of a simulated node. Imports src/kubelet types.
import type { LogFile, LogFiles } from "../../kubelet/log-files.ts";
import type { FileInfo, FileType, VolumeHost } from "../../kubelet/volume-host.ts";

interface Entry {
  readonly type: FileType;
  readonly inode: number;
  mode: number;
  uid: number;
  gid: number;
  bytes: Uint8Array;
  target: string;
  mounted: boolean;
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });
}

export class SimulatedFiles implements VolumeHost, LogFiles {
  readonly rootPath = "/var/lib/kubelet";
  readonly podLogsPath = "/var/log/pods";
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #inode = 0;

  #make(path: string, type: FileType, mode: number): Entry {
    this.#inode += 1;
    const bytes = new Uint8Array();
    const entry: Entry = { type, inode: this.#inode, mode, uid: 0, gid: 0, bytes, target: "", mounted: false };
    this.#entries.set(path, entry);
    return entry;
  }
  #info({ type, mode, uid, gid, bytes }: Entry): FileInfo {
    return { type, mode, uid, gid, sizeBytes: bytes.length };
  }
  #get(path: string): Entry {
    const entry = this.#entries.get(this.#resolve(path));
    if (!entry) throw missing(path);
    return entry;
  }
  /** The path with its links followed. */
  #resolve(path: string, depth = 0): string {
    if (depth > 40) throw new Error(`ELOOP: too many symbolic links, '${path}'`);
    const parts = path.split("/").slice(1);
    let current = "";
    for (const [index, part] of parts.entries()) {
      current += `/${part}`;
      const entry = this.#entries.get(current);
      if (entry?.type !== "symlink") continue;
      const base = entry.target.startsWith("/") ? entry.target : `${parentOf(current)}/${entry.target}`;
      return this.#resolve([base, ...parts.slice(index + 1)].join("/"), depth + 1);
    }
    return current;
  }
  #changed(path: string): void {
    for (const watched of [path, parentOf(path)]) for (const wake of this.#watchers.get(watched) ?? []) wake();
  }

  /** Writes a file from outside, as a program in a container would. */
  put(path: string, bytes: Uint8Array): void {
    const entry = this.#entries.get(path) ?? this.#make(path, "file", 0o644);
    entry.bytes = bytes;
    this.#changed(path);
  }
  append(path: string, bytes: Uint8Array): void {
    const entry = this.#entries.get(path) ?? this.#make(path, "file", 0o640);
    const joined = new Uint8Array(entry.bytes.length + bytes.length);
    joined.set(entry.bytes);
    joined.set(bytes, entry.bytes.length);
    entry.bytes = joined;
    this.#changed(path);
  }
  /** A file's text, links followed; undefined where there is none. */
  text(path: string): string | undefined {
    const entry = this.#entries.get(this.#resolve(path));
    return entry && new TextDecoder().decode(entry.bytes);
  }
  get paths(): readonly string[] {
    return [...this.#entries.keys()];
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const entry = this.#entries.get(path);
    return entry && this.#info(entry);
  }
  async statTarget(path: string): Promise<FileInfo | undefined> {
    const entry = this.#entries.get(this.#resolve(path));
    return entry && this.#info(entry);
  }
  async readFile(path: string, limitBytes: number): Promise<Uint8Array> {
    return this.#get(path).bytes.subarray(0, limitBytes);
  }
  async writeFile(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    const entry = this.#entries.get(path) ?? this.#make(path, "file", mode);
    entry.bytes = bytes;
    entry.mode = mode;
    this.#changed(path);
  }
  async makeDirectory(path: string, mode: number): Promise<void> {
    let current = "";
    for (const part of path.split("/").slice(1)) {
      current += `/${part}`;
      if (!this.#entries.has(current)) this.#make(current, "directory", mode);
    }
  }
  async list(path: string): Promise<readonly string[]> {
    const prefix = `${path}/`;
    const names = new Set<string>();
    for (const other of this.#entries.keys()) {
      if (other.startsWith(prefix)) names.add(other.slice(prefix.length).split("/")[0]!);
    }
    return [...names];
  }
  async symlink(target: string, path: string): Promise<void> {
    if (this.#entries.has(path)) throw Object.assign(new Error(`EEXIST: '${path}'`), { code: "EEXIST" });
    this.#make(path, "symlink", 0o777).target = target;
  }
  async readLink(path: string): Promise<string | undefined> {
    const entry = this.#entries.get(path);
    return entry?.type === "symlink" ? entry.target : undefined;
  }
  async rename(from: string, to: string): Promise<void> {
    if (!this.#entries.has(from)) throw missing(from);
    for (const [path, entry] of Array.from(this.#entries)) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#entries.delete(path);
      this.#entries.set(to + path.slice(from.length), entry);
    }
    this.#changed(to);
  }
  async remove(path: string): Promise<void> {
    for (const other of this.#entries.keys()) {
      if (other === path || other.startsWith(`${path}/`)) this.#entries.delete(other);
    }
    this.#changed(path);
  }
  async chmod(path: string, mode: number): Promise<void> {
    this.#get(path).mode = mode;
  }
  async chown(path: string, uid: number, gid: number): Promise<void> {
    const entry = this.#get(path);
    if (uid >= 0) entry.uid = uid;
    if (gid >= 0) entry.gid = gid;
  }
  async setGroup(path: string, gid: number, readonly: boolean): Promise<void> {
    for (const [other, entry] of this.#entries) {
      if (other !== path && !other.startsWith(`${path}/`)) continue;
      entry.gid = gid;
      entry.mode |= (readonly ? 0o440 : 0o660) | (entry.type === "directory" ? 0o2110 : 0);
    }
  }
  async isMounted(path: string): Promise<boolean> {
    return this.#entries.get(path)?.mounted ?? false;
  }
  async mountTmpfs(path: string): Promise<void> {
    this.#get(path).mounted = true;
  }
  async mountBind(_source: string, path: string): Promise<void> {
    const entry = this.#entries.get(path) ?? this.#make(path, "directory", 0o755);
    entry.mounted = true;
  }
  async unmount(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry) entry.mounted = false;
  }
  async makeSubPath(root: string, subPath: string, mode: number): Promise<void> {
    if (!this.#entries.has(this.#resolve(`${root}/${subPath}`))) await this.makeDirectory(`${root}/${subPath}`, mode);
  }
  async mountSubPath(root: string, subPath: string, path: string): Promise<string> {
    const target = this.#resolve(`${root}/${subPath}`);
    if (target !== root && !target.startsWith(`${root}/`)) throw new Error("subpath leaves its volume");
    await this.mountBind(target, path);
    return path;
  }
  async usage(path: string): Promise<{ usedBytes: number; inodesUsed: number }> {
    let usedBytes = 0;
    let inodesUsed = 0;
    for (const [other, { bytes }] of this.#entries) {
      if (other !== path && !other.startsWith(`${path}/`)) continue;
      usedBytes += bytes.length;
      inodesUsed += 1;
    }
    return { usedBytes, inodesUsed };
  }
  watch(path: string, signal: AbortSignal, onChange: () => void): void {
    const watchers = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, watchers);
    const wake = (): void => queueMicrotask(onChange);
    watchers.add(wake);
    signal.addEventListener("abort", () => watchers.delete(wake), { once: true });
  }

  async open(path: string): Promise<LogFile | undefined> {
    const entry = this.#entries.get(this.#resolve(path));
    if (!entry) return undefined;
    return {
      inode: String(entry.inode),
      sizeBytes: async () => entry.bytes.length,
      read: async (offset, length) => entry.bytes.subarray(offset, offset + length),
      close: async () => {},
    };
  }
  async sizeBytes(path: string): Promise<number | undefined> {
    return this.#entries.get(path)?.bytes.length;
  }
  async compress(path: string, to: string): Promise<void> {
    await this.rename(path, to);
  }
}
