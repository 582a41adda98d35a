// ReplicaSets and ReplicationControllers against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AdmissionPlugin } from "../../apiserver/ports.ts";
import { errors } from "../../base/errors.ts";
import { replicaSetController } from "../../controllers/replica-set/replica-set-controller.ts";
import { replicationController } from "../../controllers/replication/replication-controller.ts";
import { replicaSet } from "../../kinds/apps/replica-set.ts";
import { pod } from "../../kinds/core/pod.ts";
import { replicationController as replicationControllerKind } from "../../kinds/core/replication-controller.ts";
import { startWorkloads, template, withWorkloads } from "./workload-fixture.suite.ts";

const labels = { app: "web" };
const controllers = [replicaSetController, replicationController];
const setOf = (replicas: number, more: object = {}): object => ({
  metadata: { name: "web" },
  spec: { replicas, selector: { matchLabels: labels }, template: template(labels), ...more },
});

test("a ReplicaSet creates pods, tells it, and counts them", () =>
  withWorkloads({ controllers }, async ({ create, get, pods, events }) => {
    const created = await create(replicaSet, setOf(3));
    const made = await pods();
    assert.equal(made.length, 3);
    assert.match(made[0]!.metadata.name, /^web-[a-z0-9]{5}$/);
    assert.equal(made[0]!.metadata.generateName, "web-");
    assert.deepEqual(made[0]!.metadata.labels, labels);
    assert.deepEqual(made[0]!.metadata.ownerReferences, [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: "web",
        uid: created.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    const { status } = await get(replicaSet, "web");
    assert.deepEqual(status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      observedGeneration: 1,
      terminatingReplicas: 0,
    });
    const told = await events("web");
    assert.deepEqual(
      told.toSorted(),
      made.map(({ metadata }) => `SuccessfulCreate: Created pod: ${metadata.name}`),
    );
  }));

test("a ReplicaSet that shrinks deletes the youngest and unready first", () =>
  withWorkloads({ controllers }, async ({ create, patch, pods, events, get }) => {
    await create(replicaSet, setOf(3));
    const [first, second] = await pods();
    await patch(pod, second!.metadata.name, {
      metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": "-5" } },
    });
    await patch(replicaSet, "web", { spec: { replicas: 2 } });
    const left = (await pods()).map(({ metadata }) => metadata.name);
    assert.equal(left.length, 2);
    assert.ok(left.includes(first!.metadata.name));
    assert.ok((await events("web")).includes(`SuccessfulDelete: Deleted pod: ${second!.metadata.name}`));
    assert.equal((await get(replicaSet, "web")).status?.observedGeneration, 2);
  }));

test("a ReplicaSet adopts orphans it selects and releases pods it selects no more", () =>
  withWorkloads({ controllers }, async ({ create, patch, pods, get }) => {
    await create(pod, { ...template({}), metadata: { name: "stray", labels } });
    const owner = await create(replicaSet, setOf(2));
    assert.equal((await pods()).length, 2);
    assert.equal((await get(pod, "stray")).metadata.ownerReferences?.[0]?.uid, owner.metadata.uid);
    await patch(pod, "stray", { metadata: { labels: { app: "other" } } });
    assert.equal((await get(pod, "stray")).metadata.ownerReferences, undefined);
    assert.equal((await pods()).length, 3);
  }));

test("a ReplicaSet counts pods as available after minReadySeconds", () =>
  withWorkloads({ controllers }, async ({ create, get, advance }) => {
    await create(replicaSet, setOf(1, { minReadySeconds: 30 }));
    assert.equal((await get(replicaSet, "web")).status?.availableReplicas, undefined);
    await advance(31);
    assert.equal((await get(replicaSet, "web")).status?.availableReplicas, 1);
  }));

test("a ReplicaSet whose pods are refused says why and tries again", async () => {
  let refuse = true;
  const quota: AdmissionPlugin = {
    name: "Quota",
    operations: ["CREATE"],
    validate({ kind, subresource }) {
      if (!refuse || kind.kind !== "Pod" || subresource) return;
      throw errors.forbidden({ group: "", resource: "pods" }, "x", "exceeded quota: q");
    },
  };
  const fixture = await startWorkloads({ controllers, admission: [quota] });
  await fixture.create(replicaSet, setOf(2));
  const { status } = await fixture.get(replicaSet, "web");
  assert.deepEqual(
    status?.conditions?.map(({ type, reason, message }) => ({ type, reason, message })),
    [{ type: "ReplicaFailure", reason: "FailedCreate", message: 'pods "x" is forbidden: exceeded quota: q' }],
  );
  const [first] = await fixture.events("web");
  assert.equal(first, 'FailedCreate: Error creating: pods "x" is forbidden: exceeded quota: q');
  refuse = false;
  await fixture.advance(10);
  assert.equal((await fixture.pods()).length, 2);
  assert.equal((await fixture.get(replicaSet, "web")).status?.conditions, undefined);
  fixture.stop();
});

test("a ReplicationController keeps its pods without counting terminating ones", () =>
  withWorkloads({ controllers }, async ({ create, get, remove, pods }) => {
    const spec = { replicas: 2, selector: labels, template: template(labels) };
    await create(replicationControllerKind, { metadata: { name: "web" }, spec });
    const [first] = await pods();
    await remove(pod, first!.metadata.name);
    assert.equal((await pods()).length, 2);
    assert.deepEqual((await get(replicationControllerKind, "web")).status, {
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      observedGeneration: 1,
    });
  }));
