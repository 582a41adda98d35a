// Keeps as many pods as a ReplicaSet or a ReplicationController asks for: one decision for both kinds. Upstream:
// pkg/controller/replicaset (and pkg/controller/replication, which wraps it). May import src/base, src/kinds, src/client.
import { toTime } from "../../base/clock.ts";
import { type LabelMatcher, matcherOfLabels, matchesLabels, SelectorError } from "../../base/labels.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import { isPodActive, isPodAvailable, isPodReady, isPodTerminating } from "../../kinds/pod/conditions.ts";
import { getControllerOf, isControlledBy } from "../../kinds/pod/ownership.ts";
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../../kinds/types/apps-v1.gen.ts";
import type { Pod, PodTemplateSpec } from "../../kinds/types/core-v1.gen.ts";
import { type Change, type Controller, keyOf, type Reconciled, splitKey, type View } from "../controller.ts";
import { nextAvailabilityMs } from "./availability.ts";
import { candidates, claim, dependents } from "./claim.ts";
import { findCondition, withCondition, withoutCondition } from "./conditions.ts";
import { choosePodsToDelete } from "./deletion-order.ts";
import { createPod, deletePod, podFromTemplate } from "./pod-control.ts";

/** Pods that one attempt creates or deletes at most. Upstream: BurstReplicas. */
const burstReplicas = 500;
const failureType = "ReplicaFailure";

export interface ReplicasOptions<T extends ReplicaSet> {
  readonly name: string;
  readonly kind: Kind<T>;
  /** Throws SelectorError. */
  selectorOf(owner: T): LabelMatcher;
  /** Whether the status counts pods that are being deleted. */
  readonly countsTerminating: boolean;
}

interface Situation {
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  readonly nowMs: number;
}

const emptyTemplate = {} as PodTemplateSpec;
const wantedOf = (owner: ReplicaSet): number => owner.spec.replicas ?? 1;

function conditionsAfter(owner: ReplicaSet, failure: string | undefined, situation: Situation): ReplicaSetStatus {
  const { conditions } = owner.status ?? {};
  const failed = findCondition(conditions, failureType);
  if (failure === undefined) return { replicas: 0, conditions: withoutCondition(conditions, failureType) };
  if (failed) return { replicas: 0, conditions };
  const difference = situation.active.length - wantedOf(owner);
  const condition: ReplicaSetCondition = {
    type: failureType,
    status: "True",
    lastTransitionTime: toTime(situation.nowMs),
    reason: difference < 0 ? "FailedCreate" : "FailedDelete",
    message: failure,
  };
  return { replicas: 0, conditions: withCondition(conditions, condition) };
}

/** The status as it should be; `failure` is why pods could not be created or deleted. */
function statusOf(
  owner: ReplicaSet,
  situation: Situation,
  countsTerminating: boolean,
  failure?: string,
): ReplicaSetStatus {
  const { active, terminating, nowMs } = situation;
  const template = matcherOfLabels(owner.spec.template?.metadata?.labels);
  const ready = active.filter(isPodReady);
  const available = ready.filter((pod) => isPodAvailable(pod, owner.spec.minReadySeconds ?? 0, nowMs));
  const { conditions } = conditionsAfter(owner, failure, situation);
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) => matchesLabels(template, metadata.labels)).length,
    readyReplicas: ready.length,
    availableReplicas: available.length,
    ...(countsTerminating ? { terminatingReplicas: terminating.length } : {}),
    observedGeneration: owner.metadata.generation ?? 0,
    ...(conditions?.length ? { conditions } : {}),
  };
}

const countNames = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "terminatingReplicas",
  "observedGeneration",
] as const;

function isSameStatus(old: ReplicaSetStatus | undefined, status: ReplicaSetStatus): boolean {
  return (
    countNames.every((name) => (old?.[name] ?? 0) === (status[name] ?? 0)) &&
    (old?.terminatingReplicas === undefined) === (status.terminatingReplicas === undefined) &&
    semanticEqual(old?.conditions, status.conditions)
  );
}

/** Pods of the same owner's other ReplicaSets count as doubled up on a node too. */
function relatedPods(view: View, kind: Kind<ReplicaSet>, owner: ReplicaSet, own: readonly Pod[]): readonly Pod[] {
  const controller = getControllerOf(owner);
  if (!controller) return own;
  return view.ownedBy(kind, controller.uid).flatMap((one) => [...view.ownedBy(podKind, one.metadata.uid)]);
}

export function replicasController<T extends ReplicaSet>(options: ReplicasOptions<T>): Controller {
  const { kind, selectorOf, countsTerminating } = options;
  const anyKind = kind as unknown as Kind;

  const selects = (owner: T, pod: Pod): boolean => {
    try {
      return matchesLabels(selectorOf(owner), pod.metadata.labels);
    } catch (error) {
      if (error instanceof SelectorError) return false;
      throw error;
    }
  };

  const statusChange = (owner: T, situation: Situation, failure?: string): Change[] => {
    const status = statusOf(owner, situation, countsTerminating, failure);
    if (isSameStatus(owner.status, status)) return [];
    return [{ do: "update", kind: anyKind, object: { ...owner, status } as T, subresource: "status" }];
  };

  const manage = (owner: T, situation: Situation, view: View): Change[] => {
    if (owner.metadata.deletionTimestamp) return [];
    const { active, nowMs } = situation;
    const difference = active.length - wantedOf(owner);
    const count = Math.min(Math.abs(difference), burstReplicas);
    const refused = (error: Error): { changes: Change[]; next: "retry" } => {
      const failure = difference < 0 ? error.message : `unable to delete pods: ${error.message}`;
      return { changes: statusChange(owner, situation, failure), next: "retry" };
    };
    if (difference < 0) {
      const pod = podFromTemplate(anyKind, owner, owner.spec.template ?? emptyTemplate);
      return Array.from({ length: count }, () => createPod(owner, pod, { refused }));
    }
    const related = relatedPods(view, kind as unknown as Kind<ReplicaSet>, owner, active);
    return choosePodsToDelete(active, related, count, nowMs).flatMap((pod) => deletePod(owner, pod, { refused }));
  };

  return {
    name: options.name,
    workers: 5,
    sources: [
      { kind: anyKind, keysOf: (object) => [keyOf(object)] },
      dependents(podKind, kind, selects) as unknown as Controller["sources"][number],
    ],
    reconcile(key, view, nowMs): Reconciled {
      const owner = view.get(kind, ...splitKey(key));
      if (!owner) return { changes: [] };
      let selector: LabelMatcher;
      try {
        selector = selectorOf(owner);
      } catch (error) {
        if (error instanceof SelectorError) return { changes: [] };
        throw error;
      }
      const matches = ({ metadata }: Pod): boolean => matchesLabels(selector, metadata.labels);
      const pods = candidates(view, podKind, owner);
      const { claimed, changes } = claim(pods.filter(isPodActive), {
        ownerKind: anyKind,
        owner,
        kind: podKind,
        matches,
      });
      const terminating = pods.filter(
        (pod) => isPodTerminating(pod) && isControlledBy(pod, owner.metadata.uid) && matches(pod),
      );
      const situation: Situation = { active: claimed, terminating, nowMs };
      const requeueAtMs = nextAvailabilityMs(claimed, owner.spec.minReadySeconds ?? 0, nowMs);
      return {
        changes: [...changes, ...manage(owner, situation, view), ...statusChange(owner, situation)],
        ...(requeueAtMs === undefined ? {} : { requeueAtMs }),
      };
    },
  };
}
