// Benchmarks of the scheduler alone, without an API: `node bench/scheduler.ts`. Each prints one line of JSON with its
// budget. May import node and every layer.
import { matcherOfLabels } from "../src/base/labels.ts";
import { seededRandom } from "../src/base/random.ts";
import type { Node, Pod } from "../src/kinds/types/core-v1.gen.ts";
import { createDecider, type Decider, emptyView, scheduleOne } from "../src/scheduler/index.ts";
import { podInfoOf } from "../src/scheduler/pod-info.ts";

const nodeCount = 5_000;
const podCount = 10_000;

/** The least, in pods per second. */
function print(name: string, value: number, budget: number): void {
  console.log(JSON.stringify({ name, value: Math.round(value), unit: "pods/s", budget }));
}

const makeNode = (number: number): Node => ({
  metadata: {
    name: `node-${number}`,
    uid: `node-${number}`,
    labels: { "kubernetes.io/hostname": `node-${number}`, "topology.kubernetes.io/zone": `zone-${number % 3}` },
  } as unknown as Node["metadata"],
  spec: {},
  status: { allocatable: { cpu: "8", memory: "32Gi", "ephemeral-storage": "100Gi", pods: "110" } },
});

/** As JSON from the API is: every pod a new object. */
const makePod = (number: number, spec: Partial<Pod["spec"]> = {}): Pod => ({
  metadata: {
    name: `web-${number}`,
    namespace: "bench",
    uid: `web-${number}`,
    labels: { app: "web" },
  } as unknown as Pod["metadata"],
  spec: {
    containers: [{ name: "web", image: "web:1", resources: { requests: { cpu: "100m", memory: "128Mi" } } }],
    tolerations: [
      { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
    ],
    ...spec,
  },
});

function makeDecider(selected: boolean): Decider {
  const selector = matcherOfLabels({ app: "web" });
  const view = { ...emptyView, ...(selected ? { defaultSelector: () => selector } : {}) };
  const decider = createDecider(view, seededRandom(1));
  for (let number = 0; number < nodeCount; number += 1) decider.state.snapshot.setNode(makeNode(number));
  return decider;
}

function run(
  name: string,
  budget: number,
  options: { selected: boolean; spec?: Partial<Pod["spec"]>; pods: number },
): void {
  const decider = makeDecider(options.selected);
  const pods = Array.from({ length: options.pods }, (_, number) => makePod(number, options.spec));
  const startMs = performance.now();
  let placed = 0;
  for (const pod of pods) {
    if (scheduleOne(decider, podInfoOf(pod), 0).nodeName) placed += 1;
  }
  const seconds = (performance.now() - startMs) / 1000;
  if (placed !== pods.length) throw new Error(`${name}: only ${placed} of ${pods.length} pods were placed`);
  print(`${name}, ${nodeCount} nodes`, pods.length / seconds, budget);
}

run("pods of one kind", 2_000, { selected: false, pods: podCount });
run("pods of one Deployment, spread by default", 2_000, { selected: true, pods: podCount });
run("pods that spread over zones by constraint", 2_000, {
  selected: true,
  pods: podCount,
  spec: {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { app: "web" } },
      },
    ],
  },
});
run("pods that avoid each other's nodes", 500, {
  selected: true,
  pods: 2_000,
  spec: {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "web" } } },
        ],
      },
    },
  },
});
