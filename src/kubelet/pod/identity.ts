// Who a sandbox or container is, written into its labels and annotations so that a node agent that starts anew knows
// everything that runs. The names are upstream's (pkg/kubelet/kuberuntime/labels.go, pkg/kubelet/types/labels.go).
// Imports src/kinds.
import type { Container, LifecycleHandler, Pod } from "../../kinds/types/core-v1.gen.ts";
import type { Labels } from "../runtime.ts";

const podNameLabel = "io.kubernetes.pod.name";
const podNamespaceLabel = "io.kubernetes.pod.namespace";
export const podUidLabel = "io.kubernetes.pod.uid";
export const containerNameLabel = "io.kubernetes.container.name";

const hashAnnotation = "io.kubernetes.container.hash";
const restartCountAnnotation = "io.kubernetes.container.restartCount";
const messagePathAnnotation = "io.kubernetes.container.terminationMessagePath";
const messagePolicyAnnotation = "io.kubernetes.container.terminationMessagePolicy";
const preStopAnnotation = "io.kubernetes.container.preStopHandler";
const portsAnnotation = "io.kubernetes.container.ports";
const deletionGraceAnnotation = "io.kubernetes.pod.deletionGracePeriod";
const terminationGraceAnnotation = "io.kubernetes.pod.terminationGracePeriod";

/** A hash of what, when changed, makes the container another one: its name and image. */
export function hashContainer(container: Container): string {
  const text = JSON.stringify({ image: container.image ?? "", name: container.name });
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16);
}

export function sandboxLabels(pod: Pod): Labels {
  return {
    ...pod.metadata.labels,
    [podNameLabel]: pod.metadata.name!,
    [podNamespaceLabel]: pod.metadata.namespace!,
    [podUidLabel]: pod.metadata.uid!,
  };
}

export function containerLabels(pod: Pod, container: Container): Labels {
  return {
    [podNameLabel]: pod.metadata.name!,
    [podNamespaceLabel]: pod.metadata.namespace!,
    [podUidLabel]: pod.metadata.uid!,
    [containerNameLabel]: container.name,
  };
}

export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Labels {
  const annotations: Record<string, string> = {
    [hashAnnotation]: hashContainer(container),
    [restartCountAnnotation]: String(restartCount),
    [messagePathAnnotation]: container.terminationMessagePath ?? "",
    [messagePolicyAnnotation]: container.terminationMessagePolicy ?? "",
  };
  if (pod.metadata.deletionGracePeriodSeconds !== undefined) {
    annotations[deletionGraceAnnotation] = String(pod.metadata.deletionGracePeriodSeconds);
  }
  if (pod.spec.terminationGracePeriodSeconds !== undefined) {
    annotations[terminationGraceAnnotation] = String(pod.spec.terminationGracePeriodSeconds);
  }
  if (container.lifecycle?.preStop) annotations[preStopAnnotation] = JSON.stringify(container.lifecycle.preStop);
  if (container.ports?.length) annotations[portsAnnotation] = JSON.stringify(container.ports);
  return annotations;
}

export interface ContainerRecord {
  readonly hash: string;
  readonly restartCount: number;
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: string;
  readonly terminationGracePeriodSeconds: number | undefined;
  readonly preStop: LifecycleHandler | undefined;
}

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;

function parseHandler(text: string | undefined): LifecycleHandler | undefined {
  if (!text) return undefined;
  try {
    return JSON.parse(text) as LifecycleHandler;
  } catch {
    // The annotation is our own; one that another program has broken is as good as none.
    return undefined;
  }
}

/** What the annotations of a container tell; nothing in them is relied upon to be there. */
export function readContainerRecord(annotations: Labels): ContainerRecord {
  return {
    hash: annotations[hashAnnotation] ?? "",
    restartCount: wholeNumber(annotations[restartCountAnnotation]) ?? 0,
    terminationMessagePath: annotations[messagePathAnnotation] ?? "",
    terminationMessagePolicy: annotations[messagePolicyAnnotation] ?? "",
    terminationGracePeriodSeconds:
      wholeNumber(annotations[deletionGraceAnnotation]) ?? wholeNumber(annotations[terminationGraceAnnotation]),
    preStop: parseHandler(annotations[preStopAnnotation]),
  };
}
