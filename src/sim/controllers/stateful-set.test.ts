// StatefulSets against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { statefulSetController } from "../../controllers/stateful-set/stateful-set-controller.ts";
import { controllerRevision } from "../../kinds/apps/controller-revision.ts";
import { statefulSet } from "../../kinds/apps/stateful-set.ts";
import { persistentVolumeClaim } from "../../kinds/core/persistent-volume-claim.ts";
import { pod } from "../../kinds/core/pod.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { running, template, withWorkloads } from "./workload-fixture.suite.ts";

const labels = { app: "db" };
const controllers = [statefulSetController];
const setOf = (replicas: number, more: object = {}): object => ({
  metadata: { name: "db" },
  spec: { replicas, serviceName: "db", selector: { matchLabels: labels }, template: template(labels), ...more },
});
const image = (name: string): object => ({
  spec: { template: { spec: { containers: [{ name: "app", image: name }] } } },
});
const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);
const images = (pods: readonly Pod[]): string[] => pods.map(({ spec }) => spec.containers[0]!.image!);
const claimTemplate = {
  metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
};

test("a StatefulSet makes its pods in order, each with its name and claim", () =>
  withWorkloads({ controllers }, async ({ create, get, list, pods, events }) => {
    await create(statefulSet, setOf(2, { volumeClaimTemplates: [claimTemplate] }));
    const [first] = await pods();
    assert.deepEqual(names(await pods()), ["db-0", "db-1"]);
    const { status } = await get(statefulSet, "db");
    const [revision] = await list(controllerRevision);
    assert.deepEqual(first!.metadata.labels, {
      app: "db",
      "apps.kubernetes.io/pod-index": "0",
      "controller-revision-hash": revision!.metadata.name,
      "statefulset.kubernetes.io/pod-name": "db-0",
    });
    assert.equal(first!.spec.hostname, "db-0");
    assert.equal(first!.spec.subdomain, "db");
    assert.deepEqual(
      first!.spec.volumes?.find(({ name }) => name === "data"),
      {
        name: "data",
        persistentVolumeClaim: { claimName: "data-db-0" },
      },
    );
    assert.deepEqual(
      (await list(persistentVolumeClaim)).map(({ metadata }) => metadata.name),
      ["data-db-0", "data-db-1"],
    );
    assert.deepEqual(status, {
      observedGeneration: 1,
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      currentReplicas: 2,
      updatedReplicas: 2,
      currentRevision: revision!.metadata.name,
      updateRevision: revision!.metadata.name,
      collisionCount: 0,
    });
    assert.deepEqual(await events("db"), [
      "SuccessfulCreate: Create Claim data-db-0 Pod db-0 in StatefulSet db success",
      "SuccessfulCreate: Create Pod db-0 in StatefulSet db successful",
      "SuccessfulCreate: Create Claim data-db-1 Pod db-1 in StatefulSet db success",
      "SuccessfulCreate: Create Pod db-1 in StatefulSet db successful",
    ]);
  }));

test("a StatefulSet waits for an unready pod unless it is parallel", async () => {
  const script = (clock: { now(): number }) => (one: Pod) =>
    one.status?.phase === "Pending" ? running(clock.now(), false) : undefined;
  await withWorkloads({ controllers, script }, async ({ create, pods }) => {
    await create(statefulSet, setOf(3));
    assert.deepEqual(names(await pods()), ["db-0"]);
  });
  await withWorkloads({ controllers, script }, async ({ create, pods }) => {
    await create(statefulSet, setOf(3, { podManagementPolicy: "Parallel", ordinals: { start: 5 } }));
    assert.deepEqual(names(await pods()), ["db-5", "db-6", "db-7"]);
  });
});

test("a StatefulSet updates from the last pod down to its partition", () =>
  withWorkloads({ controllers }, async ({ create, get, list, patch, pods, advance }) => {
    const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 2 } };
    await create(statefulSet, setOf(3, { updateStrategy }));
    await patch(statefulSet, "db", image("app:2"));
    await advance(60);
    assert.deepEqual(images(await pods()), ["app:1", "app:1", "app:2"]);
    const { status } = await get(statefulSet, "db");
    assert.notEqual(status?.currentRevision, status?.updateRevision);
    assert.deepEqual([status?.currentReplicas, status?.updatedReplicas], [2, 1]);
    await patch(statefulSet, "db", { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } });
    await advance(60);
    assert.deepEqual(images(await pods()), ["app:2", "app:2", "app:2"]);
    const after = (await get(statefulSet, "db")).status;
    assert.equal(after?.currentRevision, after?.updateRevision);
    // Back to the first template: its revision is used again, as the newest.
    await patch(statefulSet, "db", image("app:1"));
    await advance(60);
    assert.deepEqual((await list(controllerRevision)).map(({ revision }) => revision).toSorted(), [2, 3]);
  }));

test("a StatefulSet that shrinks deletes the last pods first and keeps their claims", () =>
  withWorkloads({ controllers }, async ({ create, list, patch, pods, remove, events, advance }) => {
    await create(statefulSet, setOf(3, { volumeClaimTemplates: [claimTemplate] }));
    await patch(statefulSet, "db", { spec: { replicas: 1 } });
    await advance(10);
    assert.deepEqual(names(await pods()), ["db-0"]);
    assert.equal((await list(persistentVolumeClaim)).length, 3);
    assert.deepEqual((await events("db")).slice(-2), [
      "SuccessfulDelete: Delete Pod db-2 in StatefulSet db successful",
      "SuccessfulDelete: Delete Pod db-1 in StatefulSet db successful",
    ]);
    await remove(pod, "db-0");
    await advance(1);
    assert.deepEqual(names(await pods()), ["db-0"]);
  }));

test("a StatefulSet owns its claims as its retention policy says", () =>
  withWorkloads({ controllers }, async ({ create, list, patch, advance }) => {
    const persistentVolumeClaimRetentionPolicy = { whenDeleted: "Delete", whenScaled: "Delete" };
    await create(
      statefulSet,
      setOf(2, { volumeClaimTemplates: [claimTemplate], persistentVolumeClaimRetentionPolicy }),
    );
    const owners = async (): Promise<(string | undefined)[]> =>
      (await list(persistentVolumeClaim)).map(({ metadata }) => metadata.ownerReferences?.[0]?.kind);
    await advance(5);
    assert.deepEqual(await owners(), ["StatefulSet", "StatefulSet"]);
    await patch(statefulSet, "db", { spec: { replicas: 1 } });
    await advance(5);
    assert.deepEqual(await owners(), ["StatefulSet", "Pod"]);
  }));
