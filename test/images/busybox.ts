// A static busybox for the test images: the machine's own where it is static, else Debian's busybox-static, unpacked into
// a cache folder (nothing is installed). May import node, src/host.
import { access, mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../src/host/install/programs.ts";
import { runProgram } from "../../src/host/machine/run-program.ts";

const programHeaderInterpreter = 3;

/** A program that names no interpreter needs no libraries. */
export function isStatic(elf: Buffer): boolean {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46) return false;
  const [at, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  for (let index = 0; index < count; index += 1) {
    if (elf.readUInt32LE(at + index * size) === programHeaderInterpreter) return false;
  }
  return true;
}

const cacheFolder = (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "proa/test");

async function download(target: string): Promise<void> {
  const scratch = join(cacheFolder(), `busybox-${process.pid}`);
  await mkdir(scratch, { recursive: true });
  try {
    // apt fetches as a user of its own, which may not write everywhere: as root in a folder of root it warns only.
    await runProgram("sh", ["-c", `cd "$0" && apt-get download -q busybox-static`, scratch]);
    const archive = (await readdir(scratch)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get downloaded no busybox-static");
    await runProgram("dpkg-deb", ["-x", join(scratch, archive), join(scratch, "tree")]);
    const tree = join(scratch, "tree");
    const places = [join(tree, "bin/busybox"), join(tree, "usr/bin/busybox")];
    for (const place of places) {
      const found = await access(place).then(
        () => true,
        () => false,
      );
      if (found) await rename(place, target);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The bytes of a static busybox. Rejects when there is none and none can be fetched. */
export async function readBusybox(): Promise<Buffer> {
  const own = await findProgram("busybox");
  if (own !== undefined) {
    const bytes = await readFile(own);
    if (isStatic(bytes)) return bytes;
  }
  const cached = join(cacheFolder(), `busybox-${process.arch}`);
  try {
    return await readFile(cached);
  } catch {
    await download(cached);
    return readFile(cached);
  }
}
