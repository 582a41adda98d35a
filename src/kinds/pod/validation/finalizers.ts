// Finalizers of core objects: a name of Kubernetes' own or one with a domain. Source: pkg/apis/core/validation. May
// import src/base.
import { invalid, type FieldError } from "../../../base/field-error.ts";
import type { ObjectMeta } from "../../types/meta-v1.gen.ts";

const standardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

/** `times`: upstream checks metadata twice on some updates, and its causes repeat themselves. */
export function validateCoreFinalizers(meta: ObjectMeta, times = 1): FieldError[] {
  const detail = "name is neither a standard finalizer name nor is it fully qualified";
  const errors = (meta.finalizers ?? []).flatMap((name, index) =>
    name.includes("/") || standardFinalizers.includes(name)
      ? []
      : [invalid(`metadata.finalizers[${index}]`, name, detail)],
  );
  return Array.from({ length: times }, () => errors).flat();
}
