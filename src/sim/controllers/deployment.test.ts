// Deployments over ReplicaSets against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deploymentController } from "../../controllers/deployment/deployment-controller.ts";
import { replicaSetController } from "../../controllers/replica-set/replica-set-controller.ts";
import { deployment } from "../../kinds/apps/deployment.ts";
import { replicaSet } from "../../kinds/apps/replica-set.ts";
import type { Deployment } from "../../kinds/types/apps-v1.gen.ts";
import { running, template, withWorkloads } from "./workload-fixture.suite.ts";

const labels = { app: "web" };
const controllers = [deploymentController, replicaSetController];
const deploymentOf = (replicas: number, more: object = {}): object => ({
  metadata: { name: "web" },
  spec: { replicas, selector: { matchLabels: labels }, template: template(labels), ...more },
});
const image = (name: string): object => ({
  spec: { template: { spec: { containers: [{ name: "app", image: name }] } } },
});
const conditionsOf = ({ status }: Deployment): string[] =>
  (status?.conditions ?? []).map(
    ({ type, status: value, reason, message }) => `${type}=${value} ${reason}: ${message}`,
  );

test("a Deployment makes a ReplicaSet and tells how its rollout went", () =>
  withWorkloads({ controllers }, async ({ create, get, list, events, pods }) => {
    await create(deployment, deploymentOf(3));
    const [set] = await list(replicaSet);
    const { name } = set!.metadata;
    assert.match(name, /^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/);
    const hash = name.slice("web-".length);
    assert.deepEqual(set!.metadata.labels, { app: "web", "pod-template-hash": hash });
    assert.deepEqual(set!.spec.selector.matchLabels, { app: "web", "pod-template-hash": hash });
    assert.deepEqual(set!.metadata.annotations, {
      "deployment.kubernetes.io/desired-replicas": "3",
      "deployment.kubernetes.io/max-replicas": "4",
      "deployment.kubernetes.io/revision": "1",
    });
    assert.equal((await pods()).length, 3);
    const found = await get(deployment, "web");
    assert.equal(found.metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
    const { conditions: _conditions, ...counts } = found.status!;
    assert.deepEqual(counts, {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
    });
    assert.deepEqual(conditionsOf(found), [
      "Available=True MinimumReplicasAvailable: Deployment has minimum availability.",
      `Progressing=True NewReplicaSetAvailable: ReplicaSet "${name}" has successfully progressed.`,
    ]);
    assert.deepEqual(await events("web"), [`ScalingReplicaSet: Scaled up replica set ${name} from 0 to 3`]);
  }));

test("a Deployment rolls a new template out and back", () =>
  withWorkloads({ controllers }, async ({ create, get, list, patch, pods, advance, events }) => {
    await create(deployment, deploymentOf(3));
    const [first] = await list(replicaSet);
    await patch(deployment, "web", image("app:2"));
    await advance(60);
    const sets = await list(replicaSet);
    const second = sets.find(({ metadata }) => metadata.name !== first!.metadata.name)!;
    assert.deepEqual(
      (await pods()).map(({ spec }) => spec.containers[0]!.image),
      ["app:2", "app:2", "app:2"],
    );
    assert.equal(second.metadata.annotations?.["deployment.kubernetes.io/revision"], "2");
    assert.equal((await get(replicaSet, first!.metadata.name)).spec.replicas, 0);
    const told = await events("web");
    assert.deepEqual(told, [
      `ScalingReplicaSet: Scaled up replica set ${first!.metadata.name} from 0 to 3`,
      `ScalingReplicaSet: Scaled up replica set ${second.metadata.name} from 0 to 1`,
      `ScalingReplicaSet: Scaled down replica set ${first!.metadata.name} from 3 to 2`,
      `ScalingReplicaSet: Scaled up replica set ${second.metadata.name} from 1 to 2`,
      `ScalingReplicaSet: Scaled down replica set ${first!.metadata.name} from 2 to 1`,
      `ScalingReplicaSet: Scaled up replica set ${second.metadata.name} from 2 to 3`,
      `ScalingReplicaSet: Scaled down replica set ${first!.metadata.name} from 1 to 0`,
    ]);
    await patch(deployment, "web", { metadata: { annotations: { "deprecated.deployment.rollback.to": "0" } } });
    await advance(60);
    const back = await get(deployment, "web");
    assert.equal(back.spec.template.spec?.containers[0]?.image, "app:1");
    assert.equal(back.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
    const { annotations } = (await get(replicaSet, first!.metadata.name)).metadata;
    assert.equal(annotations?.["deployment.kubernetes.io/revision-history"], "1");
    assert.ok((await events("web")).includes('DeploymentRollback: Rolled back deployment "web" to revision 1'));
  }));

test("a Deployment that recreates waits for its old pods to be gone", () =>
  withWorkloads({ controllers }, async ({ create, list, patch, pods, advance }) => {
    await create(deployment, deploymentOf(2, { strategy: { type: "Recreate" } }));
    await patch(deployment, "web", image("app:2"));
    await advance(60);
    assert.deepEqual((await list(replicaSet)).map(({ spec }) => spec.replicas).toSorted(), [0, 2]);
    assert.deepEqual(
      (await pods()).map(({ spec }) => spec.containers[0]!.image),
      ["app:2", "app:2"],
    );
  }));

test("a Deployment that is paused scales but rolls nothing out", () =>
  withWorkloads({ controllers }, async ({ create, get, list, patch, advance }) => {
    await create(deployment, deploymentOf(1));
    await patch(deployment, "web", { spec: { paused: true } });
    await patch(deployment, "web", image("app:2"));
    await patch(deployment, "web", { spec: { replicas: 2 } });
    const [set, ...others] = await list(replicaSet);
    assert.deepEqual([set!.spec.replicas, others.length], [2, 0]);
    assert.ok(
      conditionsOf(await get(deployment, "web")).includes("Progressing=Unknown DeploymentPaused: Deployment is paused"),
    );
    await patch(deployment, "web", { spec: { paused: false } });
    await advance(60);
    assert.equal((await list(replicaSet)).length, 2);
  }));

test("a Deployment whose pods never get ready exceeds its deadline", () => {
  const script =
    (clock: { now(): number }) =>
    (pod: { status?: { phase?: string }; spec: { containers: readonly { image?: string }[] } }) =>
      pod.status?.phase === "Pending" ? running(clock.now(), pod.spec.containers[0]!.image === "app:1") : undefined;
  return withWorkloads({ controllers, script }, async ({ create, get, patch, advance, list }) => {
    await create(deployment, deploymentOf(4, { progressDeadlineSeconds: 30 }));
    await patch(deployment, "web", image("bad"));
    await advance(45);
    const bad = (await list(replicaSet)).find(({ spec }) => spec.template?.spec?.containers[0]?.image === "bad")!;
    const found = await get(deployment, "web");
    assert.ok(
      conditionsOf(found).includes(
        `Progressing=False ProgressDeadlineExceeded: ReplicaSet "${bad.metadata.name}" has timed out progressing.`,
      ),
    );
    assert.equal(found.status?.availableReplicas, 3);
    // In the middle of a rollout a change of size is shared in proportion.
    await patch(deployment, "web", { spec: { replicas: 8 } });
    const sizes = (await list(replicaSet)).map(({ spec }) => spec.replicas);
    assert.deepEqual(sizes.toSorted(), [4, 6]);
  });
});

test("a Deployment keeps only as many old ReplicaSets as its history is long", () =>
  withWorkloads({ controllers }, async ({ create, list, patch, advance }) => {
    await create(deployment, deploymentOf(1, { revisionHistoryLimit: 1 }));
    for (const name of ["app:2", "app:3", "app:4"]) {
      await patch(deployment, "web", image(name));
      await advance(30);
    }
    const images = (await list(replicaSet)).map(({ spec }) => spec.template?.spec?.containers[0]?.image);
    assert.deepEqual(images.toSorted(), ["app:3", "app:4"]);
  }));
