// What containers are given: names, hosts, name service, variables, security, resources.
import assert from "node:assert/strict";
import test from "node:test";
import type { Container, Pod, PodSpec } from "../../kinds/types/core-v1.gen.ts";
import { parseResolvConf, podDns } from "./dns.ts";
import { expand } from "./expansion.ts";
import { fieldValue, resourceValue } from "./field-values.ts";
import { hostNameOf, hostsFile, kernelHostName } from "./host-names.ts";
import { containerResources, podCgroup, toQuota, toShares } from "./linux-resources.ts";
import { containerSecurity, verifyNonRoot } from "./security.ts";

const app: Container = { name: "app", image: "app:1" };
function podWith(spec: Partial<PodSpec> = {}, metadata: object = {}): Pod {
  return {
    metadata: { name: "web", namespace: "ns", uid: "u", ...metadata } as unknown as Pod["metadata"],
    spec: { containers: [app], dnsPolicy: "ClusterFirst", ...spec },
  };
}

const values = new Map([
  ["A", "1"],
  ["B", "$(A)"],
]);
const expansions: readonly [text: string, expected: string][] = [
  ["$(A)", "1"],
  ["x$(A)y$(B)z", "x1y$(A)z"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$1"],
  ["$(NONE)", "$(NONE)"],
  ["$(A", "$(A"],
  ["$", "$"],
  ["$A $", "$A $"],
  ["$()", "$()"],
];
for (const [text, expected] of expansions) {
  test(`expand gives ${JSON.stringify(expected)} when the text is ${JSON.stringify(text)}`, () => {
    assert.equal(
      expand(text, (name) => values.get(name)),
      expected,
    );
  });
}

test("fieldValue formats maps as sorted lines, and finds one key", () => {
  const pod = podWith({}, { labels: { b: "2", a: 'q"' }, annotations: { "x/y": "z" } });
  const context = { pod, podIps: ["10.0.0.1", "fd00::1"], hostIps: ["192.0.2.1"], allocatable: {} };
  assert.equal(fieldValue(context, "metadata.labels"), 'a="q\\""\nb="2"');
  assert.equal(fieldValue(context, "metadata.annotations['x/y']"), "z");
  assert.equal(fieldValue(context, "metadata.labels['constructor']"), "");
  assert.equal(fieldValue(context, "status.podIPs"), "10.0.0.1,fd00::1");
  assert.throws(() => fieldValue(context, "spec.nothing"), /unsupported fieldPath: spec.nothing/);
});

test("resourceValue divides, rounds up, and defaults limits to what the node has", () => {
  const container: Container = { ...app, resources: { requests: { cpu: "250m", memory: "65Mi" } } };
  const context = {
    pod: podWith({ containers: [container] }),
    podIps: [],
    hostIps: [],
    allocatable: { cpu: "4", memory: "1Gi" },
  };
  const of = (resource: string, divisor?: string): string =>
    resourceValue(context, { resource, ...(divisor ? { divisor } : {}) }, container);
  assert.deepEqual(
    [
      of("requests.cpu"),
      of("requests.cpu", "1m"),
      of("requests.memory", "64Mi"),
      of("limits.cpu"),
      of("limits.memory", "1Mi"),
    ],
    ["1", "250", "2", "4", "1024"],
  );
});

test("hostsFile names the pod, its domain and its aliases", () => {
  const pod = podWith({ hostname: "h", subdomain: "sub", hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "b"] }] });
  const name = hostNameOf(pod, "cluster.local");
  assert.deepEqual(name, { name: "h", domain: "sub.ns.svc.cluster.local" });
  const expected =
    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" +
    "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n" +
    "10.0.0.1\th.sub.ns.svc.cluster.local\th\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n";
  assert.equal(hostsFile(pod, ["10.0.0.1"], name), expected);
  assert.equal(
    kernelHostName({ ...pod, spec: { ...pod.spec, setHostnameAsFQDN: true } }, name),
    "h.sub.ns.svc.cluster.local",
  );
});

test("hostNameOf cuts long names where a name may end", () => {
  const pod = podWith({}, { name: `${"a".repeat(62)}-${"b".repeat(10)}` });
  assert.equal(hostNameOf(pod, "c").name, "a".repeat(62));
});

test("podDns follows the pod's policy", () => {
  const node = parseResolvConf("# x\nnameserver 1.1.1.1\nsearch corp.test.\noptions ndots:2 edns0\n");
  const context = { clusterDns: ["10.96.0.10"], clusterDomain: "cluster.local", node };
  const searches = ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.test"];
  const cluster = { servers: ["10.96.0.10"], searches, options: ["ndots:5"] };
  const of = (spec: Partial<PodSpec>) => podDns(podWith(spec), context).config;
  assert.deepEqual(of({}), cluster);
  assert.deepEqual(of({ hostNetwork: true }), node);
  assert.deepEqual(of({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), cluster);
  assert.deepEqual(of({ dnsPolicy: "Default" }), node);
  const dnsConfig = {
    nameservers: ["9.9.9.9"],
    searches: ["s"],
    options: [{ name: "ndots", value: "1" }, { name: "debug" }],
  };
  const none = { servers: ["9.9.9.9"], searches: ["s"], options: ["ndots:1", "debug"] };
  assert.deepEqual(of({ dnsPolicy: "None", dnsConfig }), none);
  const many = podDns(podWith({ dnsPolicy: "None", dnsConfig: { nameservers: ["1", "2", "3", "4"] } }), context);
  assert.deepEqual(many.config.servers, ["1", "2", "3"]);
  assert.match(many.warnings[0]?.message ?? "", /the applied nameserver line is: 1 2 3$/);
});

const host = { seccompRoot: "/seccomp", thermalThrottlePaths: [] };

test("containerSecurity puts the container's context over the pod's", () => {
  const securityContext = { runAsUser: 5, allowPrivilegeEscalation: false, capabilities: { add: ["NET_ADMIN"] } };
  const container: Container = { ...app, securityContext };
  const pod = podWith({
    containers: [container],
    securityContext: {
      runAsUser: 1,
      runAsGroup: 2,
      fsGroup: 3,
      supplementalGroups: [4],
      seccompProfile: { type: "RuntimeDefault" },
    },
  });
  const security = containerSecurity(pod, container, { uid: 99 }, host);
  assert.deepEqual([security.runAsUser, security.runAsGroup, security.supplementalGroups], [5, 2, [3, 4]]);
  assert.deepEqual([security.noNewPrivs, security.seccomp], [true, { type: "RuntimeDefault" }]);
  assert.deepEqual(security.capabilities, { add: ["NET_ADMIN"], drop: [] });
  assert.ok(security.maskedPaths.includes("/proc/kcore"));
  const plain = containerSecurity(podWith(), app, { username: "nobody" }, host);
  assert.deepEqual(
    [plain.runAsUser, plain.runAsUsername, plain.seccomp],
    [undefined, "nobody", { type: "Unconfined" }],
  );
});

test("verifyNonRoot refuses root in upstream's words", () => {
  const pod = podWith({ securityContext: { runAsNonRoot: true } });
  assert.throws(() => verifyNonRoot(pod, app, { uid: 0 }), {
    message: 'container has runAsNonRoot and image will run as root (pod: "web_ns(u)", container: app)',
  });
  assert.throws(() => verifyNonRoot(pod, app, {}), /image will run as root/);
  assert.throws(() => verifyNonRoot(pod, app, { username: "me" }), /image has non-numeric user \(me\), cannot verify/);
  assert.doesNotThrow(() => verifyNonRoot(pod, app, { uid: 1000 }));
});

test("containerResources and podCgroup turn amounts into what Linux takes", () => {
  assert.deepEqual([toShares(0), toShares(1000), toShares(1e9)], [2, 1024, 262_144]);
  assert.deepEqual([toQuota(0), toQuota(1), toQuota(500)], [0, 1000, 50_000]);
  const container: Container = {
    ...app,
    resources: { requests: { cpu: "100m" }, limits: { cpu: "1", memory: "64Mi" } },
  };
  const pod = podWith({ containers: [container], overhead: { cpu: "100m" } });
  const context = { memoryBytes: 1024 ** 3, hugePageSizesBytes: [2 * 1024 ** 2] };
  const resources = containerResources(pod, container, context);
  assert.deepEqual([resources.cpuShares, resources.cpuQuota, resources.memoryLimitBytes], [102, 100_000, 67_108_864]);
  assert.deepEqual(resources.hugepageLimits, [{ pageSize: "2MB", limit: 0 }]);
  const group = podCgroup(pod, context);
  assert.deepEqual([group.serviceClass, group.cpuShares, group.cpuQuotaMicros], ["Burstable", 204, 110_000]);
});
