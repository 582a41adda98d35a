// Who somebody is and what he may do, through the whole API server. May import all layers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StatusError } from "../base/errors.ts";
import { systemCrypto } from "../host/clock.ts";
import { serviceAccountController } from "../controllers/service-account/service-account-controller.ts";
import { configMap } from "../kinds/core/config-map.ts";
import { namespace } from "../kinds/core/namespace.ts";
import { pod } from "../kinds/core/pod.ts";
import { serviceAccount } from "../kinds/core/service-account.ts";
import { clusterRoleBinding } from "../kinds/rbac/cluster-role-binding.ts";
import { roleBinding } from "../kinds/rbac/role-binding.ts";
import { role } from "../kinds/rbac/role.ts";
import type { ApiRequest, Peer, UpgradeOffer, UserInfo } from "../kinds/request.ts";
import { startVirtualControlPlane, type VirtualControlPlane } from "./virtual-control-plane.suite.ts";

let fixture: VirtualControlPlane;
before(async () => {
  fixture = await startVirtualControlPlane();
});
after(() => fixture.stop());

interface Asked {
  readonly peer?: Partial<Peer>;
  readonly headers?: Record<string, string>;
  readonly upgrade?: UpgradeOffer;
  readonly body?: object;
  readonly method?: string;
}

async function ask(path: string, asked: Asked = {}): Promise<{ status: number; body: any }> {
  const { method = "GET", headers = {}, body, upgrade, peer } = asked;
  const request: ApiRequest = {
    method,
    path,
    query: new URLSearchParams(),
    headers: { "content-type": "application/json", ...headers },
    body: () => Promise.resolve(new TextEncoder().encode(body ? JSON.stringify(body) : "")),
    peer: { address: "10.0.0.1", ...peer },
    upgrade,
    signal: new AbortController().signal,
  };
  const reply = await fixture.plane.server.handle(request);
  const bytes =
    reply.body.kind === "bytes" ? reply.body.bytes : reply.body.kind === "object" ? reply.body.ref.bytes : undefined;
  return { status: reply.status, body: bytes ? JSON.parse(new TextDecoder().decode(bytes)) : undefined };
}

const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
async function whoIs(asked: Asked): Promise<UserInfo | number> {
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const { status, body } = await ask(path, { method: "POST", body: review, ...asked });
  return status === 201 ? body.status.userInfo : status;
}

async function tokenOf(name: string, audiences: string[] = []): Promise<string> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences } };
  const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`;
  const answer = (await fixture.admin.post(path, body)) as { status: { token: string } };
  return answer.status.token;
}

test("a certificate names its user, who is authenticated with it", async () => {
  const certificate = { commonName: "jane", organizations: ["devs"], fingerprint: "ab12" };
  assert.deepEqual(await whoIs({ peer: { certificate } }), {
    username: "jane",
    groups: ["devs", "system:authenticated"],
    extra: { "authentication.kubernetes.io/credential-id": ["X509SHA256=ab12"] },
  });
});

test("nobody in particular is anonymous, and wrong credentials are not", async () => {
  const anonymous = await ask("/api/v1/namespaces/default/pods");
  assert.equal(anonymous.status, 403);
  assert.match(anonymous.body.message, /User "system:anonymous" cannot list resource "pods"/);
  for (const authorization of ["Bearer wrong", "bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30."]) {
    const { status, body } = await ask("/api/v1/pods", { headers: { authorization } });
    assert.deepEqual([status, body.message, body.reason], [401, "Unauthorized", "Unauthorized"], authorization);
  }
  assert.equal((await ask("/api/v1/pods", { headers: { authorization: "Basic eDp5" } })).status, 403);
  assert.equal((await ask("/version")).status, 200);
  const certificateError = "CERT_HAS_EXPIRED";
  assert.equal((await ask("/version", { peer: { certificateError } })).status, 401);
});

test("a service account's token is good until the account is gone, for the API server's audience only", async () => {
  const account = await fixture.admin.create(serviceAccount, { metadata: { name: "robot", namespace: "default" } });
  const token = await tokenOf("robot");
  const expected = {
    username: "system:serviceaccount:default:robot",
    uid: account.metadata.uid,
    groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
  };
  const { extra, ...user } = (await whoIs({ headers: { authorization: `Bearer ${token}` } })) as UserInfo;
  assert.deepEqual(user, expected);
  assert.match(extra!["authentication.kubernetes.io/credential-id"]![0]!, /^JTI=[0-9a-f-]{36}$/);
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
  const upgrade = { protocol: "websocket", subprotocols: [protocol, "v5.channel.k8s.io"] } as const;
  const { extra: _, ...same } = (await whoIs({ upgrade })) as UserInfo;
  assert.deepEqual(same, expected);
  const foreign = await tokenOf("robot", ["vault"]);
  assert.equal(await whoIs({ headers: { authorization: `Bearer ${foreign}` } }), 401);
  await fixture.admin.delete(serviceAccount, "robot", "default");
  await fixture.admin.create(serviceAccount, { metadata: { name: "robot", namespace: "default" } });
  await fixture.clock.settle();
  assert.equal(await whoIs({ headers: { authorization: `Bearer ${token}` } }), 401, "another account of that name");
});

const jane: UserInfo = { username: "jane", groups: ["devs", "system:authenticated"] };
const refusal = async (doing: Promise<unknown>): Promise<string> => {
  try {
    await doing;
    return "";
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return error.message;
  }
};

test("rules allow what they name, where they are bound, and no more", async () => {
  const { admin, client, clock } = fixture;
  await admin.create(namespace, { metadata: { name: "other" } });
  const rules = [
    { apiGroups: [""], resources: ["configmaps"], resourceNames: ["named"], verbs: ["get", "update"] },
    { apiGroups: [""], resources: ["pods/log", "*/scale"], verbs: ["get"] },
    { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
  ];
  await admin.create(role, { metadata: { name: "r", namespace: "default" }, rules });
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" };
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "devs" }];
  await admin.create(roleBinding, { metadata: { name: "b", namespace: "default" }, roleRef, subjects } as never);
  await clock.settle();
  const may = async (verb: string, resource: string, more: object = {}): Promise<boolean> => {
    const [plural, subresource] = resource.split("/");
    const resourceAttributes = { namespace: "default", verb, resource: plural, subresource, ...more };
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes },
    };
    const answer = await client(jane).post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body);
    return (answer["status"] as { allowed: boolean }).allowed;
  };
  const cases: readonly [string, string, object, boolean][] = [
    ["get", "configmaps", { name: "named" }, true],
    ["get", "configmaps", { name: "other" }, false],
    ["get", "configmaps", {}, false],
    ["delete", "configmaps", { name: "named" }, false],
    ["list", "pods", {}, true],
    ["list", "pods", { namespace: "other" }, false],
    ["list", "pods", { namespace: "" }, false],
    ["list", "pods", { group: "apps" }, false],
    ["get", "pods", { name: "p" }, false],
    ["get", "pods/log", { name: "p" }, true],
    ["get", "pods/exec", { name: "p" }, false],
    ["get", "replicationcontrollers/scale", { name: "r" }, true],
    ["get", "replicationcontrollers", { name: "r" }, false],
  ];
  for (const [verb, resource, more, allowed] of cases) {
    assert.equal(await may(verb, resource, more), allowed, `${verb} ${resource} ${JSON.stringify(more)}`);
  }
  await admin.delete(roleBinding, "b", "default");
  await clock.settle();
  assert.equal(await may("list", "pods"), false, "a binding that is gone");
});

test("nobody grants what he does not hold, but whoever may bind or escalate", async () => {
  const { admin, client, clock } = fixture;
  const own: UserInfo = { username: "granter", groups: ["system:authenticated"] };
  const granter = client(own);
  const rules = [
    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles", "rolebindings"], verbs: ["*"], resourceNames: [] },
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
  ].map((rule, index) => (index === 0 ? { ...rule, verbs: ["create", "update", "patch", "get"] } : rule));
  await admin.create(role, { metadata: { name: "granting", namespace: "default" }, rules });
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "granting" };
  const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "granter" }];
  await admin.create(roleBinding, { metadata: { name: "granting", namespace: "default" }, roleRef, subjects } as never);
  await clock.settle();
  const make = (name: string, verbs: string[]): Promise<string> =>
    refusal(
      granter.create(role, {
        metadata: { name, namespace: "default" },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs }],
      }),
    );
  assert.equal(await make("held", ["get"]), "");
  assert.match(
    await make("more", ["get", "delete"]),
    /is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["delete"\]\}$/,
  );
  const edit = { roleRef: { ...roleRef, kind: "ClusterRole", name: "edit" }, subjects };
  const bind = (): Promise<string> =>
    refusal(granter.create(roleBinding, { metadata: { name: "edit", namespace: "default" }, ...edit } as never));
  assert.match(await bind(), /is attempting to grant RBAC permissions not currently held/);
  const binding = [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["bind"] }];
  await admin.patch(role, "granting", "default", { rules: [...rules, ...binding] as never }, { type: "merge" });
  await clock.settle();
  assert.equal(await bind(), "");
});

test("system:masters needs no binding, and the group that everybody is in has discovery only", async () => {
  const masters: UserInfo = { username: "root", groups: ["system:masters"] };
  await fixture.admin.delete(clusterRoleBinding, "cluster-admin");
  await fixture.clock.settle();
  assert.equal(await refusal(fixture.client(masters).list(pod)), "");
  const everybody = { peer: { user: { username: "u", groups: ["system:authenticated"] } } };
  assert.equal((await ask("/api", everybody)).status, 200);
  assert.equal((await ask("/metrics", everybody)).status, 403);
});

test("a pod in a new namespace waits for the default account, and one with another account does not", async () => {
  const { admin, clock, run } = fixture;
  await admin.create(namespace, { metadata: { name: "fresh" } });
  const spec = { containers: [{ name: "c", image: "i" }] };
  const created = admin.create(pod, { metadata: { name: "p", namespace: "fresh" }, spec } as never);
  await clock.advance(100);
  await run([serviceAccountController]);
  await clock.advance(100);
  const made = (await created) as unknown as { spec: { serviceAccountName: string; volumes: { name: string }[] } };
  assert.equal(made.spec.serviceAccountName, "default");
  assert.match(made.spec.volumes[0]!.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  const named = { metadata: { name: "q", namespace: "fresh" }, spec: { ...spec, serviceAccountName: "nobody" } };
  assert.equal(
    await refusal(admin.create(pod, named as never)),
    'pods "q" is forbidden: error looking up service account fresh/nobody: serviceaccount "nobody" not found',
  );
  const nowhere = admin.create(configMap, { metadata: { name: systemCrypto.uuid(), namespace: "absent" } });
  assert.equal(await refusal(nowhere), 'namespaces "absent" not found');
});
