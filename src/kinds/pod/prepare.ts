// What the server itself does to a pod before it is validated: status, dropped fields, derived selectors. Source:
// pkg/registry/core/pod/strategy.go and pkg/api/pod/util.go, with 1.36's feature gates at their defaults. May import
// src/base.
import type { Draft } from "../object.ts";
import { semanticEqual } from "../meta/equality.ts";
import type { LabelSelector } from "../types/meta-v1.gen.ts";
import type { Container, Pod, PodAffinityTerm, PodSpec, PodStatus, PodTemplateSpec } from "../types/core-v1.gen.ts";
import type { WriteContext } from "../kind.ts";
import { setPodCondition } from "./conditions.ts";
import { computePodQOS } from "./qos.ts";
import { appArmorPrefix, appArmorProfileOf } from "./validation/annotations.ts";
import { validateAppArmorProfile } from "./validation/security.ts";

type DraftSpec = Draft<PodSpec>;
type Labels = Readonly<Record<string, string | undefined>> | undefined;

const draftContainers = (spec: DraftSpec): Draft<Container>[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...((spec.ephemeralContainers ?? []) as Draft<Container>[]),
];

const usesSource = (spec: PodSpec | undefined, name: "clusterTrustBundle" | "podCertificate"): boolean =>
  (spec?.volumes ?? []).some((volume) => volume.projected?.sources?.some((source) => source[name] !== undefined));

const usesStopSignal = (spec: PodSpec | undefined): boolean =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some((one) => one.lifecycle?.stopSignal !== undefined);

/** Drops the fields of features that are off by default, save where the stored object has them. */
export function dropDisabledPodFields(spec: DraftSpec | undefined, old: PodSpec | undefined): void {
  if (!spec) return;
  for (const name of ["clusterTrustBundle", "podCertificate"] as const) {
    if (usesSource(old, name)) continue;
    for (const volume of spec.volumes ?? []) for (const source of volume.projected?.sources ?? []) delete source[name];
  }
  if (old?.schedulingGroup === undefined) delete spec.schedulingGroup;
  if (usesStopSignal(old)) return;
  for (const container of draftContainers(spec)) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    delete container.lifecycle.stopSignal;
    if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
  }
}

/** The same for a workload's template: for all kinds that have one. */
export function dropDisabledTemplateFields(
  template: Draft<PodTemplateSpec> | undefined,
  old: PodTemplateSpec | undefined,
): void {
  dropDisabledPodFields(template?.spec, old?.spec);
}

function mergeKeys(
  selector: Draft<LabelSelector>,
  keys: readonly (string | undefined)[],
  operator: string,
  labels: Labels,
) {
  for (const key of keys) {
    const value = key !== undefined && labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (key === undefined || value === undefined) continue;
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [value] }];
  }
}

function mergeTerm(term: Draft<PodAffinityTerm> | undefined, labels: Labels): void {
  if (!term?.labelSelector) return;
  mergeKeys(term.labelSelector, term.matchLabelKeys ?? [], "In", labels);
  mergeKeys(term.labelSelector, term.mismatchLabelKeys ?? [], "NotIn", labels);
}

/** KEP-3633, KEP-3243: keys to match become requirements with the pod's own labels. */
function mergeMatchLabelKeys(spec: DraftSpec, labels: Labels): void {
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    for (const one of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      mergeTerm(one.podAffinityTerm, labels);
    for (const one of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeTerm(one, labels);
  }
  for (const one of spec.topologySpreadConstraints ?? []) {
    if (one.labelSelector) mergeKeys(one.labelSelector, one.matchLabelKeys ?? [], "In", labels);
  }
}

/** The old AppArmor annotations become fields (KEP-24). */
function applyAppArmor(pod: Draft<Pod>, spec: DraftSpec): void {
  if ((spec.os?.name as string | undefined) === "windows") return;
  const annotations = pod.metadata?.annotations ?? {};
  for (const container of draftContainers(spec)) {
    const annotation = annotations[appArmorPrefix + (container.name ?? "")];
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = appArmorProfileOf(annotation);
    if (!profile || validateAppArmorProfile(profile, "").length > 0) continue;
    if (semanticEqual(profile, spec.securityContext?.appArmorProfile)) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile as Draft<typeof profile> };
  }
}

export function preparePodForCreate(pod: Draft<Pod>, context: WriteContext): void {
  pod.spec ??= {};
  const { spec } = pod;
  pod.status = { phase: "Pending", qosClass: computePodQOS({ spec: spec as PodSpec }) };
  dropDisabledPodFields(spec, undefined);
  if ((spec.schedulingGates?.length ?? 0) > 0) {
    const message = "Scheduling is blocked due to non-empty scheduling gates";
    setPodCondition(pod, { type: "PodScheduled", status: "False", reason: "SchedulingGated", message }, context.now);
  }
  mergeMatchLabelKeys(spec, pod.metadata?.labels);
  applyAppArmor(pod, spec);
}

/** Copies a part of a stored object into a draft: the draft may change it. */
const copy = <T>(value: T): Draft<T> => (value === undefined ? undefined : structuredCopy(value)) as Draft<T>;

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, structuredCopy(one)]));
}

export function preparePodForUpdate(pod: Draft<Pod>, old: Pod): void {
  pod.status = copy(old.status ?? {});
  dropDisabledPodFields(pod.spec, old.spec);
}

/** Generations that a client left out are kept (KEP-5067). */
function keepObservedGenerations(status: Draft<PodStatus>, old: PodStatus): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  const generations = new Map<string, (number | undefined)[]>();
  for (const one of old.conditions ?? []) {
    const list = generations.get(one.type);
    if (list) list.push(one.observedGeneration);
    else generations.set(one.type, [one.observedGeneration]);
  }
  for (const condition of status.conditions ?? []) {
    const generation = generations.get(condition.type ?? "")?.shift();
    if (!condition.observedGeneration && generation) condition.observedGeneration = generation;
  }
}

const dropVolumeStatus = (status: Draft<PodStatus>): void => {
  const lists = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses];
  for (const one of lists.flatMap((list) => list ?? []))
    for (const mount of one.volumeMounts ?? []) delete mount.volumeStatus;
};

/** A write of the status: the spec stays, and of metadata what controllers decide by. */
export function preparePodStatusUpdate(pod: Draft<Pod>, old: Pod): void {
  pod.spec = copy(old.spec ?? ({} as PodSpec));
  pod.metadata ??= {};
  delete pod.metadata.deletionTimestamp;
  if (old.metadata.ownerReferences) pod.metadata.ownerReferences = copy(old.metadata.ownerReferences);
  else delete pod.metadata.ownerReferences;
  pod.status ??= {};
  const { status } = pod;
  if (!status.qosClass && old.status?.qosClass) status.qosClass = old.status.qosClass;
  keepObservedGenerations(status, old.status ?? {});
  delete status.nodeAllocatableResourceClaimStatuses;
  dropVolumeStatus(status);
}

/** Metadata that a subresource's write leaves as it was. */
function keepMetadata(pod: Draft<Pod>, old: Pod): void {
  pod.metadata ??= {};
  for (const name of [
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
  ] as const) {
    const value = old.metadata[name];
    if (value === undefined) delete pod.metadata[name];
    else Object.assign(pod.metadata, { [name]: structuredCopy(value) });
  }
}

export function prepareEphemeralContainersUpdate(pod: Draft<Pod>, old: Pod): void {
  const added = pod.spec?.ephemeralContainers;
  pod.spec = copy(old.spec ?? ({} as PodSpec));
  if (added) pod.spec.ephemeralContainers = added;
  else delete pod.spec.ephemeralContainers;
  pod.status = copy(old.status ?? {});
  keepMetadata(pod, old);
  dropDisabledPodFields(pod.spec, old.spec);
}

type DraftContainers = Draft<Container>[] | undefined;

/** The old containers with the new resources; the new ones where the names don't match, for validation to refuse. */
function withNewResources(containers: DraftContainers, old: readonly Container[] | undefined): DraftContainers {
  const matches = (containers ?? []).every((one, index) => one.name === old?.[index]?.name);
  if (!matches || !old) return containers;
  return old.map((was, index) => {
    const { resources: _r, resizePolicy: _p, ...rest } = copy(was);
    const { resources, resizePolicy } = containers?.[index] ?? {};
    return { ...rest, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) };
  });
}

export function prepareResizeUpdate(pod: Draft<Pod>, old: Pod): void {
  const spec = pod.spec ?? {};
  const sameCount = (name: "containers" | "initContainers"): boolean =>
    (spec[name]?.length ?? 0) === (old.spec?.[name]?.length ?? 0);
  if (!sameCount("containers") || !sameCount("initContainers")) return;
  const containers = withNewResources(spec.containers, old.spec?.containers);
  const initContainers = withNewResources(spec.initContainers, old.spec?.initContainers);
  const { resources } = spec;
  pod.spec = copy(old.spec ?? ({} as PodSpec));
  if (containers) pod.spec.containers = containers;
  if (initContainers) pod.spec.initContainers = initContainers;
  if (resources) pod.spec.resources = resources;
  else delete pod.spec.resources;
  pod.status = copy(old.status ?? {});
  keepMetadata(pod, old);
  dropDisabledPodFields(pod.spec, old.spec);
}
