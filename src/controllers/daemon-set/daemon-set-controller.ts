// DaemonSets: one pod on each node that fits. Upstream: pkg/controller/daemon. May import src/base, src/kinds, src/client.
import { isEverything, matcherOfSelector, matchesLabels, SelectorError } from "../../base/labels.ts";
import { controllerRevision as controllerRevisionKind } from "../../kinds/apps/controller-revision.ts";
import { daemonSet as daemonSetKind } from "../../kinds/apps/daemon-set.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { Draft } from "../../kinds/object.ts";
import type { DaemonSet, DaemonSetStatus } from "../../kinds/types/apps-v1.gen.ts";
import type { Node, Pod, PodTemplateSpec } from "../../kinds/types/core-v1.gen.ts";
import {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Source,
  splitKey,
  type View,
} from "../controller.ts";
import {
  findUpdateRevision,
  listRevisions,
  revisionLabel,
  type RevisionOwner,
  truncateHistory,
} from "../history/revisions.ts";
import { nextAvailabilityMs } from "../replication/availability.ts";
import { candidates, claim, dependents } from "../replication/claim.ts";
import { createPod, deletePod, normalEvent, podFromTemplate, warningEvent } from "../replication/pod-control.ts";
import {
  type Daemons,
  generationLabel,
  groupByNode,
  type Plan,
  planPods,
  planUpdate,
  statusOf,
  templateGeneration,
} from "./daemon-pods.ts";
import { affinityTo, daemonTolerationsOf } from "./node-fit.ts";

/** Pods that one attempt creates or deletes at most. Upstream: BurstReplicas. */
const burstReplicas = 250;
/** A node's failed daemon is replaced after this delay, doubled at each failure. Upstream: flowcontrol.NewBackOff. */
const failureDelayMs = 1000;
const failureDelayMsMax = 15 * 60_000;
const historyLimit = 10;
const anyDaemonSet = daemonSetKind as unknown as Kind;

function selects({ spec }: DaemonSet, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return matchesLabels(matcherOfSelector(spec.selector), labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

const writeStatus = (set: DaemonSet, status: DaemonSetStatus): Change => {
  return { do: "update", kind: anyDaemonSet, object: { ...set, status } as DaemonSet, subresource: "status" };
};

const countNames = [
  "observedGeneration",
  "desiredNumberScheduled",
  "currentNumberScheduled",
  "numberMisscheduled",
  "numberReady",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
] as const;
const isSameStatus = (old: DaemonSetStatus | undefined, status: DaemonSetStatus): boolean =>
  countNames.every((name) => (old?.[name] ?? 0) === (status[name] ?? 0));

const revisionOwner = (set: DaemonSet): RevisionOwner => ({
  kind: anyDaemonSet,
  owner: set,
  collisionCount: set.status?.collisionCount,
  matches: (labels) => selects(set, labels),
  writeCollisionCount: (collisionCount) => writeStatus(set, { ...set.status!, collisionCount }),
});

function draftPod({ set, hash }: Daemons, nodeName: string): Draft<Pod> {
  const { metadata, spec } = set.spec.template;
  const generation = templateGeneration(set);
  const labels = {
    ...metadata?.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [revisionLabel]: hash,
  };
  const template = {
    metadata: { ...metadata, labels },
    spec: { ...spec, tolerations: daemonTolerationsOf(spec), affinity: affinityTo(spec?.affinity, nodeName) },
  };
  return podFromTemplate(anyDaemonSet, set, template as unknown as PodTemplateSpec);
}

/** When the failed pods of each node may be replaced again: a hint that a restart may forget. */
class FailureBackoff {
  readonly #nodes = new Map<string, { delayMs: number; atMs: number }>();

  /** 0: now, and the next one waits longer; otherwise when. */
  next(key: string, nowMs: number): number {
    const known = this.#nodes.get(key);
    if (known && nowMs - known.atMs < known.delayMs) return known.atMs + known.delayMs;
    const expired = !known || nowMs - known.atMs > 2 * failureDelayMsMax;
    const delayMs = expired ? failureDelayMs : Math.min(known.delayMs * 2, failureDelayMsMax);
    this.#nodes.set(key, { delayMs, atMs: nowMs });
    for (const [other, { atMs }] of this.#nodes) {
      if (nowMs - atMs > 2 * failureDelayMsMax) this.#nodes.delete(other);
    }
    return 0;
  }
}

function removeEnded(
  daemons: Daemons,
  plan: Plan,
  backoff: FailureBackoff,
): { changes: Change[]; retryAtMs: number[] } {
  const { set, nowMs } = daemons;
  const retryAtMs: number[] = [];
  const changes = plan.ended.flatMap(({ pod, node }): Change[] => {
    const { namespace, name } = pod.metadata;
    if (pod.status?.phase === "Succeeded") {
      const message = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`;
      return [normalEvent(set, "SucceededDaemonPod", message), ...deletePod(set, pod)];
    }
    const atMs = backoff.next(`${set.metadata.uid}/${set.status?.observedGeneration ?? 0}/${node}`, nowMs);
    if (atMs > 0) {
      retryAtMs.push(atMs);
      return [];
    }
    const message = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`;
    return [warningEvent(set, "FailedDaemonPod", message), ...deletePod(set, pod)];
  });
  return { changes, retryAtMs };
}

function reconcileSet(set: DaemonSet, view: View, nowMs: number, backoff: FailureBackoff): Reconciled {
  const owner = revisionOwner(set);
  const { revisions, changes: adopted } = listRevisions(view, owner);
  const { update, changes: renewed } = findUpdateRevision(owner, revisions, view, [revisionLabel]);
  if (adopted.length > 0 || !update) return { changes: adopted.length > 0 ? adopted : renewed };
  const hash = update.metadata.labels?.[revisionLabel] ?? update.metadata.name;
  const { claimed, changes } = claim(candidates(view, podKind, set), {
    ownerKind: anyDaemonSet,
    owner: set,
    kind: podKind,
    matches: ({ metadata }) => selects(set, metadata.labels),
  });
  const daemons: Daemons = { set, nodes: view.list(nodeKind), byNode: groupByNode(claimed), hash, nowMs };
  const first = planPods(daemons);
  const settled = first.create.length + first.remove.length + first.ended.length === 0;
  const rolls = set.spec.updateStrategy?.type === "RollingUpdate";
  const plan = settled && rolls ? planUpdate(daemons) : first;
  const status = statusOf(daemons);
  const statusChange = isSameStatus(set.status, status) ? [] : [writeStatus(set, status)];
  const refused = (): { changes: Change[]; next: "retry" } => ({ changes: statusChange, next: "retry" });
  const { changes: ended, retryAtMs } = removeEnded(daemons, first, backoff);
  const live = new Set(claimed.map(({ metadata }) => metadata.labels?.[revisionLabel]));
  const names = revisions
    .filter(({ metadata }) => live.has(metadata.labels?.[revisionLabel]))
    .map(({ metadata }) => metadata.name);
  const availableAtMs = nextAvailabilityMs(claimed, set.spec.minReadySeconds ?? 0, nowMs);
  const times = [...retryAtMs, ...(availableAtMs === undefined ? [] : [availableAtMs])];
  return {
    changes: [
      ...changes,
      ...plan.create.slice(0, burstReplicas).map((name) => createPod(set, draftPod(daemons, name), { refused })),
      ...plan.remove.slice(0, burstReplicas).flatMap((pod) => deletePod(set, pod, { refused })),
      ...ended,
      ...truncateHistory(
        revisions,
        new Set([...names, update.metadata.name]),
        set.spec.revisionHistoryLimit ?? historyLimit,
      ),
      ...statusChange,
    ],
    ...(times.length > 0 ? { requeueAtMs: Math.min(...times) } : {}),
  };
}

/** Of a node only labels and taints matter. */
const nodes: Source<Node> = {
  kind: nodeKind,
  keysOf(node, old, view) {
    const unchanged =
      old &&
      semanticEqual(old.metadata.labels, node.metadata.labels) &&
      semanticEqual(old.spec?.taints, node.spec?.taints);
    const exists = view.get(nodeKind, undefined, node.metadata.name) !== undefined;
    return unchanged && exists ? [] : view.list(daemonSetKind).map(keyOf);
  },
};

export function daemonSetController(): Controller {
  const backoff = new FailureBackoff();
  return {
    name: "daemonset-controller",
    identity: "daemon-set-controller",
    workers: 2,
    sources: [
      { kind: anyDaemonSet, keysOf: (object) => [keyOf(object)] },
      dependents(podKind, daemonSetKind, (set, pod) => selects(set, pod.metadata.labels)) as unknown as Source,
      dependents(controllerRevisionKind, daemonSetKind, (set, revision) =>
        selects(set, revision.metadata.labels),
      ) as unknown as Source,
      nodes as unknown as Source,
    ],
    reconcile(key, view, nowMs) {
      const set = view.get(daemonSetKind, ...splitKey(key));
      if (!set || set.metadata.deletionTimestamp) return { changes: [] };
      if (isEverything(matcherOfSelector(set.spec.selector))) {
        const message = "This daemon set is selecting all pods. A non-empty selector is required.";
        return { changes: [warningEvent(set, "SelectingAll", message)] };
      }
      return reconcileSet(set, view, nowMs, backoff);
    },
  };
}
