// Disruption budgets and quotas against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { disruptionController } from "../../controllers/disruption/disruption-controller.ts";
import { replicaSetController } from "../../controllers/replica-set/replica-set-controller.ts";
import { resourceQuotaController } from "../../controllers/resource-quota/resource-quota-controller.ts";
import { toTime } from "../../base/clock.ts";
import { replicaSet } from "../../kinds/apps/replica-set.ts";
import { configMap } from "../../kinds/core/config-map.ts";
import { persistentVolumeClaim } from "../../kinds/core/persistent-volume-claim.ts";
import { pod } from "../../kinds/core/pod.ts";
import { resourceQuota } from "../../kinds/core/resource-quota.ts";
import type { Kind } from "../../kinds/kind.ts";
import { podDisruptionBudget } from "../../kinds/policy/pod-disruption-budget.ts";
import { ended, template, withWorkloads } from "./workload-fixture.suite.ts";

const labels = { app: "web" };
const controllers = [disruptionController, replicaSetController];
const budgetOf = (spec: object): object => ({
  metadata: { name: "web" },
  spec: { selector: { matchLabels: labels }, ...spec },
});
const setOf = (replicas: number): object => ({
  metadata: { name: "web" },
  spec: { replicas, selector: { matchLabels: labels }, template: template(labels) },
});

test("a budget tells how many pods may be disrupted", () =>
  withWorkloads({ controllers }, async ({ create, get, patch, events }) => {
    await create(podDisruptionBudget, budgetOf({ maxUnavailable: "34%" }));
    assert.deepEqual(await events("web"), ["NoPods: No matching pods found"]);
    await create(replicaSet, setOf(3));
    const { status } = await get(podDisruptionBudget, "web");
    const { conditions, ...counts } = status!;
    assert.deepEqual(counts, {
      currentHealthy: 3,
      desiredHealthy: 1,
      disruptionsAllowed: 2,
      expectedPods: 3,
      observedGeneration: 1,
    });
    assert.deepEqual(conditions, [
      {
        type: "DisruptionAllowed",
        status: "True",
        reason: "SufficientPods",
        message: "",
        observedGeneration: 1,
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ]);
    await patch(podDisruptionBudget, "web", { spec: { maxUnavailable: null, minAvailable: 3 } });
    const after = (await get(podDisruptionBudget, "web")).status;
    assert.deepEqual([after?.disruptionsAllowed, after?.conditions?.[0]?.reason], [0, "InsufficientPods"]);
  }));

test("a budget of pods without a size says so, and a stale condition of a pod is taken back", () =>
  withWorkloads({ controllers }, async ({ create, get, patch, events, advance, nowMs }) => {
    await create(podDisruptionBudget, budgetOf({ minAvailable: "50%" }));
    await create(pod, { ...template(labels), metadata: { name: "stray", labels } });
    const told = await events("web");
    assert.match(
      told.at(-1)!,
      /^UnmanagedPods: Pods selected by this PodDisruptionBudget \(selector: &LabelSelector\{MatchLabels:map\[string\]string\{app: web,\},MatchExpressions:\[\]LabelSelectorRequirement\{\},\}\) were found to be unmanaged\./,
    );
    const target = { type: "DisruptionTarget", status: "True", lastTransitionTime: toTime(nowMs) };
    await patch(pod, "stray", { status: { conditions: [target] } }, "status");
    await advance(121);
    const { status } = await get(pod, "stray");
    assert.equal(status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.status, "False");
  }));

const countedKinds = [configMap, persistentVolumeClaim, pod, resourceQuota].map((kind) => kind as unknown as Kind);

test("a quota's status adds up what its namespace uses", () =>
  withWorkloads(
    { controllers: [resourceQuotaController({ kinds: () => countedKinds, charged: false })] },
    async ({ create, get, patch, remove, clock }) => {
      const hard = {
        pods: "10",
        "requests.cpu": "2",
        "limits.memory": "1Gi",
        "count/configmaps": "5",
        "requests.storage": "10Gi",
        "gold.storageclass.storage.k8s.io/requests.storage": "5Gi",
        services: "1",
      };
      await create(resourceQuota, { metadata: { name: "all" }, spec: { hard } });
      await create(resourceQuota, {
        metadata: { name: "best" },
        spec: { hard: { pods: "4" }, scopes: ["BestEffort"] },
      });
      const used = async (name: string) => (await get(resourceQuota, name)).status?.used;
      const none = {
        pods: "0",
        "requests.cpu": "0",
        "limits.memory": "0",
        "count/configmaps": "0",
        "requests.storage": "0",
      };
      assert.deepEqual(await used("all"), { ...none, "gold.storageclass.storage.k8s.io/requests.storage": "0" });
      const containers = [
        { name: "a", image: "a", resources: { requests: { cpu: "250m" }, limits: { memory: "128Mi" } } },
        { name: "b", image: "b", resources: { requests: { cpu: "1" } } },
      ];
      const made = await create(pod, { metadata: { name: "big" }, spec: { containers } });
      await create(pod, { ...template({}), metadata: { name: "small" } });
      await create(configMap, { metadata: { name: "one" } });
      await create(persistentVolumeClaim, {
        metadata: { name: "disk" },
        spec: { storageClassName: "gold", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "3Gi" } } },
      });
      assert.deepEqual(await used("all"), {
        pods: "2",
        "requests.cpu": "1250m",
        "limits.memory": "128Mi",
        "count/configmaps": "1",
        "requests.storage": "3Gi",
        "gold.storageclass.storage.k8s.io/requests.storage": "3Gi",
      });
      assert.deepEqual(await used("best"), { pods: "1" });
      await patch(pod, "big", { status: ended(made, 0, clock.now()) }, "status");
      await remove(configMap, "one");
      const after = await used("all");
      assert.deepEqual([after?.["pods"], after?.["requests.cpu"], after?.["count/configmaps"]], ["1", "0", "0"]);
    },
  ));
