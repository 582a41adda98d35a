// A pod's spec as a whole, also of templates in workloads. Source: pkg/apis/core/validation (ValidatePodSpec,
// ValidatePodTemplateSpec). May import src/base.
import { forbidden, invalid, notSupported, required, type FieldError } from "../../../base/field-error.ts";
import { inclusiveRangeError, isQualifiedName, nameIsDNSSubdomain } from "../../meta/names.ts";
import { validateAnnotations, validateLabels } from "../../meta/object-meta.ts";
import type { ObjectMeta } from "../../types/meta-v1.gen.ts";
import type { PodSpec, PodTemplateSpec } from "../../types/core-v1.gen.ts";
import { containersWithPath } from "../containers.ts";
import { mirrorAnnotation } from "../ownership.ts";
import { validateAffinity } from "./affinity.ts";
import { validateAppArmorMatch, validatePodSpecificAnnotations, validateSeccompMatch } from "./annotations.ts";
import {
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
  type ContainerScope,
} from "./containers.ts";
import {
  validateDNSConfig,
  validateDNSPolicy,
  validateHostAliases,
  validateHostnameOverride,
  validateLabelField,
} from "./dns.ts";
import { validateFileKeyVolumes } from "./container/env.ts";
import { podValidationOptions, type PodValidationOptions } from "./options.ts";
import { podClaimNames, validateOverhead, validatePodResourceClaims, validatePodResources } from "./resources.ts";
import { validateHostUsers, validatePodSecurityContext } from "./security.ts";
import { validateTopologySpread } from "./spread.ts";
import { validateSchedulingGates, validateTolerations } from "./tolerations.ts";
import { validateVolumes } from "./volumes/volumes.ts";
import { validateHostProcess, validateOS } from "./windows.ts";

const maxInt32 = 2147483647;
const restartPolicies = ["Always", "OnFailure", "Never"];
const preemptionPolicies = ["PreemptLowerPriority", "Never"];

function validateEnum(value: string, field: string, supported: readonly string[]): FieldError[] {
  if (value === "") return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

const validateName = (name: string | undefined, field: string): FieldError[] =>
  name ? nameIsDNSSubdomain(name, false).map((message) => invalid(field, name, message)) : [];

function validateHostNetworkPorts(spec: PodSpec, field: string, resourceIsPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return [];
  const detail = "must match `containerPort` when `hostNetwork` is true";
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap(({ hostPort = 0, containerPort = 0 }, at) =>
      (resourceIsPod || hostPort !== 0) && hostPort !== containerPort
        ? [invalid(`${field}[${index}].ports[${at}].hostPort`, hostPort, detail)]
        : [],
    ),
  );
}

function validateDeadline(seconds: number | undefined, field: string): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= maxInt32)) return [];
  return [invalid(field, seconds, inclusiveRangeError(1, maxInt32))];
}

/** The second half of the spec: names, scheduling, the node's system. */
function validateRest(spec: PodSpec, path: string, options: PodValidationOptions): FieldError[] {
  const devices = [...containersWithPath(spec, path)]
    .filter(([container]) => (container.volumeDevices?.length ?? 0) > 0)
    .map(([, at]) => at);
  return [
    ...validateTopologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`, options),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path, devices, options),
    ...validateHostnameOverride(spec, path),
    ...validateName(spec.serviceAccountName, `${path}.serviceAccountName`),
    ...validateName(spec.nodeName, `${path}.nodeName`),
    ...validateDeadline(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`),
    ...validateLabelField(spec.hostname, `${path}.hostname`),
    ...validateLabelField(spec.subdomain, `${path}.subdomain`),
    ...validateTolerations(spec.tolerations, `${path}.tolerations`, options),
    ...validateHostAliases(spec.hostAliases, `${path}.hostAliases`),
    ...validateName(spec.priorityClassName, `${path}.priorityClassName`),
    ...(spec.runtimeClassName === undefined
      ? []
      : nameIsDNSSubdomain(spec.runtimeClassName, false).map((message) =>
          invalid(`${path}.runtimeClassName`, spec.runtimeClassName, message),
        )),
    ...(spec.preemptionPolicy === undefined
      ? []
      : validateEnum(spec.preemptionPolicy, `${path}.preemptionPolicy`, preemptionPolicies)),
    ...validateOverhead(spec, `${path}.overhead`, options),
    ...validateOS(spec, path),
    ...validateFileKeyVolumes(spec, path),
  ];
}

/** `meta`: of the pod itself; a template's names don't matter to its spec. */
export function validatePodSpec(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  path: string,
  options: PodValidationOptions,
): FieldError[] {
  const grace =
    spec.terminationGracePeriodSeconds === undefined ? [required(`${path}.terminationGracePeriodSeconds`)] : [];
  const { errors: volumeErrors, valid: volumes } = validateVolumes(spec.volumes, meta, `${path}.volumes`, options);
  const podClaims = podClaimNames(spec);
  const scope: ContainerScope = { spec, volumes, podClaims, options };
  const mirror = Object.hasOwn(meta?.annotations ?? {}, mirrorAnnotation);
  return [
    ...grace,
    ...volumeErrors,
    ...validatePodResourceClaims(spec, mirror, `${path}.resourceClaims`),
    ...validateContainers(scope, `${path}.containers`),
    ...validateInitContainers(scope, `${path}.initContainers`),
    ...validateEphemeralContainers(scope, `${path}.ephemeralContainers`),
    ...validatePodResources(spec, podClaims, path, options),
    ...validateHostNetworkPorts(spec, `${path}.containers`, options.resourceIsPod),
    ...validateEnum(spec.restartPolicy ?? "", `${path}.restartPolicy`, restartPolicies),
    ...validateDNSPolicy(spec.dnsPolicy ?? "", `${path}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validatePodSecurityContext(spec, `${path}.securityContext`, options),
    ...validateAffinity(spec.affinity, `${path}.affinity`, options),
    ...validateDNSConfig(spec.dnsConfig, spec.dnsPolicy ?? "", `${path}.dnsConfig`),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = "" }, index) =>
      isQualifiedName(conditionType).map((message) =>
        invalid(`${path}.readinessGates[${index}].conditionType`, conditionType, message),
      ),
    ),
    ...validateSchedulingGates(spec.schedulingGates, `${path}.schedulingGates`),
    ...validateRest(spec, path, options),
  ];
}

const emptySpec = {} as PodSpec;

/**
 * A template of a workload. `old`: the stored template, whose broken rules it may go on breaking. Workloads add what
 * they ask beyond it (labels that match, a restart policy).
 */
export function validatePodTemplateSpec(
  template: PodTemplateSpec | undefined,
  field: string,
  old?: PodTemplateSpec,
): FieldError[] {
  const options = podValidationOptions(old?.spec, old?.metadata, false);
  const spec = template?.spec ?? emptySpec;
  const meta = template?.metadata;
  const errors = [
    ...validateLabels(meta?.labels, `${field}.labels`),
    ...validateAnnotations(meta?.annotations, `${field}.annotations`),
    ...validatePodSpecificAnnotations(meta?.annotations, spec, `${field}.annotations`, options),
    ...validatePodSpec(spec, undefined, `${field}.spec`, options),
    ...validateSeccompMatch(meta, spec, `${field}.spec`),
    ...validateAppArmorMatch(meta, spec, `${field}.spec`),
  ];
  if ((spec.ephemeralContainers?.length ?? 0) > 0) {
    const detail = "ephemeral containers not allowed in pod template";
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, detail));
  }
  return errors;
}
