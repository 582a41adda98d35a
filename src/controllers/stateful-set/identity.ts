// The names of a StatefulSet's pods and claims, and the pods themselves. Upstream:
// pkg/controller/statefulset/stateful_set_utils.go. May import src/base, src/kinds, src/client.
import { statefulSet as statefulSetKind } from "../../kinds/apps/stateful-set.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Draft } from "../../kinds/object.ts";
import type { ControllerRevision, StatefulSet } from "../../kinds/types/apps-v1.gen.ts";
import type { PersistentVolumeClaim, Pod, Volume } from "../../kinds/types/core-v1.gen.ts";
import { revisionLabel, templateOf } from "../history/revisions.ts";
import { podFromTemplate } from "../replication/pod-control.ts";

export const anyStatefulSet = statefulSetKind as unknown as Kind;
const podNameLabel = "statefulset.kubernetes.io/pod-name";
const podIndexLabel = "apps.kubernetes.io/pod-index";
const int32Max = 2 ** 31 - 1;

/** The set's name and the ordinal in a pod's name; -1: it has none. */
export function parsePodName(name: string): [parent: string, ordinal: number] {
  const dash = name.lastIndexOf("-");
  const digits = name.slice(dash + 1);
  if (dash < 0 || !/^[0-9]+$/.test(digits)) return ["", -1];
  const ordinal = Number(digits);
  return [name.slice(0, dash), ordinal > int32Max ? -1 : ordinal];
}
export const ordinalOf = ({ metadata }: Pod): number => parsePodName(metadata.name)[1];
export const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;
export const wantedOf = ({ spec }: StatefulSet): number => spec.replicas ?? 1;
export function isInRange(pod: Pod, set: StatefulSet): boolean {
  const ordinal = ordinalOf(pod);
  return ordinal >= startOf(set) && ordinal < startOf(set) + wantedOf(set);
}
export const revisionOf = ({ metadata }: Pod): string => metadata.labels?.[revisionLabel] ?? "";

const claimName = (set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`;

/** The claims of the pod with that ordinal, as they are to be created. */
export function claimsOf(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    },
  }));
}

/** The pod's volumes with its claims in place of what has their names. */
export function volumesOf(set: StatefulSet, ordinal: number, volumes: readonly Volume[]): Volume[] {
  const templates = set.spec.volumeClaimTemplates ?? [];
  const names = new Set(templates.map(({ metadata }) => metadata.name));
  const claimed = templates.map((template): Volume => {
    return { name: template.metadata.name, persistentVolumeClaim: { claimName: claimName(set, template, ordinal) } };
  });
  return [...claimed, ...volumes.filter(({ name }) => !names.has(name))];
}

export function storageMatches(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod);
  const volumes = new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return (set.spec.volumeClaimTemplates ?? []).every((template) => {
    const found = volumes.get(template.metadata.name)?.persistentVolumeClaim?.claimName;
    return found === claimName(set, template, ordinal);
  });
}
export const identityMatches = ({ metadata }: Pod): boolean => metadata.labels?.[podNameLabel] === metadata.name;
export const identityLabels = (name: string): Record<string, string> => ({
  [podNameLabel]: name,
  [podIndexLabel]: String(parsePodName(name)[1]),
});

/** The set as it was or is at a revision. */
export const atRevision = (set: StatefulSet, revision: ControllerRevision): StatefulSet => ({
  ...set,
  spec: { ...set.spec, template: templateOf(revision) },
});

/** The pod of an ordinal, of the current revision where the update has not reached it. */
export function draftPod(
  set: StatefulSet,
  current: ControllerRevision,
  update: ControllerRevision,
  ordinal: number,
): Draft<Pod> {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const before = rollingUpdate
    ? ordinal < startOf(set) + (rollingUpdate.partition ?? 0)
    : type === "RollingUpdate" && ordinal < startOf(set) + (set.status?.currentReplicas ?? 0);
  const revision = before ? current : update;
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(anyStatefulSet, set, atRevision(set, revision).spec.template);
  const volumes = volumesOf(set, ordinal, (pod.spec?.volumes ?? []) as unknown as Volume[]);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      name,
      labels: { ...pod.metadata?.labels, ...identityLabels(name), [revisionLabel]: revision.metadata.name },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes: volumes as unknown as Draft<Volume>[] } : {}),
    },
  } as Draft<Pod>;
}
