// subPath of a volume mount: a place in a volume that containers write to. Links in it are resolved first and must stay in
// the volume; then the place is walked to without following any, so that a link put there in between is an error
// (upstream: k8s.io/mount-utils, volume/util/subpath; CVE-2017-1002101, CVE-2021-25741). May import node.
import { chmod, mkdir, realpath, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isMountPoint, isUnder } from "../machine/mounts.ts";
import { runProgram } from "../machine/run-program.ts";
import { heldPath, heldPathOutside, holdChild, holdPath } from "./held-path.ts";

const namesOf = (path: string): string[] => path.split("/").filter((name) => name !== "" && name !== ".");

/** Walks from the root through the names; the caller closes what it gets. */
async function walk(root: string, names: readonly string[]): Promise<FileHandle> {
  let held = await holdPath(root);
  for (const name of names) {
    const folder = held;
    try {
      held = await holdChild(folder, name);
    } finally {
      await folder.close();
    }
    if (!(await held.stat()).isSymbolicLink()) continue;
    await held.close();
    throw new Error(`unexpected symlink found: ${name}`);
  }
  return held;
}

/** The part of the path that exists, links resolved, and the names that don't exist yet. */
async function resolveExisting(root: string, subPath: string): Promise<{ place: string; rest: string[] }> {
  const names = namesOf(subPath);
  if (names.includes("..")) throw new Error(`must not contain '..': ${subPath}`);
  for (let count = names.length; ; count -= 1) {
    try {
      const place = await realpath(join(root, ...names.slice(0, count)));
      if (!isUnder(place, root)) throw new Error(`${subPath} leads out of the volume`);
      return { place, rest: names.slice(count) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || count === 0) throw error;
    }
  }
}

/** Creates the folder where nothing is there; what is there (a file, too) stays as it is. */
export async function makeSubPath(volume: string, subPath: string, mode: number): Promise<void> {
  const root = await realpath(volume);
  const { place, rest } = await resolveExisting(root, subPath);
  if (rest.length === 0) return;
  let held = await walk(root, namesOf(relative(root, place)));
  try {
    for (const name of rest) {
      const path = `${heldPath(held)}/${name}`;
      await mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
      const child = await holdChild(held, name);
      await held.close();
      held = child;
      if ((await held.stat()).isSymbolicLink()) throw new Error(`unexpected symlink found: ${name}`);
      // The umask has taken bits away, which the volume's own mode had.
      await chmod(heldPath(held), mode & 0o7777);
    }
  } finally {
    await held.close();
  }
}

async function makeTarget(target: string, folder: boolean): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const made = folder ? mkdir(target, { mode: 0o750 }) : writeFile(target, "", { flag: "wx", mode: 0o640 });
  await made.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** Binds the place to `target`, made as a file or folder to fit. Resolves to `target`. Callable again. */
export async function mountSubPath(volume: string, subPath: string, target: string): Promise<string> {
  const root = await realpath(volume);
  const { place, rest } = await resolveExisting(root, subPath);
  if (rest.length > 0) throw new Error(`${subPath} does not exist in the volume`);
  const held = await walk(root, namesOf(relative(root, place)));
  try {
    const source = await held.stat();
    if (await isMountPoint(target)) {
      const mounted = await stat(target);
      if (mounted.dev === source.dev && mounted.ino === source.ino) return target;
      await runProgram("umount", [target]);
    }
    await makeTarget(target, source.isDirectory());
    // Not canonicalised: mount(8) would read the descriptor's link and mount whatever lies there by then.
    await runProgram("mount", ["--no-canonicalize", "--bind", heldPathOutside(held), target]);
    return target;
  } finally {
    await held.close();
  }
}
