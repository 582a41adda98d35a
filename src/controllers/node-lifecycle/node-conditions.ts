// What a node's silence means: its conditions become Unknown, and taints follow from conditions. Pure. Upstream:
// pkg/controller/nodelifecycle. May import src/base and src/kinds.
import type { Node, NodeCondition, Taint } from "../../kinds/types/core-v1.gen.ts";

/** A node that has not renewed its lease for so long is out of reach. Upstream: --node-monitor-grace-period, 50 s. */
export const nodeMonitorGraceMs = 50_000;
/** A new node may take longer to say something for the first time. Upstream: --node-startup-grace-period, 1 min. */
export const nodeStartupGraceMs = 60_000;

export const notReadyTaint = "node.kubernetes.io/not-ready";
export const unreachableTaint = "node.kubernetes.io/unreachable";

/** Taints that follow from a condition's status. */
const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: "node.kubernetes.io/memory-pressure" },
  DiskPressure: { True: "node.kubernetes.io/disk-pressure" },
  NetworkUnavailable: { True: "node.kubernetes.io/network-unavailable" },
  PIDPressure: { True: "node.kubernetes.io/pid-pressure" },
};
const unschedulableTaint = "node.kubernetes.io/unschedulable";
const managedKeys = new Set([...Object.values(conditionTaints).flatMap(Object.values<string>), unschedulableTaint]);

const reportedConditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** The conditions of a node that says nothing any more; undefined: they say so already. */
export function silentConditions(node: Node, now: string): NodeCondition[] | undefined {
  const old = node.status?.conditions ?? [];
  if (reportedConditions.every((type) => old.find((one) => one.type === type)?.status === "Unknown")) return undefined;
  const others = old.filter((one) => !reportedConditions.includes(one.type));
  const silent = reportedConditions.map((type): NodeCondition => {
    const before = old.find((one) => one.type === type);
    if (before?.status === "Unknown") return before;
    if (!before) {
      return {
        type,
        status: "Unknown",
        reason: "NodeStatusNeverUpdated",
        message: "Kubelet never posted node status.",
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: now,
      };
    }
    return {
      ...before,
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
      lastTransitionTime: now,
    };
  });
  return [...silent, ...others];
}

/** The taints that a node should have: the ones that follow from its state, and all that others set. */
export function wantedTaints(node: Node, now: string): Taint[] {
  const old = node.spec?.taints ?? [];
  const keys = new Set<string>();
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = conditionTaints[type]?.[status];
    if (key) keys.add(key);
  }
  // A node that has never reported stays closed, as admission made it.
  if (!node.status?.conditions?.some((one) => one.type === "Ready")) keys.add(notReadyTaint);
  if (node.spec?.unschedulable) keys.add(unschedulableTaint);
  const wanted: Taint[] = [...keys].map((key) => ({ key, effect: "NoSchedule" }));
  for (const key of [notReadyTaint, unreachableTaint]) {
    const ready = node.status?.conditions?.find((one) => one.type === "Ready");
    if (ready && keys.has(key)) wanted.push({ key, effect: "NoExecute" });
  }
  const kept = old.filter((taint) => !managedKeys.has(taint.key));
  const found = (taint: Taint): Taint =>
    old.find((one) => one.key === taint.key && one.effect === taint.effect) ?? { ...taint, timeAdded: now };
  return [...kept, ...wanted.map(found)];
}
