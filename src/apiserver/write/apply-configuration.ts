// Server-side apply: the configuration in the body, merged into the object as it is. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { YamlError, parseYaml } from "../../base/yaml/yaml.ts";
import { DecodeError, decodeValue } from "../../kinds/codec/decode-value.ts";
import type { Draft, JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { applyPatch } from "../../kinds/patch/apply/apply-patch.ts";
import type { JsonMap } from "../../kinds/patch/json-value.ts";
import { trackOptions } from "./managed-fields.ts";
import { copyJson } from "./write.ts";
import type { DraftObject, Write } from "./write.ts";

const isMap = (value: unknown): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export type Configuration = JsonMap;

/** Parses the body, which is YAML or JSON. Throws 400. */
export function readConfiguration(write: Write, bytes: Uint8Array): Configuration {
  const { fieldValidation } = write.options;
  let value: unknown;
  let duplicates: readonly string[];
  try {
    ({ value, duplicates } = parseYaml(new TextDecoder().decode(bytes)));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const where = error.message.startsWith("yaml:") ? "error converting YAML to JSON: " : "";
    throw errors.badRequest(`error decoding YAML: ${where}${error.message}`);
  }
  if (value !== null && !isMap(value)) {
    const what = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    const why = `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`;
    throw errors.badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  if (duplicates.length > 0 && fieldValidation !== "Ignore") {
    const text = `error converting YAML to JSON: yaml: unmarshal errors:\n  ${duplicates.join("\n  ")}`;
    if (fieldValidation === "Strict") throw errors.badRequest(`error strict decoding YAML: ${text}`);
    for (const duplicate of duplicates) write.context.warnings.add(duplicate);
  }
  return (value ?? {}) as Configuration;
}

/** The object with the configuration applied, decoded and defaulted. Throws 400, 409, 422, 500. */
export function applyConfiguration(
  write: Write,
  current: KubernetesObject | undefined,
  configuration: Configuration,
): DraftObject {
  const { resource } = write.context;
  const { object } = applyPatch(current as unknown as JsonMap | undefined, configuration, {
    ...trackOptions(write),
    manager: write.options.fieldManager,
    force: write.options.force,
  });
  let decoded: JsonObject;
  try {
    decoded = resource.codec
      ? resource.codec.normalize(copyJson(object) as unknown as JsonObject).object
      : decodeValue(resource.definitions, resource.kind.definition, object).object;
  } catch (error) {
    if (error instanceof DecodeError) throw errors.failure(500, "", error.message);
    throw error;
  }
  const { metadata, kind: _kind, apiVersion: _apiVersion, ...rest } = decoded;
  const draft = {
    kind: resource.kind.kind,
    apiVersion: resource.apiVersion,
    metadata: isMap(metadata) ? metadata : {},
    ...rest,
  } as DraftObject;
  resource.kind.strategy.default?.(draft as Draft<KubernetesObject>);
  return draft;
}
