// Tests of what components decide alike about a pod: resources, class, taints, readiness, image names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { printQuantity } from "../../base/quantity.ts";
import type { Container, Pod, PodSpec, Taint, Toleration } from "../types/core-v1.gen.ts";
import { isPodAvailable, isPodReady, withPodCondition } from "./conditions.ts";
import { findPodPort } from "./containers.ts";
import { defaultPullPolicy, parseImageName } from "./image-name.ts";
import { diffLines } from "./line-diff.ts";
import { getControllerOf } from "./ownership.ts";
import { computePodQOS } from "./qos.ts";
import { podLimits, podRequests, type Amounts } from "./resources.ts";
import { findUntoleratedTaint, toleratesTaint } from "./tolerations.ts";

const container = (cpu: string, more: Partial<Container> = {}): Container => ({
  name: "c",
  resources: { requests: { cpu } },
  ...more,
});
const print = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, printQuantity(amount)]));
const specOf = (spec: Partial<PodSpec>): { spec: PodSpec } => ({ spec: { containers: [], ...spec } });

test("podRequests sums containers, sidecars, the init peak, overhead and pod-level amounts", () => {
  const sidecar = container("100m", { restartPolicy: "Always" });
  const cases: [Partial<PodSpec>, Record<string, string>][] = [
    [{ containers: [container("1"), container("500m")] }, { cpu: "1500m" }],
    [{ containers: [container("1")], initContainers: [container("3")] }, { cpu: "3" }],
    [{ containers: [container("1")], initContainers: [sidecar, container("2")] }, { cpu: "2100m" }],
    [{ containers: [container("1")], initContainers: [container("900m"), sidecar] }, { cpu: "1100m" }],
    [
      { containers: [container("1")], overhead: { cpu: "10m", memory: "1Mi" } },
      { cpu: "1010m", memory: "1Mi" },
    ],
    [{ containers: [container("1")], resources: { requests: { cpu: "4" } } }, { cpu: "4" }],
  ];
  for (const [spec, want] of cases) assert.deepEqual(print(podRequests(specOf(spec))), want);
});

test("podRequests takes the largest of wanted, allocated and actual amounts during a resize", () => {
  const pod = {
    ...specOf({ containers: [container("1")] }),
    status: {
      containerStatuses: [{ name: "c", allocatedResources: { cpu: "2" }, resources: { requests: { cpu: "3" } } }],
    },
  } as unknown as Pod;
  assert.deepEqual(print(podRequests(pod, { useStatus: true })), { cpu: "3" });
  assert.deepEqual(print(podRequests(pod)), { cpu: "1" });
});

test("podLimits adds overhead only to limits that are set", () => {
  const limited: Container = { name: "c", resources: { limits: { cpu: "1" } } };
  const overhead = { cpu: "10m", memory: "1Mi" };
  assert.deepEqual(print(podLimits(specOf({ containers: [limited], overhead }))), { cpu: "1010m" });
});

test("computePodQOS tells the three classes apart", () => {
  const all = { cpu: "1", memory: "1Gi" };
  const cases: [Partial<PodSpec>, string][] = [
    [{ containers: [{ name: "c" }] }, "BestEffort"],
    [{ containers: [{ name: "c", resources: { requests: { cpu: "0" } } }] }, "BestEffort"],
    [{ containers: [container("1")] }, "Burstable"],
    [{ containers: [{ name: "c", resources: { limits: all, requests: all } }] }, "Guaranteed"],
    [{ containers: [{ name: "c", resources: { limits: all, requests: all } }, { name: "d" }] }, "Burstable"],
    [{ containers: [{ name: "c" }], resources: { limits: all, requests: all } }, "Guaranteed"],
  ];
  for (const [spec, want] of cases) assert.equal(computePodQOS(specOf(spec)), want);
});

test("toleratesTaint matches keys, values and effects", () => {
  const taint: Taint = { key: "k", value: "v", effect: "NoSchedule" };
  const cases: [Toleration, boolean][] = [
    [{ operator: "Exists" }, true],
    [{ key: "k", operator: "Exists" }, true],
    [{ key: "k", value: "v" }, true],
    [{ key: "k", value: "w" }, false],
    [{ key: "k", operator: "Equal", value: "v", effect: "NoExecute" }, false],
    [{ key: "other", operator: "Exists" }, false],
  ];
  for (const [toleration, want] of cases) assert.equal(toleratesTaint(toleration, taint), want);
  const soft: Taint = { key: "s", effect: "PreferNoSchedule" };
  assert.equal(findUntoleratedTaint([soft, taint], []), taint);
  assert.equal(findUntoleratedTaint([soft], []), undefined);
});

test("isPodReady and isPodAvailable read the Ready condition", () => {
  const lastTransitionTime = "1970-01-01T00:00:10Z";
  const conditions = [{ type: "Ready", status: "True", lastTransitionTime }];
  const pod = { metadata: {}, status: { conditions } } as unknown as Pod;
  assert.equal(isPodReady(pod), true);
  assert.equal(isPodAvailable(pod, 0, 0), true);
  assert.equal(isPodAvailable(pod, 5, 14_999), false);
  assert.equal(isPodAvailable(pod, 5, 15_000), true);
});

test("withPodCondition keeps the time of the last change and the list where nothing changes", () => {
  const first = withPodCondition(undefined, { type: "Ready", status: "False", reason: "A" }, "t1");
  const second = withPodCondition(first, { type: "Ready", status: "False", reason: "B" }, "t2");
  assert.equal(second[0]!.lastTransitionTime, "t1");
  assert.equal(withPodCondition(second, { type: "Ready", status: "False", reason: "B" }, "t3"), second);
  assert.equal(withPodCondition(second, { type: "Ready", status: "True" }, "t4")[0]!.lastTransitionTime, "t4");
});

test("findPodPort finds numbers by name and protocol", () => {
  const ports = [{ name: "web", containerPort: 8080, protocol: "TCP" as const }];
  const { spec } = specOf({ containers: [{ name: "c", ports }] });
  assert.equal(findPodPort(spec, 80), 80);
  assert.equal(findPodPort(spec, "web"), 8080);
  assert.equal(findPodPort(spec, "web", "UDP"), undefined);
});

test("getControllerOf finds the owner that manages the object", () => {
  const owner = { apiVersion: "v1", kind: "A", name: "a", uid: "u" };
  const controller = { ...owner, controller: true };
  const owned = (...ownerReferences: (typeof owner)[]): Pod => ({ metadata: { ownerReferences } }) as unknown as Pod;
  assert.equal(getControllerOf(owned(owner)), undefined);
  assert.equal(getControllerOf(owned(owner, controller)), controller);
});

test("parseImageName splits names as registries do", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const cases: [string, ReturnType<typeof parseImageName>][] = [
    ["nginx", { repository: "docker.io/library/nginx", tag: "latest" }],
    ["localhost:5000/a/b:1", { repository: "localhost:5000/a/b", tag: "1" }],
    ["localhost:5000/a", { repository: "localhost:5000/a", tag: "latest" }],
    [`x@${digest}`, { repository: "docker.io/library/x", digest }],
    [`x:1@${digest}`, { repository: "docker.io/library/x", tag: "1", digest }],
    ["Nginx", undefined],
    ["a//b", undefined],
    ["", undefined],
    [`x@sha256:abc`, undefined],
    ["a".repeat(64), undefined],
  ];
  for (const [name, want] of cases) assert.deepEqual(parseImageName(name), want, name);
  assert.equal(defaultPullPolicy("x:latest"), "Always");
  assert.equal(defaultPullPolicy("x:1"), "IfNotPresent");
});

test("diffLines prints unified hunks with three lines around each change", () => {
  assert.equal(diffLines("a\nb", "a\nb"), "");
  const old = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
  const now = old.with(5, "x");
  const want = "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+x\n 7\n 8\n 9\n";
  assert.equal(diffLines(old.join("\n"), now.join("\n")), want);
  assert.equal(diffLines("a", "a\nb"), "@@ -1 +1,2 @@\n a\n+b\n");
});
