// What a node may do, through the whole API server: the node authorizer, its admission plugin, and the words of both. May
// import all layers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StatusError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import { configMap } from "../kinds/core/config-map.ts";
import { node } from "../kinds/core/node.ts";
import { pod } from "../kinds/core/pod.ts";
import { secret } from "../kinds/core/secret.ts";
import { serviceAccount } from "../kinds/core/service-account.ts";
import { lease } from "../kinds/coordination/lease.ts";
import { csiNode } from "../kinds/storage/csi-node.ts";
import { builtInKinds } from "../kinds/index.ts";
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import { nodeUser } from "./identities.ts";
import { startVirtualControlPlane, type VirtualControlPlane } from "./virtual-control-plane.suite.ts";

let fixture: VirtualControlPlane;
let mine: Client;
let bound: Pod;
const namespace = "default";
const metadata = (name: string, more: object = {}): object => ({ metadata: { name, namespace, ...more } });

before(async () => {
  fixture = await startVirtualControlPlane();
  const { admin } = fixture;
  mine = fixture.client(nodeUser("mine"));
  await admin.create(serviceAccount, metadata("default") as never);
  for (const name of ["mine", "other"]) await admin.create(node, { metadata: { name } });
  for (const name of ["needed", "pulled", "unneeded"]) await admin.create(secret, metadata(name) as never);
  for (const name of ["needed", "unneeded"]) await admin.create(configMap, metadata(name) as never);
  const container = { name: "c", image: "i", envFrom: [{ configMapRef: { name: "needed" } }] };
  const spec = {
    nodeName: "mine",
    containers: [container],
    imagePullSecrets: [{ name: "pulled" }],
    volumes: [{ name: "v", secret: { secretName: "needed" } }],
  };
  bound = await admin.create(pod, { ...metadata("bound"), spec } as never);
  const elsewhere = { nodeName: "other", containers: [{ name: "c", image: "i" }] };
  await admin.create(pod, { ...metadata("elsewhere"), spec: elsewhere } as never);
});
after(() => fixture.stop());

async function refusal(doing: Promise<unknown>): Promise<string> {
  try {
    await doing;
    return "";
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return `${error.code} ${error.message}`;
  }
}
const forbidden = (what: string, verb: string, resource: string, why: string): string =>
  `403 ${what} is forbidden: User "system:node:mine" cannot ${verb} resource "${resource}" in API group "" ${why}`;
const unrelated = `in the namespace "default": no relationship found between node 'mine' and this object`;

test("a node reads what its own pods need, and no more", async () => {
  for (const name of ["needed", "pulled"]) assert.equal(await refusal(mine.get(secret, name, namespace)), "", name);
  assert.equal(await refusal(mine.get(configMap, "needed", namespace)), "");
  assert.equal(
    await refusal(mine.get(configMap, "kube-root-ca.crt", namespace)).then((text) => text.slice(0, 3)),
    "404",
  );
  const refused = await refusal(mine.get(secret, "unneeded", namespace));
  assert.equal(refused, forbidden('secrets "unneeded"', "get", "secrets", unrelated));
  assert.equal(
    await refusal(mine.list(secret, { namespace })),
    forbidden("secrets", "list", "secrets", 'in the namespace "default": No Object name found'),
  );
  assert.equal(
    await refusal(mine.list(pod)),
    forbidden(
      "pods",
      "list",
      "pods",
      "at the cluster scope: can only list/watch pods with spec.nodeName field selector",
    ),
  );
  assert.equal(await refusal(mine.list(pod, { fieldSelector: "spec.nodeName=mine" })), "");
  assert.equal(await refusal(mine.get(pod, "bound", namespace)), "");
  assert.match(await refusal(mine.get(pod, "elsewhere", namespace)), /no relationship found/);
  assert.match(await refusal(mine.get(node, "other")), /node 'mine' cannot read 'other', only its own Node object/);
});

test("a node loses what it needed when the pod is gone", async () => {
  const { admin, clock } = fixture;
  const spec = { nodeName: "mine", containers: [{ name: "c", image: "i" }], imagePullSecrets: [{ name: "unneeded" }] };
  await admin.create(pod, { ...metadata("short"), spec } as never);
  assert.equal(await refusal(mine.get(secret, "unneeded", namespace)), "");
  await admin.delete(pod, "short", namespace, { gracePeriodSeconds: 0 });
  await clock.settle();
  assert.match(await refusal(mine.get(secret, "unneeded", namespace)), /no relationship found/);
});

test("a node writes its own node and lease only", async () => {
  const labels = { metadata: { labels: { "node-restriction.kubernetes.io/a": "b" } } };
  assert.equal(
    await refusal(mine.patch(node, "mine", undefined, labels, { type: "merge" })),
    '403 nodes "mine" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/a',
  );
  assert.equal(
    await refusal(mine.patch(node, "other", undefined, { metadata: { labels: { a: "b" } } }, { type: "merge" })),
    '403 nodes "other" is forbidden: node "mine" is not allowed to modify node "other"',
  );
  const taints = { spec: { taints: [{ key: "k", effect: "NoSchedule" }] } };
  assert.equal(
    await refusal(mine.patch(node, "mine", undefined, taints, { type: "merge" })),
    '403 nodes "mine" is forbidden: node "mine" is not allowed to modify taints',
  );
  assert.equal(
    await refusal(mine.patch(node, "mine", undefined, { metadata: { labels: { a: "b" } } }, { type: "merge" })),
    "",
  );
  const leaseOf = (name: string): object => ({ metadata: { name, namespace: "kube-node-lease" }, spec: {} });
  assert.equal(await refusal(mine.create(lease, leaseOf("mine") as never)), "");
  assert.match(await refusal(mine.create(lease, leaseOf("other") as never)), /same name as the requesting node/);
});

const skip = builtInKinds.some(({ plural }) => plural === "csinodes") ? false : "CSINodes are not served yet";
test("a node writes its own CSINode only", { skip }, async () => {
  const csiNodeOf = (name: string): object => ({ metadata: { name }, spec: { drivers: [] } });
  assert.equal(await refusal(mine.create(csiNode, csiNodeOf("mine") as never)), "");
  assert.match(
    await refusal(mine.create(csiNode, csiNodeOf("other") as never)),
    /can only access CSINode with the same name/,
  );
  assert.match(await refusal(mine.get(csiNode, "other")), /can only access CSINode with the same name/);
});

test("a node writes the status of its own pods, and makes mirror pods only", async () => {
  const patch = { status: { message: "m" } };
  const options = { type: "merge", subresource: "status" } as const;
  assert.equal(await refusal(mine.patch(pod, "bound", namespace, patch, options)), "");
  assert.equal(
    await refusal(mine.patch(pod, "elsewhere", namespace, patch, options)),
    '403 pods "elsewhere" is forbidden: node "mine" can only update pod status for pods with spec.nodeName set to itself',
  );
  const spec = { nodeName: "mine", containers: [{ name: "c", image: "i" }] };
  assert.match(
    await refusal(mine.create(pod, { ...metadata("plain"), spec } as never)),
    /pod does not have "kubernetes.io\/config.mirror" annotation, node "mine" can only create mirror pods/,
  );
  const annotations = { "kubernetes.io/config.mirror": "hash" };
  const { uid } = (await fixture.admin.get(node, "mine")).metadata;
  const owner = { apiVersion: "v1", kind: "Node", name: "mine", uid, controller: true };
  const mirror = (name: string, more: object, changed = spec): Promise<string> =>
    refusal(mine.create(pod, { ...metadata(name, { annotations, ...more }), spec: changed } as never));
  assert.match(await mirror("unowned", {}), /can only create pods with an owner reference set to itself/);
  assert.match(await mirror("forged", { ownerReferences: [{ ...owner, uid: "u" }] }), /UID mismatch: expected u got /);
  assert.equal(await mirror("mirror", { ownerReferences: [owner] }), "");
  assert.match(
    await refusal(mine.delete(pod, "elsewhere", namespace)),
    /can only delete pods with spec.nodeName set to itself/,
  );
});

test("a node gets tokens for its own pods, with the audiences that they ask for", async () => {
  const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
  const ask = (name: string, uid: string, audiences: string[] = []): Promise<string> => {
    const spec = { audiences, boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } };
    return refusal(
      mine.post(path, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata: {}, spec }),
    );
  };
  const { uid } = bound.metadata;
  assert.equal(await ask("bound", uid), "");
  assert.match(await ask("bound", "other"), /does not match the UID in record/);
  assert.match(await ask("nobody", uid), /^404 pod "nobody" not found/);
  assert.match(
    await ask("bound", uid, ["vault"]),
    /audience "vault" not found in pod spec volume, system:node:mine is not authorized to request tokens for this audience/,
  );
  assert.match(await ask("bound", uid, ["a", "b"]), /node may only request 0 or 1 audiences/);
});
