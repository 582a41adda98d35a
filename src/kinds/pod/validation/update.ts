// What an update of a pod may change: hardly anything. Source: pkg/apis/core/validation (ValidatePodUpdate,
// ValidatePodEphemeralContainersUpdate), KEP-277, KEP-3838. May import src/base.
import { forbidden, goJson, invalid, quote, required, type FieldError } from "../../../base/field-error.ts";
import { semanticEqual } from "../../meta/equality.ts";
import { inclusiveRangeError } from "../../meta/names.ts";
import type { Affinity, Container, Pod, PodSpec } from "../../types/core-v1.gen.ts";
import { internalForm, internalSpec } from "../internal-form.ts";
import { diffLines } from "../line-diff.ts";
import { isMirrorPod } from "../ownership.ts";
import { validateNodeAffinityMutation, validateNodeSelectorMutation } from "./affinity.ts";
import { validatePodAnnotationUpdates } from "./annotations.ts";
import { podValidationOptions, type PodValidationOptions } from "./options.ts";
import { specOf, validatePodCore } from "./pod.ts";
import { validateOnlyAddedTolerations, validateOnlyDeletedSchedulingGates } from "./tolerations.ts";

const maxInt32 = 2147483647;
const updatableFields = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

/** Options for a write of a stored pod. */
export const updateOptions = (old: Pod): PodValidationOptions => podValidationOptions(specOf(old), old.metadata, true);

const printDiff = (old: unknown, now: unknown): string => diffLines(goJson(old, " "), goJson(now, " "));

function validateImages(containers: readonly Container[] = [], old: readonly Container[] = [], field: string) {
  if (containers.length !== old.length) {
    return { errors: [forbidden(field, "pod updates may not add or remove containers")], stop: true };
  }
  const errors: FieldError[] = [];
  for (const [index, { image = "" }] of containers.entries()) {
    if (!image) errors.push(required(`${field}[${index}].image`));
    if (image.trim() !== image) {
      errors.push(invalid(`${field}[${index}].image`, image, "must not have leading or trailing whitespace"));
    }
  }
  return { errors, stop: false };
}

function validateDeadline(
  seconds: number | undefined,
  old: number | undefined,
): { errors: FieldError[]; stop: boolean } {
  const field = "spec.activeDeadlineSeconds";
  const fail = (value: unknown, detail: string, stop: boolean) => ({ errors: [invalid(field, value, detail)], stop });
  if (seconds === undefined) {
    if (old === undefined) return { errors: [], stop: false };
    return fail(null, "must not update from a positive integer to nil value", false);
  }
  if (seconds < 0 || seconds > maxInt32) return fail(seconds, inclusiveRangeError(0, maxInt32), true);
  if (old !== undefined && old < seconds) return fail(seconds, "must be less than or equal to previous value", true);
  return { errors: [], stop: false };
}

const withOldImages = (containers: readonly Container[] | undefined, old: readonly Container[] | undefined) =>
  containers?.map((container, index) => {
    const { image: _, ...rest } = container;
    const image = old?.[index]?.image;
    return image === undefined ? (rest as Container) : { ...container, image };
  });

/** The affinity with the old rules for nodes. */
function withOldNodeAffinity(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _, ...rest } = affinity ?? {};
  if (old?.nodeAffinity) return { ...rest, nodeAffinity: old.nodeAffinity };
  return affinity && !old && Object.keys(rest).length === 0 ? undefined : affinity && rest;
}

type Mutable<T> = { -readonly [Key in keyof T]?: T[Key] };

function assign<Key extends keyof PodSpec>(spec: Mutable<PodSpec>, key: Key, value: PodSpec[Key] | undefined): void {
  if (value === undefined) delete spec[key];
  else spec[key] = value;
}

/** The new spec with what may change put back; and what a gated pod's changes break. */
function putBack(spec: PodSpec, old: PodSpec): { munged: PodSpec; errors: FieldError[] } {
  const munged: Mutable<PodSpec> = { ...spec };
  assign(munged, "containers", withOldImages(spec.containers, old.containers));
  assign(munged, "initContainers", withOldImages(spec.initContainers, old.initContainers));
  assign(munged, "activeDeadlineSeconds", old.activeDeadlineSeconds);
  assign(munged, "schedulingGates", old.schedulingGates);
  assign(munged, "tolerations", old.tolerations);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    assign(munged, "terminationGracePeriodSeconds", old.terminationGracePeriodSeconds);
  }
  const errors: FieldError[] = [];
  if ((old.schedulingGates?.length ?? 0) > 0) {
    if (!semanticEqual(spec.nodeSelector, old.nodeSelector)) {
      errors.push(...validateNodeSelectorMutation("spec.nodeSelector", spec.nodeSelector, old.nodeSelector));
      assign(munged, "nodeSelector", old.nodeSelector);
    }
    const [now, was] = [spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
    if (!semanticEqual(now, was)) {
      errors.push(...validateNodeAffinityMutation("spec.affinity.nodeAffinity", now, was));
      assign(munged, "affinity", withOldNodeAffinity(spec.affinity, old.affinity));
    }
  }
  return { munged: munged as PodSpec, errors };
}

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const options = updateOptions(old);
  const [spec, oldSpec] = [specOf(pod), specOf(old)];
  const { annotations } = pod.metadata;
  const errors = [
    ...validatePodCore(pod, options),
    ...validatePodAnnotationUpdates(annotations, old.metadata.annotations, spec, "metadata.annotations", options),
  ];
  const steps = [
    () => validateImages(spec.containers, oldSpec.containers, "spec.containers"),
    () => validateImages(spec.initContainers, oldSpec.initContainers, "spec.initContainers"),
    () => validateDeadline(spec.activeDeadlineSeconds, oldSpec.activeDeadlineSeconds),
  ];
  for (const step of steps) {
    const result = step();
    errors.push(...result.errors);
    if (result.stop) return errors;
  }
  errors.push(
    ...validateOnlyAddedTolerations(spec.tolerations, oldSpec.tolerations, "spec.tolerations", options),
    ...validateOnlyDeletedSchedulingGates(spec.schedulingGates, oldSpec.schedulingGates, "spec.schedulingGates"),
  );
  if (semanticEqual(spec, oldSpec)) return errors;
  const { munged, errors: gateErrors } = putBack(spec, oldSpec);
  errors.push(...gateErrors);
  if (!semanticEqual(munged, oldSpec)) {
    const diff = printDiff(internalSpec(oldSpec), internalSpec(munged));
    const detail = `pod updates may not change fields other than ${updatableFields.join(",")}\n${diff}`;
    errors.push(forbidden("spec", detail));
  }
  return errors;
}

/** Ephemeral containers are added, and neither removed nor changed. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  if (isMirrorPod(old)) return [forbidden("[]", "static pods do not support ephemeral containers")];
  const options = updateOptions(old);
  const spec = specOf(pod);
  const errors = [
    ...validatePodCore(pod, options),
    ...validatePodAnnotationUpdates(
      pod.metadata.annotations,
      old.metadata.annotations,
      spec,
      "metadata.annotations",
      options,
    ),
  ];
  const field = "spec.ephemeralContainers";
  for (const was of specOf(old).ephemeralContainers ?? []) {
    const now = spec.ephemeralContainers?.find((one) => one.name === was.name);
    const what = `existing ephemeral containers ${quote(was.name)} may not be`;
    if (!now) errors.push(forbidden(field, `${what} removed\n`));
    else if (!semanticEqual(now, was)) {
      const diff = printDiff(internalForm("EphemeralContainer", was), internalForm("EphemeralContainer", now));
      errors.push(forbidden(field, `${what} changed\n${diff}`));
    }
  }
  return errors;
}
