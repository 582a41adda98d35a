// Which nodes a pod may or would rather run on: nodeSelector and node affinity. Source: component-helpers
// scheduling/corev1/nodeaffinity. May import src/base, src/kinds.
import {
  type LabelMatcher,
  type LabelOperator,
  labelRequirement,
  matcherOf,
  matcherOfLabels,
  matchesLabels,
  SelectorError,
} from "../base/labels.ts";
import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
} from "../kinds/types/core-v1.gen.ts";

export type NodeMatch = (node: Node) => boolean;

const labelOperators = new Map<string, LabelOperator>([
  ["In", "in"],
  ["NotIn", "notin"],
  ["Exists", "exists"],
  ["DoesNotExist", "!"],
  ["Gt", "gt"],
  ["Lt", "lt"],
]);

/** Undefined where a requirement can't be: the term then matches nothing. */
function toLabelMatcher(requirements: readonly NodeSelectorRequirement[]): LabelMatcher | undefined {
  try {
    return matcherOf(
      requirements.map(({ key, operator, values }) =>
        labelRequirement(key, labelOperators.get(operator)!, values ?? []),
      ),
    );
  } catch (error) {
    if (error instanceof SelectorError) return undefined;
    throw error;
  }
}

/** The only field is metadata.name, with exactly one value. */
function matchesField({ key, operator, values = [] }: NodeSelectorRequirement, node: Node): boolean {
  if (values.length !== 1) return false;
  const actual = key === "metadata.name" ? node.metadata.name : "";
  if (operator === "In") return actual === values[0];
  return operator === "NotIn" && actual !== values[0];
}

function toTermMatch({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeMatch | undefined {
  if (matchExpressions.length === 0 && matchFields.length === 0) return undefined;
  const labels = toLabelMatcher(matchExpressions);
  if (!labels) return () => false;
  return (node) =>
    matchesLabels(labels, node.metadata.labels) && matchFields.every((requirement) => matchesField(requirement, node));
}

/** One of the terms must hold; an empty term holds never. */
export function matchOfNodeSelector(selector: NodeSelector): NodeMatch {
  const terms = (selector.nodeSelectorTerms ?? []).flatMap((term) => toTermMatch(term) ?? []);
  return (node) => terms.some((term) => term(node));
}

/** What the pod demands of its node; undefined when it demands nothing. */
export function requiredNodeMatch(spec: PodSpec | undefined): NodeMatch | undefined {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selector = spec?.nodeSelector;
  const labels = selector && Object.keys(selector).length > 0 ? matcherOfLabels(selector) : undefined;
  if (!required && !labels) return undefined;
  const affinity = required ? matchOfNodeSelector(required) : undefined;
  return (node) => (!labels || matchesLabels(labels, node.metadata.labels)) && (!affinity || affinity(node));
}

/** The sum of the weights of the preferences that the node meets; undefined when the pod prefers nothing. */
export function preferredNodeWeight(spec: PodSpec | undefined): ((node: Node) => number) | undefined {
  const preferred = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  if (!preferred) return undefined;
  const terms = preferred.flatMap(({ weight, preference }) => {
    const match = weight === 0 ? undefined : toTermMatch(preference);
    return match ? [{ weight, match }] : [];
  });
  return (node) => terms.reduce((sum, { weight, match }) => (match(node) ? sum + weight : sum), 0);
}

/** The nodes that required affinity names by metadata.name; undefined when some term names none. */
export function namedNodes(spec: PodSpec | undefined): ReadonlySet<string> | undefined {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    let own: Set<string> | undefined;
    for (const { key, operator, values = [] } of matchFields) {
      if (key !== "metadata.name" || operator !== "In") continue;
      own = new Set(own ? values.filter((value) => own!.has(value)) : values);
    }
    if (!own) return undefined;
    for (const name of own) names.add(name);
  }
  return names;
}
