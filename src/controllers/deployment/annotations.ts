// What a Deployment and its ReplicaSets write in each other's annotations: revisions, and the size that was asked for.
// Upstream: pkg/controller/deployment/util. May import src/base, src/kinds.
import type { KubernetesObject } from "../../kinds/object.ts";
import type { Deployment, ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";
export const rollbackAnnotation = "deprecated.deployment.rollback.to";
/** Characters of a ReplicaSet's former revisions; the oldest go first. Upstream: maxRevHistoryLengthInChars. */
const revisionHistoryCharactersMax = 2000;

/** Annotations that are not copied between a Deployment and its ReplicaSets. */
const ownAnnotations = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  rollbackAnnotation,
]);

export type Annotations = Readonly<Record<string, string>>;
const annotationsOf = ({ metadata }: KubernetesObject): Annotations => metadata.annotations ?? {};

/** Revisions are int64: they are counted as such. undefined: the text is no number. */
const toRevision = (text: string): bigint | undefined =>
  /^[+-]?[0-9]+$/.test(text) ? BigInt(text.replace("+", "")) : undefined;

/** 0 where there is none; undefined where it isn't a number. */
export function revisionOf(object: KubernetesObject): bigint | undefined {
  const text = annotationsOf(object)[revisionAnnotation];
  return text === undefined ? 0n : toRevision(text);
}
export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  let most = 0n;
  for (const set of sets) {
    const revision = revisionOf(set) ?? 0n;
    if (revision > most) most = revision;
  }
  return most;
}

/** The revision before the last; 0: there is none. */
export function lastRevision(sets: readonly ReplicaSet[]): bigint {
  let [most, second] = [0n, 0n];
  for (const set of sets) {
    const revision = revisionOf(set);
    if (revision === undefined) continue;
    if (revision >= most) [most, second] = [revision, most];
    else if (revision > second) second = revision;
  }
  return second;
}

function countOf(object: KubernetesObject, name: string): number | undefined {
  const text = annotationsOf(object)[name];
  if (text === undefined || !/^[0-9]+$/.test(text)) return undefined;
  const count = Number(text);
  return count > 2 ** 31 - 1 ? undefined : count;
}
export const desiredReplicasOf = (set: ReplicaSet): number | undefined => countOf(set, desiredReplicasAnnotation);
export const maxReplicasOf = (set: ReplicaSet): number | undefined => countOf(set, maxReplicasAnnotation);

export const withReplicas = (annotations: Annotations, desired: number, most: number): Annotations => ({
  ...annotations,
  [desiredReplicasAnnotation]: String(desired),
  [maxReplicasAnnotation]: String(most),
});

function addToHistory(history: string, revision: string): string | undefined {
  if (history === "") return revision;
  const revisions = history.split(",");
  let length = history.length + revision.length + 1;
  let start = 0;
  while (length > revisionHistoryCharactersMax && start < revisions.length) {
    length -= revisions[start]!.length + 1;
    start += 1;
  }
  return length <= revisionHistoryCharactersMax ? [...revisions.slice(start), revision].join(",") : undefined;
}

/** The annotations of the newest ReplicaSet: the Deployment's, and the revision. */
export function newSetAnnotations(deployment: Deployment, annotations: Annotations, revision: bigint): Annotations {
  const copied = Object.entries(annotationsOf(deployment)).filter(([name]) => !ownAnnotations.has(name));
  const result: Record<string, string> = { ...annotations, ...Object.fromEntries(copied) };
  const old = annotations[revisionAnnotation];
  const oldNumber = old === undefined || old === "" ? 0n : toRevision(old);
  if (oldNumber === undefined || oldNumber >= revision) return result;
  result[revisionAnnotation] = String(revision);
  if (old === undefined) return result;
  const history = addToHistory(annotations[revisionHistoryAnnotation] ?? "", old);
  if (history !== undefined) result[revisionHistoryAnnotation] = history;
  return result;
}

export function sameAnnotations(a: Annotations, b: Annotations): boolean {
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([name, value]) => Object.hasOwn(b, name) && b[name] === value);
}

/** A Deployment's annotations after it went back to a ReplicaSet's template. */
export function rolledBackAnnotations(deployment: Deployment, set: ReplicaSet): Annotations {
  const kept = Object.entries(annotationsOf(deployment)).filter(([name]) => ownAnnotations.has(name));
  const taken = Object.entries(annotationsOf(set)).filter(([name]) => !ownAnnotations.has(name));
  return Object.fromEntries([...kept, ...taken]);
}

/** The revision that somebody asked to go back to; 0: the one before the last. */
export function rollbackOf(deployment: Deployment): bigint | undefined {
  return toRevision(annotationsOf(deployment)[rollbackAnnotation] ?? "");
}
