// Volumes of files made from other objects: ConfigMaps, Secrets, the pod itself. Source: pkg/apis/core/validation. May
// import src/base.
import { invalid, required, type FieldError } from "../../../../base/field-error.ts";
import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  SecretVolumeSource,
} from "../../../types/core-v1.gen.ts";
import { validateFieldRef, validateResourceFieldRef, volumeFieldPaths } from "../container/env.ts";
import { validateFileMode, validateLocalNonReservedPath } from "../paths.ts";

export function validateKeyToPath({ key = "", path = "", mode }: KeyToPath, field: string): FieldError[] {
  return [
    ...(key ? [] : [required(`${field}.key`)]),
    ...(path ? [] : [required(`${field}.path`)]),
    ...validateLocalNonReservedPath(path, `${field}.path`),
    ...validateFileMode(mode, `${field}.mode`),
  ];
}

const validateItems = (items: readonly KeyToPath[] | undefined, field: string): FieldError[] =>
  (items ?? []).flatMap((item, index) => validateKeyToPath(item, `${field}.items[${index}]`));

export const validateSecretVolume = (source: SecretVolumeSource, field: string): FieldError[] => [
  ...(source.secretName ? [] : [required(`${field}.secretName`)]),
  ...validateFileMode(source.defaultMode, `${field}.defaultMode`),
  ...validateItems(source.items, field),
];

export const validateConfigMapVolume = (source: ConfigMapVolumeSource, field: string): FieldError[] => [
  ...(source.name ? [] : [required(`${field}.name`)]),
  ...validateFileMode(source.defaultMode, `${field}.defaultMode`),
  ...validateItems(source.items, field),
];

/** Upstream's errors name the source and not the file. */
export function validateDownwardAPIFile(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const { path = "", fieldRef, resourceFieldRef, mode } = file;
  const errors = [...(path ? [] : [required(`${field}.path`)]), ...validateLocalNonReservedPath(path, `${field}.path`)];
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, volumeFieldPaths, `${field}.fieldRef`));
    if (resourceFieldRef) {
      const detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
      errors.push(invalid(field, "resource", detail));
    }
  } else if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, true));
  } else errors.push(required(field, "one of fieldRef and resourceFieldRef is required"));
  return [...errors, ...validateFileMode(mode, `${field}.mode`)];
}

export const validateDownwardAPIVolume = (source: DownwardAPIVolumeSource, field: string): FieldError[] => [
  ...validateFileMode(source.defaultMode, `${field}.defaultMode`),
  ...(source.items ?? []).flatMap((file) => validateDownwardAPIFile(file, field)),
];
