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
const evictingKeys: readonly string[] = [notReadyTaint, unreachableTaint];

/** Labels that a node had under another name once, and still has. */
const olderLabels: Readonly<Record<string, string>> = {
  "kubernetes.io/os": "beta.kubernetes.io/os",
  "kubernetes.io/arch": "beta.kubernetes.io/arch",
};
const excludedLabel = "node.kubernetes.io/exclude-disruption";

/** What the kubelet reports; NetworkUnavailable is the control plane's own. */
const reportedConditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export const readyStatus = ({ status }: Node): string | undefined =>
  status?.conditions?.find(({ type }) => type === "Ready")?.status;

/** The conditions of a node that says nothing any more; undefined: they say so already. */
export function silentConditions(node: Node, now: string): NodeCondition[] | undefined {
  const old = node.status?.conditions ?? [];
  if (reportedConditions.every((type) => old.find((one) => one.type === type)?.status === "Unknown")) return undefined;
  const kept = old.map((one): NodeCondition => {
    if (!reportedConditions.includes(one.type) || one.status === "Unknown") return one;
    const message = "Kubelet stopped posting node status.";
    return { ...one, status: "Unknown", reason: "NodeStatusUnknown", message, lastTransitionTime: now };
  });
  const missing = reportedConditions.filter((type) => !old.some((one) => one.type === type));
  const added = missing.map((type): NodeCondition => ({
    type,
    status: "Unknown",
    reason: "NodeStatusNeverUpdated",
    message: "Kubelet never posted node status.",
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: now,
  }));
  return [...kept, ...added];
}

/**
 * Whether no node that counts is ready: then the fault is taken to be the control plane's own reach, and nobody is
 * evicted (upstream's full disruption).
 */
export function isFullyDisrupted(nodes: readonly Node[]): boolean {
  const counted = nodes.filter(({ metadata }) => metadata.labels?.[excludedLabel] === undefined);
  return counted.length > 0 && counted.every((node) => readyStatus(node) !== "True");
}

/** The taints that a node should have: the ones that follow from its state, and all that others set. */
export function wantedTaints(node: Node, evicting: boolean, now: string): Taint[] {
  const old = node.spec?.taints ?? [];
  const wanted: Taint[] = [];
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = conditionTaints[type]?.[status];
    if (key) wanted.push({ key, effect: "NoSchedule" });
  }
  if (node.spec?.unschedulable) wanted.push({ key: unschedulableTaint, effect: "NoSchedule" });
  const readyKey = conditionTaints["Ready"]![readyStatus(node) ?? ""];
  if (readyKey && evicting) wanted.push({ key: readyKey, effect: "NoExecute" });
  const isManaged = ({ key, effect }: Taint): boolean =>
    (effect === "NoSchedule" && managedKeys.has(key)) || (effect === "NoExecute" && evictingKeys.includes(key));
  const found = (taint: Taint): Taint =>
    old.find((one) => one.key === taint.key && one.effect === taint.effect) ?? { ...taint, timeAdded: now };
  return [...old.filter((taint) => !isManaged(taint)), ...wanted.map(found)];
}

/** The labels that a node lacks under their older names; undefined: none. */
export function missingLabels(node: Node): Record<string, string> | undefined {
  const labels = node.metadata.labels ?? {};
  const missing = Object.entries(olderLabels).flatMap(([key, older]) => {
    const value = labels[key];
    return value !== undefined && labels[older] !== value ? [[older, value] as const] : [];
  });
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}
