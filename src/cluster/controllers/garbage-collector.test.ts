// The garbage collector against the real API server, in virtual time. May import all layers.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { StatusError } from "../../base/errors.ts";
import type { DeleteOptions } from "../../client/client.ts";
import { garbageCollector } from "../../controllers/garbage-collector/garbage-collector.ts";
import { configMap } from "../../kinds/core/config-map.ts";
import { namespace } from "../../kinds/core/namespace.ts";
import { persistentVolume } from "../../kinds/core/persistent-volume.ts";
import { builtInKinds } from "../../kinds/index.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import type { ConfigMap } from "../../kinds/types/core-v1.gen.ts";
import {
  assertUndisturbed,
  startVirtualControlPlane,
  type VirtualControlPlane,
} from "../virtual-control-plane.suite.ts";

interface Fixture extends VirtualControlPlane {
  make(name: string, owners?: readonly OwnerReference[], more?: object): Promise<ConfigMap>;
  get(name: string, scope?: string): Promise<ConfigMap | undefined>;
  names(): Promise<string[]>;
  remove(name: string, options?: DeleteOptions): Promise<void>;
}

async function start(context: TestContext): Promise<Fixture> {
  const started = await startVirtualControlPlane();
  context.after(() => started.stop());
  const { admin, clock } = started;
  for (const name of ["n", "other"]) await admin.create(namespace, { metadata: { name } });
  await started.run([garbageCollector(() => builtInKinds)]);
  const get = async (name: string, scope = "n"): Promise<ConfigMap | undefined> => {
    try {
      return await admin.get(configMap, name, scope);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  };
  return {
    ...started,
    get,
    make: (name, ownerReferences, more = {}) =>
      admin.create(configMap, { metadata: { name, namespace: "n", ownerReferences, ...more } } as never),
    async names() {
      await clock.advance(100);
      const { items } = await admin.list(configMap, { namespace: "n" });
      return items.map((ref) => ref.object().metadata.name);
    },
    async remove(name, options) {
      await admin.delete(configMap, name, "n", options);
    },
  };
}

const ownedBy = (owner: ConfigMap, blockOwnerDeletion = true): OwnerReference => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  blockOwnerDeletion,
});

test("garbageCollector deletes dependents after their owner, all the way down", async (context) => {
  const fixture = await start(context);
  const owner = await fixture.make("a");
  const child = await fixture.make("b", [ownedBy(owner)]);
  await fixture.make("c", [ownedBy(child)]);
  await fixture.make("z");
  assert.deepEqual(await fixture.names(), ["a", "b", "c", "z"]);
  await fixture.remove("a", { propagationPolicy: "Background" });
  assert.equal(await fixture.get("a"), undefined, "the owner goes at once");
  assert.deepEqual(await fixture.names(), ["z"]);
  assertUndisturbed(fixture);
});

test("garbageCollector keeps a foreground owner until its blocking dependents are gone", async (context) => {
  const fixture = await start(context);
  const owner = await fixture.make("a");
  await fixture.make("blocking", [ownedBy(owner)], { finalizers: ["example.com/hold"] });
  await fixture.make("loose", [ownedBy(owner, false)], { finalizers: ["example.com/hold"] });
  await fixture.remove("a", { propagationPolicy: "Foreground" });
  assert.deepEqual(await fixture.names(), ["a", "blocking", "loose"]);
  assert.deepEqual((await fixture.get("a"))!.metadata.finalizers, ["foregroundDeletion"]);
  for (const name of ["blocking", "loose"]) assert.ok((await fixture.get(name))!.metadata.deletionTimestamp, name);
  const patch = { metadata: { finalizers: [] } };
  await fixture.admin.patch(configMap, "blocking", "n", patch, { type: "merge" });
  assert.deepEqual(await fixture.names(), ["loose"], "one that does not block is not waited for");
  assertUndisturbed(fixture);
});

test("garbageCollector releases the dependents of an orphaning owner", async (context) => {
  const fixture = await start(context);
  const [owner, second] = [await fixture.make("a"), await fixture.make("second")];
  await fixture.make("b", [ownedBy(owner)]);
  await fixture.make("c", [ownedBy(owner), ownedBy(second)]);
  await fixture.remove("a", { propagationPolicy: "Orphan" });
  assert.deepEqual(await fixture.names(), ["b", "c", "second"]);
  assert.equal((await fixture.get("b"))!.metadata.ownerReferences, undefined);
  assert.deepEqual(
    (await fixture.get("c"))!.metadata.ownerReferences?.map(({ name }) => name),
    ["second"],
  );
  assertUndisturbed(fixture);
});

test("garbageCollector takes off owners that are gone, while another one is left", async (context) => {
  const fixture = await start(context);
  const [first, second] = [await fixture.make("a"), await fixture.make("b")];
  await fixture.make("c", [ownedBy(first), ownedBy(second)]);
  await fixture.remove("a", { propagationPolicy: "Background" });
  assert.deepEqual(await fixture.names(), ["b", "c"]);
  assert.deepEqual(
    (await fixture.get("c"))!.metadata.ownerReferences?.map(({ name }) => name),
    ["b"],
  );
  // An owner that waits for its dependents is as good as gone, too.
  const third = await fixture.make("d");
  await fixture.admin.patch(
    configMap,
    "c",
    "n",
    { metadata: { ownerReferences: [ownedBy(second), ownedBy(third)] as never } },
    { type: "merge" },
  );
  await fixture.remove("d", { propagationPolicy: "Foreground" });
  assert.deepEqual(await fixture.names(), ["b", "c"]);
  assert.deepEqual(
    (await fixture.get("c"))!.metadata.ownerReferences?.map(({ name }) => name),
    ["b"],
  );
  assertUndisturbed(fixture);
});

test("garbageCollector gets through a circle of blocking owners", async (context) => {
  const fixture = await start(context);
  const first = await fixture.make("a");
  const second = await fixture.make("b", [ownedBy(first)]);
  const third = await fixture.make("c", [ownedBy(second)]);
  const patch = { metadata: { ownerReferences: [ownedBy(third)] as never } };
  await fixture.admin.patch(configMap, "a", "n", patch, { type: "merge" });
  assert.deepEqual(await fixture.names(), ["a", "b", "c"]);
  await fixture.remove("a", { propagationPolicy: "Foreground" });
  assert.deepEqual(await fixture.names(), []);
  assertUndisturbed(fixture);
});

test("garbageCollector deletes what names an owner that is not there", async (context) => {
  const fixture = await start(context);
  const owner = await fixture.make("a");
  const elsewhere = await fixture.admin.create(configMap, { metadata: { name: "x", namespace: "other" } });
  const cases: readonly [string, Partial<OwnerReference>, boolean][] = [
    ["never-was", { name: "nobody", uid: "00000000-0000-0000-0000-000000000001" }, false],
    ["another-uid", { uid: "00000000-0000-0000-0000-000000000002" }, false],
    ["another-namespace", { name: "x", uid: elsewhere.metadata.uid }, false],
    ["another-kind", { kind: "Secret" }, false],
    ["unknown-kind", { apiVersion: "example.com/v1", kind: "Widget" }, true],
    ["unknown-version", { apiVersion: "v7" }, true],
  ];
  for (const [name, change] of cases) await fixture.make(name, [{ ...ownedBy(owner), ...change }]);
  const left = await fixture.names();
  for (const [name, , stays] of cases) assert.equal(left.includes(name), stays, name);
  assertUndisturbed(fixture);
});

test("garbageCollector leaves a cluster-wide object with a namespaced owner alone", async (context) => {
  const fixture = await start(context);
  const owner = await fixture.make("a");
  await fixture.admin.create(persistentVolume, {
    metadata: { name: "v", ownerReferences: [ownedBy(owner)] },
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/v" } },
  } as never);
  await fixture.remove("a", { propagationPolicy: "Background" });
  await fixture.names();
  assert.ok((await fixture.admin.get(persistentVolume, "v")).metadata.uid);
  assertUndisturbed(fixture);
});

test("garbageCollector collects what was left behind before it started", async (context) => {
  const started = await startVirtualControlPlane();
  context.after(() => started.stop());
  const { admin, clock } = started;
  await admin.create(namespace, { metadata: { name: "n" } });
  const owner = await admin.create(configMap, { metadata: { name: "a", namespace: "n" } });
  await admin.create(configMap, {
    metadata: { name: "b", namespace: "n", ownerReferences: [ownedBy(owner)] },
  } as never);
  await admin.delete(configMap, "a", "n", { propagationPolicy: "Background" });
  await started.run([garbageCollector(() => builtInKinds)]);
  await clock.advance(100);
  assert.deepEqual((await admin.list(configMap, { namespace: "n" })).items, []);
  assertUndisturbed(started);
});
