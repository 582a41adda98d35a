// What evaluators count, by table.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../object.ts";
import type { DeviceClass } from "../types/resource-v1.gen.ts";
import type { QuotaFacts, QuotaReader, ScopeRequirement } from "./evaluator.ts";
import { matchesNames } from "./evaluator.ts";
import { evaluatorOf } from "./evaluators.ts";
import { resourceListOf } from "./quota-amounts.ts";

const classes = [
  { metadata: { name: "gpu" }, spec: { extendedResourceName: "a.com/gpu" } },
] as unknown as DeviceClass[];
const reader: QuotaReader = {
  get: (kind, _namespace, name) =>
    (kind.kind === "DeviceClass" ? classes.find(({ metadata }) => metadata.name === name) : undefined) as never,
  list: (kind) => (kind.kind === "DeviceClass" ? classes : []) as never,
};
const nowMs = Date.UTC(2026, 0, 1);
const facts: QuotaFacts = { nowMs, reader };
const objectOf = (spec: object, more: object = {}): KubernetesObject =>
  ({ metadata: { name: "x", namespace: "a" }, spec, ...more }) as never;
const podOf = (resources: object[], more: object = {}, rest: object = {}): KubernetesObject =>
  objectOf({ containers: resources.map((one, index) => ({ name: `c${index}`, resources: one })), ...more }, rest);

const usages: [string, string, string, KubernetesObject, Record<string, string>][] = [
  ["an empty pod", "", "pods", podOf([{}]), { "count/pods": "1", pods: "1" }],
  [
    "a pod's containers",
    "",
    "pods",
    podOf([
      { requests: { cpu: "100m", "hugepages-2Mi": "2Mi" }, limits: { "ephemeral-storage": "1Gi" } },
      { requests: { cpu: "200m", "a.com/gpu": "2" } },
    ]),
    {
      "count/pods": "1",
      cpu: "300m",
      "hugepages-2Mi": "2Mi",
      "limits.ephemeral-storage": "1Gi",
      pods: "1",
      "requests.a.com/gpu": "2",
      "requests.cpu": "300m",
      "requests.hugepages-2Mi": "2Mi",
    },
  ],
  [
    "a pod that has ended",
    "",
    "pods",
    podOf([{ requests: { cpu: "1" } }], {}, { status: { phase: "Failed" } }),
    { "count/pods": "1" },
  ],
  [
    "a pod that should be gone",
    "",
    "pods",
    podOf(
      [{}],
      {},
      {
        metadata: { deletionTimestamp: "2025-12-31T23:59:00Z", deletionGracePeriodSeconds: 30 },
      },
    ),
    { "count/pods": "1" },
  ],
  [
    "a load balancer without node ports of its own",
    "",
    "services",
    objectOf({
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: false,
      ports: [{ port: 1 }, { port: 2, nodePort: 30000 }],
    }),
    { "count/services": "1", services: "1", "services.loadbalancers": "1", "services.nodeports": "1" },
  ],
  [
    "a claim of a class, in whole bytes, with what is allocated already",
    "",
    "persistentvolumeclaims",
    objectOf(
      { storageClassName: "fast", resources: { requests: { storage: "1500m" } } },
      { status: { allocatedResources: { storage: "3" } } },
    ),
    {
      "count/persistentvolumeclaims": "1",
      "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
      "fast.storageclass.storage.k8s.io/requests.storage": "3",
      persistentvolumeclaims: "1",
      "requests.storage": "3",
    },
  ],
  ["a secret", "", "secrets", objectOf({}), { "count/secrets": "1", secrets: "1" }],
  ["a deployment", "apps", "deployments", objectOf({}), { "count/deployments.apps": "1" }],
  [
    "a claim for devices, the worst of its alternatives",
    "resource.k8s.io",
    "resourceclaims",
    objectOf({
      devices: {
        requests: [
          { name: "a", exactly: { deviceClassName: "gpu", allocationMode: "ExactCount", count: 2 } },
          {
            name: "b",
            firstAvailable: [
              { name: "x", deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 },
              { name: "y", deviceClassName: "gpu", allocationMode: "ExactCount", count: 3 },
              { name: "z", deviceClassName: "nic", allocationMode: "All" },
            ],
          },
        ],
      },
    }),
    {
      "count/resourceclaims.resource.k8s.io": "1",
      "gpu.deviceclass.resource.k8s.io/devices": "5",
      "nic.deviceclass.resource.k8s.io/devices": "32",
      "requests.a.com/gpu": "5",
      "requests.deviceclass.resource.kubernetes.io/gpu": "5",
      "requests.deviceclass.resource.kubernetes.io/nic": "32",
    },
  ],
];

test("usage counts what a quota may limit", () => {
  for (const [title, group, resource, object, wanted] of usages) {
    assert.deepEqual(resourceListOf(evaluatorOf(group, resource)!.usage(object, facts)), wanted, title);
  }
});

test("evaluatorOf counts neither events nor what isn't stored", () => {
  for (const [group, resource] of [
    ["", "events"],
    ["events.k8s.io", "events"],
    ["", "bindings"],
    ["authorization.k8s.io", "localsubjectaccessreviews"],
  ] as const) {
    assert.equal(evaluatorOf(group, resource), undefined);
  }
});

test("matchingResources names what is counted of what is limited", () => {
  const limited = [
    "pods",
    "requests.a.com/gpu",
    "requests.storage",
    "x.storageclass.storage.k8s.io/requests.storage",
    "gpu.deviceclass.resource.k8s.io/devices",
    "count/roles.rbac.authorization.k8s.io",
    "hugepages-1Gi",
    "services",
  ];
  const match = (group: string, resource: string): string[] =>
    evaluatorOf(group, resource)!.matchingResources(limited, facts);
  assert.deepEqual(match("", "pods"), ["pods", "requests.a.com/gpu", "hugepages-1Gi"]);
  assert.deepEqual(match("", "persistentvolumeclaims"), [limited[2], limited[3]]);
  assert.deepEqual(match("resource.k8s.io", "resourceclaims"), ["requests.a.com/gpu", limited[4]]);
  assert.deepEqual(match("rbac.authorization.k8s.io", "roles"), [limited[5]]);
  assert.deepEqual(match("", "services"), ["services"]);
});

const term = { topologyKey: "zone", namespaceSelector: {} };
const scopes: [ScopeRequirement["scopeName"], KubernetesObject, boolean][] = [
  ["Terminating", podOf([{}], { activeDeadlineSeconds: 0 }), true],
  ["Terminating", podOf([{}]), false],
  ["NotTerminating", podOf([{}]), true],
  ["BestEffort", podOf([{}]), true],
  ["BestEffort", podOf([{ requests: { cpu: "1" } }]), false],
  ["NotBestEffort", podOf([{ requests: { cpu: "1" } }]), true],
  ["PriorityClass", podOf([{}], { priorityClassName: "high" }), true],
  ["PriorityClass", podOf([{}]), false],
  [
    "CrossNamespacePodAffinity",
    podOf([{}], { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }),
    true,
  ],
  [
    "CrossNamespacePodAffinity",
    podOf([{}], {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: "zone" } }],
        },
      },
    }),
    false,
  ],
  ["VolumeAttributesClass", podOf([{}]), false],
];

test("matchesScope tells a pod's scopes", () => {
  for (const [scopeName, object, wanted] of scopes) {
    const found = evaluatorOf("", "pods")!.matchesScope({ scopeName, operator: "Exists" }, object);
    assert.equal(found, wanted, `${scopeName} ${JSON.stringify(object)}`);
  }
});

test("matchesScope tells a claim's attributes classes, old and new", () => {
  const claim = objectOf(
    { volumeAttributesClassName: "gold" },
    { status: { currentVolumeAttributesClassName: "iron" } },
  );
  const evaluator = evaluatorOf("", "persistentvolumeclaims")!;
  const match = (operator: ScopeRequirement["operator"], ...values: string[]): boolean =>
    evaluator.matchesScope({ scopeName: "VolumeAttributesClass", operator, values }, claim);
  assert.deepEqual(
    [match("In", "iron"), match("In", "tin"), match("Exists"), match("DoesNotExist")],
    [true, false, true, false],
  );
});

test("matchesNames reads a requirement as label selectors do", () => {
  const requirement = (operator: ScopeRequirement["operator"], ...values: string[]): ScopeRequirement => ({
    scopeName: "PriorityClass",
    operator,
    values,
  });
  assert.equal(matchesNames(requirement("In", "a"), ["a"]), true);
  assert.equal(matchesNames(requirement("In", "a"), []), false);
  assert.equal(matchesNames(requirement("NotIn", "a"), ["a"]), false);
  assert.equal(matchesNames(requirement("NotIn", "a"), []), true);
  assert.equal(matchesNames(requirement("DoesNotExist"), []), true);
});

test("missing names the containers that ask for too little", () => {
  const { missing } = evaluatorOf("", "pods")!;
  const pod = podOf([{ requests: { cpu: "1" } }, { limits: { memory: "1Gi" } }]);
  const required = ["requests.cpu", "limits.memory", "pods", "requests.ephemeral-storage"];
  assert.equal(missing(required, pod), "must specify limits.memory for: c0; requests.cpu for: c1");
  assert.equal(missing(["pods"], pod), undefined);
  assert.equal(missing(required, podOf([{}], { resources: { requests: { cpu: "1" } } })), undefined);
});
