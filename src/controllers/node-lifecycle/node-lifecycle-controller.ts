// Watches nodes' leases: a node that is silent for too long becomes Unknown, is tainted, and its pods are no longer ready.
// May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { lease as leaseKind } from "../../kinds/coordination/lease.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Lease } from "../../kinds/types/coordination-v1.gen.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Source, type View } from "../controller.ts";
import { nodeMonitorGraceMs, nodeStartupGraceMs, silentConditions, wantedTaints } from "./node-conditions.ts";

const leaseNamespace = "kube-node-lease";
const nodeIndex = "node";

/** When each node was last heard of by this process's own clock: the nodes' clocks may differ. */
interface Heard {
  readonly renewTime: string | undefined;
  readonly atMs: number;
}

const isReady = ({ status }: Node): boolean =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

function notReadyPods(node: Node, view: View, now: string): Change[] {
  const changes: Change[] = [];
  for (const pod of view.byIndex(podKind, nodeIndex, node.metadata.name)) {
    const ready = pod.status?.conditions?.find((one) => one.type === "Ready");
    if (ready?.status !== "True") continue;
    const conditions = pod.status!.conditions!.map((one) =>
      one === ready ? { ...one, status: "False", reason: "NodeNotReady", lastTransitionTime: now } : one,
    );
    const object = { ...pod, status: { ...pod.status, conditions } };
    changes.push({ do: "update", kind: podKind, object, subresource: "status" });
    const message = "Node is not ready";
    changes.push({ do: "event", about: pod, type: "Warning", reason: "NodeNotReady", message });
  }
  return changes;
}

function taintChange(node: Node, now: string): Change[] {
  const taints = wantedTaints(node, now);
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const sorted = (list: readonly { key: string; effect: string }[]): string[] =>
    list.map(({ key, effect }) => `${key}:${effect}`).toSorted();
  if (same(sorted(taints), sorted(node.spec?.taints ?? []))) return [];
  const { name, resourceVersion } = node.metadata;
  const patch = { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
  return [{ do: "patch", kind: nodeKind, name, patch: patch as never, options: { type: "merge" } }];
}

export function nodeLifecycleController(): Controller {
  const heard = new Map<string, Heard>();
  const nodes: Source<Node> = { kind: nodeKind, keysOf: (object) => [keyOf(object)] };
  const leases: Source<Lease> = {
    kind: leaseKind,
    keysOf: ({ metadata }) => (metadata.namespace === leaseNamespace ? [metadata.name] : []),
  };
  const pods: Source<Pod> = {
    kind: podKind,
    keysOf: () => [],
    indexes: { [nodeIndex]: ({ spec }) => (spec.nodeName ? [spec.nodeName] : []) },
  };
  return {
    name: "node-controller",
    sources: [nodes, leases, pods],
    workers: 8,
    reconcile(key, view, nowMs) {
      const node = view.get(nodeKind, undefined, key);
      if (!node) {
        heard.delete(key);
        return { changes: [] };
      }
      const renewTime = view.get(leaseKind, leaseNamespace, key)?.spec.renewTime;
      const known = heard.get(key);
      const last = known && known.renewTime === renewTime ? known : { renewTime, atMs: nowMs };
      heard.set(key, last);
      const graceMs = node.status?.conditions?.length ? nodeMonitorGraceMs : nodeStartupGraceMs;
      const now = toTime(nowMs);
      if (nowMs - last.atMs < graceMs) {
        return { changes: taintChange(node, now), requeueAtMs: last.atMs + graceMs };
      }
      const conditions = silentConditions(node, now);
      if (!conditions) return { changes: taintChange(node, now) };
      const object = { ...node, status: { ...node.status, conditions } };
      const message = `Node ${key} status is now: NodeNotReady`;
      const changes: Change[] = [{ do: "update", kind: nodeKind, object, subresource: "status" }];
      if (isReady(node)) changes.push({ do: "event", about: node, type: "Normal", reason: "NodeNotReady", message });
      return { changes: [...changes, ...notReadyPods(node, view, now)] };
    },
  };
}
