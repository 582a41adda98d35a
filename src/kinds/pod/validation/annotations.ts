// Annotations of pods that mean something to the API. Source: pkg/apis/core/validation. May import src/base.
import { forbidden, invalid, quote, type FieldError } from "../../../base/field-error.ts";
import type { ObjectMeta } from "../../types/meta-v1.gen.ts";
import type { AppArmorProfile, PodSpec, SeccompProfile, Toleration } from "../../types/core-v1.gen.ts";
import { allContainers, containersWithPath } from "../containers.ts";
import { mirrorAnnotation } from "../ownership.ts";
import type { PodValidationOptions } from "./options.ts";
import { validateLocalDescendingPath } from "./paths.ts";
import { validateTolerations } from "./tolerations.ts";

type Annotations = Readonly<Record<string, string>> | undefined;

export const tolerationsAnnotation = "scheduler.alpha.kubernetes.io/tolerations";
export const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";
export const seccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
export const seccompContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/";
export const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const localhostPrefix = "localhost/";

const valueOf = (annotations: Annotations, name: string): string | undefined =>
  annotations && Object.hasOwn(annotations, name) ? annotations[name] : undefined;

/** A whole number of 32 bits, without a plus sign or leading zeros. */
export function isDeletionCost(annotations: Annotations): boolean {
  const value = valueOf(annotations, deletionCostAnnotation);
  if (value === undefined) return true;
  if (!/^(0|-?[0-9]+)$/.test(value) || (value.startsWith("0") && value !== "0")) return false;
  const number = Number(value);
  return number >= -(2 ** 31) && number < 2 ** 31;
}

function validateTolerationsAnnotation(annotations: Annotations, field: string, options: PodValidationOptions) {
  const text = valueOf(annotations, tolerationsAnnotation);
  if (!text) return [];
  try {
    const list = JSON.parse(text) as Toleration[] | null;
    return validateTolerations(list ?? [], `${field}.${tolerationsAnnotation}`, options);
  } catch (error) {
    return [invalid(field, tolerationsAnnotation, error instanceof Error ? error.message : String(error))];
  }
}

function validateSeccomp(profile: string, field: string): FieldError[] {
  if (["runtime/default", "docker/default", "unconfined"].includes(profile)) return [];
  if (profile.startsWith(localhostPrefix))
    return validateLocalDescendingPath(profile.slice(localhostPrefix.length), field);
  return [invalid(field, profile, "must be a valid seccomp profile")];
}

function validateAppArmor(annotations: Annotations, spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, profile] of Object.entries(annotations ?? {})) {
    if (!key.startsWith(appArmorPrefix)) continue;
    const name = key.slice(appArmorPrefix.length);
    if (!allContainers(spec).some((one) => one.name === name)) {
      errors.push(invalid(`${field}[${key}]`, name, "container not found"));
    }
    const known = ["", "runtime/default", "unconfined"].includes(profile) || profile.startsWith(localhostPrefix);
    if (!known) errors.push(invalid(`${field}[${key}]`, profile, `invalid AppArmor profile name: ${quote(profile)}`));
  }
  return errors;
}

export function validatePodSpecificAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = valueOf(annotations, mirrorAnnotation);
  if (mirror !== undefined && !spec.nodeName) {
    const detail = "must set spec.nodeName if mirror pod annotation is set";
    errors.push(invalid(`${field}[${mirrorAnnotation}]`, mirror, detail));
  }
  errors.push(...validateTolerationsAnnotation(annotations, field, options));
  if (!options.allowInvalidPodDeletionCost && !isDeletionCost(annotations)) {
    const cost = valueOf(annotations, deletionCostAnnotation);
    errors.push(invalid(`${field}[${deletionCostAnnotation}]`, cost, "must be a 32bit integer"));
  }
  const pod = valueOf(annotations, seccompPodAnnotation);
  if (pod !== undefined) errors.push(...validateSeccomp(pod, `${field}.${seccompPodAnnotation}`));
  for (const [key, profile] of Object.entries(annotations ?? {})) {
    if (key.startsWith(seccompContainerPrefix)) errors.push(...validateSeccomp(profile, `${field}.${key}`));
  }
  return [...errors, ...validateAppArmor(annotations, spec, field)];
}

/** What an update may not do to annotations, and all that a create may not. */
export function validatePodAnnotationUpdates(
  annotations: Annotations,
  old: Annotations,
  spec: PodSpec,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(old ?? {})) {
    if (valueOf(annotations, key) === value) continue;
    if (key.startsWith(appArmorPrefix)) {
      errors.push(forbidden(`${field}[${key}]`, "may not remove or update AppArmor annotations"));
    }
    if (key === mirrorAnnotation) {
      errors.push(forbidden(`${field}[${key}]`, "may not remove or update mirror pod annotation"));
    }
  }
  for (const key of Object.keys(annotations ?? {})) {
    if (valueOf(old, key) !== undefined) continue;
    if (key.startsWith(appArmorPrefix)) errors.push(forbidden(`${field}[${key}]`, "may not add AppArmor annotations"));
    if (key === mirrorAnnotation) errors.push(forbidden(`${field}[${key}]`, "may not add mirror pod annotation"));
  }
  return [...errors, ...validatePodSpecificAnnotations(annotations, spec, field, options)];
}

interface Profile {
  readonly type?: string;
  readonly localhostProfile?: string;
}

function validateMatch(what: string, annotation: string, profile: Profile, field: string, runtime: readonly string[]) {
  const typeError = forbidden(`${field}.type`, `${what} type in annotation and field must match`);
  if (profile.type === "Unconfined") return annotation === "unconfined" ? [] : [typeError];
  if (profile.type === "RuntimeDefault") return runtime.includes(annotation) ? [] : [typeError];
  if (profile.type !== "Localhost") return [];
  if (!annotation.startsWith(localhostPrefix)) return [typeError];
  if (annotation.slice(localhostPrefix.length) === profile.localhostProfile) return [];
  return [forbidden(`${field}.localhostProfile`, `${what} profile in annotation and field must match`)];
}

const matchSeccomp = (annotation: string, profile: SeccompProfile, field: string): FieldError[] =>
  validateMatch("seccomp", annotation, profile, field, ["runtime/default", "docker/default"]);

/** Where both the old annotation and the field are given, they must say the same. */
export function validateSeccompMatch(meta: ObjectMeta | undefined, spec: PodSpec, specPath: string): FieldError[] {
  const errors: FieldError[] = [];
  const podProfile = spec.securityContext?.seccompProfile;
  const podAnnotation = valueOf(meta?.annotations, seccompPodAnnotation);
  if (podProfile && podAnnotation !== undefined) {
    errors.push(...matchSeccomp(podAnnotation, podProfile, `${specPath}.securityContext.seccompProfile`));
  }
  for (const [container, path] of containersWithPath(spec, specPath)) {
    const profile = container.securityContext?.seccompProfile;
    const annotation = valueOf(meta?.annotations, seccompContainerPrefix + container.name);
    if (!profile || annotation === undefined) continue;
    errors.push(...matchSeccomp(annotation, profile, `${path}.securityContext.seccompProfile`));
  }
  return errors;
}

export function validateAppArmorMatch(meta: ObjectMeta | undefined, spec: PodSpec, specPath: string): FieldError[] {
  if ((spec.os?.name as string | undefined) === "windows") return [];
  const errors: FieldError[] = [];
  for (const [container, path] of containersWithPath(spec, specPath)) {
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = valueOf(meta?.annotations, appArmorPrefix + container.name);
    if (!profile || annotation === undefined) continue;
    const field = `${path}.securityContext.appArmorProfile`;
    errors.push(...validateMatch("apparmor", annotation, profile, field, ["runtime/default"]));
  }
  return errors;
}

/** The profile that an old annotation means; undefined where it means none. */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" };
  if (annotation === "runtime/default") return { type: "RuntimeDefault" };
  const profile = annotation.startsWith(localhostPrefix) ? annotation.slice(localhostPrefix.length) : "";
  return profile ? { type: "Localhost", localhostProfile: profile } : undefined;
}
