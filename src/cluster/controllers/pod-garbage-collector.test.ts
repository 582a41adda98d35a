// Pods that nobody will finish, against the real API server in virtual time. May import all layers.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { podGarbageCollector } from "../../controllers/pod-garbage-collector/pod-garbage-collector.ts";
import { node } from "../../kinds/core/node.ts";
import { pod } from "../../kinds/core/pod.ts";
import {
  assertUndisturbed,
  startVirtualControlPlane,
  type VirtualControlPlane,
} from "../virtual-control-plane.suite.ts";
import { addNode, addPod, podsOf } from "./node-fixture.suite.ts";

async function start(context: TestContext): Promise<VirtualControlPlane> {
  const started = await startVirtualControlPlane();
  context.after(() => started.stop());
  await started.run([podGarbageCollector()]);
  return started;
}
const names = async ({ admin }: VirtualControlPlane): Promise<string[]> =>
  (await podsOf(admin)).map(({ metadata }) => metadata.name);

test("pod-garbage-collector deletes pods of a node that is gone for 40 s", async (context) => {
  const fixture = await start(context);
  const { admin, clock } = fixture;
  await addNode(admin, "a");
  await addPod(admin, "lost", "a");
  await addPod(admin, "held", "a", { metadata: { finalizers: ["example.com/hold"] } });
  await clock.advance(60_000);
  assert.deepEqual(await names(fixture), ["held", "lost"]);
  await admin.delete(node, "a");
  await clock.advance(39_000);
  assert.deepEqual(await names(fixture), ["held", "lost"]);
  await clock.advance(2_000);
  assert.deepEqual(await names(fixture), ["held"]);
  const { status } = await admin.get(pod, "held", "default");
  assert.equal(status!.phase, "Failed");
  const { lastTransitionTime: _, ...condition } = status!.conditions!.find(({ type }) => type === "DisruptionTarget")!;
  assert.deepEqual(condition, {
    type: "DisruptionTarget",
    status: "True",
    lastProbeTime: null,
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
    observedGeneration: 1,
  });
  assertUndisturbed(fixture);
});

test("pod-garbage-collector keeps pods of a node that comes back in time", async (context) => {
  const fixture = await start(context);
  const { admin, clock } = fixture;
  await addPod(admin, "p", "a");
  await clock.advance(30_000);
  await addNode(admin, "a");
  await clock.advance(60_000);
  assert.deepEqual(await names(fixture), ["p"]);
  assertUndisturbed(fixture);
});

test("pod-garbage-collector frees terminating pods of a node that is out of service", async (context) => {
  const fixture = await start(context);
  const { admin, clock } = fixture;
  await addNode(admin, "a", "Unknown");
  await addPod(admin, "going", "a");
  await addPod(admin, "staying", "a");
  await admin.delete(pod, "going", "default");
  await clock.advance(1_000);
  assert.deepEqual(await names(fixture), ["going", "staying"]);
  const taints = [{ key: "node.kubernetes.io/out-of-service", value: "shutdown", effect: "NoExecute" }];
  await admin.patch(node, "a", undefined, { spec: { taints } }, { type: "merge" });
  await clock.advance(1_000);
  assert.deepEqual(await names(fixture), ["staying"]);
  assertUndisturbed(fixture);
});

test("pod-garbage-collector marks an unbound pod that something holds back as failed", async (context) => {
  const fixture = await start(context);
  const { admin, clock } = fixture;
  await addPod(admin, "p", undefined, { metadata: { finalizers: ["example.com/hold"] } });
  await admin.delete(pod, "p", "default");
  await clock.advance(1_000);
  assert.equal((await admin.get(pod, "p", "default")).status!.phase, "Failed");
  assertUndisturbed(fixture);
});
