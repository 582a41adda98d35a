// Namespaces and what every one of them has, protection of volumes, and the roles that gather others, against the real API
// server in virtual time: each controller within its own rights. May import all layers.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { clusterRoleAggregationController } from "../../controllers/cluster-role-aggregation/cluster-role-aggregation-controller.ts";
import type { Controller } from "../../controllers/controller.ts";
import { garbageCollector } from "../../controllers/garbage-collector/garbage-collector.ts";
import { namespaceController } from "../../controllers/namespace/namespace-controller.ts";
import { rootCaPublisher } from "../../controllers/service-account/root-ca-publisher.ts";
import { serviceAccountController } from "../../controllers/service-account/service-account-controller.ts";
import { tokenCleaner } from "../../controllers/token-cleaner/token-cleaner.ts";
import {
  claimProtectionController,
  volumeProtectionController,
} from "../../controllers/volume-protection/volume-protection-controllers.ts";
import { configMap } from "../../kinds/core/config-map.ts";
import { namespace } from "../../kinds/core/namespace.ts";
import { persistentVolumeClaim } from "../../kinds/core/persistent-volume-claim.ts";
import { persistentVolume } from "../../kinds/core/persistent-volume.ts";
import { pod } from "../../kinds/core/pod.ts";
import { replicationController } from "../../kinds/core/replication-controller.ts";
import { secret } from "../../kinds/core/secret.ts";
import { serviceAccount } from "../../kinds/core/service-account.ts";
import { builtInKinds } from "../../kinds/index.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import { clusterRole } from "../../kinds/rbac/cluster-role.ts";
import {
  assertUndisturbed,
  startVirtualControlPlane,
  type VirtualControlPlane,
} from "../virtual-control-plane.suite.ts";
import { addPod } from "./node-fixture.suite.ts";

async function start(context: TestContext, controllers: readonly Controller<any>[]): Promise<VirtualControlPlane> {
  const started = await startVirtualControlPlane();
  context.after(() => started.stop());
  await started.run(controllers);
  return started;
}

async function exists(fixture: VirtualControlPlane, kind: Kind<any>, name: string, scope?: string): Promise<boolean> {
  try {
    await fixture.admin.get(kind as Kind<KubernetesObject>, name, scope);
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return false;
    throw error;
  }
}

const kinds = (): readonly Kind[] => builtInKinds;
const namespaced = [namespaceController(kinds), serviceAccountController, rootCaPublisher("authority")];
const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];

test("every namespace has its default account and the authority's certificate, also when somebody removes them", async (context) => {
  const fixture = await start(context, namespaced);
  const { admin, clock } = fixture;
  await admin.create(namespace, { metadata: { name: "n" } });
  for (let round = 0; round < 2; round += 1) {
    await clock.advance(1_000);
    assert.ok(await exists(fixture, serviceAccount, "default", "n"));
    assert.equal((await admin.get(configMap, "kube-root-ca.crt", "n")).data?.["ca.crt"], "authority");
    await admin.delete(serviceAccount, "default", "n");
    await admin.patch(configMap, "kube-root-ca.crt", "n", { data: { "ca.crt": "forged" } }, { type: "merge" });
  }
  assertUndisturbed(fixture);
});

test("namespace-controller empties a namespace and lets it go, saying nothing when nothing holds it", async (context) => {
  const fixture = await start(context, [...namespaced, garbageCollector(kinds)]);
  const { admin, clock } = fixture;
  await admin.create(namespace, { metadata: { name: "n" } });
  await clock.advance(1_000);
  await admin.create(secret, { metadata: { name: "s", namespace: "n" } });
  const spec = { selector: { a: "b" }, template: { metadata: { labels: { a: "b" } }, spec: { containers: [] } } };
  await admin.create(replicationController, { metadata: { name: "r", namespace: "n" }, spec } as never).catch(() => {});
  await admin.delete(namespace, "n");
  await clock.advance(2_000);
  assert.equal(await exists(fixture, namespace, "n"), false);
  assert.equal(await exists(fixture, secret, "s", "n"), false);
  assertUndisturbed(fixture);
});

test("namespace-controller deletes pods first, and tells what finalizers hold back", async (context) => {
  const fixture = await start(context, namespaced);
  const { admin, clock } = fixture;
  await admin.create(namespace, { metadata: { name: "n" } });
  await clock.advance(1_000);
  const metadata = { namespace: "n", finalizers: ["example.com/hold"] };
  await admin.create(configMap, { metadata: { name: "m", ...metadata } });
  const spec = { containers: [{ name: "c", image: "i" }] };
  await admin.create(pod, { metadata: { name: "p", ...metadata }, spec } as never);
  await admin.delete(namespace, "n");
  await clock.advance(5_000);
  assert.ok((await admin.get(pod, "p", "n")).metadata.deletionTimestamp);
  assert.equal((await admin.get(configMap, "m", "n")).metadata.deletionTimestamp, undefined, "it may be in use");
  await admin.patch(pod, "p", "n", { metadata: { finalizers: null } }, { type: "merge" });
  await clock.advance(5_000);
  const { status } = await admin.get(namespace, "n");
  assert.deepEqual(
    status!.conditions!.map(({ type, status: is, message }) => `${type} ${is}: ${message}`),
    [
      "NamespaceDeletionDiscoveryFailure False: All resources successfully discovered",
      "NamespaceDeletionGroupVersionParsingFailure False: All legacy kube types successfully parsed",
      "NamespaceDeletionContentFailure False: All content successfully deleted, may be waiting on finalization",
      "NamespaceContentRemaining True: Some resources are remaining: configmaps. has 1 resource instances",
      "NamespaceFinalizersRemaining True: Some content in the namespace has finalizers remaining: " +
        "example.com/hold in 1 resource instances",
    ],
  );
  await admin.patch(configMap, "m", "n", { metadata: { finalizers: null } }, { type: "merge" });
  await clock.advance(5_000);
  assert.equal(await exists(fixture, namespace, "n"), false);
  assertUndisturbed(fixture);
});

test("claims go when the last pod that uses them is done, volumes when they are unbound", async (context) => {
  const fixture = await start(context, [claimProtectionController(), volumeProtectionController]);
  const { admin, clock } = fixture;
  const resources = { requests: { storage: "1Gi" } };
  await admin.create(persistentVolumeClaim, {
    metadata: { name: "c", namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], resources },
  } as never);
  await addPod(admin, "p", "a", { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] });
  await admin.delete(persistentVolumeClaim, "c", "default");
  await clock.advance(1_000);
  assert.ok(await exists(fixture, persistentVolumeClaim, "c", "default"));
  await admin.patch(pod, "p", "default", { status: { phase: "Succeeded" } }, { type: "merge", subresource: "status" });
  await clock.advance(1_000);
  assert.equal(await exists(fixture, persistentVolumeClaim, "c", "default"), false);
  const spec = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/v" } };
  await admin.create(persistentVolume, { metadata: { name: "v" }, spec } as never);
  const bound = { status: { phase: "Bound" } };
  await admin.patch(persistentVolume, "v", undefined, bound, { type: "merge", subresource: "status" });
  await admin.delete(persistentVolume, "v");
  await clock.advance(1_000);
  assert.ok(await exists(fixture, persistentVolume, "v"));
  const released = { status: { phase: "Released" } };
  await admin.patch(persistentVolume, "v", undefined, released, { type: "merge", subresource: "status" });
  await clock.advance(1_000);
  assert.equal(await exists(fixture, persistentVolume, "v"), false);
  assertUndisturbed(fixture);
});

test("cluster roles gather the rules of those that their labels name", async (context) => {
  const fixture = await start(context, [clusterRoleAggregationController]);
  const { admin, clock } = fixture;
  const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
  const own = [{ apiGroups: ["example.com"], resources: ["widgets"], verbs: ["get"] }];
  await admin.create(clusterRole, { metadata: { name: "widgets", labels }, rules: own });
  await clock.advance(1_000);
  const has = async (): Promise<boolean> =>
    JSON.stringify((await admin.get(clusterRole, "view")).rules).includes("widgets");
  assert.ok(await has());
  await admin.delete(clusterRole, "widgets");
  await clock.advance(1_000);
  assert.equal(await has(), false);
  await admin.create(clusterRole, { metadata: { name: "plain" }, rules });
  assertUndisturbed(fixture);
});

test("token-cleaner deletes bootstrap tokens when they expire", async (context) => {
  const fixture = await start(context, [tokenCleaner]);
  const { admin, clock } = fixture;
  const make = async (name: string, type: string, expiration: string | undefined): Promise<void> => {
    const data = expiration === undefined ? {} : { expiration: btoa(expiration) };
    const metadata = { name, namespace: "kube-system" };
    await admin.create(secret, { metadata, type, data });
  };
  const at = (ms: number): string => new Date(clock.now() + ms).toISOString();
  await make("soon", "bootstrap.kubernetes.io/token", at(60_000));
  await make("later", "bootstrap.kubernetes.io/token", at(600_000));
  await make("never", "bootstrap.kubernetes.io/token", undefined);
  await make("other", "Opaque", at(0));
  await clock.advance(61_000);
  const { items } = await admin.list(secret, { namespace: "kube-system" });
  assert.deepEqual(
    items.map((ref) => ref.object().metadata.name),
    ["later", "never", "other"],
  );
  assertUndisturbed(fixture);
});
