// InterPodAffinity's filter: the pod is with those it must be with, and apart from those it must be apart from, and those
// that must be apart from it. Source: plugins/interpodaffinity/filtering.go. May import src/base, src/kinds.
import type { Labels } from "../../base/labels.ts";
import { type AffinityTerm, matchesAllTerms, matchesTerm, termKey, unrollNamespaces } from "../affinity-terms.ts";
import type { PodInfo } from "../pod-info.ts";
import type { NodeEntry, Snapshot } from "../snapshot/snapshot.ts";
import { DomainCounts } from "./domain-counts.ts";
import { type MakeFilter, type NodeFilter, refuse, type Refusal } from "./plugin.ts";

const plugin = "InterPodAffinity";
const affinityUnmet = refuse(plugin, "node(s) didn't match pod affinity rules", true);
const antiAffinityUnmet = refuse(plugin, "node(s) didn't match pod anti-affinity rules");
const unwelcome = refuse(plugin, "node(s) didn't satisfy existing pods anti-affinity rules");

interface TermCounts {
  readonly term: AffinityTerm;
  readonly counts: DomainCounts;
}

export const interPodAffinity: MakeFilter = (info, { snapshot, view }) => {
  const unroll = (terms: readonly AffinityTerm[]): AffinityTerm[] =>
    terms.map((term) => unrollNamespaces(term, () => view.namespaces()));
  const unwelcoming = countUnwelcoming(info, view.namespaceLabels(info.namespace), snapshot);
  const affinity = unroll(info.requiredAffinity);
  const antiAffinity = unroll(info.requiredAntiAffinity);
  if (affinity.length === 0 && antiAffinity.length === 0 && unwelcoming.size === 0) return undefined;
  return new AffinityFilter(info, view.namespaceLabels(info.namespace), snapshot, unwelcoming, affinity, antiAffinity);
};

/** By topology key: the domains in which pods run that the pod must not join. */
function countUnwelcoming(
  info: PodInfo,
  namespaceLabels: Labels | undefined,
  snapshot: Snapshot,
): Map<string, DomainCounts> {
  const found = new Map<string, DomainCounts>();
  for (const { info: other, entry } of snapshot.podsWithRequiredAntiAffinity()) {
    for (const term of other.requiredAntiAffinity) {
      if (!matchesTerm(term, info, namespaceLabels ?? {})) continue;
      addTo(found, snapshot, term.topologyKey, entry.slot, 1);
    }
  }
  return found;
}

function addTo(all: Map<string, DomainCounts>, snapshot: Snapshot, key: string, slot: number, count: number): void {
  let counts = all.get(key);
  if (!counts) all.set(key, (counts = new DomainCounts(snapshot.domainsOf(key))));
  counts.add(slot, count);
}

class AffinityFilter implements NodeFilter {
  readonly plugin = plugin;
  readonly #info: PodInfo;
  readonly #namespaceLabels: Labels | undefined;
  readonly #snapshot: Snapshot;
  readonly #unwelcoming: Map<string, DomainCounts>;
  readonly #affinity: readonly TermCounts[];
  readonly #antiAffinity: readonly TermCounts[];
  readonly #terms: readonly AffinityTerm[];

  constructor(
    info: PodInfo,
    namespaceLabels: Labels | undefined,
    snapshot: Snapshot,
    unwelcoming: Map<string, DomainCounts>,
    affinity: readonly AffinityTerm[],
    antiAffinity: readonly AffinityTerm[],
  ) {
    this.#info = info;
    this.#namespaceLabels = namespaceLabels;
    this.#snapshot = snapshot;
    this.#unwelcoming = unwelcoming;
    this.#terms = affinity;
    const count = (term: AffinityTerm, key: string, matches: (other: PodInfo) => boolean): TermCounts => {
      const { counts } = snapshot.counter(key, matches);
      return { term, counts: new DomainCounts(snapshot.domainsOf(term.topologyKey)).addAll(snapshot.order, counts) };
    };
    // A pod counts for affinity when it meets all of the terms, for anti-affinity when it meets one.
    const allKey = `all ${affinity.map(termKey).join(" ")}`;
    this.#affinity = affinity.map((term) => count(term, allKey, (other) => matchesAllTerms(affinity, other)));
    this.#antiAffinity = antiAffinity.map((term) =>
      count(term, `term ${termKey(term)}`, (other) => matchesTerm(term, other, undefined)),
    );
  }

  check({ slot }: NodeEntry): Refusal | undefined {
    if (!this.#meetsAffinity(slot)) return affinityUnmet;
    if (this.#antiAffinity.some(({ counts }) => counts.at(slot) > 0)) return antiAffinityUnmet;
    for (const counts of this.#unwelcoming.values()) {
      if (counts.at(slot) > 0) return unwelcome;
    }
    return undefined;
  }

  /** The first pod of a group that wants to be with itself may go anywhere that has the labels. */
  #meetsAffinity(slot: number): boolean {
    if (!this.#affinity.every(({ counts }) => counts.has(slot))) return false;
    if (this.#affinity.every(({ counts }) => counts.at(slot) > 0)) return true;
    return this.#affinity.every(({ counts }) => counts.isEmpty) && matchesAllTerms(this.#terms, this.#info);
  }

  podChanged(other: PodInfo, { slot }: NodeEntry, sign: 1 | -1): void {
    for (const term of other.requiredAntiAffinity) {
      if (!matchesTerm(term, this.#info, this.#namespaceLabels ?? {})) continue;
      addTo(this.#unwelcoming, this.#snapshot, term.topologyKey, slot, sign);
    }
    if (matchesAllTerms(this.#terms, other)) {
      for (const { counts } of this.#affinity) counts.add(slot, sign);
    }
    for (const { term, counts } of this.#antiAffinity) {
      if (matchesTerm(term, other, undefined)) counts.add(slot, sign);
    }
  }
}
