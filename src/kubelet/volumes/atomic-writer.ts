// Files that change all at once: they are written to a folder of their own, and one rename of the link ..data makes
// them visible (pkg/volume/util/atomic_writer.go, whose layout programs rely on). Imports src/base.
import { assert } from "../../base/assert.ts";
import type { VolumeHost } from "../volume-host.ts";
import type { Payload } from "./payload.ts";

const dataLink = "..data";
const newDataLink = "..data_tmp";

/** Path parts that leave the volume, or that the writer itself uses, are refused. */
function checkPath(path: string): string {
  const parts = path.split("/");
  const bad = path === "" || path.startsWith("/") || path.length > 4096 || parts.some((part) => part === "..");
  assert(!bad && !parts[0]!.startsWith(".."), `a path in a volume's files: ${path}`);
  return path;
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
const firstPart = (path: string): string => path.split("/")[0]!;

/** "..2006_01_02_15_04_05.123456789" */
function folderName(nowMs: number, unique: number): string {
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "_");
  return `..${stamp}.${String(unique).padStart(9, "0")}`;
}

async function writeFiles(host: VolumeHost, folder: string, payload: Payload): Promise<void> {
  await host.makeDirectory(folder, 0o755);
  const made = new Set([folder]);
  for (const [path, file] of payload) {
    const full = `${folder}/${checkPath(path)}`;
    const parent = parentOf(full);
    if (!made.has(parent)) {
      await host.makeDirectory(parent, 0o755);
      made.add(parent);
    }
    await host.writeFile(full, file.bytes, file.mode);
    if (file.uid !== undefined) await host.chown(full, file.uid, -1);
  }
}

export interface AtomicWrite {
  readonly target: string;
  readonly payload: Payload;
  readonly nowMs: number;
  /** Differs from write to write. */
  readonly unique: number;
  /** Called with the new folder before it becomes visible: for owners and groups. */
  readonly prepare?: (folder: string) => Promise<void>;
}

/** Replaces the volume's files. A crash at any moment leaves the old files or the new ones visible, never a mixture. */
export async function writeAtomically(host: VolumeHost, write: AtomicWrite): Promise<void> {
  const { target, payload } = write;
  const old = await host.readLink(`${target}/${dataLink}`);
  const folder = folderName(write.nowMs, write.unique);
  await writeFiles(host, `${target}/${folder}`, payload);
  await write.prepare?.(`${target}/${folder}`);
  await host.remove(`${target}/${newDataLink}`);
  await host.symlink(folder, `${target}/${newDataLink}`);
  await host.rename(`${target}/${newDataLink}`, `${target}/${dataLink}`);

  const visible = new Set([...payload.keys()].map(firstPart));
  const present = new Set(await host.list(target));
  for (const name of visible) if (!present.has(name)) await host.symlink(`${dataLink}/${name}`, `${target}/${name}`);
  for (const name of present) {
    if (!name.startsWith("..") && !visible.has(name)) await host.remove(`${target}/${name}`);
    // Folders of writes that a crash has cut short go with the old one.
    if (name.startsWith("..2") && name !== folder) await host.remove(`${target}/${name}`);
  }
  if (old !== undefined && old !== folder) await host.remove(`${target}/${old}`);
}

/** Whether two payloads are the same to the last byte. */
export function samePayload(one: Payload | undefined, other: Payload): boolean {
  if (!one || one.size !== other.size) return false;
  for (const [path, file] of other) {
    const before = one.get(path);
    if (!before || before.mode !== file.mode || before.uid !== file.uid) return false;
    if (before.bytes.length !== file.bytes.length) return false;
    if (!before.bytes.every((byte, index) => byte === file.bytes[index])) return false;
  }
  return true;
}
