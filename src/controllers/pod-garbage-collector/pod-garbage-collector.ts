// Deletes pods that nobody will ever finish: bound to a node that is gone, deleted before they were bound, and finished ones
// beyond a number. Upstream: pkg/controller/podgc. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { StatusError } from "../../base/errors.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Node, Pod, PodCondition } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Source, splitKey, type View } from "../controller.ts";

/** Finished pods that are kept. Upstream: --terminated-pod-gc-threshold, 12500. */
const terminatedPodsMax = 12_500;
/** How long a node must be missing before its pods are taken to be lost. Upstream: 40 s. */
const quarantineMs = 40_000;

const isTerminal = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";
const nodeIndex = "node";

/** Whether the pod's node is missing in the API itself. */
export interface PodFacts {
  readonly nodeMissing: boolean;
}

function disrupted(pod: Pod, message: string, now: string): Pod {
  const condition: PodCondition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByPodGC",
    message,
    lastTransitionTime: now,
  };
  const others = (pod.status?.conditions ?? []).filter((one) => one.type !== condition.type);
  return { ...pod, status: { ...pod.status, phase: "Failed", conditions: [...others, condition] } };
}

/** Marks the pod as failed, where it isn't finished, and deletes it without grace. */
function removal(pod: Pod, message: string, now: string): Change[] {
  const remove: Change = {
    do: "delete",
    kind: podKind,
    object: pod,
    options: { gracePeriodSeconds: 0 },
  };
  if (isTerminal(pod)) return [remove];
  const object = disrupted(pod, message, now);
  return [{ do: "update", kind: podKind, object, subresource: "status" }, remove];
}

function isExcess(pod: Pod, view: View): boolean {
  if (!isTerminal(pod)) return false;
  const finished = view.list(podKind).filter(isTerminal);
  if (finished.length <= terminatedPodsMax) return false;
  const oldest = finished
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .slice(0, finished.length - terminatedPodsMax);
  return oldest.some((one) => one.metadata.uid === pod.metadata.uid);
}

export function podGarbageCollector(): Controller<PodFacts> {
  const missingSinceMs = new Map<string, number>();
  const pods: Source<Pod> = {
    kind: podKind,
    keysOf: (object) => [keyOf(object)],
    indexes: { [nodeIndex]: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) },
  };
  const nodes: Source<Node> = {
    kind: nodeKind,
    keysOf: ({ metadata }, _old, view) => view.byIndex(podKind, nodeIndex, metadata.name).map(keyOf),
  };
  return {
    name: "pod-garbage-collector",
    sources: [pods, nodes],
    workers: 5,
    async gather(key, view, client) {
      const name = view.get(podKind, ...splitKey(key))?.spec.nodeName;
      if (!name || view.get(nodeKind, undefined, name)) return { nodeMissing: false };
      try {
        await client.get(nodeKind, name);
        return { nodeMissing: false };
      } catch (error) {
        if (error instanceof StatusError && error.code === 404) return { nodeMissing: true };
        throw error;
      }
    },
    reconcile(key, view, nowMs, { nodeMissing }) {
      const pod = view.get(podKind, ...splitKey(key));
      if (!pod) return { changes: [] };
      const now = toTime(nowMs);
      const { nodeName } = pod.spec;
      if (nodeName && nodeMissing) {
        const sinceMs = missingSinceMs.get(nodeName) ?? nowMs;
        missingSinceMs.set(nodeName, sinceMs);
        if (nowMs - sinceMs < quarantineMs) return { changes: [], requeueAtMs: sinceMs + quarantineMs };
        return { changes: removal(pod, "PodGC: node no longer exists", now) };
      }
      if (nodeName) missingSinceMs.delete(nodeName);
      if (!nodeName && pod.metadata.deletionTimestamp) {
        return { changes: [{ do: "delete", kind: podKind, object: pod, options: { gracePeriodSeconds: 0 } }] };
      }
      return { changes: isExcess(pod, view) ? removal(pod, "PodGC: too many finished pods", now) : [] };
    },
  };
}
