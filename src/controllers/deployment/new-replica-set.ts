// The ReplicaSet of a Deployment's present template: found, kept in step, or made. Upstream: getNewReplicaSet in
// pkg/controller/deployment/sync.go. May import src/base, src/kinds, src/client.
import type { StatusError } from "../../base/errors.ts";
import { deployment as deploymentKind } from "../../kinds/apps/deployment.ts";
import { replicaSet as replicaSetKind } from "../../kinds/apps/replica-set.ts";
import type { Kind } from "../../kinds/kind.ts";
import { semanticEqual } from "../../kinds/meta/equality.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import { isControlledBy } from "../../kinds/pod/ownership.ts";
import type { Deployment, DeploymentCondition, ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import type { PodTemplateSpec } from "../../kinds/types/core-v1.gen.ts";
import type { Change, Refused, View } from "../controller.ts";
import { templateHash } from "../history/template-hash.ts";
import { controllerReference, isNamespaceTerminating, normalEvent, warningEvent } from "../replication/pod-control.ts";
import { maxRevision, newSetAnnotations, revisionAnnotation, sameAnnotations, withReplicas } from "./annotations.ts";
import { hasProgressDeadline, progressCondition, progressingOf, setCondition, type Sets } from "./deployment-status.ts";
import { maxSurgeOf, nextNewSize, oldestFirst, wantedOf } from "./replica-counts.ts";

export const anyDeployment = deploymentKind as unknown as Kind;
export const anyReplicaSet = replicaSetKind as unknown as Kind;
const hashLabel = "pod-template-hash";
/** Characters of an object's name. */
const nameCharactersMax = 253;

export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [hashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } } as unknown as PodTemplateSpec;
}
export const sameTemplate = (deployment: Deployment, set: ReplicaSet): boolean =>
  semanticEqual(withoutHash(deployment.spec.template), withoutHash(set.spec.template));

/** The oldest ReplicaSet of the present template, and all others. */
export function splitSets(deployment: Deployment, sets: readonly ReplicaSet[]): Sets {
  const sorted = oldestFirst(sets);
  const current = sorted.find((set) => sameTemplate(deployment, set));
  return { current, old: sorted.filter((set) => set !== current) };
}

/** A change of the Deployment's status, and of the revision in its annotations. */
export function updateStatus(
  deployment: Deployment,
  change: { revision?: string; condition?: DeploymentCondition; collisionCount?: number },
): Change {
  const { revision, condition, collisionCount } = change;
  const { metadata, status = {} } = deployment;
  const annotations = revision ? { ...metadata.annotations, [revisionAnnotation]: revision } : metadata.annotations;
  const object: Deployment = {
    ...deployment,
    metadata: { ...metadata, ...(annotations ? { annotations } : {}) },
    status: {
      ...status,
      ...(condition ? { conditions: setCondition(status.conditions, condition) } : {}),
      ...(collisionCount === undefined ? {} : { collisionCount }),
    },
  };
  return { do: "update", kind: anyDeployment, object, subresource: "status" };
}

/** What keeps the present ReplicaSet and the Deployment in step with each other; nothing when they are. */
function keepInStep(deployment: Deployment, current: ReplicaSet, revision: bigint, nowMs: number): Change[] {
  const before = current.metadata.annotations ?? {};
  const annotations = newSetAnnotations(deployment, before, revision);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (!sameAnnotations(before, annotations) || (current.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const { metadata, spec } = current;
    const object: ReplicaSet = {
      ...current,
      metadata: { ...metadata, annotations },
      spec: { ...spec, minReadySeconds },
    };
    return [{ do: "update", kind: anyReplicaSet, object }];
  }
  const told = annotations[revisionAnnotation] ?? "";
  const outdated = (deployment.metadata.annotations?.[revisionAnnotation] ?? "") !== told;
  const message = `Found new replica set "${current.metadata.name}"`;
  const unknown = hasProgressDeadline(deployment) && !progressingOf(deployment);
  if (!outdated && !unknown) return [];
  const condition = unknown ? progressCondition("True", "FoundNewReplicaSet", message, nowMs) : undefined;
  return [updateStatus(deployment, { revision: told, condition })];
}

function draftSet(deployment: Deployment, old: readonly ReplicaSet[], revision: bigint): ReplicaSet {
  const { metadata, spec, status } = deployment;
  const hash = templateHash(spec.template, status?.collisionCount);
  const name = `${metadata.name.slice(0, nameCharactersMax - 1 - hash.length)}-${hash}`;
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  const size = nextNewSize(deployment, old, 0);
  const annotations = newSetAnnotations(deployment, {}, revision);
  const most = wantedOf(deployment) + maxSurgeOf(deployment);
  return {
    metadata: {
      name,
      namespace: metadata.namespace,
      labels,
      annotations: withReplicas(annotations, wantedOf(deployment), most),
      ownerReferences: [controllerReference(anyDeployment, deployment)],
    } as unknown as ReplicaSet["metadata"],
    spec: {
      replicas: size,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata!, labels } },
    },
  };
}

function afterRefusal(deployment: Deployment, set: ReplicaSet, view: View, nowMs: number, error: StatusError): Refused {
  if (error.reason === "AlreadyExists") {
    const { namespace, name } = set.metadata;
    const found = view.get(replicaSetKind, namespace, name);
    const ours = found && isControlledBy(found, deployment.metadata.uid) && sameTemplate(deployment, found);
    if (!found || ours) return { changes: [], next: "retry" };
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    return { changes: [updateStatus(deployment, { collisionCount })], next: "retry" };
  }
  if (isNamespaceTerminating(error)) return { changes: [], next: "stop" };
  const reason = "ReplicaSetCreateError";
  const message = `Failed to create new replica set "${set.metadata.name}": ${error.message}`;
  const condition = progressCondition("False", reason, message, nowMs);
  const told = warningEvent(deployment, reason, message);
  const noted = hasProgressDeadline(deployment) ? [updateStatus(deployment, { condition })] : [];
  return { changes: [...noted, told], next: "retry" };
}

function createSet(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revision: bigint,
  view: View,
  nowMs: number,
): Change {
  const set = draftSet(deployment, old, revision);
  return {
    do: "create",
    kind: anyReplicaSet,
    object: set as unknown as Draft<KubernetesObject> & object,
    followedBy({ metadata: { name } }) {
      const scaled = `Scaled up replica set ${name} from 0 to ${set.spec.replicas}`;
      const message = `Created new replica set "${name}"`;
      const condition = progressCondition("True", "NewReplicaSetCreated", message, nowMs);
      return [
        ...(set.spec.replicas ? [normalEvent(deployment, "ScalingReplicaSet", scaled)] : []),
        updateStatus(deployment, {
          revision: String(revision),
          condition: hasProgressDeadline(deployment) ? condition : undefined,
        }),
      ];
    },
    refused: (error) => afterRefusal(deployment, set, view, nowMs, error),
  };
}

/** What must happen before anything else can be decided: the new ReplicaSet made (if `create`), revisions written down. */
export function syncRevision(deployment: Deployment, sets: Sets, create: boolean, view: View, nowMs: number): Change[] {
  const revision = maxRevision(sets.old) + 1n;
  if (sets.current) return keepInStep(deployment, sets.current, revision, nowMs);
  return create ? [createSet(deployment, sets.old, revision, view, nowMs)] : [];
}
