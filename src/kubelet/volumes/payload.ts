// What is in the files of configMap, secret, downwardAPI and projected volumes
// (pkg/volume/{configmap,secret,downwardapi, projected}). Imports src/kinds.
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  VolumeProjection,
  Volume,
} from "../../kinds/types/core-v1.gen.ts";
import { decodeBase64 } from "../container/env.ts";
import { type FieldContext, fieldValue, resourceValue } from "../container/field-values.ts";
import type { ObjectSource } from "./object-source.ts";
import type { Tokens } from "./tokens.ts";

export interface FileContent {
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** The owner that the file is given, where it isn't root. */
  readonly uid?: number;
}
export type Payload = ReadonlyMap<string, FileContent>;

export interface PayloadContext {
  readonly fields: FieldContext;
  readonly objects: ObjectSource;
  readonly tokens: Tokens;
}

const defaultMode = 0o644;
/** Tokens of pods that run as another user or group are for them alone. */
const ownTokenMode = 0o600;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function pick(
  data: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  missing: (key: string) => string,
): [string, FileContent][] {
  if (!items?.length) return [...data].map(([key, bytes]) => [key, { bytes, mode }]);
  const files: [string, FileContent][] = [];
  for (const item of items) {
    const bytes = data.get(item.key);
    if (bytes) files.push([item.path, { bytes, mode: item.mode ?? mode }]);
    else if (!optional) throw new Error(missing(item.key));
  }
  return files;
}

function configMapData(configMap: ConfigMap | undefined): Map<string, Uint8Array> {
  const text = Object.entries(configMap?.data ?? {}).map(([key, value]) => [key, encode(value)] as const);
  const binary = Object.entries(configMap?.binaryData ?? {}).map(([key, value]) => [key, decodeBase64(value)] as const);
  return new Map([...text, ...binary]);
}
const secretData = (secret: Secret | undefined): Map<string, Uint8Array> =>
  new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decodeBase64(value)]));

interface ObjectFiles {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

async function configMapFiles({ objects, fields }: PayloadContext, source: ObjectFiles, mode: number) {
  const configMap = await objects.configMap(fields.pod.metadata.namespace!, source.name ?? "");
  const optional = source.optional ?? false;
  if (!configMap && !optional) throw new Error(`configmap "${source.name}" not found`);
  const missing = (key: string): string => `configmap references non-existent config key: ${key}`;
  return pick(configMapData(configMap), source.items, mode, optional, missing);
}

async function secretFiles({ objects, fields }: PayloadContext, source: ObjectFiles, mode: number) {
  const secret = await objects.secret(fields.pod.metadata.namespace!, source.name ?? "");
  const optional = source.optional ?? false;
  if (!secret && !optional) throw new Error(`secret "${source.name}" not found`);
  const missing = (key: string): string => `references non-existent secret key: ${key}`;
  return pick(secretData(secret), source.items, mode, optional, missing);
}

function downwardFiles({ fields }: PayloadContext, items: readonly DownwardAPIVolumeFile[] | undefined, mode: number) {
  return (items ?? []).map((item): [string, FileContent] => {
    const text = item.fieldRef
      ? fieldValue(fields, item.fieldRef.fieldPath)
      : item.resourceFieldRef
        ? resourceValue(fields, item.resourceFieldRef)
        : "";
    return [item.path, { bytes: encode(text), mode: item.mode ?? mode }];
  });
}

/** The user that all containers of a pod run as, where they agree on one. */
export function commonUser(pod: Pod): number | undefined {
  const own = pod.spec.securityContext?.runAsUser;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const users = new Set(containers.map((container) => container.securityContext?.runAsUser ?? own));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}

async function projectionFiles(context: PayloadContext, source: VolumeProjection, mode: number) {
  if (source.configMap) return configMapFiles(context, source.configMap, mode);
  if (source.secret) return secretFiles(context, source.secret, mode);
  if (source.downwardAPI) return downwardFiles(context, source.downwardAPI.items, mode);
  if (source.serviceAccountToken) {
    const { pod } = context.fields;
    const bytes = encode(await context.tokens.get(pod, source.serviceAccountToken));
    const uid = commonUser(pod);
    const own = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
    const file = { bytes, mode: own ? ownTokenMode : mode, ...(uid === undefined ? {} : { uid }) };
    return [[source.serviceAccountToken.path, file]] as [string, FileContent][];
  }
  if (source.clusterTrustBundle?.optional) return [];
  const name = Object.keys(source)[0] ?? "source";
  throw new Error(`projected volume source ${name} is not supported on this node`);
}

/** A volume's files; undefined: a volume of another sort. Rejects in upstream's words where something is missing. */
export async function volumePayload(context: PayloadContext, volume: Volume): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return new Map(await configMapFiles(context, configMap, configMap.defaultMode ?? defaultMode));
  if (secret) {
    const { secretName, ...rest } = secret;
    const source = { ...rest, ...(secretName ? { name: secretName } : {}) };
    return new Map(await secretFiles(context, source, secret.defaultMode ?? defaultMode));
  }
  if (downwardAPI) return new Map(downwardFiles(context, downwardAPI.items, downwardAPI.defaultMode ?? defaultMode));
  if (!projected) return undefined;
  const files = new Map<string, FileContent>();
  for (const source of projected.sources ?? []) {
    for (const [path, file] of await projectionFiles(context, source, projected.defaultMode ?? defaultMode)) {
      files.set(path, file);
    }
  }
  return files;
}
