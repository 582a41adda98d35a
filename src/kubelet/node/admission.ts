// Whether the node takes a pod that was bound to it (pkg/kubelet/lifecycle/predicate.go, with the scheduler's own
// checks). Pure; imports src/kinds.
import { findUntoleratedTaint } from "../../kinds/pod/tolerations.ts";
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from "../../kinds/types/core-v1.gen.ts";
import { milliOf, valueOf } from "../pod/amounts.ts";
import { isStaticPod } from "../pod/container-spec.ts";
import { podRequests } from "../pod/pod-resources.ts";
import { forbiddenSysctl } from "./safe-sysctls.ts";

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

const predicateFailed = (name: string, why: string): Rejection => ({
  reason: name,
  message: `Predicate ${name} failed: ${why}`,
});

function matchesRequirement(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const { operator, values = [] } = requirement;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const labelOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    expressions.every((one) => matchesRequirement(one, labelOf(one.key))) &&
    fields.every((one) => one.key === "metadata.name" && matchesRequirement(one, node.metadata.name))
  );
}

/** nodeSelector and required node affinity. */
export function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return selected && (!required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node)));
}

interface HostPort {
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
}

function hostPorts(pod: Pod): HostPort[] {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((one) => one.restartPolicy)];
  return containers.flatMap((container) =>
    (container.ports ?? [])
      .filter(({ hostPort }) => hostPort)
      .map(({ protocol = "TCP", hostIP = "", hostPort }) => ({ protocol, ip: hostIP || "0.0.0.0", port: hostPort! })),
  );
}

function portsConflict(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  const taken = others.flatMap(hostPorts);
  const everywhere = "0.0.0.0";
  return wanted.some((one) =>
    taken.some(
      (other) =>
        one.port === other.port &&
        one.protocol === other.protocol &&
        (one.ip === other.ip || one.ip === everywhere || other.ip === everywhere),
    ),
  );
}

/** CPU counts in thousandths, all else in whole units. */
const amountOf = (name: string, quantity: string | undefined): number =>
  name === "cpu" ? milliOf(quantity) : valueOf(quantity);

function missingResource(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const tell = (name: string, requested: number, used: number, capacity: number): Rejection => ({
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  });
  const podsMax = valueOf(allocatable.pods);
  if (others.length + 1 > podsMax) return tell("pods", 1, others.length, podsMax);
  const requests = podRequests(pod);
  for (const name of ["cpu", "memory", "ephemeral-storage", ...Object.keys(requests)]) {
    // Extended resources that the node does not have are another's business (a device plugin that is gone).
    if (allocatable[name] === undefined && name.includes("/")) continue;
    const requested = amountOf(name, requests[name]);
    if (requested === 0) continue;
    let used = 0;
    for (const other of others) used += amountOf(name, podRequests(other)[name]);
    const capacity = amountOf(name, allocatable[name]);
    if (requested > capacity - used) return tell(name, requested, used, capacity);
  }
  return undefined;
}

/** Why the pod is not taken; undefined: it is. `others` are the pods that the node has taken and that live. */
export function admitPod(pod: Pod, others: readonly Pod[], node: Node): Rejection | undefined {
  const sysctl = forbiddenSysctl(pod);
  if (sysctl) return { reason: "SysctlForbidden", message: sysctl };
  const osLabel = pod.metadata.labels?.["kubernetes.io/os"];
  if (osLabel !== undefined && osLabel !== "linux") {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return { reason: "PodOSSelectorNodeLabelDoesNotMatch", message };
  }
  if (pod.spec.os && pod.spec.os.name !== "linux") {
    return { reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  const groups = pod.spec.securityContext?.supplementalGroupsPolicy;
  if (groups === "Strict" && !node.status?.features?.supplementalGroupsPolicy) {
    const message = "SupplementalGroupsPolicy=Strict is not supported in this node";
    return { reason: "SupplementalGroupsPolicyNotSupported", message };
  }
  const missing = missingResource(pod, others, node);
  if (missing) return missing;
  if (!matchesNode(pod, node)) {
    return predicateFailed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
  }
  if (pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name) {
    return predicateFailed("NodeName", "node(s) didn't match the requested node name");
  }
  if (portsConflict(pod, others)) {
    return predicateFailed("NodePorts", "node(s) didn't have free ports for the requested pod ports");
  }
  if (!isStaticPod(pod) && findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ["NoExecute"])) {
    return predicateFailed("TaintToleration", "node(s) had taints that the pod didn't tolerate");
  }
  return undefined;
}
