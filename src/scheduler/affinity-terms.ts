// Terms of pod affinity and anti-affinity, made ready for matching. Source: kube-scheduler/framework AffinityTerm. May
// import src/base, src/kinds.
import {
  type LabelMatcher,
  type Labels,
  isEverything,
  matcherOfSelector,
  matchesLabels,
  nothing,
} from "../base/labels.ts";
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from "../kinds/types/core-v1.gen.ts";

export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: LabelMatcher;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: LabelMatcher;
  readonly weight: number;
}

/** The pod that a term is held against. */
export interface TermSubject {
  readonly namespace: string;
  readonly labels: Labels;
}

function toTerm(pod: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  const own = !term.namespaces?.length && term.namespaceSelector === undefined;
  return {
    topologyKey: term.topologyKey,
    selector: matcherOfSelector(term.labelSelector),
    namespaces: new Set(own ? [pod.metadata.namespace ?? ""] : term.namespaces),
    namespaceSelector: matcherOfSelector(term.namespaceSelector),
    weight,
  };
}

const none: readonly AffinityTerm[] = [];

/** Throws SelectorError where a selector can't be. */
export function toTerms(pod: Pod, terms: readonly PodAffinityTerm[] | undefined): readonly AffinityTerm[] {
  return terms?.length ? terms.map((term) => toTerm(pod, term, 0)) : none;
}
export function toWeightedTerms(
  pod: Pod,
  terms: readonly WeightedPodAffinityTerm[] | undefined,
): readonly AffinityTerm[] {
  return terms?.length ? terms.map(({ podAffinityTerm, weight }) => toTerm(pod, podAffinityTerm, weight)) : none;
}

/** `namespaceLabels` are those of the subject's namespace; undefined where the term's namespaces are unrolled. */
export function matchesTerm(term: AffinityTerm, subject: TermSubject, namespaceLabels: Labels | undefined): boolean {
  if (!term.namespaces.has(subject.namespace) && !matchesLabels(term.namespaceSelector, namespaceLabels)) return false;
  return matchesLabels(term.selector, subject.labels);
}

/** Whether a pod matches all of the terms; no terms match none. */
export const matchesAllTerms = (terms: readonly AffinityTerm[], subject: TermSubject): boolean =>
  terms.length > 0 && terms.every((term) => matchesTerm(term, subject, undefined));

/** The term with the namespaces that its selector finds now, so that no labels of namespaces are needed to match it. */
export function unrollNamespaces(
  term: AffinityTerm,
  namespaces: () => Iterable<{ readonly name: string; readonly labels: Labels }>,
): AffinityTerm {
  if (isEverything(term.namespaceSelector)) return term;
  if (term.namespaceSelector.nothing) return term;
  const names = new Set(term.namespaces);
  for (const { name, labels } of namespaces()) {
    if (matchesLabels(term.namespaceSelector, labels)) names.add(name);
  }
  return { ...term, namespaces: names, namespaceSelector: nothing };
}

/** A text that is the same for terms that match the same pods; the topology key takes no part. */
export const termKey = (term: AffinityTerm): string =>
  JSON.stringify([[...term.namespaces].toSorted(), term.namespaceSelector, term.selector]);
