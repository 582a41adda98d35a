// The pods of a StatefulSet, one after another or all at once: what has to be created, replaced and deleted. Upstream:
// updateStatefulSet in pkg/controller/statefulset/stateful_set_control.go. May import src/base, src/kinds, src/client.
import type { StatusError } from "../../base/errors.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import type { ControllerRevision, StatefulSet } from "../../kinds/types/apps-v1.gen.ts";
import type { Pod, Volume } from "../../kinds/types/core-v1.gen.ts";
import type { Change, Refused, View } from "../controller.ts";
import { normalEvent, warningEvent } from "../replication/pod-control.ts";
import { createClaims, deletedClaim, hasStaleClaim, retainClaims } from "./claim-retention.ts";
import {
  atRevision,
  draftPod,
  identityLabels,
  identityMatches,
  isInRange,
  ordinalOf,
  revisionOf,
  startOf,
  storageMatches,
  volumesOf,
  wantedOf,
} from "./identity.ts";
import { isAvailable, isRunningAndReady, isTerminating } from "./stateful-set-status.ts";

const anyPod = podKind as unknown as Kind;

export interface Situation {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly view: View;
  readonly nowMs: number;
  /** What writes the status, for when an attempt ends early. */
  writeStatus(): Change[];
}
export interface Managed {
  readonly changes: Change[];
  /** Pods of the current revision that were deleted for the update. */
  readonly deletedForUpdate: number;
  /** Nothing tells when to go on: look again soon. */
  readonly waits?: boolean;
}
/** A pod, or the draft of one that isn't there yet. */
type Replica = { readonly pod: Pod; readonly exists: boolean };

const tellSuccess = (set: StatefulSet, verb: string, pod: Pod): Change =>
  normalEvent(
    set,
    `Successful${verb}`,
    `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
  );
const tellFailure = (set: StatefulSet, verb: string, pod: Pod, why: string): Change =>
  warningEvent(
    set,
    `Failed${verb}`,
    `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${why}`,
  );

class PodManager {
  readonly changes: Change[] = [];
  waits = false;
  readonly #situation: Situation;
  readonly #updateSet: StatefulSet;
  readonly #monotonic: boolean;

  constructor(situation: Situation) {
    this.#situation = situation;
    this.#updateSet = atRevision(situation.set, situation.update);
    this.#monotonic = situation.set.spec.podManagementPolicy !== "Parallel";
  }

  /** True: the attempt ends here. */
  runAll<T>(items: readonly T[], step: (item: T) => boolean): boolean {
    for (const item of items) if (step(item) && this.#monotonic) return true;
    return false;
  }

  #failed(verb: string, pod: Pod): (why: string) => Refused {
    const { set, writeStatus } = this.#situation;
    return (why) => ({ changes: [tellFailure(set, verb, pod, why), ...writeStatus()], next: "retry" });
  }

  delete(pod: Pod): void {
    const { set } = this.#situation;
    const failed = this.#failed("Delete", pod);
    this.changes.push(
      { do: "delete", kind: anyPod, object: pod, refused: (error) => failed(error.message) },
      tellSuccess(set, "Delete", pod),
    );
  }

  #create(pod: Pod): void {
    const { set, view } = this.#situation;
    const failed = this.#failed("Create", pod);
    const deleted = deletedClaim(view, set, pod);
    if (deleted !== undefined) {
      this.changes.push(tellFailure(set, "Create", pod, `pvc ${deleted} is being deleted`));
      this.waits = true;
      return;
    }
    this.changes.push(...createClaims(view, set, pod, failed), {
      do: "create",
      kind: anyPod,
      object: pod as unknown as Draft<KubernetesObject> & object,
      followedBy: (created) => [...retainClaims(view, set, created as Pod), tellSuccess(set, "Create", pod)],
      refused: (error: StatusError) =>
        error.reason === "AlreadyExists" ? { changes: [], next: "retry" } : failed(error.message),
    });
  }

  /** Puts name labels, volumes and the owners of claims right. */
  #repair(pod: Pod): void {
    const { set, view } = this.#situation;
    const claims = retainClaims(view, this.#updateSet, pod);
    if (identityMatches(pod) && storageMatches(set, pod) && claims.length === 0) return;
    const { metadata, spec } = pod;
    const failed = this.#failed("Update", pod);
    const labels = { ...metadata.labels, ...identityLabels(metadata.name) };
    const volumes: Volume[] = volumesOf(this.#updateSet, ordinalOf(pod), spec.volumes ?? []);
    const stored = storageMatches(set, pod) ? {} : { volumes };
    const object: Pod = { ...pod, metadata: { ...metadata, labels }, spec: { ...spec, ...stored } };
    const missing = storageMatches(set, pod) ? [] : createClaims(view, this.#updateSet, pod, failed);
    this.changes.push(...missing, ...claims, {
      do: "update",
      kind: anyPod,
      object,
      followedBy: () => [tellSuccess(set, "Update", pod)],
      refused: (error) => (error.code === 409 ? undefined : failed(error.message)),
    });
  }

  processReplica({ pod, exists }: Replica): boolean {
    const { set, view, nowMs } = this.#situation;
    const { phase } = pod.status ?? {};
    if (exists && (phase === "Failed" || phase === "Succeeded")) {
      if (!isTerminating(pod)) this.delete(pod);
      return true;
    }
    if (!exists) {
      if (hasStaleClaim(view, set, pod)) {
        this.waits = true;
        return true;
      }
      this.#create(pod);
      return true;
    }
    if (phase === "Pending") this.changes.push(...createClaims(view, set, pod, this.#failed("Create", pod)));
    if (this.#monotonic && (isTerminating(pod) || !isRunningAndReady(pod) || !isAvailable(pod, set, nowMs)))
      return true;
    this.#repair(pod);
    return false;
  }

  retainCondemned(pod: Pod): boolean {
    this.changes.push(...retainClaims(this.#situation.view, this.#updateSet, pod));
    return false;
  }

  processCondemned(pod: Pod, firstUnavailable: Pod | undefined): boolean {
    const { set, nowMs } = this.#situation;
    if (isTerminating(pod)) return true;
    const healthy = isRunningAndReady(pod) && isAvailable(pod, set, nowMs);
    if (!healthy && this.#monotonic && pod !== firstUnavailable) return true;
    this.delete(pod);
    return true;
  }

  /** Replaces one pod of another revision, the highest ordinal first; the number of those deleted. */
  rollUpdate(replicas: readonly Replica[]): number {
    const { set, update, nowMs } = this.#situation;
    if (set.spec.updateStrategy?.type === "OnDelete") return 0;
    const least = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (let index = replicas.length - 1; index >= least; index -= 1) {
      const { pod, exists } = replicas[index]!;
      if (exists && revisionOf(pod) !== update.metadata.name && !isTerminating(pod)) {
        this.delete(pod);
        return 1;
      }
      if (!exists || !isAvailable(pod, set, nowMs) || isTerminating(pod)) return 0;
    }
    return 0;
  }
}

/** What has to be done to the pods. They are those of the set, by name and by owner. */
export function managePods(situation: Situation): Managed {
  const { set, pods, current, update, nowMs } = situation;
  if (set.metadata.deletionTimestamp) return { changes: [], deletedForUpdate: 0 };
  const byOrdinal = new Map(pods.filter((pod) => isInRange(pod, set)).map((pod) => [ordinalOf(pod), pod]));
  const replicas = Array.from({ length: wantedOf(set) }, (_, index): Replica => {
    const ordinal = startOf(set) + index;
    const found = byOrdinal.get(ordinal);
    if (found) return { pod: found, exists: true };
    return { pod: draftPod(set, current, update, ordinal) as unknown as Pod, exists: false };
  });
  const condemned = pods
    .filter((pod) => !isInRange(pod, set) && ordinalOf(pod) >= 0)
    .toSorted((a, b) => ordinalOf(b) - ordinalOf(a));
  const unavailable = ({ pod, exists }: Replica): boolean =>
    !exists || !isAvailable(pod, set, nowMs) || isTerminating(pod);
  const firstUnavailable = [...replicas, ...condemned.toReversed().map((pod) => ({ pod, exists: true }))].find(
    unavailable,
  );
  const manager = new PodManager(situation);
  const ended =
    manager.runAll(replicas, (replica) => manager.processReplica(replica)) ||
    manager.runAll(condemned, (pod) => manager.retainCondemned(pod)) ||
    manager.runAll(condemned, (pod) => manager.processCondemned(pod, firstUnavailable?.pod));
  const deletedForUpdate = ended ? 0 : manager.rollUpdate(replicas);
  return { changes: manager.changes, deletedForUpdate, waits: manager.waits };
}
