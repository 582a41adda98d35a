// Who owns an object. May import src/base.
import type { KubernetesObject } from "../object.ts";
import type { OwnerReference } from "../types/meta-v1.gen.ts";

/** The owner that manages the object: the one reference with controller: true. */
export function getControllerOf(object: Pick<KubernetesObject, "metadata">): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((one) => one.controller === true);
}
export function isControlledBy(object: Pick<KubernetesObject, "metadata">, ownerUid: string): boolean {
  return getControllerOf(object)?.uid === ownerUid;
}

/** A pod that a node made from a file of its own and shows in the API. */
export const mirrorAnnotation = "kubernetes.io/config.mirror";
export const isMirrorPod = (object: Pick<KubernetesObject, "metadata">): boolean =>
  Object.hasOwn(object.metadata.annotations ?? {}, mirrorAnnotation);
