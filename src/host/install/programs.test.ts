// The search for a node's programs. May import node.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findProgram, installCommand, packagesFor, searchPrograms } from "./programs.ts";

test("findProgram takes the first executable file of the path, and no folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "proa-programs-"));
  try {
    await mkdir(join(folder, "a/proa-x"), { recursive: true });
    await mkdir(join(folder, "b"));
    await writeFile(join(folder, "b/proa-x"), "");
    const path = `relative:${folder}/a:${folder}/b`;
    assert.equal(await findProgram("proa-x", path), undefined);
    await chmod(join(folder, "b/proa-x"), 0o755);
    assert.equal(await findProgram("proa-x", path), join(folder, "b/proa-x"));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("searchPrograms names the plugins that are missing, and packages are named once", async () => {
  const { missing, cniFolder } = await searchPrograms({ cniFolders: ["/nosuch"] });
  assert.equal(cniFolder, undefined);
  assert.deepEqual(
    missing.filter((name) => name.startsWith("cni: ")),
    ["cni: bridge", "cni: host-local", "cni: portmap", "cni: loopback"],
  );
  const packages = packagesFor(["containerd", "containerd-shim-runc-v2", "cni: bridge", "cni: portmap"]);
  assert.deepEqual(packages, ["containerd", "containernetworking-plugins"]);
  assert.equal(installCommand(["nft"]), "apt-get install -y --no-remove --no-install-recommends nftables");
});
