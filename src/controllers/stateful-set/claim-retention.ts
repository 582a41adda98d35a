// Who owns the claims of a StatefulSet: nobody, the set, or the pod that was scaled away, as its retention policy says; the
// garbage collector does the rest. KEP-1847; upstream: pkg/controller/statefulset. May import src/base, src/kinds,
// src/client.
import { persistentVolumeClaim as claimKind } from "../../kinds/core/persistent-volume-claim.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { StatefulSet } from "../../kinds/types/apps-v1.gen.ts";
import type { PersistentVolumeClaim, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import type { Change, Refused, View } from "../controller.ts";
import { controllerReference, warningEvent } from "../replication/pod-control.ts";
import { anyStatefulSet, claimsOf, isInRange, ordinalOf } from "./identity.ts";

const anyPod = podKind as unknown as Kind;
const anyClaim = claimKind as unknown as Kind;

interface Policy {
  readonly deletesWithSet: boolean;
  readonly deletesWhenScaled: boolean;
}
function policyOf({ spec }: StatefulSet): Policy {
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  return { deletesWithSet: whenDeleted === "Delete", deletesWhenScaled: whenScaled === "Delete" };
}

const names = (reference: OwnerReference, owner: KubernetesObject, kind: Kind): boolean =>
  reference.apiVersion === apiVersionOf(kind) && reference.kind === kind.kind && reference.name === owner.metadata.name;
const referencesOf = ({ metadata }: PersistentVolumeClaim): readonly OwnerReference[] => metadata.ownerReferences ?? [];
const isOwnedBy = (claim: PersistentVolumeClaim, owner: KubernetesObject): boolean =>
  referencesOf(claim).some(({ uid }) => uid === owner.metadata.uid);
/** Owned by a former object of the same name. */
const isStale = (claim: PersistentVolumeClaim, owner: KubernetesObject, kind: Kind): boolean => {
  const found = referencesOf(claim).find((reference) => names(reference, owner, kind));
  return found !== undefined && found.uid !== owner.metadata.uid;
};

function hasOtherController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { deletesWithSet, deletesWhenScaled } = policyOf(set);
  if (!deletesWithSet && !deletesWhenScaled) return false;
  return referencesOf(claim).some((reference) => {
    if (names(reference, set, anyStatefulSet)) return reference.uid !== set.metadata.uid;
    if (names(reference, pod, anyPod)) return reference.uid !== pod.metadata.uid;
    return reference.controller === true;
  });
}

/** Which of set and pod should own the claim. */
function wantedOwners(set: StatefulSet, pod: Pod): { bySet: boolean; byPod: boolean } {
  const { deletesWithSet, deletesWhenScaled } = policyOf(set);
  const byPod = deletesWhenScaled && !isInRange(pod, set);
  return { bySet: deletesWithSet && !byPod, byPod };
}

function isUpToDate(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if (isStale(claim, set, anyStatefulSet) || isStale(claim, pod, anyPod)) return true;
  if (hasOtherController(claim, set, pod)) return !isOwnedBy(claim, set) && !isOwnedBy(claim, pod);
  const own = referencesOf(claim).filter(({ uid }) => uid === set.metadata.uid || uid === pod.metadata.uid);
  if (own.some(({ controller }) => controller !== true)) return false;
  const { bySet, byPod } = wantedOwners(set, pod);
  return bySet === isOwnedBy(claim, set) && byPod === isOwnedBy(claim, pod);
}

function ownersAfter(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): readonly OwnerReference[] {
  const others = referencesOf(claim).filter(
    (reference) => !names(reference, set, anyStatefulSet) && !names(reference, pod, anyPod),
  );
  if (hasOtherController(claim, set, pod)) return others;
  const { bySet, byPod } = wantedOwners(set, pod);
  return [
    ...others,
    ...(byPod ? [controllerReference(anyPod, pod)] : []),
    ...(bySet ? [controllerReference(anyStatefulSet, set)] : []),
  ];
}

const existingClaims = (view: View, set: StatefulSet, pod: Pod): PersistentVolumeClaim[] =>
  claimsOf(set, ordinalOf(pod)).flatMap(({ metadata }) => view.get(claimKind, metadata.namespace, metadata.name) ?? []);

/** What makes the owners of the pod's claims right; nothing when they are. */
export function retainClaims(view: View, set: StatefulSet, pod: Pod): Change[] {
  return existingClaims(view, set, pod).flatMap((claim): Change[] => {
    const { name } = claim.metadata;
    const conflict =
      `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, ` +
      "the retention policy is ignored for this claim";
    if (isUpToDate(claim, set, pod)) return [];
    const told = hasOtherController(claim, set, pod) ? [warningEvent(set, "ConflictingController", conflict)] : [];
    const metadata = { ...claim.metadata, ownerReferences: ownersAfter(claim, set, pod) };
    return [...told, { do: "update", kind: anyClaim, object: { ...claim, metadata } as PersistentVolumeClaim }];
  });
}

/** A claim that a former pod of the same name owns is about to go: the new pod waits for that. */
export const hasStaleClaim = (view: View, set: StatefulSet, pod: Pod): boolean =>
  policyOf(set).deletesWhenScaled && existingClaims(view, set, pod).some((claim) => isStale(claim, pod, anyPod));

/** Why the pod can't be created yet: a claim that is being deleted. */
export const deletedClaim = (view: View, set: StatefulSet, pod: Pod): string | undefined =>
  existingClaims(view, set, pod).find(({ metadata }) => metadata.deletionTimestamp)?.metadata.name;

/** Creates the claims that are missing. `refused` says what follows a failure, which is told of the claim here. */
export function createClaims(view: View, set: StatefulSet, pod: Pod, refused: (why: string) => Refused): Change[] {
  const { name } = pod.metadata;
  return claimsOf(set, ordinalOf(pod)).flatMap((claim): Change[] => {
    if (view.get(claimKind, claim.metadata.namespace, claim.metadata.name)) return [];
    const subject = `Claim ${claim.metadata.name}`;
    const success = `Create ${subject} Pod ${name} in StatefulSet ${set.metadata.name} success`;
    return [
      {
        do: "create",
        kind: anyClaim,
        object: claim as never,
        followedBy: () => [{ do: "event", about: set, type: "Normal", reason: "SuccessfulCreate", message: success }],
        refused(error) {
          if (error.reason === "AlreadyExists") return { changes: [], next: "retry" };
          const message = `Create ${subject} for Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${error.message}`;
          const after = refused(`failed to create PVC ${claim.metadata.name}: ${error.message}`);
          return { changes: [warningEvent(set, "FailedCreate", message), ...after.changes], next: after.next };
        },
      },
    ];
  });
}
