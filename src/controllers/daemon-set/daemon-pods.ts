// A DaemonSet's pods by node: which are missing, which are too many, and in what order an update replaces them. Upstream:
// pkg/controller/daemon (daemon_controller.go, update.go). May import src/base, src/kinds, src/client.
import { templateGenerationAnnotation } from "../../kinds/apps/daemon-set.ts";
import { isPodAvailable, isPodReady, isPodTerminal } from "../../kinds/pod/conditions.ts";
import type { DaemonSet, DaemonSetStatus } from "../../kinds/types/apps-v1.gen.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { scaledValue } from "../deployment/replica-counts.ts";
import { revisionLabel } from "../history/revisions.ts";
import { fitNode, targetNode } from "./node-fit.ts";

export const generationLabel = "pod-template-generation";

export interface Daemons {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  /** The label of pods of the present template. */
  readonly hash: string;
  readonly nowMs: number;
}
/** What has to be done: nodes that need a pod, pods that go, and pods that have ended and go when their time comes. */
export interface Plan {
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  readonly ended: readonly { readonly pod: Pod; readonly node: string }[];
}

const isDeleting = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
const ageOf = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp);
const byBindingAndAge = (a: Pod, b: Pod): number =>
  Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
  ageOf(a) - ageOf(b) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

export function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = isDeleting(pod) && isPodTerminal(pod) ? undefined : targetNode(pod);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

/** Undefined where there is none, or where it isn't a number. */
export function templateGeneration({ metadata }: DaemonSet): string | undefined {
  const text = metadata.annotations?.[templateGenerationAnnotation];
  return text !== undefined && /^[+-]?[0-9]+$/.test(text) ? String(Number(text)) : undefined;
}
export function isUpdated(pod: Pod, { set, hash }: Pick<Daemons, "set" | "hash">): boolean {
  const { labels = {} } = pod.metadata;
  const generation = templateGeneration(set);
  return labels[revisionLabel] === hash || (generation !== undefined && labels[generationLabel] === generation);
}

const rollingOf = ({ spec }: DaemonSet) =>
  spec.updateStrategy?.type === "RollingUpdate" ? spec.updateStrategy.rollingUpdate : undefined;
const surgeOf = (set: DaemonSet, nodes: number): number => scaledValue(rollingOf(set)?.maxSurge, nodes, true);
const isAvailable = (pod: Pod, { set, nowMs }: Daemons): boolean =>
  isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);

/** Of several living pods on one node, those that are too many. */
function surplus(living: readonly Pod[], daemons: Daemons): Pod[] {
  const sorted = living.toSorted(byBindingAndAge);
  if (surgeOf(daemons.set, 1) === 0) return sorted.slice(1);
  if (sorted.length < 2) return [];
  const isNew = ({ metadata }: Pod): boolean => metadata.labels?.[revisionLabel] === daemons.hash;
  const newest = sorted.find(isNew);
  const oldest = sorted.find((pod) => !isNew(pod));
  const others = sorted.filter((pod) => pod !== newest && pod !== oldest);
  const replaced = newest && oldest && (!isPodReady(oldest) || isAvailable(newest, daemons));
  return replaced ? [...others, oldest] : others;
}

/** One pod for each node where one should run, and none elsewhere. */
export function planPods(daemons: Daemons): Plan {
  const { set, nodes, byNode } = daemons;
  const create: string[] = [];
  const remove: Pod[] = [];
  const ended: { pod: Pod; node: string }[] = [];
  for (const node of nodes) {
    const { name } = node.metadata;
    const { shouldRun, mayStay } = fitNode(set, node);
    const pods = byNode.get(name);
    const present = (pods ?? []).filter((pod) => !isDeleting(pod));
    if (shouldRun && !pods) {
      create.push(name);
    } else if (mayStay) {
      const living = present.filter((pod) => !isPodTerminal(pod));
      ended.push(...present.filter(isPodTerminal).map((pod) => ({ pod, node: name })));
      if (living.length === 0 && shouldRun && surgeOf(set, 1) > 0) create.push(name);
      remove.push(...surplus(living, daemons));
    } else {
      remove.push(...present);
    }
  }
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const [node, pods] of byNode) {
    if (!known.has(node)) remove.push(...pods.filter((pod) => !pod.spec.nodeName && !isDeleting(pod)));
  }
  return { create, remove, ended };
}

interface OnNode {
  readonly node: string;
  readonly fresh: readonly Pod[];
  readonly old: readonly Pod[];
}
function podsToUpdate(daemons: Daemons): { all: OnNode[]; desired: number } {
  const names = new Set(daemons.byNode.keys());
  const wanted = daemons.nodes.filter((node) => fitNode(daemons.set, node).shouldRun);
  for (const { metadata } of wanted) names.add(metadata.name);
  const all = [...names].map((node) => {
    const present = (daemons.byNode.get(node) ?? []).filter((pod) => !isDeleting(pod));
    const fresh = present.filter((pod) => isUpdated(pod, daemons));
    return { node, fresh, old: present.filter((pod) => !fresh.includes(pod)) };
  });
  return { all, desired: wanted.length };
}
const isMuddled = ({ fresh, old }: OnNode): boolean => fresh.length > 1 || old.length > 1;

/** Old pods make room for new ones, as many as may be unavailable. */
function replaceInPlace(daemons: Daemons, all: readonly OnNode[], unavailableMax: number): Pod[] {
  let unavailable = 0;
  const now: Pod[] = [];
  const later: Pod[] = [];
  for (const one of all) {
    const [fresh, old] = [one.fresh[0], one.old[0]];
    if (isMuddled(one) || (fresh === undefined) === (old === undefined)) {
      unavailable += 1;
    } else if (fresh) {
      if (!isAvailable(fresh, daemons)) unavailable += 1;
    } else if (!isAvailable(old!, daemons)) {
      now.push(old!);
      unavailable += 1;
    } else if (unavailable < unavailableMax) {
      later.push(old!);
    }
  }
  return [...now, ...later.slice(0, Math.max(0, unavailableMax - unavailable))];
}

/** New pods come beside old ones, which go when the new ones are available. */
function replaceWithSurge(daemons: Daemons, all: readonly OnNode[], surgeMax: number, desired: number): Plan {
  let [surge, available] = [0, 0];
  const create: string[] = [];
  const candidates: string[] = [];
  const remove: Pod[] = [];
  const unwanted: Pod[] = [];
  for (const one of all) {
    if (isMuddled(one)) {
      surge += 1;
      continue;
    }
    const [fresh, old] = [one.fresh[0], one.old[0]];
    const counted = old ?? fresh;
    const works = counted !== undefined && isAvailable(counted, daemons);
    if (works) available += 1;
    if (!old) continue;
    if (fresh) {
      if (isAvailable(fresh, daemons)) remove.push(old);
      else surge += 1;
      continue;
    }
    const node = daemons.nodes.find(({ metadata }) => metadata.name === one.node);
    const wanted = node !== undefined && fitNode(daemons.set, node).shouldRun;
    if (!wanted) (works ? unwanted : remove).push(old);
    else if (!works) create.push(one.node);
    else if (surge < surgeMax) candidates.push(one.node);
  }
  remove.push(...unwanted.slice(0, Math.max(0, available - desired)));
  return { create: [...create, ...candidates.slice(0, Math.max(0, surgeMax - surge))], remove, ended: [] };
}

/** The next step of an update, when nothing else is left to do. */
export function planUpdate(daemons: Daemons): Plan {
  const { set } = daemons;
  const { all, desired } = podsToUpdate(daemons);
  const surge = surgeOf(set, desired);
  if (surge > 0) return replaceWithSurge(daemons, all, surge, desired);
  const unavailable = scaledValue(rollingOf(set)?.maxUnavailable, desired, true);
  const remove = replaceInPlace(daemons, all, unavailable === 0 && desired > 0 ? 1 : unavailable);
  return { create: [], remove, ended: [] };
}

export function statusOf(daemons: Daemons): DaemonSetStatus {
  const { set, nodes, byNode } = daemons;
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const [pod] = (byNode.get(node.metadata.name) ?? []).toSorted(byBindingAndAge);
    if (!fitNode(set, node).shouldRun) {
      if (pod) count.misscheduled += 1;
      continue;
    }
    count.desired += 1;
    if (!pod) continue;
    count.current += 1;
    if (isPodReady(pod)) count.ready += 1;
    if (isAvailable(pod, daemons)) count.available += 1;
    if (isUpdated(pod, daemons)) count.updated += 1;
  }
  return {
    ...set.status,
    observedGeneration: set.metadata.generation ?? 0,
    desiredNumberScheduled: count.desired,
    currentNumberScheduled: count.current,
    numberMisscheduled: count.misscheduled,
    numberReady: count.ready,
    updatedNumberScheduled: count.updated,
    numberAvailable: count.available,
    numberUnavailable: count.desired - count.available,
  };
}
