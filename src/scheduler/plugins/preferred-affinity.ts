// InterPodAffinity's score: near those the pod likes and that like it, away from the others. Source:
// plugins/interpodaffinity/scoring.go. May import src/base, src/kinds.
import { type AffinityTerm, matchesTerm, termKey, unrollNamespaces } from "../affinity-terms.ts";
import { requiredAffinityWeight, scoreMax } from "../limits.ts";
import { DomainCounts } from "./domain-counts.ts";
import type { MakeScorer } from "./plugin.ts";

/** Between the least and the most liked node; all 0 where they are liked alike. */
function normalize(scores: Float64Array): void {
  let least = Infinity;
  let most = -Infinity;
  for (const score of scores) {
    least = Math.min(least, score);
    most = Math.max(most, score);
  }
  const range = most - least;
  for (let index = 0; index < scores.length; index += 1) {
    scores[index] = range > 0 ? Math.trunc(scoreMax * ((scores[index]! - least) / range)) : 0;
  }
}

export const preferredAffinity: MakeScorer = (info, { snapshot, view }) => {
  const scores = new Map<string, DomainCounts>();
  const scoresOf = (key: string): DomainCounts => {
    let counts = scores.get(key);
    if (!counts) scores.set(key, (counts = new DomainCounts(snapshot.domainsOf(key))));
    return counts;
  };
  // What the pod thinks of the pods that run.
  const like = (all: readonly AffinityTerm[], sign: 1 | -1): void => {
    for (const rolled of all) {
      const term = unrollNamespaces(rolled, () => view.namespaces());
      const counter = snapshot.counter(`term ${termKey(term)}`, (other) => matchesTerm(term, other, undefined));
      const counts = scoresOf(term.topologyKey);
      for (const slot of snapshot.order) {
        if (counter.counts[slot] !== 0) counts.add(slot, counter.counts[slot]! * term.weight * sign);
      }
    }
  };
  like(info.preferredAffinity, 1);
  like(info.preferredAntiAffinity, -1);
  // What they think of it.
  const namespaceLabels = view.namespaceLabels(info.namespace) ?? {};
  for (const { info: other, entry } of snapshot.podsWithAffinity()) {
    if (!entry.node) continue;
    const liked = (all: readonly AffinityTerm[], weightOf: (term: AffinityTerm) => number): void => {
      for (const term of all) {
        if (matchesTerm(term, info, namespaceLabels)) scoresOf(term.topologyKey).add(entry.slot, weightOf(term));
      }
    };
    liked(other.requiredAffinity, () => requiredAffinityWeight);
    liked(other.preferredAffinity, ({ weight }) => weight);
    liked(other.preferredAntiAffinity, ({ weight }) => -weight);
  }
  if (scores.size === 0) return undefined;
  const all = [...scores.values()];
  return {
    plugin: "InterPodAffinity",
    weight: 2,
    score: ({ slot }) => all.reduce((sum, counts) => sum + counts.at(slot), 0),
    normalize,
  };
};
