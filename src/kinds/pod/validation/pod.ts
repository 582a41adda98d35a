// A pod on its creation, and what all writes of a pod check. Metadata itself is checked by the server for every kind.
// Source: pkg/apis/core/validation (ValidatePodCreate). May import src/base.
import { forbidden, type FieldError } from "../../../base/field-error.ts";
import type { Pod, PodSpec } from "../../types/core-v1.gen.ts";
import { validateAppArmorMatch, validatePodSpecificAnnotations, validateSeccompMatch } from "./annotations.ts";
import { validateImageSpaces } from "./containers.ts";
import { podValidationOptions, type PodValidationOptions } from "./options.ts";
import { validatePodSpec } from "./spec.ts";

export const specOf = (pod: Pod): PodSpec => pod.spec ?? ({} as PodSpec);

/** Annotations and spec: what creates and updates share. */
export function validatePodCore(pod: Pod, options: PodValidationOptions): FieldError[] {
  const spec = specOf(pod);
  const errors = [
    ...validatePodSpecificAnnotations(pod.metadata.annotations, spec, "metadata.annotations", options),
    ...validatePodSpec(spec, pod.metadata, "spec", options),
  ];
  if (!spec.serviceAccountName) {
    for (const [index, volume] of (spec.volumes ?? []).entries()) {
      for (const [at, source] of (volume.projected?.sources ?? []).entries()) {
        if (!source.serviceAccountToken) continue;
        const field = `spec.volumes[${index}].projected.sources[${at}].serviceAccountToken`;
        errors.push(forbidden(field, "must not be specified when serviceAccountName is not set"));
      }
    }
  }
  return [
    ...errors,
    ...validateImageSpaces(spec.containers, "spec.containers"),
    ...validateImageSpaces(spec.initContainers, "spec.initContainers"),
  ];
}

export function validatePodCreate(pod: Pod): FieldError[] {
  const spec = specOf(pod);
  const errors = validatePodCore(pod, podValidationOptions(undefined, undefined, true));
  if ((spec.ephemeralContainers?.length ?? 0) > 0) {
    errors.push(forbidden("spec.ephemeralContainers", "cannot be set on create"));
  }
  if (spec.nodeName && (spec.schedulingGates?.length ?? 0) > 0) {
    errors.push(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"));
  }
  return [
    ...errors,
    ...validateSeccompMatch(pod.metadata, spec, "spec"),
    ...validateAppArmorMatch(pod.metadata, spec, "spec"),
  ];
}
