// Pods made from an owner's template and deleted for it, with the events that tell of it. Upstream: RealPodControl in
// pkg/controller/controller_utils.go. May import src/base, src/kinds, src/client.
import type { StatusError } from "../../base/errors.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { apiVersionOf, type Kind } from "../../kinds/kind.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import type { Pod, PodTemplateSpec } from "../../kinds/types/core-v1.gen.ts";
import type { OwnerReference } from "../../kinds/types/meta-v1.gen.ts";
import type { Change, Refused } from "../controller.ts";

/** The reference that makes `owner` the one controller of an object. */
export const controllerReference = (kind: Kind, owner: KubernetesObject): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** A pod as the owner's template says; it is named after the owner where that is possible. */
export function podFromTemplate(kind: Kind, owner: KubernetesObject, template: PodTemplateSpec): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${owner.metadata.name}-`;
  const pod = {
    metadata: {
      generateName: podKind.checkName(prefix, true).length > 0 ? owner.metadata.name : prefix,
      namespace: owner.metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
      ...(finalizers?.length ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controllerReference(kind, owner)],
    },
    spec: template.spec,
  };
  return pod as unknown as Draft<Pod>;
}

export const normalEvent = (about: KubernetesObject, reason: string, message: string): Change => {
  return { do: "event", about, type: "Normal", reason, message };
};
export const warningEvent = (about: KubernetesObject, reason: string, message: string): Change => {
  return { do: "event", about, type: "Warning", reason, message };
};

/** Nothing can be created in the namespace, because it is being deleted. */
export const isNamespaceTerminating = (error: StatusError): boolean =>
  error.status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;

export interface PodCreation {
  /** What else follows a refusal. Absent: the event, and another attempt. */
  refused?(error: StatusError): Refused | undefined;
}

/** Creates the pod and tells it in an event about the owner. A namespace that is being deleted is no failure. */
export function createPod(owner: KubernetesObject, pod: Draft<Pod>, { refused }: PodCreation = {}): Change {
  return {
    do: "create",
    kind: podKind,
    object: pod as Draft<KubernetesObject> & object,
    followedBy: ({ metadata }) => [normalEvent(owner, "SuccessfulCreate", `Created pod: ${metadata.name}`)],
    refused(error) {
      if (isNamespaceTerminating(error)) return { changes: [], next: "continue" };
      const told = warningEvent(owner, "FailedCreate", `Error creating: ${error.message}`);
      const more = refused?.(error);
      return { changes: [told, ...(more?.changes ?? [])], next: more?.next ?? "retry" };
    },
  };
}

/** Deletes the pod and tells it in an event about the owner. `refused` gives what else follows a failure. */
export function deletePod(owner: KubernetesObject, pod: Pod, { refused }: PodCreation = {}): Change[] {
  return [
    {
      do: "delete",
      kind: podKind,
      object: pod,
      refused(error) {
        const told = warningEvent(owner, "FailedDelete", `Error deleting: ${error.message}`);
        const more = refused?.(error);
        return { changes: [told, ...(more?.changes ?? [])], next: more?.next ?? "retry" };
      },
    },
    normalEvent(owner, "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`),
  ];
}
