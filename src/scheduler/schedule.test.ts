// Where pods go: load, spreading, affinity, taints, images, preemption, and the message in full. May import node and the
// scheduler.
import assert from "node:assert/strict";
import { test } from "node:test";
import { matcherOfLabels } from "../base/labels.ts";
import { seededRandom } from "../base/random.ts";
import { makeDecider, makeNode, makePod, place } from "./cluster-fixture.suite.ts";
import { explain } from "./explain.ts";
import { feasibleEnough, schedule } from "./schedule.ts";

const three = ["a", "b", "c"].map((name) => makeNode(name));
const web = { labels: { app: "web" } };

test("schedule says that there are no nodes", () => {
  const [placement] = schedule([makePod("p")], [], { random: seededRandom(1) });
  assert.equal(placement!.failure!.message, "no nodes available to schedule pods");
});

test("schedule tells reasons of all nodes, sorted, and what preemption said", () => {
  const tainted = { taints: [{ key: "x", effect: "NoSchedule" as const }] };
  const nodes = [makeNode("a", { spec: tainted }), makeNode("b", { spec: tainted }), makeNode("c")];
  const decider = makeDecider(nodes, [makePod("q", { nodeName: "c", requests: { cpu: "4" } })]);
  assert.equal(
    place(decider, makePod("p", { requests: { cpu: "1" } })).failure!.message,
    "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 nodes are " +
      "available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
  );
});

test("schedule prefers the least loaded of three nodes, then the one that it balances", () => {
  const placed = [
    makePod("x", { nodeName: "a", requests: { cpu: "2", memory: "4Gi" } }),
    makePod("y", { nodeName: "b", requests: { cpu: "1", memory: "2Gi" } }),
  ];
  const decider = makeDecider(three, placed);
  const names = ["p", "q"].map(
    (name) => place(decider, makePod(name, { requests: { cpu: "1", memory: "2Gi" } })).nodeName,
  );
  assert.equal(names[0], "c");
  assert.ok(names[1] === "b" || names[1] === "c");
  const lopsided = makeDecider(three.slice(0, 2), [
    makePod("x", { nodeName: "a", requests: { cpu: "2", memory: "1Gi" } }),
    makePod("y", { nodeName: "b", requests: { cpu: "500m", memory: "4Gi" } }),
  ]);
  assert.equal(place(lopsided, makePod("p", { requests: { cpu: "1500m", memory: "128Mi" } })).nodeName, "b");
});

test("schedule spreads pods of one service over three nodes", () => {
  const decider = makeDecider(three, [], { defaultSelector: () => matcherOfLabels({ app: "web" }) });
  const names = Array.from({ length: 6 }, (_, index) => place(decider, makePod(`p${index}`, web)).nodeName);
  assert.deepEqual(names.toSorted(), ["a", "a", "b", "b", "c", "c"]);
});

test("schedule keeps anti-affine pods apart and affine pods together", () => {
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "web" } } };
  const apart = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const decider = makeDecider(three);
  const names = ["p", "q", "r"].map((name) => place(decider, makePod(name, { ...web, affinity: apart })).nodeName);
  assert.equal(new Set(names).size, 3);
  assert.ok(place(decider, makePod("s", { ...web, affinity: apart })).failure);
  const near = makeDecider(three, [makePod("q", { ...web, nodeName: "b" })]);
  const preferred = {
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
  };
  assert.equal(place(near, makePod("p", { affinity: preferred })).nodeName, "b");
});

test("schedule weighs preferred nodes, tolerable taints and images", () => {
  const nodes = [
    makeNode("a", { spec: { taints: [{ key: "x", effect: "PreferNoSchedule" }] }, labels: { disk: "ssd" } }),
    makeNode("b", { images: ["app:1"] }),
    makeNode("c"),
  ];
  const explained = explain(
    makeDecider(nodes).state,
    makePod("p", {
      requests: { cpu: "400m", memory: "819Mi" },
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 10, preference: { matchExpressions: [{ key: "disk", operator: "In", values: ["ssd"] }] } },
          ],
        },
      },
    }),
  );
  const rest = { NodeResourcesFit: 90, NodeResourcesBalancedAllocation: 74 };
  assert.deepEqual(
    explained.nodes.map(({ scores }) => scores),
    [
      { TaintToleration: 0, NodeAffinity: 200, ...rest, ImageLocality: 0 },
      { TaintToleration: 300, NodeAffinity: 0, ...rest, ImageLocality: 24 },
      { TaintToleration: 300, NodeAffinity: 0, ...rest, ImageLocality: 0 },
    ],
  );
});

test("explain names the first plugin that refuses on each node and changes nothing", () => {
  const decider = makeDecider([makeNode("a", { spec: { unschedulable: true } }), makeNode("b")]);
  const before = decider.state.snapshot.amounts.podCount.slice();
  const { nodes } = explain(decider.state, makePod("p"));
  assert.equal(nodes[0]!.refusal!.plugin, "NodeUnschedulable");
  assert.ok(nodes[1]!.total! > 0);
  assert.deepEqual(decider.state.snapshot.amounts.podCount, before);
  const gated = explain(decider.state, makePod("g", { schedulingGates: [{ name: "one" }, { name: "two" }] }));
  assert.deepEqual(gated.refusal!.reasons, ["waiting for scheduling gates: [one two]"]);
});

test("schedule preempts the fewest, least important pods and leaves the snapshot as it was", () => {
  const full = (name: string, nodeName: string, priority: number, cpu: string) =>
    makePod(name, { nodeName, priority, requests: { cpu }, status: { startTime: "2026-01-01T00:00:00Z" } });
  const decider = makeDecider(three, [
    full("a1", "a", 100, "4"),
    full("b1", "b", 10, "2"),
    full("b2", "b", 20, "2"),
    full("c1", "c", 5000, "4"),
  ]);
  const before = decider.state.snapshot.amounts.requestedCpuMilli.slice();
  const { failure } = place(decider, makePod("p", { priority: 1000, requests: { cpu: "2" } }));
  assert.equal(failure!.message, "0/3 nodes are available: 3 Insufficient cpu.");
  assert.equal(failure!.preemption.nominate, "b");
  assert.deepEqual(
    failure!.preemption.victims!.map(({ metadata }) => metadata.name),
    ["b1"],
  );
  assert.deepEqual(decider.state.snapshot.amounts.requestedCpuMilli, before);
  const never = place(decider, makePod("n", { priority: 1000, preemptionPolicy: "Never", requests: { cpu: "2" } }));
  assert.equal(
    never.failure!.message,
    "0/3 nodes are available: 3 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
  );
});

test("schedule spares pods whose eviction would break a budget", () => {
  const victim = (name: string, nodeName: string) =>
    makePod(name, { nodeName, labels: { app: name }, requests: { cpu: "4" } });
  const budget = {
    metadata: { name: "pdb", namespace: "default" },
    spec: { selector: { matchLabels: { app: "a1" } } },
    status: { disruptionsAllowed: 0 },
  };
  const decider = makeDecider(three.slice(0, 2), [victim("a1", "a"), victim("b1", "b")], {
    disruptionBudgets: () => [budget as never],
  });
  const { failure } = place(decider, makePod("p", { priority: 1, requests: { cpu: "1" } }));
  assert.equal(failure!.preemption.nominate, "b");
});

test("schedule leaves a nominated pod's room alone, but not against a more important one", () => {
  const decider = makeDecider([makeNode("a")]);
  const { snapshot, nominations } = decider.state;
  const waiting = makePod("w", { priority: 10, requests: { cpu: "4" } });
  nominations.set(place(makeDecider([makeNode("z")]), waiting).info, "a");
  const lesser = place(decider, makePod("p", { requests: { cpu: "1" } }));
  assert.match(lesser.failure!.message, /1 Insufficient cpu/);
  assert.equal(place(decider, makePod("q", { priority: 11, requests: { cpu: "1" } })).nodeName, "a");
  assert.equal(snapshot.amounts.requestedCpuMilli[snapshot.entry("a")!.slot], 1000);
});

test("assumed pods count until they are forgotten, and bound ones stay", () => {
  const decider = makeDecider([makeNode("a", { allocatable: { pods: "1" } })]);
  const { snapshot } = decider.state;
  const first = place(decider, makePod("p"));
  assert.equal(first.nodeName, "a");
  assert.ok(place(decider, makePod("q")).failure);
  assert.ok(snapshot.forget(first.info.uid));
  assert.equal(place(decider, makePod("q")).nodeName, "a");
  snapshot.setPod(makePod("q", { nodeName: "a" }));
  assert.equal(snapshot.forget("uid-q"), false);
  snapshot.deletePod("uid-q");
  assert.equal(snapshot.amounts.podCount[snapshot.entry("a")!.slot], 0);
});

test("feasibleEnough follows upstream's sampling", () => {
  const table = [50, 99, 100, 500, 1000, 5000, 10000].map((nodes) => [nodes, feasibleEnough(nodes)]);
  assert.deepEqual(table, [
    [50, 50],
    [99, 99],
    [100, 100],
    [500, 230],
    [1000, 420],
    [5000, 500],
    [10000, 500],
  ]);
});
