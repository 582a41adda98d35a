// Resizing a pod in place: cpu and memory, of containers and of the pod. Source: pkg/apis/core/validation
// (ValidatePodResize), KEP-1287, KEP-5419. May import src/base.
import { forbidden, invalid, type FieldError } from "../../../base/field-error.ts";
import { semanticEqual } from "../../meta/equality.ts";
import type { Container, Pod, PodSpec, ResourceRequirements } from "../../types/core-v1.gen.ts";
import { isSidecar } from "../containers.ts";
import { isMirrorPod } from "../ownership.ts";
import { computePodQOS, getPodQOS } from "../qos.ts";
import type { ResourceList } from "../resources.ts";
import { specOf, validatePodCore } from "./pod.ts";
import { updateOptions } from "./update.ts";

type Containers = readonly Container[] | undefined;

function isResizeSupported(pod: Pod): boolean {
  const running = pod.status?.containerStatuses?.find((status) => status.state?.running);
  return !running || running.resources !== undefined;
}

function validateOrder(containers: Containers, old: Containers, field: "containers" | "initContainers") {
  if ((containers?.length ?? 0) !== (old?.length ?? 0)) {
    return [forbidden(`spec.${field}`, `${field} may not be added or removed on resize`)];
  }
  return (old ?? []).flatMap(({ name }, index) =>
    containers![index]!.name === name
      ? []
      : [forbidden(`spec.${field}[${index}].name`, `${field} may not be renamed or reordered on resize`)],
  );
}

const isRemoved = (list: ResourceList | undefined, old: ResourceList | undefined): boolean =>
  Object.keys(old ?? {}).length > Object.keys(list ?? {}).length ||
  Object.keys(old ?? {}).some((name) => !Object.hasOwn(list ?? {}, name));

function validateRemoved(
  now: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  field: string,
  prefix: string,
): FieldError[] {
  return (["requests", "limits"] as const)
    .filter((part) => isRemoved(now?.[part], old?.[part]))
    .map((part) => forbidden(`${field}.${part}`, `${prefix}resource ${part} cannot be removed`));
}

/** The list with the old cpu and memory. */
function withOldCompute(list: ResourceList | undefined, old: ResourceList | undefined): ResourceList {
  const { cpu: _cpu, memory: _memory, ...rest } = list ?? {};
  const kept = Object.entries(old ?? {}).filter(([name]) => name === "cpu" || name === "memory");
  return { ...rest, ...Object.fromEntries(kept) };
}

/** Maps that became empty count as absent. */
function compact(resources: ResourceRequirements | undefined): ResourceRequirements {
  const entries = Object.entries(resources ?? {}).filter(([, value]) => Object.keys(value as object).length > 0);
  return Object.fromEntries(entries) as ResourceRequirements;
}

function withOldResources(container: Container, old: Container): Container {
  const resources = compact({
    limits: withOldCompute(container.resources?.limits, old.resources?.limits),
    requests: withOldCompute(container.resources?.requests, old.resources?.requests),
  });
  return { ...container, resources };
}

const comparable = (container: Container): Container => ({ ...container, resources: compact(container.resources) });
const sameContainer = (one: Container, other: Container): boolean => semanticEqual(comparable(one), comparable(other));

function validatePodLevel(spec: PodSpec, old: PodSpec): FieldError[] {
  const [now, was] = [spec.resources, old.resources];
  if (was && !now) return [forbidden("spec.resources", "pod-level resources cannot be removed")];
  const errors = was ? validateRemoved(now, was, "spec.resources", "pod-level ") : [];
  const munged = {
    ...now,
    limits: withOldCompute(now?.limits, was?.limits),
    requests: withOldCompute(now?.requests, was?.requests),
  };
  if (!semanticEqual(compact(munged), compact(was))) {
    errors.push(forbidden("spec", "only cpu and memory resources are mutable at pod-level"));
  }
  return errors;
}

function validateInit(container: Container, old: Container, index: number): FieldError[] {
  const field = `spec.initContainers[${index}]`;
  const errors: FieldError[] = [];
  if (!sameContainer(withOldResources(container, old), old)) {
    errors.push(forbidden(field, "only cpu and memory resources for init or sidecar containers are mutable"));
  }
  if (isSidecar(container) || sameContainer(container, old)) return errors;
  const detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
  const restarts = (old.resizePolicy ?? []).filter((policy) => policy.restartPolicy === "RestartContainer");
  return [...errors, ...restarts.map(() => forbidden(field, detail))];
}

const hasResources = ({ resources }: PodSpec): boolean =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;

function validateChanges(spec: PodSpec, old: PodSpec): FieldError[] {
  const pairs = (name: "containers" | "initContainers"): [Container, Container, number][] =>
    (spec[name] ?? []).map((container, index) => [container, old[name]![index]!, index]);
  const removed = (name: "containers" | "initContainers"): FieldError[] =>
    pairs(name).flatMap(([now, was, index]) =>
      validateRemoved(now.resources, was.resources, `spec.${name}[${index}].resources`, ""),
    );
  return [
    ...removed("initContainers"),
    ...removed("containers"),
    ...pairs("containers").flatMap(([now, was]) =>
      sameContainer(withOldResources(now, was), was)
        ? []
        : [forbidden("spec", "only cpu and memory resources are mutable")],
    ),
    ...pairs("initContainers").flatMap(([now, was, index]) => validateInit(now, was, index)),
  ];
}

export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  if (isMirrorPod(old)) return [forbidden("[]", "static pods cannot be resized")];
  const [spec, oldSpec] = [specOf(pod), specOf(old)];
  if ((oldSpec.os?.name as string | undefined) === "windows") {
    return [forbidden("[]", "windows pods cannot be resized")];
  }
  const errors = validatePodCore(pod, updateOptions(old));
  if (getPodQOS(old) !== computePodQOS(pod)) {
    const value = pod.status?.qosClass ?? "";
    errors.push(invalid("spec", value, "Pod QOS Class may not change as a result of resizing"));
  }
  if (!isResizeSupported(old)) errors.push(forbidden("spec", "Pod running on node without support for resize"));
  if (hasResources(oldSpec) || hasResources(spec)) errors.push(...validatePodLevel(spec, oldSpec));
  const orderErrors = [
    ...validateOrder(spec.containers, oldSpec.containers, "containers"),
    ...validateOrder(spec.initContainers, oldSpec.initContainers, "initContainers"),
  ];
  if (orderErrors.length > 0) return [...errors, ...orderErrors];
  errors.push(...validateChanges(spec, oldSpec));
  if (errors.length > 0) return errors;
  const { containers: _a, initContainers: _b, resources: _c, ...rest } = spec;
  const { containers: _d, initContainers: _e, resources: _f, ...oldRest } = oldSpec;
  return semanticEqual(rest, oldRest) ? [] : [forbidden("spec", "only cpu and memory resources are mutable")];
}
