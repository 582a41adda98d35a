// Every filter's reason, in upstream's words, through the message of a pod that fits nowhere. May import node and the
// scheduler.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { StorageClass } from "../../kinds/types/storage-v1.gen.ts";
import { makeDecider, makeNode, makePod, place } from "../cluster-fixture.suite.ts";
import type { ClusterView } from "../cluster-view.ts";

interface Case {
  readonly name: string;
  readonly nodes?: readonly Node[];
  readonly placed?: readonly Pod[];
  readonly pod: Pod;
  readonly view?: Partial<ClusterView>;
  /** After "0/N nodes are available: " and before " preemption: …"; undefined: it fits. */
  readonly says: string | undefined;
}

const web = { labels: { app: "web" } };
const byHost = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "web" } } };
const claimVolume = { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] };
const makeClaim = (volumeName?: string, more: object = {}): PersistentVolumeClaim => ({
  metadata: {
    name: "data",
    namespace: "default",
    annotations: volumeName ? { "pv.kubernetes.io/bind-completed": "yes" } : {},
  } as unknown as PersistentVolumeClaim["metadata"],
  spec: { volumeName, storageClassName: "fast", ...more } as PersistentVolumeClaim["spec"],
});
const volumeOf = (more: object, labels?: object): PersistentVolume =>
  ({ metadata: { name: "pv", labels }, spec: more }) as unknown as PersistentVolume;
const boundTo = (volume: PersistentVolume | undefined): Partial<ClusterView> => ({
  claim: () => makeClaim("pv"),
  volume: () => volume,
});
const onNode = (name: string): object => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [name] }] }],
    },
  },
});
const requiredNodes = (...values: string[]): object => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values }] }],
    },
  },
});

const cases: readonly Case[] = [
  { name: "an idle node", pod: makePod("p"), says: undefined },
  {
    name: "a cordoned node",
    nodes: [makeNode("a", { spec: { unschedulable: true } })],
    pod: makePod("p"),
    says: "1 node(s) were unschedulable.",
  },
  {
    name: "a cordoned node that the pod tolerates",
    nodes: [makeNode("a", { spec: { unschedulable: true } })],
    pod: makePod("p", { tolerations: [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }] }),
    says: undefined,
  },
  {
    name: "another node's name",
    pod: makePod("p", { nodeName: "b" }),
    says: "1 node(s) didn't match the requested node name.",
  },
  {
    name: "a taint",
    nodes: [makeNode("a", { spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] } })],
    pod: makePod("p"),
    says: "1 node(s) had untolerated taint(s).",
  },
  {
    name: "a taint that only prefers",
    nodes: [makeNode("a", { spec: { taints: [{ key: "gpu", effect: "PreferNoSchedule" }] } })],
    pod: makePod("p"),
    says: undefined,
  },
  {
    name: "a node selector",
    pod: makePod("p", { nodeSelector: { disk: "ssd" } }),
    says: "1 node(s) didn't match Pod's node affinity/selector.",
  },
  {
    name: "required affinity with Gt",
    nodes: [makeNode("a", { labels: { cores: "8" } }), makeNode("b", { labels: { cores: "4" } })],
    pod: makePod("p", {
      nodeName: "b",
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "cores", operator: "Gt", values: ["6"] }] }],
          },
        },
      },
    }),
    says: "1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match the requested node name.",
  },
  {
    name: "a node named by field that isn't there",
    pod: makePod("p", { affinity: requiredNodes("b") }),
    says: "1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
  },
  {
    name: "terms that contradict each other",
    pod: makePod("p", {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchFields: [
                  { key: "metadata.name", operator: "In", values: ["a"] },
                  { key: "metadata.name", operator: "In", values: ["b"] },
                ],
              },
            ],
          },
        },
      },
    }),
    says: "pod affinity terms conflict.",
  },
  {
    name: "a host port in use",
    placed: [makePod("q", { nodeName: "a", ports: [{ containerPort: 80, hostPort: 80 }] })],
    pod: makePod("p", { ports: [{ containerPort: 80, hostPort: 80, hostIP: "127.0.0.1" }] }),
    says: "1 node(s) didn't have free ports for the requested pod ports.",
  },
  {
    name: "a host port in use on another address",
    placed: [makePod("q", { nodeName: "a", ports: [{ containerPort: 80, hostPort: 80, hostIP: "10.0.0.1" }] })],
    pod: makePod("p", { ports: [{ containerPort: 80, hostPort: 80, hostIP: "127.0.0.1" }] }),
    says: undefined,
  },
  {
    name: "several resources at once, each once per node",
    placed: [makePod("q", { nodeName: "a", requests: { cpu: "3500m", memory: "7Gi" } })],
    pod: makePod("p", { requests: { cpu: "1", memory: "2Gi", "example.com/gpu": "1" } }),
    says: "1 Insufficient cpu, 1 Insufficient example.com/gpu, 1 Insufficient memory.",
  },
  {
    name: "too many pods",
    nodes: [makeNode("a", { allocatable: { pods: "1" } })],
    placed: [makePod("q", { nodeName: "a" })],
    pod: makePod("p"),
    says: "1 Too many pods.",
  },
  {
    name: "an init container's peak and the overhead",
    pod: makePod("p", {
      initContainers: [{ name: "init", resources: { requests: { cpu: "4" } } }],
      overhead: { cpu: "1m" },
    }),
    says: "1 Insufficient cpu.",
  },
  {
    name: "pod-level resources",
    pod: makePod("p", { requests: { cpu: "1" }, resources: { requests: { cpu: "5" } } }),
    says: "1 Insufficient cpu.",
  },
  {
    name: "a claim that is missing",
    pod: makePod("p", claimVolume),
    says: 'persistentvolumeclaim "data" not found.',
  },
  {
    name: "a claim that isn't bound",
    pod: makePod("p", claimVolume),
    view: { claim: () => makeClaim() },
    says: "pod has unbound immediate PersistentVolumeClaims.",
  },
  {
    name: "a claim that waits for its consumer",
    pod: makePod("p", claimVolume),
    view: {
      claim: () => makeClaim(),
      storageClass: () => ({ volumeBindingMode: "WaitForFirstConsumer" }) as unknown as StorageClass,
    },
    says: "1 node(s) didn't find available persistent volumes to bind.",
  },
  {
    name: "a volume on another node",
    pod: makePod("p", claimVolume),
    view: boundTo(volumeOf(onNode("b"))),
    says: "1 node(s) didn't match PersistentVolume's node affinity.",
  },
  {
    name: "a volume on this node",
    pod: makePod("p", claimVolume),
    view: boundTo(volumeOf(onNode("a"))),
    says: undefined,
  },
  {
    name: "a volume of another zone",
    nodes: [makeNode("a", { labels: { "topology.kubernetes.io/zone": "east" } })],
    pod: makePod("p", claimVolume),
    view: boundTo(volumeOf({}, { "topology.kubernetes.io/zone": "west__north" })),
    says: "1 node(s) had no available volume zone.",
  },
  {
    name: "a claim for one pod only",
    placed: [makePod("q", { nodeName: "a", ...claimVolume })],
    pod: makePod("p", claimVolume),
    view: { ...boundTo(volumeOf({})), claim: () => makeClaim("pv", { accessModes: ["ReadWriteOncePod"] }) },
    says: "1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod.",
  },
  {
    name: "a skew that would be too large",
    nodes: [makeNode("a"), makeNode("b", { spec: { unschedulable: true } })],
    placed: [makePod("q", { nodeName: "a", ...web })],
    pod: makePod("p", {
      ...web,
      topologySpreadConstraints: [{ ...byHost, maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" }],
    }),
    says: "1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.",
  },
  {
    name: "a topology label that is missing",
    pod: makePod("p", {
      ...web,
      topologySpreadConstraints: [{ ...byHost, topologyKey: "rack", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" }],
    }),
    says: "1 node(s) didn't match pod topology spread constraints (missing required label).",
  },
  {
    name: "affinity to pods that don't run",
    pod: makePod("p", { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } } }),
    says: "1 node(s) didn't match pod affinity rules.",
  },
  {
    name: "affinity to itself, as the first",
    pod: makePod("p", {
      ...web,
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } },
    }),
    says: undefined,
  },
  {
    name: "anti-affinity to a pod that runs",
    placed: [makePod("q", { nodeName: "a", ...web })],
    pod: makePod("p", { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } } }),
    says: "1 node(s) didn't match pod anti-affinity rules.",
  },
  {
    name: "anti-affinity of a pod that runs",
    placed: [
      makePod("q", {
        nodeName: "a",
        affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byHost] } },
      }),
    ],
    pod: makePod("p", web),
    says: "1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
  {
    name: "anti-affinity of a pod in another namespace, by the namespace's labels",
    placed: [
      makePod("q", {
        nodeName: "a",
        namespace: "other",
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { ...byHost, namespaceSelector: { matchLabels: { team: "x" } } },
            ],
          },
        },
      }),
    ],
    pod: makePod("p", web),
    view: { namespaceLabels: () => ({ team: "x" }) },
    says: "1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
];

for (const { name, nodes = [makeNode("a")], placed, pod, view, says } of cases) {
  test(`a filter ${says === undefined ? "lets pass" : "refuses"} ${name}`, () => {
    const { failure, nodeName } = place(makeDecider(nodes, placed, view), pod);
    if (says === undefined) {
      assert.equal(failure?.message, undefined);
      assert.ok(nodeName);
      return;
    }
    const message = failure!.message.replace(/ preemption: .*$/, "");
    assert.equal(message, `0/${nodes.length} nodes are available: ${says}`);
  });
}
