// What quotas count of pods, by scope. Source: pkg/quota/v1/evaluator/core/pods.go. May import src/base.
import { getPodQOS } from "../pod/qos.ts";
import { isNativeResource } from "../pod/resource-names.ts";
import { isPodLevelResourcesSet } from "../pod/resources.ts";
import type { Pod, PodAffinityTerm } from "../types/core-v1.gen.ts";
import { type Evaluator, matchesNames, type ScopeRequirement } from "./evaluator.ts";
import { deviceClassPrefix, namesOfContainer, podCountName, podUsage, requestsPrefix } from "./pod-usage.ts";

/** Names that containers must give an amount for where a quota limits it: upstream's old mistake, kept for its users. */
const requiredNames = new Set(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]);
const countedNames = new Set([
  podCountName,
  "pods",
  ...requiredNames,
  "ephemeral-storage",
  "requests.ephemeral-storage",
  "limits.ephemeral-storage",
]);

/** "requests.example.com/gpu": extended resources can't be overcommitted, so only requests are limited. */
export const isExtendedQuotaName = (name: string): boolean =>
  name.startsWith(requestsPrefix) && (!isNativeResource(name) || name.startsWith(requestsPrefix + deviceClassPrefix));

const counts = (name: string): boolean =>
  countedNames.has(name) || /^(requests\.)?hugepages-/.test(name) || isExtendedQuotaName(name);

const isTerminating = ({ spec }: Pod): boolean =>
  spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;

const crossesNamespaces = ({ namespaces, namespaceSelector }: PodAffinityTerm): boolean =>
  (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined;

function usesOtherNamespaces({ spec }: Pod): boolean {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].some(
    (one) =>
      one?.requiredDuringSchedulingIgnoredDuringExecution?.some(crossesNamespaces) ||
      one?.preferredDuringSchedulingIgnoredDuringExecution?.some((term) => crossesNamespaces(term.podAffinityTerm)),
  );
}

function matchesScope(requirement: ScopeRequirement, pod: Pod): boolean {
  switch (requirement.scopeName) {
    case "Terminating":
      return isTerminating(pod);
    case "NotTerminating":
      return !isTerminating(pod);
    case "BestEffort":
      return getPodQOS(pod) === "BestEffort";
    case "NotBestEffort":
      return getPodQOS(pod) !== "BestEffort";
    case "PriorityClass": {
      const { priorityClassName } = pod.spec;
      return matchesNames(requirement, priorityClassName ? [priorityClassName] : []);
    }
    case "CrossNamespacePodAffinity":
      return usesOtherNamespaces(pod);
    default:
      return false;
  }
}

function missing(required: readonly string[], pod: Pod): string | undefined {
  if (isPodLevelResourcesSet(pod.spec)) return undefined;
  const wanted = required.filter((name) => requiredNames.has(name)).toSorted();
  if (wanted.length === 0) return undefined;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name, resources }) => {
    return { name, given: namesOfContainer(resources?.requests, resources?.limits) };
  });
  const texts = wanted.flatMap((resource) => {
    const without = new Set(containers.filter(({ given }) => !given.has(resource)).map(({ name }) => name));
    return without.size > 0 ? [`${resource} for: ${[...without].toSorted().join(",")}`] : [];
  });
  return texts.length > 0 ? `must specify ${texts.join("; ")}` : undefined;
}

export const podEvaluator: Evaluator = {
  group: "",
  resource: "pods",
  handles({ operation, subresource, object, oldObject }) {
    if (subresource === "resize") return operation === "UPDATE";
    if (subresource !== "") return false;
    if (operation === "CREATE") return true;
    return oldObject !== undefined && isTerminating(object as Pod) !== isTerminating(oldObject as Pod);
  },
  matchingResources: (limited) => limited.filter(counts),
  matchesScope: (requirement, object) => matchesScope(requirement, object as Pod),
  missing: (required, object) => missing(required, object as Pod),
  usage: (object, { nowMs }) => podUsage(object as Pod, nowMs),
};
