// Environment variables and where their values come from. Source: pkg/apis/core/validation. May import src/base.
import { invalid, notFound, notSupported, required, type FieldError } from "../../../../base/field-error.ts";
import { canonicalQuantity, isZeroQuantity, parseQuantity } from "../../../../base/quantity.ts";
import { isDNS1123Label, isQualifiedName, nameIsDNSSubdomain } from "../../../meta/names.ts";
import { isConfigMapKey, isRelaxedEnvVarName } from "../../../meta/value-names.ts";
import type {
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  ObjectFieldSelector,
  PodSpec,
  ResourceFieldSelector,
} from "../../../types/core-v1.gen.ts";
import { containersWithPath } from "../../containers.ts";
import { validatePathNoBacksteps } from "../paths.ts";

export const envFieldPaths: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
export const volumeFieldPaths: readonly string[] = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
/** Field paths that the API knows at all; spec.host is nodeName's name of long ago. */
const knownFieldPaths = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);
const resourceFields = ["cpu", "ephemeral-storage", "memory"].map((name) => `limits.${name}`);
const resourceFieldPaths = [...resourceFields, ...resourceFields.map((name) => name.replace("limits", "requests"))];
const hugePagesFields = ["limits.hugepages-", "requests.hugepages-"];

/** `metadata.labels['key']` → path and key. */
export function splitFieldPath(path: string): { path: string; key?: string } {
  if (!path.endsWith("']")) return { path };
  const inner = path.slice(0, -2);
  const bracket = inner.indexOf("['");
  return bracket <= 0 ? { path } : { path: inner.slice(0, bracket), key: inner.slice(bracket + 2) };
}

function convertFieldPath(version: string, label: string): { path: string } | { error: string } {
  if (version !== "v1") return { error: `unsupported pod version: ${version}` };
  const { path, key } = splitFieldPath(label);
  if (key !== undefined) {
    const allowed = path === "metadata.annotations" || path === "metadata.labels";
    return allowed ? { path: label } : { error: `field label does not support subscript: ${label}` };
  }
  if (label === "spec.host") return { path: "spec.nodeName" };
  return knownFieldPaths.has(label) ? { path: label } : { error: `field label not supported: ${label}` };
}

export function validateFieldRef(ref: ObjectFieldSelector, paths: readonly string[], field: string): FieldError[] {
  const { apiVersion = "", fieldPath = "" } = ref;
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(`${field}.fieldPath`)];
  const converted = convertFieldPath(apiVersion, fieldPath);
  if ("error" in converted) {
    return [invalid(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${converted.error}`)];
  }
  const { path, key } = splitFieldPath(converted.path);
  if (key === undefined) {
    return paths.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, paths)];
  }
  const name = path === "metadata.annotations" ? key.toLowerCase() : key;
  return isQualifiedName(name).map((message) => invalid(field, name, message));
}

const memoryDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function validateDivisor(resource: string, divisor: string | undefined, field: string): FieldError[] {
  const text = divisor ?? "0";
  if (isZeroQuantity(parseQuantity(text))) return [];
  const what = resource.replace(/^(limits|requests)\./, "");
  const prefixed = what !== resource;
  const check = (allowed: readonly string[], name: string): FieldError[] => {
    if (allowed.includes(canonicalQuantity(text))) return [];
    const list = allowed === memoryDivisors ? memoryDivisors.join(", ") : "1m and 1";
    const detail = `only divisor's values ${list} are supported with the ${name} resource`;
    return [invalid(`${field}.divisor`, resource, detail)];
  };
  if (!prefixed) return [];
  if (what === "cpu") return check(["1m", "1"], "cpu");
  if (what === "memory") return check(memoryDivisors, "memory");
  if (what === "ephemeral-storage") return check(memoryDivisors, "local ephemeral storage");
  return what.startsWith("hugepages-") ? check(memoryDivisors, "hugepages") : [];
}

/** `volume`: in a volume, the container must be named. */
export function validateResourceFieldRef(ref: ResourceFieldSelector, field: string, volume: boolean): FieldError[] {
  const { containerName = "", resource = "" } = ref;
  const errors: FieldError[] = [];
  if (volume && !containerName) errors.push(required(`${field}.containerName`));
  else if (!resource) errors.push(required(`${field}.resource`));
  else if (!resourceFieldPaths.includes(resource) && !hugePagesFields.some((prefix) => resource.startsWith(prefix))) {
    errors.push(notSupported(`${field}.resource`, resource, resourceFieldPaths));
  }
  return [...errors, ...validateDivisor(resource, ref.divisor, field)];
}

function validateKeySelector(selector: { name?: string; key?: string }, field: string): FieldError[] {
  const { name = "", key = "" } = selector;
  const errors = nameIsDNSSubdomain(name, false).map((message) => invalid(`${field}.name`, name, message));
  if (!key) return [...errors, required(`${field}.key`)];
  return [...errors, ...isConfigMapKey(key).map((message) => invalid(`${field}.key`, key, message))];
}

function validateFileKeySelector(selector: FileKeySelector, field: string): FieldError[] {
  const { key = "", volumeName = "", path = "" } = selector;
  const errors = key
    ? isRelaxedEnvVarName(key).map((message) => invalid(`${field}.key`, key, message))
    : [required(`${field}.key`)];
  if (!volumeName) errors.push(required(`${field}.volumeName`));
  else {
    errors.push(...isDNS1123Label(volumeName).map((message) => invalid(`${field}.volumeName`, volumeName, message)));
  }
  if (!path) return [...errors, required(`${field}.path`)];
  return [...errors, ...validatePathNoBacksteps(path, `${field}.path`)];
}

function validateValueFrom(variable: EnvVar, field: string): FieldError[] {
  const from = variable.valueFrom;
  if (!from) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = from;
  const errors = [
    ...(fieldRef ? validateFieldRef(fieldRef, envFieldPaths, `${field}.fieldRef`) : []),
    ...(resourceFieldRef ? validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, false) : []),
    ...(configMapKeyRef ? validateKeySelector(configMapKeyRef, `${field}.configMapKeyRef`) : []),
    ...(secretKeyRef ? validateKeySelector(secretKeyRef, `${field}.secretKeyRef`) : []),
    ...(fileKeyRef ? validateFileKeySelector(fileKeyRef, `${field}.fileKeyRef`) : []),
  ];
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (sources === 0) {
    const list = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    errors.push(invalid(field, "", `must specify one of: ${list}`));
  } else if (variable.value) {
    errors.push(invalid(field, "", "may not be specified when `value` is not empty"));
  } else if (sources > 1) errors.push(invalid(field, "", "may not have more than one field specified at a time"));
  return errors;
}

export function validateEnv(variables: readonly EnvVar[] | undefined, field: string): FieldError[] {
  return (variables ?? []).flatMap((one, index) => {
    const path = `${field}[${index}]`;
    const { name = "" } = one;
    const errors = name
      ? isRelaxedEnvVarName(name).map((message) => invalid(`${path}.name`, name, message))
      : [required(`${path}.name`)];
    return [...errors, ...validateValueFrom(one, `${path}.valueFrom`)];
  });
}

function validateSourceName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(`${field}.name`)];
  return nameIsDNSSubdomain(name, true).map((message) => invalid(`${field}.name`, name, message));
}

export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, field: string): FieldError[] {
  return (sources ?? []).flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const path = `${field}[${index}]`;
    const errors = prefix
      ? isRelaxedEnvVarName(prefix).map((message) => invalid(`${path}.prefix`, prefix, message))
      : [];
    if (configMapRef) errors.push(...validateSourceName(configMapRef.name, `${path}.configMapRef`));
    if (secretRef) errors.push(...validateSourceName(secretRef.name, `${path}.secretRef`));
    // Upstream names the whole list here.
    if (!configMapRef && !secretRef) {
      errors.push(invalid(field, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (configMapRef && secretRef) {
      errors.push(invalid(field, "", "may not have more than one field specified at a time"));
    }
    return errors;
  });
}

/** Files of variables lie in a volume of the pod that one of its containers has filled (KEP-3721). */
export function validateFileKeyVolumes(spec: PodSpec, specPath: string): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const errors: FieldError[] = [];
  for (const [container, path] of containersWithPath(spec, specPath)) {
    for (const [index, variable] of (container.env ?? []).entries()) {
      const ref = variable.valueFrom?.fileKeyRef;
      if (!ref) continue;
      const field = `${path}.env[${index}].valueFrom.fileKeyRef.volumeName`;
      const volume = volumes.get(ref.volumeName ?? "");
      if (!volume) {
        errors.push(notFound(field, ref.volumeName ?? ""));
      } else if (!volume.emptyDir) {
        errors.push(invalid(field, ref.volumeName, "referenced volume must be of type emptyDir"));
      }
    }
  }
  return errors;
}
