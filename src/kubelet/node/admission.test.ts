// What the node refuses by a pod's security. Imports src/kubelet.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { admitPod } from "./admission.ts";
import { normalizeSysctl } from "./safe-sysctls.ts";

const nodeOf = (supplementalGroupsPolicy: boolean): Node =>
  ({
    metadata: { name: "n" },
    spec: {},
    status: { allocatable: { cpu: "4", memory: "8Gi", pods: "110" }, features: { supplementalGroupsPolicy } },
  }) as unknown as Node;
const podOf = (securityContext: object, spec: object = {}): Pod =>
  ({ metadata: { name: "p" }, spec: { containers: [], securityContext, ...spec } }) as unknown as Pod;

for (const [name, spec, message] of [
  ["kernel.shm_rmid_forced", {}, undefined],
  ["net/ipv4/tcp_rmem", {}, undefined],
  ["kernel.msgmax", {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
  ["constructor", {}, 'forbidden sysctl: "constructor" not allowlisted'],
  [
    "net.ipv4.tcp_syncookies",
    { hostNetwork: true },
    'forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled',
  ],
] as const) {
  test(`admitPod ${message ? "refuses" : "takes"} ${name} when the pod has ${JSON.stringify(spec)}`, () => {
    const rejection = admitPod(podOf({ sysctls: [{ name, value: "1" }] }, spec), [], nodeOf(true));
    assert.deepEqual(rejection, message && { reason: "SysctlForbidden", message });
  });
}

test("normalizeSysctl swaps dots and slashes when slashes come first", () => {
  assert.equal(normalizeSysctl("net/ipv4/conf/eth0.100/forwarding"), "net.ipv4.conf.eth0/100.forwarding");
  assert.equal(normalizeSysctl("net.ipv4.conf.eth0/100.forwarding"), "net.ipv4.conf.eth0/100.forwarding");
});

test("admitPod refuses strict groups when the runtime cannot keep to them", () => {
  const strict = podOf({ supplementalGroupsPolicy: "Strict" });
  assert.equal(admitPod(strict, [], nodeOf(false))?.reason, "SupplementalGroupsPolicyNotSupported");
  assert.equal(admitPod(strict, [], nodeOf(true)), undefined);
  assert.equal(admitPod(podOf({ supplementalGroupsPolicy: "Merge" }), [], nodeOf(false)), undefined);
});
