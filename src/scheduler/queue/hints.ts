// Queueing hints: whether an event may undo a plugin's refusal of a pod. A pod waits until one says so. Source: the
// EventsToRegister and isSchedulableAfter… of each plugin; KEP-4247. May import src/base, src/kinds.
import { semanticEqual } from "../../kinds/meta/equality.ts";
import { amountsOf } from "../../kinds/pod/resources.ts";
import { findUntoleratedTaint, toleratesTaintAmong } from "../../kinds/pod/tolerations.ts";
import { quantityValue, tryParseQuantity } from "../../base/quantity.ts";
import { matchesLabels } from "../../base/labels.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { matchesAllTerms } from "../affinity-terms.ts";
import { requiredNodeMatch } from "../node-selector.ts";
import { unschedulableTaint } from "../plugins/node-fixed.ts";
import type { PluginName } from "../plugins/plugin.ts";
import { spreadConstraintsOf } from "../plugins/spread-constraints.ts";
import { claimNameOf } from "../plugins/volume-binding.ts";
import { claimNames, disksClash } from "../plugins/volume-restrictions.ts";
import { hostPortsOf, type PodInfo, podInfoOf, toRequests } from "../pod-info.ts";
import { HostPorts } from "../snapshot/host-ports.ts";
import type { ClusterEvent, NodeChange, PodChange } from "./cluster-event.ts";

type EventOf<Kind extends ClusterEvent["kind"]> = Extract<ClusterEvent, { kind: Kind }>;
type Hint = (info: PodInfo, event: ClusterEvent) => boolean;

const isAdded = (event: ClusterEvent): boolean => event.old === undefined && event.now !== undefined;
const isNodeEvent = (event: ClusterEvent, changes: readonly NodeChange[]): event is EventOf<"node"> =>
  event.kind === "node" && (isAdded(event) || changes.some((change) => event.changes.has(change)));
const isOwn = ({ uid }: PodInfo, event: ClusterEvent, change: PodChange): boolean =>
  event.kind === "pod" && event.changes.has(change) && event.now?.metadata.uid === uid;
const isOnNode = (pod: Pod): boolean => Boolean(pod.spec?.nodeName || pod.status?.nominatedNodeName);
/** A pod on a node, or nominated for one, is gone. */
const deletedPod = (event: ClusterEvent): Pod | undefined =>
  event.kind === "pod" && event.old && !event.now && isOnNode(event.old) ? event.old : undefined;

const nodeUnschedulable: Hint = (info, event) => {
  if (isOwn(info, event, "toleration")) {
    return toleratesTaintAmong((event.now as Pod).spec?.tolerations, unschedulableTaint);
  }
  if (!isNodeEvent(event, ["taint"]) || !event.now || event.now.spec?.unschedulable) return false;
  return !event.old || Boolean(event.old.spec?.unschedulable);
};

const nodeName: Hint = (_info, event) => event.kind === "node" && isAdded(event);

const taintToleration: Hint = (info, event) => {
  if (isOwn(info, event, "toleration")) return true;
  if (!isNodeEvent(event, ["taint"]) || !event.now) return false;
  const refuses = (node: Node): boolean =>
    findUntoleratedTaint(node.spec?.taints, info.pod.spec?.tolerations) !== undefined;
  return !refuses(event.now) && (!event.old || refuses(event.old));
};

const nodeAffinity: Hint = (info, event) => {
  if (!isNodeEvent(event, ["label"]) || !event.now) return false;
  const match = requiredNodeMatch(info.pod.spec) ?? (() => true);
  return match(event.now) && (!event.old || !match(event.old));
};

const nodePorts: Hint = (info, event) => {
  if (event.kind === "node") return isAdded(event);
  const gone = deletedPod(event);
  if (!gone) return false;
  const ports = new HostPorts();
  ports.add(hostPortsOf(gone));
  return ports.conflicts(info.hostPorts);
};

interface Room {
  readonly pods: number;
  readonly of: (name: string) => number;
}

function roomOf(node: Node): Room {
  const { cpuMilli, memoryBytes, storageBytes, extended } = toRequests(amountsOf(node.status?.allocatable));
  const amounts = new Map([
    ...extended,
    ["cpu", cpuMilli],
    ["memory", memoryBytes],
    ["storage", storageBytes],
  ] as const);
  const pods = tryParseQuantity(node.status?.allocatable?.["pods"] ?? "0");
  return { pods: pods ? Number(quantityValue(pods)) : 0, of: (name) => amounts.get(name) ?? 0 };
}

const asked = ({ requests }: PodInfo): (readonly [string, number])[] =>
  [
    ["cpu", requests.cpuMilli] as const,
    ["memory", requests.memoryBytes] as const,
    ["storage", requests.storageBytes] as const,
    ...requests.extended,
  ].filter(([, amount]) => amount > 0);

const nodeResourcesFit: Hint = (info, event) => {
  if (event.kind === "pod") {
    if (deletedPod(event)) return true;
    if (!event.changes.has("scaleDown") || !event.now || !event.old) return false;
    if (event.now.metadata.uid === info.uid) return true;
    if (!event.now.spec?.nodeName) return false;
    const [before, after] = [asked(podInfoOf(event.old)), new Map(asked(podInfoOf(event.now)))];
    const wanted = new Set(asked(info).map(([name]) => name));
    return before.some(([name, amount]) => wanted.has(name) && amount > (after.get(name) ?? 0));
  }
  if (!isNodeEvent(event, ["allocatable"]) || !event.now) return false;
  const now = roomOf(event.now);
  // An empty node of that size would have to be large enough.
  if (now.pods < 1 || asked(info).some(([name, amount]) => amount > now.of(name))) return false;
  if (!event.old) return true;
  const old = roomOf(event.old);
  return now.pods > old.pods || asked(info).some(([name]) => now.of(name) > old.of(name));
};

const usesClaim = (info: PodInfo, { now }: EventOf<"claim">): boolean =>
  now?.metadata.namespace === info.namespace &&
  (info.pod.spec?.volumes ?? []).some((volume) => claimNameOf(info.pod, volume) === now.metadata.name);

const volumeRestrictions: Hint = (info, event) => {
  if (event.kind === "node") return isAdded(event);
  if (event.kind === "claim") return isAdded(event) && usesClaim(info, event);
  if (event.kind !== "pod" || event.now || !event.old || event.old.metadata.namespace !== info.namespace) return false;
  const theirs = new Set(claimNames(event.old));
  return disksClash(info.pod, event.old) || claimNames(info.pod).some((name) => theirs.has(name));
};

const classChanged = ({ old, now }: EventOf<"storageClass">): boolean =>
  Boolean(now) && (!old || !semanticEqual(old.allowedTopologies, now!.allowedTopologies));

const volumeBinding: Hint = (info, event) => {
  if (event.kind === "claim") return usesClaim(info, event);
  if (event.kind === "volume") return event.now !== undefined;
  if (event.kind === "storageClass") return classChanged(event);
  return event.now !== undefined && isNodeEvent(event, ["label"]);
};

const volumeZone: Hint = (info, event) => {
  if (event.kind === "storageClass") return event.now !== undefined;
  return volumeBinding(info, event);
};

const topologySpread: Hint = (info, event) => {
  const constraints = spreadConstraintsOf(info, "DoNotSchedule");
  const selected = (pod: Pod): boolean =>
    constraints.some(({ selector }) => matchesLabels(selector, pod.metadata.labels));
  if (event.kind === "pod") {
    const { old, now } = event;
    const takesPart = (pod: Pod): boolean =>
      pod.metadata.uid === info.uid || (isOnNode(pod) && pod.metadata.namespace === info.namespace);
    if (![old, now].every((pod) => !pod || takesPart(pod))) return false;
    if (!old || !now) return selected((old ?? now)!);
    if (isOwn(info, event, "toleration") && constraints.some(({ honorTaints }) => honorTaints)) return true;
    if (!event.changes.has("label")) return false;
    return constraints.some(
      ({ selector }) => matchesLabels(selector, old.metadata.labels) !== matchesLabels(selector, now.metadata.labels),
    );
  }
  if (event.kind !== "node") return false;
  const { old, now } = event;
  const value = (node: Node, key: string): string | undefined => node.metadata.labels?.[key];
  const hasAll = (node: Node): boolean =>
    constraints.every(({ topologyKey }) => value(node, topologyKey) !== undefined);
  if (!old || !now) return hasAll((old ?? now)!);
  if (hasAll(old) !== hasAll(now)) return true;
  const moved = constraints.some(({ topologyKey }) => value(old, topologyKey) !== value(now, topologyKey));
  return hasAll(now) && (moved || !semanticEqual(old.spec?.taints, now.spec?.taints));
};

function affinityHelpedByPod(info: PodInfo, event: EventOf<"pod">): boolean {
  const { old, now } = event;
  if (old && now && now.metadata.uid === info.uid) return event.changes.has("label");
  if (![old, now].every((pod) => !pod || isOnNode(pod))) return false;
  const meets = (pod: Pod): boolean => matchesAllTerms(info.requiredAffinity, podInfoOf(pod));
  const repels = (pod: Pod): boolean => matchesAllTerms(info.requiredAntiAffinity, podInfoOf(pod));
  if (old && now) return event.changes.has("label") && ((!meets(old) && meets(now)) || (repels(old) && !repels(now)));
  if (now) return meets(now);
  return repels(old!) || matchesAllTerms(podInfoOf(old!).requiredAntiAffinity, info);
}

const interPodAffinity: Hint = (info, event) => {
  if (event.kind === "pod") return affinityHelpedByPod(info, event);
  if (!isNodeEvent(event, ["label"]) || !event.now) return false;
  const { old, now } = event;
  const value = (node: Node, key: string): string | undefined => node.metadata.labels?.[key];
  if (!old) {
    const near = info.requiredAffinity.some(({ topologyKey }) => value(now, topologyKey) !== undefined);
    return near || info.requiredAntiAffinity.length > 0;
  }
  const changed = (key: string): boolean => value(old, key) !== value(now, key);
  const gained = info.requiredAffinity.some(({ topologyKey: key }) => value(now, key) !== undefined && changed(key));
  return (
    gained || info.requiredAntiAffinity.some(({ topologyKey: key }) => value(old, key) !== undefined && changed(key))
  );
};

const hints: Readonly<Record<string, Hint>> = {
  SchedulingGates: (info, event) => isOwn(info, event, "gates"),
  NodeUnschedulable: nodeUnschedulable,
  NodeName: nodeName,
  TaintToleration: taintToleration,
  NodeAffinity: nodeAffinity,
  NodePorts: nodePorts,
  NodeResourcesFit: nodeResourcesFit,
  VolumeRestrictions: volumeRestrictions,
  VolumeBinding: volumeBinding,
  VolumeZone: volumeZone,
  PodTopologySpread: topologySpread,
  InterPodAffinity: interPodAffinity,
} satisfies Partial<Record<PluginName, Hint>>;

/** Whether the event may help a pod that these plugins refused. A plugin of which nothing is known may always be helped. */
export const mayHelp = (info: PodInfo, plugins: ReadonlySet<string>, event: ClusterEvent): boolean =>
  [...plugins].some((plugin) => hints[plugin]?.(info, event) ?? plugin !== "DefaultPreemption");
