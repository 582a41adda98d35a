// What a client is warned of when it writes a pod or a template. Source: pkg/api/pod/warnings.go. May import src/base.
import { quote } from "../../base/field-error.ts";
import { parseQuantity, printQuantity, quantityMilliValue } from "../../base/quantity.ts";
import { semanticEqual } from "../meta/equality.ts";
import { isDNS1123Label, isLabelValue } from "../meta/names.ts";
import type { ObjectMeta } from "../types/meta-v1.gen.ts";
import type {
  Affinity,
  ContainerPort,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from "../types/core-v1.gen.ts";
import { allContainers, containersWithPath, type AnyContainer } from "./containers.ts";
import type { ResourceList } from "./resources.ts";
import { warnOfAddress } from "./validation/addresses.ts";
import {
  appArmorPrefix,
  appArmorProfileOf,
  seccompContainerPrefix,
  seccompPodAnnotation,
} from "./validation/annotations.ts";
import { warnOfOverlaps } from "./volumes/warn-overlaps.ts";

const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What is wrong with a node's label, if it is one of long ago. */
export const deprecatedNodeLabel = (key: string): string | undefined =>
  Object.hasOwn(deprecatedNodeLabels, key) ? deprecatedNodeLabels[key] : undefined;

export function warnOfNodeSelectorTerm(term: NodeSelectorTerm | undefined, checkValues: boolean, field: string) {
  return (term?.matchExpressions ?? []).flatMap(({ key, values }, index) => {
    const path = `${field}.matchExpressions[${index}]`;
    const message = deprecatedNodeLabel(key);
    const warnings = message === undefined ? [] : [`${path}.key: ${key} is ${message}`];
    if (!checkValues) return warnings;
    for (const [at, value] of (values ?? []).entries()) {
      warnings.push(...isLabelValue(value).map((wrong) => `${path}.values[${at}]: ${value} is invalid, ${wrong}`));
    }
    return warnings;
  });
}

function warnOfScheduling(spec: PodSpec, path: string): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const message = deprecatedNodeLabel(key);
    if (message !== undefined) warnings.push(`${path}.nodeSelector[${key}]: ${message}`);
  }
  const node = spec.affinity?.nodeAffinity;
  const field = `${path}.affinity.nodeAffinity`;
  const terms = node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const [index, term] of terms.entries()) {
    const at = `${field}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`;
    warnings.push(...warnOfNodeSelectorTerm(term, false, at));
  }
  for (const [index, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`;
    warnings.push(...warnOfNodeSelectorTerm(term.preference, true, at));
  }
  for (const [index, one] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = `${path}.topologySpreadConstraints[${index}]`;
    const message = deprecatedNodeLabel(one.topologyKey ?? "");
    if (message !== undefined) warnings.push(`${at}.topologyKey: ${one.topologyKey} is ${message}`);
    if (!one.labelSelector) warnings.push(`${at}.labelSelector: a null labelSelector results in matching no pod`);
  }
  return warnings;
}

const criticalPod = 'non-functional in v1.16+; use the "priorityClassName" field instead';
const sysctls = 'non-functional in v1.11+; use the "sysctls" field instead';
const deprecatedAnnotations = [
  ["scheduler.alpha.kubernetes.io/critical-pod", criticalPod],
  ["security.alpha.kubernetes.io/sysctls", sysctls],
  ["security.alpha.kubernetes.io/unsafe-sysctls", sysctls],
] as const;

const deprecatedVolumes: readonly (readonly [keyof Volume, string, string])[] = [
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["ephemeral", "ephemeral", ""],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

/** Bytes have no thousandths. */
function warnOfFractions(list: ResourceList | undefined, names: readonly string[], field: string): string[] {
  return names.flatMap((name) => {
    const amount = list?.[name];
    if (amount === undefined) return [];
    const quantity = parseQuantity(amount);
    if (quantityMilliValue(quantity) % 1000n === 0n) return [];
    return [
      `${field}[${name}]: fractional byte value ${quote(printQuantity(quantity))} is invalid, must be an integer`,
    ];
  });
}

/** Of a claim's spec; PersistentVolumeClaims have the same. */
export const warnOfClaimResources = (
  resources: { readonly requests?: ResourceList; readonly limits?: ResourceList } | undefined,
  field: string,
): string[] => [
  ...warnOfFractions(resources?.requests, ["storage"], `${field}.resources.requests`),
  ...warnOfFractions(resources?.limits, ["storage"], `${field}.resources.limits`),
];

function warnOfVolumes(volumes: readonly Volume[], path: string): string[] {
  return volumes.flatMap((volume, index) =>
    deprecatedVolumes.flatMap(([name, field, message]) => {
      if (volume[name] === undefined) return [];
      const at = `${path}.volumes[${index}].${field}`;
      if (message) return [`${at}: ${message}`];
      return warnOfClaimResources(
        volume.ephemeral?.volumeClaimTemplate?.spec?.resources,
        `${at}.volumeClaimTemplate.spec`,
      );
    }),
  );
}

function warnOfDuplicates(values: readonly string[], field: (index: number) => string, what: string): string[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    if (seen.has(value)) return [`${field(index)}: duplicate ${what} ${quote(value)}`];
    seen.add(value);
    return [];
  });
}

function warnOfEnv(container: AnyContainer, path: string): string[] {
  const seen = new Set<string>();
  return (container.env ?? []).flatMap(({ name = "", value = "", valueFrom }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    // A value that builds on the one before is meant so.
    const reference = `$(${name})`;
    if (!valueFrom && value !== reference && value.includes(reference)) return [];
    const hides = `hides previous definition of ${quote(name)}, which may be dropped when using apply`;
    return [`${path}.env[${index}]: ${hides}`];
  });
}

function warnOfContainer(
  container: AnyContainer,
  path: string,
  spec: PodSpec,
  meta: ObjectMeta,
  base: string,
): string[] {
  const warnings: string[] = [];
  const annotations = meta.annotations ?? {};
  const annotationField = (key: string): string => `${base}metadata.annotations[${key}]`;
  const seccompKey = seccompContainerPrefix + container.name;
  if (!container.securityContext?.seccompProfile && Object.hasOwn(annotations, seccompKey)) {
    const use = 'non-functional in v1.27+; use the "seccompProfile" field instead';
    warnings.push(`${annotationField(seccompKey)}: ${use}`);
  }
  const key = appArmorPrefix + container.name;
  // For pods themselves the annotation is looked at where it is turned into the field.
  if (base && !container.securityContext?.appArmorProfile && Object.hasOwn(annotations, key)) {
    const podProfile = spec.securityContext?.appArmorProfile;
    if (!podProfile || !semanticEqual(podProfile, appArmorProfileOf(annotations[key]!))) {
      warnings.push(`${annotationField(key)}: ${appArmorWarning}`);
    }
  }
  const { limits, requests } = container.resources ?? {};
  for (const name of ["memory", "ephemeral-storage"]) {
    warnings.push(...warnOfFractions(limits, [name], `${path}.resources.limits`));
    warnings.push(...warnOfFractions(requests, [name], `${path}.resources.requests`));
  }
  return [...warnings, ...warnOfEnv(container, path)];
}

const appArmorWarning = 'deprecated since v1.30; use the "appArmorProfile" field instead';

function overlap(port: ContainerPort, other: ContainerPort): string | undefined {
  const [ip, otherIP] = [port.hostIP ?? "", other.hostIP ?? ""];
  const [host, otherHost] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (ip === otherIP && host === otherHost) return "duplicate";
  if (host === 0 || otherHost === 0) return "overlapping";
  return host === otherHost && (ip === "") !== (otherIP === "") ? "dangerously ambiguous" : undefined;
}

/** As Go prints the struct with %+v. */
const printPort = (port: ContainerPort): string =>
  `{Name:${port.name ?? ""} HostPort:${port.hostPort ?? 0} ContainerPort:${port.containerPort ?? 0} ` +
  `Protocol:${port.protocol ?? ""} HostIP:${port.hostIP ?? ""}}`;

function warnOfPorts(spec: PodSpec, specPath: string): string[] {
  const warnings: string[] = [];
  const nameWarnings: string[] = [];
  const all = new Map<string, { field: string; port: ContainerPort }[]>();
  const names = new Map<string, string>();
  for (const [container, path] of containersWithPath(spec, specPath)) {
    for (const [index, port] of (container.ports ?? []).entries()) {
      const field = `${path}.ports[${index}]`;
      if (port.hostIP && !port.hostPort) warnings.push(`${field}: hostIP set without hostPort: ${printPort(port)}`);
      const key = `${port.containerPort ?? 0}/${port.protocol ?? ""}`;
      const others = all.get(key) ?? [];
      for (const other of others) {
        const how = overlap(port, other.port);
        if (how) warnings.push(`${field}: ${how} port definition with ${other.field}`);
      }
      all.set(key, [...others, { field, port }]);
      if (!port.name) continue;
      const other = names.get(port.name);
      if (other === undefined) names.set(port.name, field);
      else {
        const use = `services and probes that select ports by name will use ${other}`;
        nameWarnings.push(`${field}: duplicate port name ${quote(port.name)} with ${other}, ${use}`);
      }
    }
  }
  return [...warnings, ...nameWarnings];
}

function warnOfPodAffinity(affinity: Affinity | undefined, path: string): string[] {
  const detail = "a null labelSelector results in matching no pod";
  return (["podAffinity", "podAntiAffinity"] as const).flatMap((name) => {
    const field = `${path}.affinity.${name}`;
    const one = affinity?.[name];
    const required = one?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = one?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [
      ...required.flatMap((term, index) =>
        term.labelSelector
          ? []
          : [`${field}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${detail}`],
      ),
      ...preferred.flatMap((term, index) => {
        const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`;
        return term.podAffinityTerm?.labelSelector ? [] : [`${at}.labelSelector: ${detail}`];
      }),
    ];
  });
}

function warnOfAnnotations(spec: PodSpec, meta: ObjectMeta, base: string): string[] {
  const annotations = meta.annotations ?? {};
  return deprecatedAnnotations
    .filter(([key]) => Object.hasOwn(annotations, key))
    .map(([key, message]) => `${base}metadata.annotations[${key}]: ${message}`);
}

/** `base`: "" for a pod, "template." for a template. */
function warnOfSpec(spec: PodSpec, meta: ObjectMeta, base: string): string[] {
  const path = `${base}spec`;
  const aliases = spec.hostAliases ?? [];
  const secrets = spec.imagePullSecrets ?? [];
  const warnings = [
    ...warnOfScheduling(spec, path),
    ...warnOfAnnotations(spec, meta, base),
    ...warnOfVolumes(spec.volumes ?? [], path),
    ...warnOfOverlaps(spec.volumes ?? []),
    ...warnOfDuplicates(
      aliases.map((one) => one.ip ?? ""),
      (index) => `${path}.hostAliases[${index}].ip`,
      "ip",
    ),
    ...warnOfDuplicates(
      secrets.map((one) => one.name ?? ""),
      (index) => `${path}.imagePullSecrets[${index}].name`,
      "name",
    ),
    ...secrets.flatMap((one, index) =>
      one.name ? [] : [`${path}.imagePullSecrets[${index}].name: invalid empty name ""`],
    ),
    ...warnOfFractions(spec.overhead, ["memory", "ephemeral-storage"], `${path}.overhead`),
  ];
  if (!spec.securityContext?.seccompProfile && Object.hasOwn(meta.annotations ?? {}, seccompPodAnnotation)) {
    const use = 'non-functional in v1.27+; use the "seccompProfile" field instead';
    warnings.push(`${base}metadata.annotations[${seccompPodAnnotation}]: ${use}`);
  }
  for (const [container, at] of containersWithPath(spec, path)) {
    warnings.push(...warnOfContainer(container, at, spec, meta, base));
  }
  warnings.push(...warnOfPorts(spec, path));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const detail = "must be >= 0; negative values are invalid and will be treated as 1";
    warnings.push(`${path}.terminationGracePeriodSeconds: ${detail}`);
  }
  return [
    ...warnings,
    ...warnOfPodAffinity(spec.affinity, path),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((server, index) =>
      warnOfAddress(server, `${path}.dnsConfig.nameservers[${index}]`),
    ),
    ...aliases.flatMap((one, index) => warnOfAddress(one.ip ?? "", `${path}.hostAliases[${index}].ip`)),
  ];
}

/** Annotations for AppArmor that were turned into fields, or that mean nothing. */
function warnOfAppArmor(pod: Pod, spec: PodSpec): string[] {
  if ((spec.os?.name as string | undefined) === "windows") return [];
  const annotations = pod.metadata.annotations ?? {};
  const podProfile = spec.securityContext?.appArmorProfile;
  return allContainers(spec).flatMap((container) => {
    const key = appArmorPrefix + container.name;
    if (!Object.hasOwn(annotations, key)) return [];
    const profile = appArmorProfileOf(annotations[key]!);
    const own = container.securityContext?.appArmorProfile;
    // A field that says the same was made from the annotation, as far as can be told afterwards.
    const converted = profile ? own !== undefined && semanticEqual(own, profile) : own === undefined;
    if (!converted || semanticEqual(profile, podProfile)) return [];
    return [`metadata.annotations[${key}]: ${appArmorWarning}`];
  });
}

/** Only creates of pods warn. */
export function warnOfPod(pod: Pod): string[] {
  const spec = pod.spec ?? ({} as PodSpec);
  const wrong = isDNS1123Label(pod.metadata.name ?? "");
  const detail =
    "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [
    ...warnOfAppArmor(pod, spec),
    ...(wrong.length > 0 ? [`metadata.name: ${detail}: [${wrong.join(" ")}]`] : []),
    ...warnOfSpec(spec, pod.metadata, ""),
  ];
}

/** Of a workload's template. `field`: "spec.template", "template" … */
export function warnOfPodTemplate(template: PodTemplateSpec | undefined, field: string): string[] {
  return template
    ? warnOfSpec(template.spec ?? ({} as PodSpec), template.metadata ?? ({} as ObjectMeta), `${field}.`)
    : [];
}
