// Paths inside volumes and on nodes. Source: pkg/apis/core/validation. May import src/base.
import { invalid, type FieldError } from "../../../base/field-error.ts";

export function validatePathNoBacksteps(path: string, field: string): FieldError[] {
  return path.split("/").includes("..") ? [invalid(field, path, "must not contain '..'")] : [];
}

/** A relative path that stays below where it starts. */
export function validateLocalDescendingPath(path: string, field: string): FieldError[] {
  const errors = path.startsWith("/") ? [invalid(field, path, "must be a relative path")] : [];
  return [...errors, ...validatePathNoBacksteps(path, field)];
}

/** Names beginning with ".." are the node's own, for atomic updates of a volume. */
export function validateLocalNonReservedPath(path: string, field: string): FieldError[] {
  const errors = validateLocalDescendingPath(path, field);
  if (path.startsWith("..") && !path.startsWith("../")) errors.push(invalid(field, path, "must not start with '..'"));
  return errors;
}

export const fileModeError = "must be a number between 0 and 0777 (octal), both inclusive";

export function validateFileMode(mode: number | undefined, field: string): FieldError[] {
  return mode !== undefined && (mode > 0o777 || mode < 0) ? [invalid(field, mode, fileModeError)] : [];
}
