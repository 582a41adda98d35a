// How the node agent tells of what it does: events about pods, containers and the node. The recorder is the client's
// (src/client), which counts and bounds them. Imports src/kinds.
import type { ObjectReference, Pod } from "../kinds/types/core-v1.gen.ts";
import { containersOf } from "./pod/container-spec.ts";

/** An event's object is given as a reference, so that it can name a container by its field path. */
export interface EventRecorder {
  event(object: ObjectReference, type: "Normal" | "Warning", reason: string, message: string): void;
}

export function podReference(pod: Pod): ObjectReference {
  const { name, namespace, uid, resourceVersion } = pod.metadata;
  return {
    kind: "Pod",
    apiVersion: "v1",
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}

const fields = { init: "initContainers", regular: "containers", ephemeral: "ephemeralContainers" } as const;

/** The pod, with the container's path: spec.containers{NAME}. */
export function containerReference(pod: Pod, name: string): ObjectReference {
  const found = containersOf(pod.spec).find(({ container }) => container.name === name);
  return { ...podReference(pod), fieldPath: `spec.${fields[found?.type ?? "regular"]}{${name}}` };
}

export const nodeReference = (name: string): ObjectReference => ({ kind: "Node", name, uid: name });
