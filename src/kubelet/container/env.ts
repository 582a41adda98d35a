// The environment of a container: envFrom first, then env in order, then the variables of services
// (pkg/kubelet: makeEnvironmentVariables). Imports src/kinds.
import type { Container, ConfigMap, EnvVar, EnvVarSource, Secret } from "../../kinds/types/core-v1.gen.ts";
import { expand } from "./expansion.ts";
import { type FieldContext, fieldValue, resourceValue } from "./field-values.ts";

export type Environment = ReadonlyMap<string, string>;

export interface EnvSources {
  /** Resolves to undefined where there is none; rejects where the API could not be asked. */
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  /** A key of an environment file in a volume (KEP-3721); undefined: the key is not in it. */
  fileKey(volumeName: string, path: string, key: string): Promise<string | undefined>;
  /** Variables of the services that the pod sees. */
  readonly services: readonly { readonly name: string; readonly value: string }[];
}

/** Bytes in base64, as text. */
export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  return Uint8Array.from(binary, (character) => character.codePointAt(0)!);
}
const decodeText = (base64: string): string => new TextDecoder().decode(decodeBase64(base64));

const valueIn = (map: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  map && Object.hasOwn(map, key) ? map[key] : undefined;

async function addEnvFrom(variables: Map<string, string>, container: Container, sources: EnvSources): Promise<void> {
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) {
      const configMap = await sources.configMap(configMapRef.name ?? "");
      if (!configMap && !configMapRef.optional) throw new Error(`configmap "${configMapRef.name}" not found`);
      for (const [key, value] of Object.entries(configMap?.data ?? {})) variables.set(prefix + key, value);
    } else if (secretRef) {
      const secret = await sources.secret(secretRef.name ?? "");
      if (!secret && !secretRef.optional) throw new Error(`secret "${secretRef.name}" not found`);
      for (const [key, value] of Object.entries(secret?.data ?? {})) variables.set(prefix + key, decodeText(value));
    }
  }
}

/** undefined: the variable is left out, since what it refers to is optional and absent. */
async function sourceValue(
  source: EnvVarSource,
  container: Container,
  context: FieldContext,
  sources: EnvSources,
): Promise<string | undefined> {
  const namespace = context.pod.metadata.namespace;
  if (source.fieldRef) return fieldValue(context, source.fieldRef.fieldPath);
  if (source.resourceFieldRef) return resourceValue(context, source.resourceFieldRef, container);
  if (source.configMapKeyRef) {
    const { name = "", key, optional } = source.configMapKeyRef;
    const configMap = await sources.configMap(name);
    if (!configMap && !optional) throw new Error(`configmap "${name}" not found`);
    const value = valueIn(configMap?.data, key);
    if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (source.secretKeyRef) {
    const { name = "", key, optional } = source.secretKeyRef;
    const secret = await sources.secret(name);
    if (!secret && !optional) throw new Error(`secret "${name}" not found`);
    const value = valueIn(secret?.data, key);
    if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return value === undefined ? undefined : decodeText(value);
  }
  if (source.fileKeyRef) {
    const { volumeName, path, key, optional } = source.fileKeyRef;
    const value = await sources.fileKey(volumeName, path, key);
    if (value === undefined && !optional)
      throw new Error(`environment variable key "${key}" not found in file "${path}"`);
    return value;
  }
  return "";
}

async function variableValue(
  variable: EnvVar,
  container: Container,
  context: FieldContext,
  sources: EnvSources,
  known: (name: string) => string | undefined,
): Promise<string | undefined> {
  if (variable.value) return expand(variable.value, known);
  return variable.valueFrom ? await sourceValue(variable.valueFrom, container, context, sources) : "";
}

/** Rejects with an Error in upstream's words where something that is not optional is absent. */
export async function buildEnvironment(
  container: Container,
  context: FieldContext,
  sources: EnvSources,
): Promise<Environment> {
  const variables = new Map<string, string>();
  const services = new Map(sources.services.map(({ name, value }) => [name, value]));
  await addEnvFrom(variables, container, sources);
  const known = (name: string): string | undefined => variables.get(name) ?? services.get(name);
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, container, context, sources, known);
    if (value !== undefined) variables.set(variable.name, value);
  }
  for (const [name, value] of services) if (!variables.has(name)) variables.set(name, value);
  return variables;
}
