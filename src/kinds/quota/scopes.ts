// Which objects a quota is about: its scopes and scope selectors. Source: pkg/quota/v1/evaluator/core. May import src/base.
import type { KubernetesObject } from "../object.ts";
import { getPodQOS } from "../pod/qos.ts";
import type { PersistentVolumeClaim, Pod, PodAffinityTerm, ResourceQuotaSpec } from "../types/core-v1.gen.ts";
import type { CountedKind } from "./usage.ts";

export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** All that a quota asks of an object. */
export const scopesOf = ({ scopes, scopeSelector }: ResourceQuotaSpec): readonly ScopeRequirement[] => [
  ...(scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
  ...(scopeSelector?.matchExpressions ?? []),
];

function holds({ operator, values = [] }: ScopeRequirement, actual: readonly string[]): boolean {
  switch (operator) {
    case "In":
      return actual.some((value) => values.includes(value));
    case "NotIn":
      return actual.every((value) => !values.includes(value));
    case "DoesNotExist":
      return actual.length === 0;
    default:
      return actual.length > 0;
  }
}

const isCrossing = ({ namespaces, namespaceSelector }: PodAffinityTerm): boolean =>
  (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined;
function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [...required, ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)].some(isCrossing);
  });
}

/** A pod that ends by itself after a time. */
export const hasDeadline = ({ spec }: Pod): boolean => (spec.activeDeadlineSeconds ?? -1) >= 0;

function podMatches(pod: Pod, requirement: ScopeRequirement): boolean {
  switch (requirement.scopeName) {
    case "Terminating":
      return hasDeadline(pod);
    case "NotTerminating":
      return !hasDeadline(pod);
    case "BestEffort":
      return getPodQOS(pod) === "BestEffort";
    case "NotBestEffort":
      return getPodQOS(pod) !== "BestEffort";
    case "PriorityClass":
      return holds(requirement, pod.spec.priorityClassName ? [pod.spec.priorityClassName] : []);
    case "CrossNamespacePodAffinity":
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

function claimMatches({ spec, status }: PersistentVolumeClaim, requirement: ScopeRequirement): boolean {
  if (requirement.scopeName !== "VolumeAttributesClass") return false;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return holds(requirement, names.filter((name) => name !== undefined && name !== "") as string[]);
}

/** Whether the object is one that a scope names. Only pods and claims have scopes. */
export function matchesScope(kind: CountedKind, object: KubernetesObject, requirement: ScopeRequirement): boolean {
  if (kind.group !== "") return false;
  if (kind.plural === "pods") return podMatches(object as Pod, requirement);
  return kind.plural === "persistentvolumeclaims" && claimMatches(object as PersistentVolumeClaim, requirement);
}
