// Whether a DaemonSet's pod belongs on a node: by name, selector, required affinity and taints. Upstream:
// NodeShouldRunDaemonPod in pkg/controller/daemon; k8s.io/component-helpers/scheduling/corev1/nodeaffinity. May import
// src/base, src/kinds.
import { findUntoleratedTaint } from "../../kinds/pod/tolerations.ts";
import type { DaemonSet } from "../../kinds/types/apps-v1.gen.ts";
import type {
  Affinity,
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  Toleration,
} from "../../kinds/types/core-v1.gen.ts";

const nameField = "metadata.name";
const wholeNumber = /^[+-]?[0-9]+$/;

const taint = (name: string, effect: string): Toleration => {
  return { key: `node.kubernetes.io/${name}`, operator: "Exists", effect } as Toleration;
};
/** Daemons stay on nodes that others must leave. */
const daemonTolerations: readonly Toleration[] = [
  taint("not-ready", "NoExecute"),
  taint("unreachable", "NoExecute"),
  taint("disk-pressure", "NoSchedule"),
  taint("memory-pressure", "NoSchedule"),
  taint("pid-pressure", "NoSchedule"),
  taint("unschedulable", "NoSchedule"),
];
const hostNetworkToleration = taint("network-unavailable", "NoSchedule");

const isSame = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key && (a.operator ?? "Equal") === b.operator && a.effect === b.effect && (a.value ?? "") === "";

/** The tolerations of a daemon's pod. */
export function daemonTolerationsOf(spec: PodSpec | undefined): readonly Toleration[] {
  const own = spec?.tolerations ?? [];
  const added = spec?.hostNetwork ? [...daemonTolerations, hostNetworkToleration] : daemonTolerations;
  return [...own, ...added.filter((one) => !own.some((old) => isSame(old, one)))];
}

function holds({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator as string) {
    case "In":
      return actual !== undefined && values.includes(actual);
    case "NotIn":
      return actual === undefined || !values.includes(actual);
    case "Exists":
      return actual !== undefined;
    case "DoesNotExist":
      return actual === undefined;
    default: {
      const [bound = ""] = values;
      if (actual === undefined || !wholeNumber.test(actual) || !wholeNumber.test(bound)) return false;
      return (operator as string) === "Gt" ? BigInt(actual) > BigInt(bound) : BigInt(actual) < BigInt(bound);
    }
  }
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const labels = metadata.labels ?? {};
  return (
    matchExpressions.every((one) => holds(one, Object.hasOwn(labels, one.key) ? labels[one.key] : undefined)) &&
    matchFields.every((one) => one.key === nameField && holds(one, metadata.name))
  );
}

function matchesNode(spec: PodSpec | undefined, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return selected && (!required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node)));
}

/** Whether a pod is to be started on the node, and whether one that runs there may stay. */
export function fitNode(set: DaemonSet, node: Node): { shouldRun: boolean; mayStay: boolean } {
  const { spec } = set.spec.template;
  const named = !spec?.nodeName || spec.nodeName === node.metadata.name;
  if (!named || !matchesNode(spec, node)) return { shouldRun: false, mayStay: false };
  const tolerations = daemonTolerationsOf(spec);
  const { taints } = node.spec ?? {};
  if (!findUntoleratedTaint(taints, tolerations)) return { shouldRun: true, mayStay: true };
  return { shouldRun: false, mayStay: !findUntoleratedTaint(taints, tolerations, ["NoExecute"]) };
}

/** The affinity that binds a daemon's pod to one node, whatever its template says of nodes. */
export function affinityTo(affinity: Affinity | undefined, nodeName: string): Affinity {
  const term: NodeSelectorTerm = { matchFields: [{ key: nameField, operator: "In", values: [nodeName] }] };
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [term] };
  const nodeAffinity = { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution };
  return { ...affinity, nodeAffinity };
}

/** The node that a daemon's pod is for, bound to it or not. */
export function targetNode({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const names = (required?.nodeSelectorTerms ?? [])
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator }) => key === nameField && operator === "In")?.values;
  return names?.length === 1 ? names[0] : undefined;
}
