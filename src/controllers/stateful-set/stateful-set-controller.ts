// StatefulSets: pods with stable names and claims of their own, made and updated in order. Upstream:
// pkg/controller/statefulset. May import src/base, src/kinds, src/client.
import { matcherOfSelector, matchesLabels, SelectorError } from "../../base/labels.ts";
import { controllerRevision as controllerRevisionKind } from "../../kinds/apps/controller-revision.ts";
import { statefulSet as statefulSetKind } from "../../kinds/apps/stateful-set.ts";
import { persistentVolumeClaim as claimKind } from "../../kinds/core/persistent-volume-claim.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { StatefulSet, StatefulSetStatus } from "../../kinds/types/apps-v1.gen.ts";
import {
  type Change,
  type Controller,
  keyOf,
  type Reconciled,
  type Source,
  splitKey,
  type View,
} from "../controller.ts";
import { findUpdateRevision, listRevisions, type RevisionOwner, truncateHistory } from "../history/revisions.ts";
import { nextAvailabilityMs } from "../replication/availability.ts";
import { candidates, claim, dependents } from "../replication/claim.ts";
import { anyStatefulSet, parsePodName, revisionOf } from "./identity.ts";
import { managePods } from "./manage-pods.ts";
import { completeUpdate, isSameStatus, statusOf } from "./stateful-set-status.ts";

/** How long an attempt that nothing will wake waits. Upstream: its queue's delay after failures. */
const waitMs = 1000;
/** Revisions kept where the set doesn't say. */
const historyLimit = 10;

function selects({ spec }: StatefulSet, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return matchesLabels(matcherOfSelector(spec.selector), labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

const statusChange = (set: StatefulSet, status: StatefulSetStatus): Change[] =>
  isSameStatus(set.status, status)
    ? []
    : [{ do: "update", kind: anyStatefulSet, object: { ...set, status } as StatefulSet, subresource: "status" }];

const revisionOwner = (set: StatefulSet): RevisionOwner => ({
  kind: anyStatefulSet,
  owner: set,
  collisionCount: set.status?.collisionCount,
  matches: (labels) => selects(set, labels),
  writeCollisionCount(collisionCount) {
    const status = { replicas: 0, availableReplicas: 0, ...set.status, collisionCount };
    return { do: "update", kind: anyStatefulSet, object: { ...set, status } as StatefulSet, subresource: "status" };
  },
});

function reconcileSet(set: StatefulSet, view: View, nowMs: number): Reconciled {
  const owner = revisionOwner(set);
  const { revisions, changes: adopted } = listRevisions(view, owner);
  if (adopted.length > 0) return { changes: adopted };
  const members = candidates(view, podKind, set).filter(
    ({ metadata }) => parsePodName(metadata.name)[0] === set.metadata.name,
  );
  const { claimed: pods, changes } = claim(members, {
    ownerKind: anyStatefulSet,
    owner: set,
    kind: podKind,
    matches: ({ metadata }) => selects(set, metadata.labels),
  });
  const { update, changes: renewed } = findUpdateRevision(owner, revisions, view);
  if (!update) return { changes: [...changes, ...renewed] };
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const status = completeUpdate(set, statusOf(set, pods, current, update, nowMs));
  const writeStatus = (): Change[] => statusChange(set, status);
  const managed = managePods({ set, pods, current, update, view, nowMs, writeStatus });
  const currentReplicas = (status.currentReplicas ?? 0) - managed.deletedForUpdate;
  const live = new Set([current.metadata.name, update.metadata.name, ...pods.map(revisionOf)]);
  const requeueAtMs = managed.waits ? nowMs + waitMs : nextAvailabilityMs(pods, set.spec.minReadySeconds ?? 0, nowMs);
  return {
    changes: [
      ...changes,
      ...managed.changes,
      ...statusChange(set, { ...status, currentReplicas: Math.max(0, currentReplicas) }),
      ...truncateHistory(revisions, live, set.spec.revisionHistoryLimit ?? historyLimit),
    ],
    ...(requeueAtMs === undefined ? {} : { requeueAtMs }),
  };
}

export const statefulSetController: Controller = {
  name: "statefulset-controller",
  workers: 5,
  sources: [
    { kind: anyStatefulSet, keysOf: (object) => [keyOf(object)] },
    dependents(podKind, statefulSetKind, (set, pod) => selects(set, pod.metadata.labels)) as unknown as Source,
    dependents(controllerRevisionKind, statefulSetKind, (set, revision) =>
      selects(set, revision.metadata.labels),
    ) as unknown as Source,
    { kind: claimKind as unknown as Source["kind"], keysOf: () => [] },
  ],
  reconcile(key, view, nowMs) {
    const set = view.get(statefulSetKind, ...splitKey(key));
    return set ? reconcileSet(set, view, nowMs) : { changes: [] };
  },
};
