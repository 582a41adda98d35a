// Projected volumes: files of several sources in one directory. Sources whose feature is off by default in 1.36 (trust
// bundles, pod certificates) are dropped before validation. Source: pkg/apis/core/validation. May import src/base.
import { forbidden, invalid, required, type FieldError } from "../../../../base/field-error.ts";
import type {
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../../../types/core-v1.gen.ts";
import type { PodValidationOptions } from "../options.ts";
import { validateFileMode, validateLocalNonReservedPath } from "../paths.ts";
import { validateDownwardAPIFile, validateKeyToPath } from "./files.ts";

const tokenMinSeconds = 600;
const tokenMaxSeconds = 2 ** 32;

/** The paths that are taken, and an error for each that is taken twice. */
class TakenPaths {
  readonly #paths = new Set<string>();
  readonly #field: string;
  constructor(field: string) {
    this.#field = field;
  }
  take(path: string, value: string): FieldError[] {
    if (this.#paths.has(path)) return [invalid(this.#field, value, "conflicting duplicate paths")];
    this.#paths.add(path);
    return [];
  }
}

interface NamedSource {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
}

function validateNamed(source: NamedSource, field: string, taken: TakenPaths): FieldError[] {
  const { name = "", items = [] } = source;
  return [
    ...(name ? [] : [required(`${field}.name`)]),
    ...items.flatMap((item, index) => [
      ...validateKeyToPath(item, `${field}.items[${index}]`),
      ...(item.path ? taken.take(item.path, name) : []),
    ]),
  ];
}

function validateToken(
  token: ServiceAccountTokenProjection,
  field: string,
  volumeField: string,
  options: PodValidationOptions,
): FieldError[] {
  const { expirationSeconds: seconds = 0, path = "" } = token;
  const errors: FieldError[] = [];
  const at = `${field}.expirationSeconds`;
  if (seconds < tokenMinSeconds) {
    errors.push(invalid(at, seconds, "may not specify a duration less than 10 minutes"));
  }
  if (seconds > tokenMaxSeconds) {
    errors.push(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
  if (!path) return [...errors, required(`${volumeField}.path`)];
  if (options.allowNonLocalTokenPath) return errors;
  return [...errors, ...validateLocalNonReservedPath(path, `${volumeField}.path`)];
}

function validateProjection(
  source: VolumeProjection,
  path: string,
  volumeField: string,
  taken: TakenPaths,
  options: PodValidationOptions,
): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
  const errors = [
    ...(secret ? validateNamed(secret, `${path}.secret`, taken) : []),
    ...(configMap ? validateNamed(configMap, `${path}.configMap`, taken) : []),
    ...(downwardAPI?.items ?? []).flatMap((file) => [
      ...validateDownwardAPIFile(file, `${path}.downwardAPI`),
      ...(file.path ? taken.take(file.path, file.path) : []),
    ]),
    ...(token ? validateToken(token, `${path}.serviceAccountToken`, volumeField, options) : []),
  ];
  if ([secret, configMap, downwardAPI, token].filter(Boolean).length > 1) {
    errors.push(forbidden(path, "may not specify more than 1 volume type per source"));
  }
  return errors;
}

export function validateProjectedVolume(
  projected: ProjectedVolumeSource,
  field: string,
  options: PodValidationOptions,
): FieldError[] {
  const taken = new TakenPaths(field);
  return [
    ...validateFileMode(projected.defaultMode, `${field}.defaultMode`),
    ...(projected.sources ?? []).flatMap((source, index) =>
      validateProjection(source, `${field}.sources[${index}]`, field, taken, options),
    ),
  ];
}
