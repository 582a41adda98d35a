import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { addressesOf, claimIndex, clustersMax, listIndexes, releaseIndex } from "./cluster-addresses.ts";
import { printConflist } from "./conflist.ts";

test("addressesOf gives every index addresses of its own", () => {
  assert.deepEqual(addressesOf(1), {
    index: 1,
    podCidr: "10.245.0.0/16",
    serviceCidr: "10.97.0.0/16",
    dnsAddress: "10.97.0.10",
    bridge: "proa1",
    name: "proa-1",
  });
  assert.throws(() => addressesOf(clustersMax), /cluster index/);
});

test("claimIndex gives an owner the same index again, others the next usable, and release frees it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "proa-index-"));
  try {
    const claim = (owner: string, usable?: (index: number) => boolean) =>
      claimIndex(owner, ({ index }) => usable?.(index) ?? true, folder);
    assert.equal((await claim("/a")).index, 0);
    assert.equal((await claim("/a")).index, 0);
    assert.equal((await claim("/b", (index) => index !== 1)).index, 2);
    const [c, d] = await Promise.all([claim("/c"), claim("/d")]);
    assert.notEqual(c.index, d.index);
    await releaseIndex("/a", folder);
    assert.ok(![...(await listIndexes(folder)).values()].includes("/a"));
    assert.equal((await claim("/e")).index, 0);
    await assert.rejects(
      claim("/f", () => false),
      /no cluster index is free/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("printConflist has the bridge, its addresses and host ports", () => {
  const network = { name: "proa-0", bridge: "proa0", podCidr: "10.244.0.0/24", leasesFolder: "/x" };
  const list = JSON.parse(printConflist(network)) as { name: string; plugins: { type: string; bridge?: string }[] };
  assert.equal(list.name, "proa-0");
  assert.deepEqual(
    list.plugins.map(({ type }) => type),
    ["bridge", "portmap"],
  );
  assert.equal(list.plugins[0]!.bridge, "proa0");
});
