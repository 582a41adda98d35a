// Nodes and pods for the scheduler's tests. May import node and the scheduler.
import { seededRandom } from "../base/random.ts";
import type { Node, NodeSpec, Pod, PodSpec } from "../kinds/types/core-v1.gen.ts";
import { type ClusterView, emptyView } from "./cluster-view.ts";
import { podInfoOf } from "./pod-info.ts";
import { createDecider, type Decider, type Placement, scheduleOne } from "./schedule.ts";

export type Labels = Readonly<Record<string, string>>;

export function makeNode(
  name: string,
  options: { labels?: Labels; allocatable?: Labels; spec?: NodeSpec; images?: readonly string[] } = {},
): Node {
  return {
    metadata: {
      name,
      uid: name,
      labels: { "kubernetes.io/hostname": name, ...options.labels },
    } as unknown as Node["metadata"],
    spec: options.spec ?? {},
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110", ...options.allocatable },
      images: options.images?.map((image) => ({ names: [image], sizeBytes: 800 * 1024 * 1024 })),
    },
  };
}

export interface PodOptions extends Partial<Omit<PodSpec, "containers">> {
  readonly labels?: Labels;
  readonly namespace?: string;
  readonly requests?: Labels;
  readonly ports?: NonNullable<PodSpec["containers"][number]["ports"]>;
  readonly status?: Pod["status"];
  readonly deletionTimestamp?: string;
}

export function makePod(name: string, options: PodOptions = {}): Pod {
  const { labels, namespace = "default", requests, ports, status, deletionTimestamp, ...spec } = options;
  return {
    metadata: { name, namespace, uid: `uid-${name}`, labels, deletionTimestamp } as unknown as Pod["metadata"],
    spec: { containers: [{ name: "main", image: "app:1", resources: { requests }, ports }], ...spec },
    status,
  };
}

export function makeDecider(nodes: readonly Node[], placed: readonly Pod[] = [], view?: Partial<ClusterView>): Decider {
  const decider = createDecider({ ...emptyView, ...view }, seededRandom(7));
  for (const node of nodes) decider.state.snapshot.setNode(node);
  for (const pod of placed) decider.state.snapshot.setPod(pod);
  return decider;
}

export const place = (decider: Decider, pod: Pod): Placement => scheduleOne(decider, podInfoOf(pod), 0);
