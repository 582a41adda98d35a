// ResourceQuotas at work: admission charges, the controller counts anew. The real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { configMap } from "../../kinds/core/config-map.ts";
import { persistentVolumeClaim } from "../../kinds/core/persistent-volume-claim.ts";
import { pod } from "../../kinds/core/pod.ts";
import { resourceQuota } from "../../kinds/core/resource-quota.ts";
import { service } from "../../kinds/core/service.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import { type QuotaFixture, startQuotas } from "./quota-fixture.suite.ts";

const namespace = "a";

interface Steps {
  readonly fixture: QuotaFixture;
  create<T extends KubernetesObject>(kind: Kind<T>, name: string, spec?: object): Promise<T>;
  /** The message with which it was refused; "" when it wasn't. */
  refusal(write: Promise<unknown>): Promise<string>;
  used(name?: string): Promise<Readonly<Record<string, string>>>;
  limit(hard: Record<string, string>, more?: object): Promise<void>;
}

async function withQuotas(body: (steps: Steps) => Promise<void>): Promise<void> {
  const fixture = await startQuotas([namespace]);
  const { client, clock } = fixture;
  const create: Steps["create"] = async (kind, name, spec) => {
    const created = await client.create(kind, { metadata: { name, namespace }, ...(spec ? { spec } : {}) } as never);
    await clock.settle();
    return created;
  };
  try {
    await body({
      fixture,
      create,
      async refusal(write) {
        try {
          await write;
        } catch (error) {
          if (error instanceof StatusError) return error.message;
          throw error;
        }
        return "";
      },
      used: async (name = "q") => (await client.get(resourceQuota, name, namespace)).status?.used ?? {},
      async limit(hard, more = {}) {
        await create(resourceQuota, "q", { hard, ...more });
      },
    });
    assert.deepEqual(fixture.failures, []);
  } finally {
    fixture.stop();
  }
}

const podSpec = (resources: object = {}, more: object = {}): object => ({
  containers: [{ name: "c", image: "i", resources }],
  ...more,
});

test("a quota tells what it limits and what was there before it", () =>
  withQuotas(async ({ create, limit, used, fixture }) => {
    await create(pod, "before", podSpec({ requests: { cpu: "500m", memory: "64Mi" } }));
    await limit({ "requests.cpu": "1", memory: "1Gi", pods: "3", "count/pods": "10", "limits.cpu": "2" });
    const { status } = await fixture.client.get(resourceQuota, "q", namespace);
    assert.deepEqual(status?.hard, {
      "count/pods": "10",
      "limits.cpu": "2",
      memory: "1Gi",
      pods: "3",
      "requests.cpu": "1",
    });
    assert.deepEqual(await used(), {
      "count/pods": "1",
      "limits.cpu": "0",
      memory: "64Mi",
      pods: "1",
      "requests.cpu": "500m",
    });
  }));

test("a pod is charged before it is there, and no more when it is gone or has ended", () =>
  withQuotas(async ({ create, limit, used, refusal, fixture }) => {
    await limit({ pods: "2", "count/pods": "9", "requests.cpu": "1" });
    const asked = { requests: { cpu: "600m" } };
    await create(pod, "one", podSpec(asked));
    assert.deepEqual(await used(), { "count/pods": "1", pods: "1", "requests.cpu": "600m" });
    assert.equal(
      await refusal(create(pod, "two", podSpec(asked))),
      'pods "two" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, ' +
        "limited: requests.cpu=1",
    );
    assert.equal(
      await refusal(create(pod, "two", podSpec())),
      'pods "two" is forbidden: failed quota: q: must specify requests.cpu for: c',
    );
    const one = await fixture.client.get(pod, "one", namespace);
    const ended = { ...one, status: { ...one.status, phase: "Succeeded" as const } };
    await fixture.client.update(pod, ended, { subresource: "status" });
    await fixture.clock.settle();
    assert.deepEqual(await used(), { "count/pods": "1", pods: "0", "requests.cpu": "0" });
    await create(pod, "two", podSpec(asked));
    await fixture.client.delete(pod, "one", namespace, { gracePeriodSeconds: 0 });
    await fixture.client.delete(pod, "two", namespace, { gracePeriodSeconds: 0 });
    await fixture.clock.settle();
    assert.deepEqual(await used(), { "count/pods": "0", pods: "0", "requests.cpu": "0" });
  }));

test("writes at the same time never take more than there is", () =>
  withQuotas(async ({ create, limit, used, refusal }) => {
    await limit({ pods: "5" });
    const names = Array.from({ length: 12 }, (_none, index) => `p${index}`);
    const refusals = await Promise.all(names.map((name) => refusal(create(pod, name, podSpec()))));
    assert.equal(refusals.filter((one) => one === "").length, 5);
    assert.deepEqual(await used(), { pods: "5" });
  }));

test("a write that fails gives back what it took", () =>
  withQuotas(async ({ create, limit, used, refusal, fixture }) => {
    await limit({ configmaps: "9" });
    const before = Number((await used())["configmaps"]);
    await create(configMap, "m");
    assert.match(await refusal(create(configMap, "m")), /already exists/);
    await fixture.clock.settle();
    assert.deepEqual(await used(), { configmaps: String(before + 1) });
  }));

test("a changed limit is in force at once", () =>
  withQuotas(async ({ create, limit, refusal, fixture }) => {
    await limit({ pods: "0" });
    assert.match(await refusal(create(pod, "p", podSpec())), /exceeded quota: q, requested: pods=1, used: pods=0/);
    await fixture.client.patch(resourceQuota, "q", namespace, { spec: { hard: { pods: "1" } } }, { type: "merge" });
    await fixture.clock.settle();
    await create(pod, "p", podSpec());
  }));

test("two quotas are both charged, or neither", () =>
  withQuotas(async ({ create, limit, used, refusal }) => {
    await limit({ pods: "5" });
    await create(resourceQuota, "r", { hard: { pods: "1" }, scopes: ["BestEffort"] });
    await create(pod, "one", podSpec());
    assert.match(await refusal(create(pod, "two", podSpec())), /exceeded quota: r, /);
    await create(pod, "three", podSpec({ requests: { cpu: "1" } }));
    assert.deepEqual([await used("q"), await used("r")], [{ pods: "2" }, { pods: "1" }]);
  }));

test("an update is charged by its difference", () =>
  withQuotas(async ({ create, limit, used, refusal, fixture }) => {
    await limit({ services: "2", "services.nodeports": "1", "requests.storage": "5Gi" });
    const ports = [{ port: 80 }, { port: 81, name: "b" }].map((one, index) => ({ name: `p${index}`, ...one }));
    await create(service, "s", { selector: { app: "a" }, ports });
    const change = (spec: object) =>
      fixture.client.patch(service, "s", namespace, { spec } as never, { type: "merge" });
    assert.match(
      await refusal(change({ type: "NodePort" })),
      /requested: services.nodeports=2, used: services.nodeports=0/,
    );
    const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await create(persistentVolumeClaim, "c", { ...claim, storageClassName: "x" });
    assert.deepEqual(await used(), { "requests.storage": "1Gi", services: "1", "services.nodeports": "0" });
  }));

test("an update of a service's type sets free what it no longer uses", () =>
  withQuotas(async ({ create, limit, used, fixture }) => {
    await limit({ "services.nodeports": "3" });
    const ports = [{ port: 80, nodePort: 30_080 }];
    await create(service, "s", { selector: { app: "a" }, type: "NodePort", ports });
    assert.deepEqual(await used(), { "services.nodeports": "1" });
    await fixture.client.patch(
      service,
      "s",
      namespace,
      { spec: { type: "ClusterIP", ports: [{ port: 80, nodePort: null }] } } as never,
      { type: "merge" },
    );
    await fixture.clock.settle();
    assert.deepEqual(await used(), { "services.nodeports": "0" });
  }));

test("a dry run is judged and takes nothing", () =>
  withQuotas(async ({ limit, used, fixture }) => {
    await limit({ pods: "1" });
    const body = new TextEncoder().encode(
      JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: podSpec() }),
    );
    const reply = await fixture.handle({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: new URLSearchParams("dryRun=All"),
      headers: { "content-type": "application/json" },
      body: () => Promise.resolve(body),
      peer: { address: "127.0.0.1", user: { username: "t", groups: ["system:masters"] } },
      signal: new AbortController().signal,
    });
    assert.equal(reply.status, 201);
    assert.deepEqual(await used(), { pods: "0" });
  }));

test("a status that somebody has made wrong is right again after the resync", () =>
  withQuotas(async ({ create, limit, used, fixture }) => {
    await limit({ pods: "9" });
    await create(pod, "p", podSpec());
    await fixture.client.patch(
      resourceQuota,
      "q",
      namespace,
      { status: { used: { pods: "7" } } },
      { type: "merge", subresource: "status" },
    );
    await fixture.clock.settle();
    assert.deepEqual(await used(), { pods: "7" });
    await fixture.clock.advance(300_000);
    assert.deepEqual(await used(), { pods: "1" });
  }));
