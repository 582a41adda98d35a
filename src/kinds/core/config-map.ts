// ConfigMaps. May import src/base.
import { forbidden, invalid, tooLong, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { byteLength } from "../meta/names.ts";
import { isConfigMapKey } from "../meta/value-names.ts";
import type { ConfigMap } from "../types/core-v1.gen.ts";

/** All values of a ConfigMap or Secret together; upstream's MaxSecretSize. */
export const dataMaxBytes = 1024 * 1024;

/** The number of bytes that a base64 text stands for. */
export function base64Bytes(text: string | null): number {
  const letters = (text ?? "").replaceAll(/[^A-Za-z0-9+/_-]/g, "").length;
  return Math.floor((letters * 3) / 4);
}

const frozen = "field is immutable when `immutable` is set";

/** The rule of `immutable`, which ConfigMaps and Secrets share. */
export function validateImmutableData(object: object, old: object, fields: readonly string[]): FieldError[] {
  const [now, before] = [object as Record<string, unknown>, old as Record<string, unknown>];
  if (before["immutable"] !== true) return [];
  const errors = now["immutable"] === true ? [] : [forbidden("immutable", frozen)];
  for (const field of fields) {
    if (!semanticEqual(now[field] ?? {}, before[field] ?? {})) errors.push(forbidden(field, frozen));
  }
  return errors;
}

const strategy: Strategy<ConfigMap> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validate({ data = {}, binaryData = {} }) {
    const errors: FieldError[] = [];
    let size = 0;
    for (const [key, value] of Object.entries(data)) {
      errors.push(...isConfigMapKey(key).map((message) => invalid(`data[${key}]`, key, message)));
      if (Object.hasOwn(binaryData, key)) {
        errors.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
      }
      size += byteLength(value);
    }
    for (const [key, value] of Object.entries(binaryData)) {
      errors.push(...isConfigMapKey(key).map((message) => invalid(`binaryData[${key}]`, key, message)));
      size += base64Bytes(value);
    }
    if (size > dataMaxBytes) errors.push(tooLong("", dataMaxBytes));
    return errors;
  },
  validateUpdate: (object, old) => validateImmutableData(object, old, ["data", "binaryData"]),
};

export const configMap = defineKind<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  namespaced: true,
  definition: "core.v1.ConfigMap",
  storageKey: "configmaps",
  columns: columns("Name:name", "Data", "Age"),
  cells: ({ metadata, data = {}, binaryData = {} }, nowMs) => [
    metadata.name,
    Object.keys(data).length + Object.keys(binaryData).length,
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
