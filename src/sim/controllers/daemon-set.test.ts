// DaemonSets on several nodes against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { daemonSetController } from "../../controllers/daemon-set/daemon-set-controller.ts";
import { controllerRevision } from "../../kinds/apps/controller-revision.ts";
import { daemonSet } from "../../kinds/apps/daemon-set.ts";
import { node } from "../../kinds/core/node.ts";
import { pod } from "../../kinds/core/pod.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { ended, running, template, withWorkloads } from "./workload-fixture.suite.ts";

const labels = { app: "agent" };
const nodes = ["node-1", "node-2", "node-3"];
const options = { nodes, controllers: [daemonSetController()] };
const setOf = (more: object = {}, podMore: object = {}): object => ({
  metadata: { name: "agent" },
  spec: { selector: { matchLabels: labels }, template: template(labels, podMore), ...more },
});
const image = (name: string): object => ({
  spec: { template: { spec: { containers: [{ name: "app", image: name }] } } },
});
const places = (pods: readonly Pod[]): string[] => pods.map(({ spec }) => spec.nodeName!).toSorted();
const images = (pods: readonly Pod[]): string[] => pods.map(({ spec }) => spec.containers[0]!.image!);

test("a DaemonSet runs one pod on each node and on those that come", () =>
  withWorkloads(options, async ({ create, get, pods, list, remove }) => {
    await create(daemonSet, setOf());
    const made = await pods();
    assert.deepEqual(places(made), nodes);
    const [revision] = await list(controllerRevision);
    const hash = revision!.metadata.labels?.["controller-revision-hash"];
    assert.equal(revision!.metadata.name, `agent-${hash}`);
    assert.deepEqual(made[0]!.metadata.labels, {
      app: "agent",
      "controller-revision-hash": hash,
      "pod-template-generation": "1",
    });
    assert.deepEqual(
      made[0]!.spec.tolerations?.map(({ key, effect }) => `${key}:${effect}`),
      [
        "node.kubernetes.io/not-ready:NoExecute",
        "node.kubernetes.io/unreachable:NoExecute",
        "node.kubernetes.io/disk-pressure:NoSchedule",
        "node.kubernetes.io/memory-pressure:NoSchedule",
        "node.kubernetes.io/pid-pressure:NoSchedule",
        "node.kubernetes.io/unschedulable:NoSchedule",
      ],
    );
    await create(node, { metadata: { name: "node-4" } });
    assert.deepEqual(places(await pods()), [...nodes, "node-4"]);
    assert.deepEqual((await get(daemonSet, "agent")).status, {
      currentNumberScheduled: 4,
      desiredNumberScheduled: 4,
      numberAvailable: 4,
      numberMisscheduled: 0,
      numberReady: 4,
      observedGeneration: 1,
      updatedNumberScheduled: 4,
    });
    await remove(node, "node-4");
    assert.equal((await get(daemonSet, "agent")).status?.desiredNumberScheduled, 3);
  }));

test("a DaemonSet follows its node selector and taints", () =>
  withWorkloads(options, async ({ create, patch, pods }) => {
    await create(daemonSet, setOf({}, { nodeSelector: { disk: "ssd" } }));
    assert.deepEqual(places(await pods()), []);
    await patch(node, "node-1", { metadata: { labels: { disk: "ssd" } } });
    await patch(node, "node-2", { metadata: { labels: { disk: "ssd" } } });
    assert.deepEqual(places(await pods()), ["node-1", "node-2"]);
    await patch(node, "node-1", { metadata: { labels: { disk: "hdd" } } });
    assert.deepEqual(places(await pods()), ["node-2"]);
    await patch(node, "node-2", { spec: { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] } });
    assert.deepEqual(places(await pods()), ["node-2"]);
    await patch(node, "node-2", { spec: { taints: [{ key: "k", value: "v", effect: "NoExecute" }] } });
    assert.deepEqual(places(await pods()), []);
  }));

test("a DaemonSet updates node by node, with surge, or when its pods are deleted", () =>
  withWorkloads(options, async ({ create, get, patch, pods, advance, list, remove }) => {
    await create(daemonSet, setOf());
    await patch(daemonSet, "agent", image("app:2"));
    await advance(30);
    assert.deepEqual(images(await pods()), ["app:2", "app:2", "app:2"]);
    assert.equal((await list(controllerRevision)).length, 2);
    const surge = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await patch(daemonSet, "agent", { spec: { updateStrategy: surge } });
    await patch(daemonSet, "agent", image("app:3"));
    await advance(30);
    assert.deepEqual(images(await pods()), ["app:3", "app:3", "app:3"]);
    await patch(daemonSet, "agent", { spec: { updateStrategy: { type: "OnDelete", rollingUpdate: null } } });
    await patch(daemonSet, "agent", image("app:4"));
    await advance(30);
    assert.deepEqual(images(await pods()), ["app:3", "app:3", "app:3"]);
    const [first] = await pods();
    await remove(pod, first!.metadata.name);
    await advance(5);
    assert.deepEqual(images(await pods()).toSorted(), ["app:3", "app:3", "app:4"]);
    assert.equal((await get(daemonSet, "agent")).status?.updatedNumberScheduled, 1);
  }));

test("a DaemonSet replaces failed pods, later each time", () => {
  const script = (clock: { now(): number }) => (one: Pod) => {
    if (one.status?.phase !== "Pending") return undefined;
    return one.spec.nodeName === "node-2" ? ended(one, 1, clock.now()) : running(clock.now());
  };
  return withWorkloads(
    { ...options, controllers: [daemonSetController()], script },
    async ({ create, events, advance }) => {
      await create(daemonSet, setOf());
      await advance(8);
      const failures = (await events("agent")).filter((text) => text.startsWith("FailedDaemonPod"));
      // At 0, 1, 3 and 7 seconds.
      assert.equal(failures.length, 4);
      assert.match(
        failures[0]!,
        /^FailedDaemonPod: Found failed daemon pod default\/agent-\w+ on node node-2, will try to kill it$/,
      );
    },
  );
});
