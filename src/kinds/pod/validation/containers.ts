// Containers of all three sorts. Source: pkg/apis/core/validation, KEP-277, KEP-753. May import src/base.
import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  type FieldError,
} from "../../../base/field-error.ts";
import { isDNS1123Label } from "../../meta/names.ts";
import { isPortName, isPortNumber } from "../../meta/value-names.ts";
import type { Container, ContainerPort, EphemeralContainer, PodSpec } from "../../types/core-v1.gen.ts";
import { isSidecar, type AnyContainer } from "../containers.ts";
import { validateEnv, validateEnvFrom } from "./container/env.ts";
import { validateVolumeDevices, validateVolumeMounts, type Volumes } from "./container/mounts.ts";
import type { PodValidationOptions } from "./options.ts";
import { validateLifecycle, validateProbes } from "./container/probes.ts";
import { validateContainerResources } from "./resources.ts";
import { validateContainerRestart, validateResizePolicy } from "./container/restart.ts";
import { validateSecurityContext } from "./security.ts";

/** What a container's rules depend on in the rest of the spec. */
export interface ContainerScope {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  readonly podClaims: ReadonlySet<string>;
  readonly options: PodValidationOptions;
}

const pullPolicies = ["Always", "IfNotPresent", "Never"];
const protocols = ["SCTP", "TCP", "UDP"];

export function validatePullPolicy(policy: string | undefined, field: string): FieldError[] {
  if (!policy) return [required(field)];
  return pullPolicies.includes(policy) ? [] : [notSupported(field, policy, pullPolicies)];
}

function validatePorts(ports: readonly ContainerPort[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const check = (value: number, path: string): void => {
    errors.push(...isPortNumber(value).map((message) => invalid(path, value, message)));
  };
  for (const [index, port] of (ports ?? []).entries()) {
    const path = `${field}[${index}]`;
    if (port.name) {
      const wrong = isPortName(port.name);
      errors.push(...wrong.map((message) => invalid(`${path}.name`, port.name, message)));
      if (wrong.length === 0 && names.has(port.name)) errors.push(duplicate(`${path}.name`, port.name));
      if (wrong.length === 0) names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${path}.containerPort`));
    else check(port.containerPort, `${path}.containerPort`);
    if (port.hostPort) check(port.hostPort, `${path}.hostPort`);
    const protocol: string = port.protocol ?? "";
    if (!protocol) errors.push(required(`${path}.protocol`));
    else if (!protocols.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, protocols));
  }
  return errors;
}

function validateMessagePolicy(policy: string | undefined, field: string): FieldError[] {
  const supported = ["File", "FallbackToLogsOnError"];
  if (!policy) return [required(field)];
  return supported.includes(policy) ? [] : [notSupported(field, policy, supported)];
}

function validateCommon(container: AnyContainer, scope: ContainerScope, path: string): FieldError[] {
  const { spec, volumes, podClaims, options } = scope;
  const { name = "", image = "" } = container;
  const errors = name
    ? isDNS1123Label(name).map((message) => invalid(`${path}.name`, name, message))
    : [required(`${path}.name`)];
  if (!image) errors.push(required(`${path}.image`));
  return [
    ...errors,
    ...validateMessagePolicy(container.terminationMessagePolicy, `${path}.terminationMessagePolicy`),
    ...validatePorts(container.ports, `${path}.ports`),
    ...validateEnv(container.env, `${path}.env`),
    ...validateEnvFrom(container.envFrom, `${path}.envFrom`),
    ...validateVolumeMounts(container, volumes, `${path}.volumeMounts`),
    ...validateVolumeDevices(container, volumes, `${path}.volumeDevices`),
    ...validatePullPolicy(container.imagePullPolicy, `${path}.imagePullPolicy`),
    ...validateContainerResources(container.resources, podClaims, `${path}.resources`, options),
    ...validateResizePolicy(container.resizePolicy, spec.restartPolicy ?? "", `${path}.resizePolicy`),
    ...validateSecurityContext(container.securityContext, `${path}.securityContext`, spec.hostUsers !== false),
  ];
}

function validateHostPorts(containers: readonly Container[], field: (index: number) => string): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [at, { protocol = "", hostIP = "", hostPort = 0 }] of (container.ports ?? []).entries()) {
      if (!hostPort) continue;
      const text = `${protocol}/${hostIP}/${hostPort}`;
      if (seen.has(text)) errors.push(duplicate(`${field(index)}.ports[${at}].hostPort`, text));
      seen.add(text);
    }
  }
  return errors;
}

const graceOf = (spec: PodSpec): number | undefined => spec.terminationGracePeriodSeconds;

export function validateContainers(scope: ContainerScope, field: string): FieldError[] {
  const containers = scope.spec.containers ?? [];
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, index) => {
    const path = `${field}[${index}]`;
    const own = validateCommon(container, scope, path);
    const { name = "" } = container;
    if (names.has(name)) own.push(duplicate(`${path}.name`, name));
    names.add(name);
    return [
      ...own,
      ...validateLifecycle(container.lifecycle, graceOf(scope.spec), scope.spec.os?.name, `${path}.lifecycle`),
      ...validateProbes(container, graceOf(scope.spec), path),
      ...validateContainerRestart(container, path),
    ];
  });
  return [...errors, ...validateHostPorts(containers, (index) => `${field}[${index}]`)];
}

const sidecarFields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;

function validateInitContainer(container: Container, scope: ContainerScope, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { spec, options } = scope;
  const sidecar = isSidecar(container);
  if (sidecar) {
    errors.push(...validateLifecycle(container.lifecycle, graceOf(spec), spec.os?.name, `${path}.lifecycle`));
    errors.push(...validateProbes(container, graceOf(spec), path));
  } else {
    const detail = "may not be set for init containers without restartPolicy=Always";
    const set = sidecarFields.filter((name) => container[name] !== undefined);
    errors.push(...set.map((name) => forbidden(`${path}.${name}`, detail)));
  }
  if (sidecar || options.allowRestartContainerForInit) return errors;
  for (const [index, policy] of (container.resizePolicy ?? []).entries()) {
    if (policy.restartPolicy !== "RestartContainer") continue;
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    errors.push(invalid(`${path}.resizePolicy[${index}].restartPolicy`, policy.restartPolicy, detail));
  }
  return errors;
}

export function validateInitContainers(scope: ContainerScope, field: string): FieldError[] {
  const names = new Set((scope.spec.containers ?? []).map((container) => container.name ?? ""));
  return (scope.spec.initContainers ?? []).flatMap((container, index) => {
    const path = `${field}[${index}]`;
    const { name = "" } = container;
    const errors = [...validateCommon(container, scope, path), ...validateContainerRestart(container, path, true)];
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    else if (name) names.add(name);
    return [
      ...errors,
      // Each runs alone; upstream's path counts from the container itself.
      ...validateHostPorts([container], () => `${field}[0]`),
      ...validateInitContainer(container, scope, path),
    ];
  });
}

const ephemeralForbidden = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const;

function isZero(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

function validateEphemeral(container: EphemeralContainer, others: ReadonlySet<string>, path: string): FieldError[] {
  const target = container.targetContainerName;
  const errors = target && !others.has(target) ? [notFound(`${path}.targetContainerName`, target)] : [];
  const detail = "cannot be set for an Ephemeral Container";
  for (const name of ephemeralForbidden) {
    const set = name === "resources" ? !isZero(container.resources) : container[name] !== undefined;
    if (set) errors.push(forbidden(`${path}.${name}`, detail));
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    for (const name of ["subPath", "subPathExpr"] as const) {
      if (mount[name]) errors.push(forbidden(`${path}.volumeMounts[${index}].${name}`, detail));
    }
  }
  return errors;
}

/** What pods alone are checked for; templates of older releases break it. */
export function validateImageSpaces(containers: readonly AnyContainer[] | undefined, field: string): FieldError[] {
  return (containers ?? []).flatMap(({ image = "" }, index) =>
    image.trim() === image
      ? []
      : [invalid(`${field}[${index}].image`, image, "must not have leading or trailing whitespace")],
  );
}

export function validateEphemeralContainers(scope: ContainerScope, field: string): FieldError[] {
  const { spec } = scope;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((one) => one.name ?? ""));
  const names = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const path = `${field}[${index}]`;
    const { name = "", image = "" } = container;
    const errors = validateCommon(container, scope, path);
    if (image.trim() !== image) {
      errors.push(invalid(`${path}.image`, image, "must not have leading or trailing whitespace"));
    }
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    return [...errors, ...validateEphemeral(container, others, path)];
  });
}
