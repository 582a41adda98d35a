// Volumes, log files and facts of the machine, on its real file system; mounts only as root. May import node.
import assert from "node:assert/strict";
import { linkSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { unmountUnder } from "../machine/mounts.ts";
import { hostLogFiles } from "./log-files.ts";
import { defaultInterface, parseMemInfo, parseOsImage, readNodeMachine } from "./node-machine.ts";
import { createVolumeHost } from "./volume-host.ts";
import type { VolumeHost } from "../../kubelet/volume-host.ts";

const skip = process.getuid?.() === 0 ? false : "needs root";

describe("createVolumeHost", () => {
  let folder: string;
  let host: VolumeHost;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "proa-volumes-"));
    host = createVolumeHost({ rootPath: folder, podLogsPath: join(folder, "logs") });
  });
  after(async () => {
    await unmountUnder(folder);
    await rm(folder, { recursive: true });
  });

  test("writeFile and makeDirectory give just the mode asked for, and an existing folder keeps its own", async () => {
    const before = process.umask(0o077);
    try {
      const place = join(folder, "a/b");
      await host.makeDirectory(place, 0o777);
      assert.equal((await host.stat(place))!.mode, 0o777);
      await host.makeDirectory(place, 0o700);
      assert.equal((await host.stat(place))!.mode, 0o777);
      await host.writeFile(`${place}/f`, Buffer.from("x"), 0o644);
      await host.writeFile(`${place}/f`, Buffer.from("yz"), 0o600);
      const info = await host.stat(`${place}/f`);
      assert.deepEqual([info!.type, info!.mode, info!.sizeBytes], ["file", 0o600, 2]);
      assert.equal(Buffer.from(await host.readFile(`${place}/f`, 1)).toString(), "y");
    } finally {
      process.umask(before);
    }
  });

  test("stat does not follow a link, statTarget does, and nothing is undefined", async () => {
    const link = join(folder, "link");
    await host.symlink("/nosuch", link);
    assert.equal((await host.stat(link))!.type, "symlink");
    assert.equal(await host.statTarget(link), undefined);
    assert.equal(await host.readLink(link), "/nosuch");
    assert.equal(await host.stat(join(folder, "nothing/there")), undefined);
    await host.remove(join(folder, "nothing"));
  });

  test("setGroup gives the tree to the group with its rights, and never follows links out", { skip }, async () => {
    const volume = join(folder, "group");
    const outside = join(folder, "outside");
    await mkdir(join(volume, "d"), { recursive: true });
    await writeFile(join(volume, "d/f"), "", { mode: 0o600 });
    await writeFile(outside, "", { mode: 0o600 });
    await symlink(outside, join(volume, "d/out"));
    await chmod(join(volume, "d"), 0o700);
    await host.setGroup(volume, 4242, false, false);
    const of = async (path: string) => {
      const { gid, mode } = await lstat(join(volume, path));
      return [gid, (mode & 0o7777).toString(8)];
    };
    assert.deepEqual(await of("d"), [4242, "2770"]);
    assert.deepEqual(await of("d/f"), [4242, "660"]);
    assert.equal((await of("d/out"))[0], 4242);
    const untouched = await stat(outside);
    assert.deepEqual([untouched.gid, untouched.mode & 0o777], [0, 0o600]);
    await chmod(join(volume, "d/f"), 0o600);
    await host.setGroup(volume, 4242, false, true);
    assert.deepEqual(await of("d/f"), [4242, "600"], "the root fits already: nothing is changed");
  });

  test("usage counts bytes and inodes, hard links once", async () => {
    const volume = join(folder, "usage");
    await mkdir(volume);
    await writeFile(join(volume, "f"), Buffer.alloc(100_000));
    const { inodesUsed, usedBytes } = await host.usage(volume);
    linkSync(join(volume, "f"), join(volume, "g"));
    assert.deepEqual(await host.usage(volume), { inodesUsed, usedBytes });
    assert.equal(inodesUsed, 2);
    assert.ok(usedBytes >= 100_000);
    assert.deepEqual(await host.usage(join(folder, "nosuch")), { usedBytes: 0, inodesUsed: 0 });
  });

  test("mountTmpfs and mountBind mount, remove refuses what is mounted, unmount ends it", { skip }, async () => {
    const memory = join(folder, "memory");
    const bound = join(folder, "bound");
    await mkdir(memory);
    await mkdir(bound);
    await host.mountTmpfs(memory, 1024 * 1024);
    assert.equal(await host.isMounted(memory), true);
    await writeFile(join(memory, "f"), "x");
    await assert.rejects(writeFile(join(memory, "big"), Buffer.alloc(2 * 1024 * 1024)), { code: "ENOSPC" });
    await host.mountBind(memory, bound, true);
    assert.equal(await readFile(join(bound, "f"), "utf8"), "x");
    await assert.rejects(writeFile(join(bound, "g"), ""), { code: "EROFS" });
    await assert.rejects(host.remove(bound), /is mounted below it/);
    for (const path of [bound, memory]) {
      await host.unmount(path);
      await host.unmount(path);
      assert.equal(await host.isMounted(path), false);
      await host.remove(path);
    }
  });

  describe("subPath", { skip }, () => {
    let volume: string;
    const target = (name: string): string => join(folder, "targets", name);
    before(async () => {
      volume = join(folder, "sub");
      await mkdir(join(volume, "real"), { recursive: true });
      await mkdir(join(folder, "secret"), { recursive: true });
      await writeFile(join(folder, "secret/key"), "secret");
      await writeFile(join(volume, "real/f"), "inside");
      await symlink("real", join(volume, "inner"));
      await symlink("../secret", join(volume, "leak"));
      await symlink(join(folder, "secret"), join(volume, "leak-far"));
    });

    test("mountSubPath binds a file, and a folder through a link within the volume", async () => {
      assert.equal(await host.mountSubPath(volume, "real/f", target("0")), target("0"));
      assert.equal(await readFile(target("0"), "utf8"), "inside");
      await host.mountSubPath(volume, "inner", target("1"));
      assert.equal(await readFile(join(target("1"), "f"), "utf8"), "inside");
      // Again: the same mount. Changed: the new place.
      await host.mountSubPath(volume, "inner", target("1"));
      await host.unmount(target("1"));
      await host.unmount(target("0"));
    });

    test("nothing leads out of the volume", async () => {
      for (const subPath of ["leak", "leak-far", "leak/key", "../secret", "real/../../secret"]) {
        await assert.rejects(host.mountSubPath(volume, subPath, target("x")), subPath);
        await assert.rejects(host.makeSubPath(volume, `${subPath}/new`, 0o755), subPath);
      }
      assert.equal(await host.stat(join(folder, "secret/new")), undefined);
      assert.equal(await host.isMounted(target("x")), false);
    });

    test("makeSubPath makes folders with the mode, and leaves what is there", async () => {
      await host.makeSubPath(volume, "inner/x/y", 0o2775);
      assert.equal((await host.stat(join(volume, "real/x/y")))!.mode, 0o2775);
      await host.makeSubPath(volume, "real/f", 0o755);
      assert.equal(await readFile(join(volume, "real/f"), "utf8"), "inside");
    });
  });

  test("hostLogFiles reads, rotates and compresses", async () => {
    const path = join(folder, "0.log");
    await writeFile(path, "one\ntwo\n");
    const log = (await hostLogFiles.open(path))!;
    assert.equal(Buffer.from(await log.read(4, 100)).toString(), "two\n");
    assert.equal(await log.sizeBytes(), 8);
    await hostLogFiles.rename(path, `${path}.1`);
    assert.equal(await hostLogFiles.open(path), undefined);
    assert.equal(await hostLogFiles.sizeBytes(path), undefined);
    await hostLogFiles.compress(`${path}.1`, `${path}.1.gz`);
    await log.close();
    assert.deepEqual(
      (await hostLogFiles.list(folder)).filter((name) => name.startsWith("0.log")),
      ["0.log.1.gz"],
    );
    assert.deepEqual(await hostLogFiles.list(join(folder, "nosuch")), []);
  });

  test("hostLogFiles.watch tells of growth", async () => {
    const path = join(folder, "w.log");
    const stop = new AbortController();
    const changed = new Promise<void>((resolve) => hostLogFiles.watch(path, stop.signal, resolve));
    await writeFile(path, "x");
    await changed;
    stop.abort();
  });
});

test("readNodeMachine tells of this machine", async () => {
  const machine = readNodeMachine({ rootPath: "/" });
  assert.ok(machine.cpus > 0 && machine.memoryBytes > 0 && machine.addresses.length > 0);
  assert.match(machine.bootId, /^[0-9a-f-]{36}$/);
  const { capacityBytes, availableBytes } = await machine.filesystem();
  assert.ok(capacityBytes >= availableBytes && availableBytes > 0);
  const usage = await machine.usage();
  assert.ok(usage.cpuNanos > 0 && usage.processes > 0 && usage.memoryWorkingSetBytes <= usage.memoryUsageBytes);
});

test("the kernel's texts are read", () => {
  assert.equal(parseMemInfo("MemTotal:       16 kB\nHugePages_Total:   3\n").get("MemTotal"), 16_384);
  assert.equal(
    parseOsImage('NAME="x"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'),
    "Debian GNU/Linux 12 (bookworm)",
  );
  assert.equal(parseOsImage(""), "Linux");
  const routes =
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth1\t0000A8C0\t0\t1\t0\t0\t0\t00FFFFFF\neth0\t00000000\t0100A8C0\t3\t0\t0\t0\t00000000\n";
  assert.equal(defaultInterface(routes), "eth0");
});
