// Evicts pods from nodes with NoExecute taints that they do not tolerate, or no longer. Upstream:
// pkg/controller/tainteviction. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { toleratesTaint } from "../../kinds/pod/tolerations.ts";
import type { Node, Pod, PodCondition, Taint } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Source, splitKey } from "../controller.ts";

const nodeIndex = "node";

/** When the pod has to go, for these taints: undefined: never; 0: at once. */
export function evictionAtMs(pod: Pod, taints: readonly Taint[], sinceMs: number): number | undefined {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const tolerations = (pod.spec.tolerations ?? []).filter((toleration) => toleratesTaint(toleration, taint));
    if (tolerations.length === 0) return 0;
    for (const { tolerationSeconds } of tolerations) {
      if (tolerationSeconds !== undefined) shortestMs = Math.min(shortestMs, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return shortestMs === Number.POSITIVE_INFINITY ? undefined : sinceMs + shortestMs;
}

function evict(pod: Pod, now: string): Change[] {
  const condition: PodCondition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    lastTransitionTime: now,
  };
  const others = (pod.status?.conditions ?? []).filter((one) => one.type !== condition.type);
  const object = { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
  return [
    {
      do: "event",
      about: pod,
      type: "Normal",
      reason: "TaintManagerEviction",
      message: `Marking for deletion Pod ${keyOf(pod)}`,
    },
    { do: "update", kind: podKind, object, subresource: "status" },
    { do: "delete", kind: podKind, object: pod },
  ];
}

export function taintEvictionController(): Controller {
  /** pod uid → when it began to stand under the taints. */
  const sinceMs = new Map<string, number>();
  const pods: Source<Pod> = {
    kind: podKind,
    keysOf: (object) => (object.spec.nodeName ? [keyOf(object)] : []),
    indexes: { [nodeIndex]: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) },
  };
  const nodes: Source<Node> = {
    kind: nodeKind,
    keysOf(object, old, view) {
      const same = JSON.stringify(object.spec?.taints) === JSON.stringify(old?.spec?.taints);
      return old && same ? [] : view.byIndex(podKind, nodeIndex, object.metadata.name).map(keyOf);
    },
  };
  return {
    name: "taint-eviction-controller",
    sources: [pods, nodes],
    workers: 8,
    reconcile(key, view, nowMs) {
      const pod = view.get(podKind, ...splitKey(key));
      const node = pod?.spec.nodeName ? view.get(nodeKind, undefined, pod.spec.nodeName) : undefined;
      const taints = (node?.spec?.taints ?? []).filter((taint) => taint.effect === "NoExecute");
      if (!pod || taints.length === 0 || pod.metadata.deletionTimestamp) {
        if (pod) sinceMs.delete(pod.metadata.uid);
        return { changes: [] };
      }
      const beganMs = sinceMs.get(pod.metadata.uid) ?? earliestMs(taints) ?? nowMs;
      sinceMs.set(pod.metadata.uid, beganMs);
      const atMs = evictionAtMs(pod, taints, beganMs);
      if (atMs === undefined) return { changes: [] };
      if (atMs > nowMs) return { changes: [], requeueAtMs: atMs };
      sinceMs.delete(pod.metadata.uid);
      return { changes: evict(pod, toTime(nowMs)) };
    },
  };
}

function earliestMs(taints: readonly Taint[]): number | undefined {
  const times = taints.flatMap(({ timeAdded }) => (timeAdded ? [Date.parse(timeAdded)] : []));
  return times.length > 0 ? Math.min(...times) : undefined;
}
