// Programs, processes, mounts, control groups and kernel settings. May import node.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findControlGroups, toCpuWeight } from "./cgroups.ts";
import { isUnder, parseMountInfo } from "./mounts.ts";
import { commandLine, endProcess, isAlive, markOf } from "./processes.ts";
import { ProgramError, runProgram, tryProgram } from "./run-program.ts";
import { readSysctl } from "./sysctls.ts";

test("runProgram gives output, and a failure with the program's words", async () => {
  assert.equal((await runProgram("printf", ["a b"])).stdout, "a b");
  await assert.rejects(runProgram("ls", ["/nosuch"]), (error: unknown) => {
    assert.ok(error instanceof ProgramError);
    assert.equal(error.status, 2);
    assert.match(error.message, /\/nosuch/);
    return true;
  });
  assert.equal(await tryProgram("false", []), false);
});

test("parseMountInfo reads fields, propagation and escaped paths", () => {
  const text = [
    "36 35 98:0 /root /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
    "37 35 0:5 / /proc rw - proc proc rw",
  ].join("\n");
  assert.deepEqual(parseMountInfo(text), [
    { root: "/root", mountPoint: "/mnt/a b", propagation: ["master:1"], type: "ext3", source: "/dev/root" },
    { root: "/", mountPoint: "/proc", propagation: [], type: "proc", source: "proc" },
  ]);
  assert.ok(isUnder("/a/b", "/a") && isUnder("/a", "/a") && !isUnder("/ab", "/a"));
});

test("endProcess ends the process that it was given, and no other", async () => {
  const child = spawn("sleep", ["100"]);
  await once(child, "spawn");
  const mark = (await markOf(child.pid!))!;
  assert.deepEqual(await commandLine(child.pid!), ["sleep", "100"]);
  await endProcess({ ...mark, startTicks: "1" }, 0);
  assert.equal(await isAlive(mark), true);
  await endProcess(mark, 1000);
  assert.equal(await isAlive(mark), false);
});

test("findControlGroups takes version 1 where version 2 is mounted empty beside it", () => {
  const line = (type: string, point: string): string => `30 20 0:1 / ${point} rw - ${type} ${type} rw`;
  const hybrid = [line("tmpfs", "/sys/fs/cgroup"), line("cgroup", "/sys/fs/cgroup/cpu,cpuacct")];
  const beside = findControlGroups([...hybrid, line("cgroup2", "/sys/fs/cgroup/unified")].join("\n"));
  assert.equal(beside.version, 1);
  assert.deepEqual([...beside.folders.keys()], ["cpu", "cpuacct"]);
  assert.equal(findControlGroups(line("cgroup2", "/sys/fs/cgroup")).version, 2);
});

test("toCpuWeight follows KEP-2254", () => {
  assert.deepEqual([2, 1024, 262_144].map(toCpuWeight), [1, 39, 10_000]);
});

test("readSysctl reads a setting and knows when there is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "proa-sysctl-"));
  await writeFile(join(folder, "x"), "");
  assert.equal(await readSysctl("kernel.ostype"), (await readFile("/proc/sys/kernel/ostype", "utf8")).trim());
  assert.equal(await readSysctl("kernel.nosuch"), undefined);
  await rm(folder, { recursive: true });
});
