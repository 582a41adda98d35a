// Silent nodes, their taints and their pods, against the real API server in virtual time. May import all layers.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { nodeLifecycleController } from "../../controllers/node-lifecycle/node-lifecycle-controller.ts";
import { taintEvictionController } from "../../controllers/node-lifecycle/taint-eviction-controller.ts";
import { node } from "../../kinds/core/node.ts";
import { pod } from "../../kinds/core/pod.ts";
import {
  assertUndisturbed,
  startVirtualControlPlane,
  type VirtualControlPlane,
} from "../virtual-control-plane.suite.ts";
import { addNode, addPod, eventsOf, podsOf, renewLease } from "./node-fixture.suite.ts";

async function start(context: TestContext): Promise<VirtualControlPlane> {
  const started = await startVirtualControlPlane();
  context.after(() => started.stop());
  await started.run([nodeLifecycleController(), taintEvictionController()]);
  return started;
}

const taints = async ({ admin }: VirtualControlPlane, name: string): Promise<string[]> =>
  ((await admin.get(node, name)).spec?.taints ?? []).map(({ key, effect }) => `${key.split("/")[1]}:${effect}`);

/** Time passes; the named nodes are heard of. */
async function pass(
  { admin, clock }: VirtualControlPlane,
  durationMs: number,
  alive: readonly string[],
): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 10_000) {
    for (const name of alive) await renewLease(admin, name, clock.now());
    await clock.advance(10_000);
  }
}

test("node-controller opens a node that is ready, and gives it the older labels", async (context) => {
  const fixture = await start(context);
  await addNode(fixture.admin, "a");
  await fixture.clock.advance(1_000);
  assert.deepEqual(await taints(fixture, "a"), []);
  const { labels } = (await fixture.admin.get(node, "a")).metadata;
  assert.equal(labels?.["beta.kubernetes.io/os"], "linux");
  assert.equal(labels?.["beta.kubernetes.io/arch"], "amd64");
  assert.deepEqual(await eventsOf(fixture.admin), [
    "Node/a RegisteredNode Node a event: Registered Node a in Controller",
  ]);
  await fixture.admin.delete(node, "a");
  await fixture.clock.advance(1_000);
  assert.ok(
    (await eventsOf(fixture.admin)).includes("Node/a RemovingNode Node a event: Removing Node a from Controller"),
  );
  assertUndisturbed(fixture);
});

test("node-controller makes a silent node Unknown, and its pods go after their tolerations' five minutes", async (context) => {
  const fixture = await start(context);
  for (const name of ["a", "b"]) await addNode(fixture.admin, name);
  await addPod(fixture.admin, "p", "a");
  await addPod(fixture.admin, "stays", "b");
  await pass(fixture, 60_000, ["a", "b"]);
  assert.deepEqual(await taints(fixture, "a"), []);
  await pass(fixture, 70_000, ["b"]);
  const conditions = (await fixture.admin.get(node, "a")).status!.conditions!;
  assert.deepEqual(
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => `${type} Unknown NodeStatusUnknown`),
  );
  assert.deepEqual(await taints(fixture, "a"), ["unreachable:NoSchedule", "unreachable:NoExecute"]);
  const [lost] = await podsOf(fixture.admin);
  assert.equal(lost!.status!.conditions!.find(({ type }) => type === "Ready")?.status, "False");
  const events = await eventsOf(fixture.admin);
  assert.ok(events.includes("Node/a NodeNotReady Node a status is now: NodeNotReady"));
  assert.ok(events.includes("Pod/p NodeNotReady Node is not ready"));
  await pass(fixture, 260_000, ["b"]);
  assert.equal((await fixture.admin.get(pod, "p", "default")).metadata.deletionTimestamp, undefined);
  await pass(fixture, 30_000, ["b"]);
  const evicted = await fixture.admin.get(pod, "p", "default");
  assert.ok(evicted.metadata.deletionTimestamp);
  assert.equal(
    evicted.status!.conditions!.find(({ type }) => type === "DisruptionTarget")?.reason,
    "DeletionByTaintManager",
  );
  assert.ok((await eventsOf(fixture.admin)).includes("Pod/p TaintManagerEviction Marking for deletion Pod default/p"));
  assertUndisturbed(fixture);
});

test("node-controller evicts nobody while no node is ready, and opens the node when it is heard of again", async (context) => {
  const fixture = await start(context);
  const ready = await addNode(fixture.admin, "only");
  await addPod(fixture.admin, "p", "only");
  await pass(fixture, 600_000, []);
  assert.deepEqual(await taints(fixture, "only"), ["unreachable:NoSchedule"]);
  assert.equal((await podsOf(fixture.admin))[0]!.metadata.deletionTimestamp, undefined);
  const { status, metadata } = await fixture.admin.get(node, "only");
  const conditions = ready.status!.conditions!.map((one) => ({ ...one, lastHeartbeatTime: "2023-11-14T23:00:00Z" }));
  await fixture.admin.update(node, { metadata, status: { ...status, conditions } } as never, { subresource: "status" });
  await fixture.clock.advance(1_000);
  assert.deepEqual(await taints(fixture, "only"), []);
  assertUndisturbed(fixture);
});

test("node-controller makes a node that never reported Unknown after a minute", async (context) => {
  const fixture = await start(context);
  await fixture.admin.create(node, { metadata: { name: "mute" } });
  await fixture.clock.advance(59_000);
  assert.equal((await fixture.admin.get(node, "mute")).status?.conditions?.length ?? 0, 0);
  await fixture.clock.advance(3_000);
  const { conditions } = (await fixture.admin.get(node, "mute")).status!;
  assert.deepEqual([...new Set(conditions!.map(({ reason }) => reason))], ["NodeStatusNeverUpdated"]);
  assertUndisturbed(fixture);
});

test("node-controller taints a node that is cordoned, and leaves others' taints alone", async (context) => {
  const fixture = await start(context);
  await addNode(fixture.admin, "a");
  const own = [{ key: "example.com/mine", effect: "NoExecute" }];
  await fixture.admin.patch(node, "a", undefined, { spec: { unschedulable: true, taints: own } }, { type: "merge" });
  await fixture.clock.advance(1_000);
  assert.deepEqual(await taints(fixture, "a"), ["mine:NoExecute", "unschedulable:NoSchedule"]);
  await fixture.admin.patch(node, "a", undefined, { spec: { unschedulable: null } }, { type: "merge" });
  await fixture.clock.advance(1_000);
  assert.deepEqual(await taints(fixture, "a"), ["mine:NoExecute"]);
  assertUndisturbed(fixture);
});

test("taint-eviction-controller takes tolerations at their word, and cancels when the taint goes", async (context) => {
  const fixture = await start(context);
  await addNode(fixture.admin, "a");
  const toleration = { key: "k", operator: "Exists", effect: "NoExecute" };
  await addPod(fixture.admin, "none", "a");
  await addPod(fixture.admin, "forever", "a", { tolerations: [toleration] });
  await addPod(fixture.admin, "short", "a", { tolerations: [{ ...toleration, tolerationSeconds: 20 }] });
  await addPod(fixture.admin, "long", "a", { tolerations: [{ ...toleration, tolerationSeconds: 100 }] });
  const taint = [{ key: "k", effect: "NoExecute" }];
  await fixture.admin.patch(node, "a", undefined, { spec: { taints: taint } }, { type: "merge" });
  const going = async (): Promise<string[]> =>
    (await podsOf(fixture.admin)).filter((one) => one.metadata.deletionTimestamp).map((one) => one.metadata.name);
  await fixture.clock.advance(10_000);
  assert.deepEqual(await going(), ["none"]);
  await fixture.clock.advance(11_000);
  assert.deepEqual(await going(), ["none", "short"]);
  await fixture.admin.patch(node, "a", undefined, { spec: { taints: null } }, { type: "merge" });
  await renewLease(fixture.admin, "a", fixture.clock.now());
  await fixture.clock.advance(40_000);
  await renewLease(fixture.admin, "a", fixture.clock.now());
  await fixture.clock.advance(49_000);
  assert.deepEqual(await going(), ["none", "short"]);
  const events = (await eventsOf(fixture.admin)).filter((one) => one.includes("TaintManager"));
  assert.ok(events.includes("Pod/long TaintManagerEviction Cancelling deletion of Pod default/long"));
  assert.ok(!events.some((one) => one.startsWith("Pod/forever")));
  assertUndisturbed(fixture);
});
