// Access modes of volumes and claims. May import src/base.
import { forbidden, notSupported, type FieldError } from "../../../base/field-error.ts";

/** The class's name before `storageClassName` was a field. */
export const storageClassAnnotation = "volume.beta.kubernetes.io/storage-class";

const supported = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

export function validateAccessModes(modes: readonly string[] | undefined, field: string): FieldError[] {
  const list = modes ?? [];
  const errors = list.filter((mode) => !supported.includes(mode)).map((mode) => notSupported(field, mode, supported));
  const alone = "ReadWriteOncePod";
  if (list.includes(alone) && list.some((mode) => mode !== alone && supported.includes(mode))) {
    errors.push(forbidden(field, "may not use ReadWriteOncePod with other access modes"));
  }
  return errors;
}

const shortNames = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
] as const;

export function printAccessModes(modes: readonly string[] | undefined): string {
  return shortNames
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(",");
}
