// What the node agent's events are about: a pod, one of its containers, the node. The recorder is the client's
// (src/client/event-recorder.ts), which counts and bounds them. Imports src/client and src/kinds.
import type { EventRecorder, EventSubject } from "../client/event-recorder.ts";
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import { containersOf } from "./pod/container-spec.ts";

export type { EventRecorder, EventSubject };

export const podReference = (pod: Pod): EventSubject => ({ apiVersion: "v1", kind: "Pod", metadata: pod.metadata });

const fields = { init: "initContainers", regular: "containers", ephemeral: "ephemeralContainers" } as const;

/** The pod, with the container's path: spec.containers{NAME}. */
export function containerReference(pod: Pod, name: string): EventSubject {
  const found = containersOf(pod.spec).find(({ container }) => container.name === name);
  return { ...podReference(pod), fieldPath: `spec.${fields[found?.type ?? "regular"]}{${name}}` };
}

/** Upstream's agent gives the node's name as its uid in events. */
export const nodeReference = (name: string): EventSubject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, uid: name, creationTimestamp: "", resourceVersion: "" },
});
