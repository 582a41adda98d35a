// Deletes pods that nobody will ever finish: bound to a node that is gone or out of service, deleted before they were
// bound, and finished ones beyond a number. Upstream: pkg/controller/podgc. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { StatusError } from "../../base/errors.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Node, Pod, PodCondition } from "../../kinds/types/core-v1.gen.ts";
import {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Source,
  splitKey,
  type View,
} from "../controller.ts";
import { changedCondition, podStatusChange } from "../pod-status-change.ts";

/** Finished pods that are kept. Upstream: --terminated-pod-gc-threshold, 12500. */
const terminatedPodsMax = 12_500;
/** How long a node must be missing before its pods are taken to be lost. Upstream: 40 s. */
const quarantineMs = 40_000;
/** How often finished pods are counted at most. Upstream looks at all pods every 20 s. */
const sweepPeriodMs = 20_000;
const outOfServiceTaint = "node.kubernetes.io/out-of-service";
const nodeIndex = "node";
/** The key under which finished pods are counted; no pod's key has no slash. */
const sweepKey = "finished";

const isFinished = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";
const isEvicted = ({ status }: Pod): boolean => status?.phase === "Failed" && status.reason === "Evicted";
const isReady = ({ status }: Node): boolean =>
  status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
const isOutOfService = (node: Node): boolean =>
  !isReady(node) && (node.spec?.taints?.some(({ key }) => key === outOfServiceTaint) ?? false);

/** Whether the pod's node is missing in the API itself. */
export interface PodFacts {
  readonly nodeMissing: boolean;
}

/** Marks the pod as failed, where it isn't finished, and deletes it without grace. */
function removal(pod: Pod, condition: PodCondition | undefined): Change[] {
  const remove: Change = { do: "delete", kind: podKind, object: pod, options: { gracePeriodSeconds: 0 } };
  if (isFinished(pod)) return [remove];
  return [podStatusChange(pod, { phase: "Failed", ...(condition ? { conditions: [condition] } : {}) }), remove];
}

function lostCondition(pod: Pod, now: string): PodCondition | undefined {
  const message = "PodGC: node no longer exists";
  return changedCondition(pod, { type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC", message }, now);
}

/** Evicted pods go first, then the oldest. */
function before(a: Pod, b: Pod): number {
  if (isEvicted(a) !== isEvicted(b)) return isEvicted(a) ? -1 : 1;
  const [older, younger] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (older !== younger) return older < younger ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

function removeExcess(view: View): Change[] {
  const finished = view.list(podKind).filter(isFinished);
  if (finished.length <= terminatedPodsMax) return [];
  const excess = finished.toSorted(before).slice(0, finished.length - terminatedPodsMax);
  return excess.flatMap((pod) => removal(pod, undefined));
}

const pods: Source<Pod> = {
  kind: podKind,
  keysOf: (object, old) => [keyOf(object), ...(isFinished(object) && !(old && isFinished(old)) ? [sweepKey] : [])],
  indexes: { [nodeIndex]: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) },
};
const nodes: Source<Node> = {
  kind: nodeKind,
  keysOf(object, old, view) {
    const { name } = object.metadata;
    const gone = view.get(nodeKind, undefined, name) === undefined;
    if (!gone && !isOutOfService(object) && old && !isOutOfService(old)) return [];
    return view.byIndex(podKind, nodeIndex, name).map(keyOf);
  },
};

export function podGarbageCollector(): Controller<PodFacts> {
  const missingSinceMs = new Map<string, number>();
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  const sweep = (view: View, nowMs: number): Reconciled => {
    if (nowMs < sweptAtMs + sweepPeriodMs) return { changes: [], requeueAtMs: sweptAtMs + sweepPeriodMs };
    sweptAtMs = nowMs;
    return { changes: removeExcess(view) };
  };
  const lost = (pod: Pod, nodeName: string, nowMs: number): Reconciled => {
    const sinceMs = missingSinceMs.get(nodeName) ?? nowMs;
    missingSinceMs.set(nodeName, sinceMs);
    if (nowMs - sinceMs < quarantineMs) return { changes: [], requeueAtMs: sinceMs + quarantineMs };
    return { changes: removal(pod, lostCondition(pod, toTime(nowMs))) };
  };
  return {
    name: "pod-garbage-collector",
    sources: [pods, nodes],
    workers: 5,
    async gather(key, view, client) {
      const name = key === sweepKey ? undefined : view.get(podKind, ...splitKey(key))?.spec.nodeName;
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
      if (key === sweepKey) return sweep(view, nowMs);
      const pod = view.get(podKind, ...splitKey(key));
      if (!pod) return { changes: [] };
      const { nodeName } = pod.spec;
      if (nodeName && nodeMissing) return lost(pod, nodeName, nowMs);
      if (nodeName) missingSinceMs.delete(nodeName);
      if (!pod.metadata.deletionTimestamp) return { changes: [] };
      const node = nodeName ? view.get(nodeKind, undefined, nodeName) : undefined;
      const abandoned = nodeName === undefined || (node !== undefined && isOutOfService(node));
      return { changes: abandoned ? removal(pod, undefined) : [] };
    },
  };
}
