// Addresses of clusters, their indexes, and conflicts with the machine's routes. May import node.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { addressesOf, claimIndex, clustersMax, listIndexes, releaseIndex } from "./cluster-addresses.ts";
import { findConflict } from "./route-conflicts.ts";
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

test("findConflict finds routes to a cluster's addresses, but neither the default route nor the cluster's own", () => {
  const head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU";
  const route = (name: string, destination: string, mask: string): string =>
    [head, [name, destination, "0", "1", "0", "0", "0", mask, "0"].join("\t")].join("\n");
  const addresses = addressesOf(0);
  assert.equal(findConflict(addresses, route("eth0", "00000000", "00000000")), undefined);
  assert.equal(findConflict(addresses, route("eth0", "0000A8C0", "0000FFFF")), undefined);
  // 10.244.3.0/24, 10.0.0.0/8, 10.96.0.0/12
  assert.equal(findConflict(addresses, route("cni0", "0003F40A", "00FFFFFF")), "10.244.0.0/16");
  assert.equal(findConflict(addresses, route("vpn", "0000000A", "000000FF")), "10.244.0.0/16");
  assert.equal(findConflict(addresses, route("svc", "0000600A", "0000F0FF")), "10.96.0.0/16");
  assert.equal(findConflict(addresses, route("proa0", "0000F40A", "00FFFFFF")), undefined);
});
