// Evicts pods from nodes with NoExecute taints that they do not tolerate, or no longer. Upstream:
// pkg/controller/tainteviction. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { toleratesTaint } from "../../kinds/pod/tolerations.ts";
import type { Node, Pod, PodCondition, Taint } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Source, splitKey } from "../controller.ts";
import { changedCondition, podStatusChange } from "../pod-status-change.ts";

const nodeIndex = "node";

/** When the pod has to go, for these taints: undefined: never; `sinceMs` or before: at once. */
export function evictionAtMs(pod: Pod, taints: readonly Taint[], sinceMs: number): number | undefined {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    // Of several tolerations that match, the first counts.
    const toleration = pod.spec.tolerations?.find((one) => toleratesTaint(one, taint));
    if (!toleration) return 0;
    const { tolerationSeconds } = toleration;
    if (tolerationSeconds === undefined) continue;
    if (tolerationSeconds <= 0) return 0;
    shortestMs = Math.min(shortestMs, tolerationSeconds * 1000);
  }
  return shortestMs === Number.POSITIVE_INFINITY ? undefined : sinceMs + shortestMs;
}

function event(pod: Pod, message: string): Change {
  return { do: "event", about: pod, type: "Normal", reason: "TaintManagerEviction", message };
}

function evict(pod: Pod, now: string): Change[] {
  const message = "Taint manager: deleting due to NoExecute taint";
  const wanted: PodCondition = { type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager", message };
  const condition = changedCondition(pod, wanted, now);
  return [
    event(pod, `Marking for deletion Pod ${keyOf(pod)}`),
    ...(condition ? [podStatusChange(pod, { conditions: [condition] })] : []),
    { do: "delete", kind: podKind, object: pod },
  ];
}

/** When the pod began to stand under the taints: the first taint's time, but not before the pod itself came. */
function beganAtMs(pod: Pod, taints: readonly Taint[], nowMs: number): number {
  const taintedMs = taints.map(({ timeAdded }) => (timeAdded ? Date.parse(timeAdded) : nowMs));
  const arrivedMs = pod.status?.startTime ? Date.parse(pod.status.startTime) : nowMs;
  return Math.min(nowMs, Math.max(arrivedMs, Math.min(...taintedMs)));
}

interface Scheduled {
  readonly pod: Pod;
  readonly sinceMs: number;
}

const pods: Source<Pod> = {
  kind: podKind,
  keysOf: (object) => (object.spec.nodeName ? [keyOf(object)] : []),
  indexes: { [nodeIndex]: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) },
};
const noExecute = (node: Node | undefined): readonly Taint[] =>
  (node?.spec?.taints ?? []).filter((taint) => taint.effect === "NoExecute");
const nodes: Source<Node> = {
  kind: nodeKind,
  keysOf(object, old, view) {
    const [taints, before] = [noExecute(object), noExecute(old)].map((list) => JSON.stringify(list));
    const gone = view.get(nodeKind, undefined, object.metadata.name) === undefined;
    if (taints === (old ? before : "[]") && !gone) return [];
    return view.byIndex(podKind, nodeIndex, object.metadata.name).map(keyOf);
  },
};

export function taintEvictionController(): Controller {
  /** Evictions that wait for their time, by the pod's key. */
  const scheduled = new Map<string, Scheduled>();
  const cancel = (key: string): Change[] => {
    const waiting = scheduled.get(key);
    scheduled.delete(key);
    return waiting ? [event(waiting.pod, `Cancelling deletion of Pod ${key}`)] : [];
  };
  return {
    name: "taint-eviction-controller",
    identity: "node-controller",
    sources: [pods, nodes],
    workers: 8,
    reconcile(key, view, nowMs) {
      const pod = view.get(podKind, ...splitKey(key));
      const known = scheduled.get(key);
      const cancelled = known && known.pod.metadata.uid !== pod?.metadata.uid ? cancel(key) : [];
      if (!pod?.spec.nodeName) return { changes: cancelled };
      const taints = noExecute(view.get(nodeKind, undefined, pod.spec.nodeName));
      if (taints.length === 0 || pod.metadata.deletionTimestamp) return { changes: [...cancelled, ...cancel(key)] };
      const sinceMs = scheduled.get(key)?.sinceMs ?? beganAtMs(pod, taints, nowMs);
      const atMs = evictionAtMs(pod, taints, sinceMs);
      if (atMs === undefined) return { changes: [...cancelled, ...cancel(key)] };
      if (atMs > nowMs) {
        scheduled.set(key, { pod, sinceMs });
        return { changes: cancelled, requeueAtMs: atMs };
      }
      const early = atMs === 0 ? cancel(key) : [];
      scheduled.delete(key);
      return { changes: [...cancelled, ...early, ...evict(pod, toTime(nowMs))] };
    },
  };
}
