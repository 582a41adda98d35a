// Watches nodes' leases: a node that is silent for too long becomes Unknown, is tainted, and its pods are no longer ready.
// Upstream: pkg/controller/nodelifecycle. May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { lease as leaseKind } from "../../kinds/coordination/lease.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { JsonObject } from "../../kinds/object.ts";
import type { Lease } from "../../kinds/types/coordination-v1.gen.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Reconciled, type Source, type View } from "../controller.ts";
import { podStatusChange } from "../pod-status-change.ts";
import {
  isFullyDisrupted,
  missingLabels,
  nodeMonitorGraceMs,
  nodeStartupGraceMs,
  readyStatus,
  silentConditions,
  wantedTaints,
} from "./node-conditions.ts";

const leaseNamespace = "kube-node-lease";
const nodeIndex = "node";

/** When each node was last heard of by this process's own clock (the nodes' clocks may differ), and what it was then. */
interface Heard {
  readonly node: Node;
  readonly signs: string;
  readonly atMs: number;
  /** The status of Ready for which pods have been marked already. */
  readonly ready: string | undefined;
}

/** What shows that a node lives: its lease, or its own report. */
function signsOfLife(node: Node, view: View): string {
  const renewTime = view.get(leaseKind, leaseNamespace, node.metadata.name)?.spec.renewTime;
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  return [node.metadata.uid, renewTime, ready?.lastHeartbeatTime].join(" ");
}

function event(about: Node, reason: string, message: string): Change {
  const { apiVersion, kind, metadata } = about;
  const { name, uid, creationTimestamp } = metadata;
  return {
    do: "event",
    about: { apiVersion, kind, metadata: { name, uid, creationTimestamp } as Node["metadata"] },
    type: "Normal",
    reason,
    message: reason === "NodeNotReady" ? message : `Node ${name} event: ${message}`,
  };
}

function notReadyPods(node: Node, view: View, now: string): Change[] {
  return view.byIndex(podKind, nodeIndex, node.metadata.name).flatMap((pod): Change[] => {
    const ready = pod.status?.conditions?.find((one) => one.type === "Ready");
    if (ready?.status !== "True") return [];
    const condition = { ...ready, status: "False", lastTransitionTime: now };
    const message = "Node is not ready";
    return [
      podStatusChange(pod, { conditions: [condition] }),
      { do: "event", about: pod, type: "Warning", reason: "NodeNotReady", message },
    ];
  });
}

function taintChange(node: Node, view: View, now: string): Change[] {
  const taints = wantedTaints(node, !isFullyDisrupted(view.list(nodeKind)), now);
  const labels = missingLabels(node);
  const sorted = (list: readonly { key: string; effect: string }[]): string =>
    JSON.stringify(list.map(({ key, effect }) => `${key}:${effect}`).toSorted());
  const same = sorted(taints) === sorted(node.spec?.taints ?? []);
  if (same && !labels) return [];
  const { name, resourceVersion } = node.metadata;
  const patch = {
    metadata: { resourceVersion, ...(labels ? { labels } : {}) },
    ...(same ? {} : { spec: { taints: taints.length > 0 ? taints : null } }),
  };
  return [{ do: "patch", kind: nodeKind, name, patch: patch as JsonObject, options: { type: "merge" } }];
}

/** A node's readiness decides whether the others' pods are evicted. */
const nodes: Source<Node> = {
  kind: nodeKind,
  keysOf: (object, old, view) =>
    old && readyStatus(old) === readyStatus(object) && view.get(nodeKind, undefined, object.metadata.name)
      ? [keyOf(object)]
      : [
          keyOf(object),
          ...view
            .list(nodeKind)
            .filter((one) => readyStatus(one) !== "True")
            .map(keyOf),
        ],
};
const leases: Source<Lease> = {
  kind: leaseKind,
  keysOf: ({ metadata }) => (metadata.namespace === leaseNamespace ? [metadata.name] : []),
};
/** A pod that comes to a node that is out of reach is not ready either. */
const pods: Source<Pod> = {
  kind: podKind,
  keysOf: ({ spec }, old) => (spec.nodeName && old?.spec.nodeName !== spec.nodeName ? [spec.nodeName] : []),
  indexes: { [nodeIndex]: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) },
};

export function nodeLifecycleController(): Controller {
  const heard = new Map<string, Heard>();
  /** What is heard of the node now; remembered. */
  const listen = (node: Node, view: View, nowMs: number): { first: boolean; before: Heard | undefined; now: Heard } => {
    const { name } = node.metadata;
    const known = heard.get(name);
    const before = known?.node.metadata.uid === node.metadata.uid ? known : undefined;
    const signs = signsOfLife(node, view);
    const atMs = before?.signs === signs ? before.atMs : nowMs;
    const now = { node, signs, atMs, ready: readyStatus(node) };
    heard.set(name, now);
    return { first: before === undefined, before, now };
  };
  const removed = (key: string): Reconciled => {
    const known = heard.get(key);
    heard.delete(key);
    return { changes: known ? [event(known.node, "RemovingNode", `Removing Node ${key} from Controller`)] : [] };
  };
  return {
    name: "node-controller",
    sources: [nodes, leases, pods],
    workers: 8,
    reconcile(key, view, nowMs) {
      const node = view.get(nodeKind, undefined, key);
      if (!node) return removed(key);
      const { first, before, now: last } = listen(node, view, nowMs);
      const now = toTime(nowMs);
      const changes: Change[] = first ? [event(node, "RegisteredNode", `Registered Node ${key} in Controller`)] : [];
      const ready = readyStatus(node);
      const fell = before?.ready === "True" && ready !== "True";
      if (fell) changes.push(event(node, "NodeNotReady", `Node ${key} status is now: NodeNotReady`));
      // Nobody on a silent node says otherwise; a node that reports itself not ready may find its pods ready again.
      if (fell || ready === "Unknown") changes.push(...notReadyPods(node, view, now));
      const graceMs = ready === undefined ? nodeStartupGraceMs : nodeMonitorGraceMs;
      const silent = nowMs - last.atMs > graceMs;
      const conditions = silent ? silentConditions(node, now) : undefined;
      if (conditions) {
        // What follows from it comes with the next turn, which the node's own change brings.
        const object = { ...node, status: { ...node.status, conditions } };
        return { changes: [...changes, { do: "update", kind: nodeKind, object, subresource: "status" }] };
      }
      const requeueAtMs = silent ? undefined : last.atMs + graceMs + 1;
      return { changes: [...changes, ...taintChange(node, view, now)], requeueAtMs };
    },
  };
}
