// Kernel settings that a cluster needs: set when it starts, put back when it ends. What they were is kept in a file, so
// that another process can put them back; the value is put back only where nobody has changed it since. May import node.
import { readFile, rm, writeFile } from "node:fs/promises";

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

/**
 * Sets what differs and adds it to the file. A setting that the kernel hasn't is left out; one that can't be written
 * rejects. `others`: files of clusters that run beside; what they have set is not taken for the machine's own value.
 */
export async function setSysctls(wanted: Sysctls, file: string, others: readonly string[] = []): Promise<void> {
  const saved = await readSaved(file);
  const beside = await Promise.all(others.map((path) => readSaved(path)));
  for (const [name, value] of Object.entries(wanted)) {
    const now = await readSysctl(name);
    const other = beside.map((map) => map.get(name)).find((setting) => setting?.set === now);
    if (now === undefined || (now === value && !other)) continue;
    if (!saved.has(name)) saved.set(name, { before: other?.before ?? now, set: value });
    await writeFile(file, JSON.stringify([...saved]));
    if (now !== value) await writeFile(pathOf(name), value);
  }
}

/** Puts back what the file holds, unless another cluster's file still needs it, and removes the file. */
export async function restoreSysctls(file: string, others: readonly string[] = []): Promise<void> {
  const beside = await Promise.all(others.map((path) => readSaved(path)));
  for (const [name, { before, set }] of await readSaved(file)) {
    if (beside.some((map) => map.has(name))) continue;
    if ((await readSysctl(name)) === set) await writeFile(pathOf(name), before);
  }
  await rm(file, { force: true });
}
