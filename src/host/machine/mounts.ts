// The mount table of this process, and unmounting all that lies under a folder. May import node.
import { readFile } from "node:fs/promises";
import { runProgram } from "./run-program.ts";

export interface MountEntry {
  readonly mountPoint: string;
  /** The part of the file system that is mounted. */
  readonly root: string;
  readonly type: string;
  readonly source: string;
  /** Optional fields: "shared:1", "master:2". */
  readonly propagation: readonly string[];
}

/** mountinfo writes space, tab, line feed and backslash as octal (proc(5)). */
function unescapePath(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

export function parseMountInfo(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split("\n")) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-");
    if (dash < 6) continue;
    entries.push({
      root: unescapePath(fields[3]!),
      mountPoint: unescapePath(fields[4]!),
      propagation: fields.slice(6, dash),
      type: fields[dash + 1]!,
      source: unescapePath(fields[dash + 2] ?? ""),
    });
  }
  return entries;
}

export async function listMounts(): Promise<MountEntry[]> {
  return parseMountInfo(await readFile("/proc/self/mountinfo", "utf8"));
}

export async function isMountPoint(path: string): Promise<boolean> {
  return (await listMounts()).some((mount) => mount.mountPoint === path);
}

/** Is `path` the folder or below it? */
export function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** Unmounts everything at and under the folder, the innermost first; lazily where it is busy. */
export async function unmountUnder(folder: string): Promise<void> {
  // Several mounts may lie over one another at one place: each pass takes one layer.
  const passesMax = 64;
  for (let pass = 0; pass < passesMax; pass += 1) {
    const points = (await listMounts()).map((mount) => mount.mountPoint).filter((point) => isUnder(point, folder));
    if (points.length === 0) return;
    for (const point of points.reverse()) {
      try {
        await runProgram("umount", [point]);
      } catch {
        await runProgram("umount", ["--lazy", point]);
      }
    }
  }
  throw new Error(`unmounting all under ${folder}: mounts go on appearing there`);
}
