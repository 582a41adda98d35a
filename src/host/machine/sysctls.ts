// Kernel settings that a cluster needs: set when it starts, put back when it ends. What they were is kept in a file, so
// that another process can put them back; the value is put back only where nobody has changed it since. May import node.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type Sysctls = Readonly<Record<string, string>>;

const pathOf = (name: string): string => `/proc/sys/${name.replaceAll(".", "/")}`;

/** undefined: this kernel has no such setting. */
export async function readSysctl(name: string): Promise<string | undefined> {
  try {
    return (await readFile(pathOf(name), "utf8")).trim();
  } catch {
    return undefined;
  }
}

interface SavedSetting {
  readonly before: string;
  readonly set: string;
}

async function readSaved(file: string): Promise<Map<string, SavedSetting>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return new Map();
  }
  const entries = JSON.parse(text) as [string, SavedSetting][];
  return new Map(entries);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

/** What the other owners have saved in the folder. */
async function readOthers(folder: string, owner: string): Promise<Map<string, SavedSetting>[]> {
  const names = (await namesIn(folder)).filter((name) => name !== owner);
  return Promise.all(names.map((name) => readSaved(join(folder, name))));
}

/**
 * Sets what differs, and keeps what was in a file named for the owner (a cluster) in the folder. A setting that the
 * kernel hasn't is left out; one that can't be written rejects. What another owner has set isn't taken for the machine's
 * own.
 */
export async function setSysctls(wanted: Sysctls, folder: string, owner: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, owner);
  const saved = await readSaved(file);
  const others = await readOthers(folder, owner);
  for (const [name, value] of Object.entries(wanted)) {
    const now = await readSysctl(name);
    const other = others.map((map) => map.get(name)).find((setting) => setting?.set === now);
    if (now === undefined || (now === value && !other)) continue;
    if (!saved.has(name)) saved.set(name, { before: other?.before ?? now, set: value });
    await writeFile(file, JSON.stringify([...saved]));
    if (now !== value) await writeFile(pathOf(name), value);
  }
}

/** Puts back what the owner's file holds, unless another owner still needs it, and removes the file. */
export async function restoreSysctls(folder: string, owner: string): Promise<void> {
  const file = join(folder, owner);
  const others = await readOthers(folder, owner);
  for (const [name, { before, set }] of await readSaved(file)) {
    if (others.some((map) => map.has(name))) continue;
    if ((await readSysctl(name)) === set) await writeFile(pathOf(name), before);
  }
  await rm(file, { force: true });
}
