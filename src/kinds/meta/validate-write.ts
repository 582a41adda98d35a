// All that is checked when an object is written: its metadata and its kind's own rules, in upstream's order, so that the
// causes of an error come as upstream's do, those that it finds twice included (k8s.io/apiserver pkg/registry/rest
// create.go, update.go). May import src/base.
import type { FieldError } from "../../base/field-error.ts";
import type { Kind, Strategy, WriteContext } from "../kind.ts";
import type { KubernetesObject } from "../object.ts";
import { nameIsPathSegment } from "./names.ts";
import { validateNames, validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

/** What is well needs no second look. */
function repeat(times: number, check: () => FieldError[]): FieldError[] {
  const found = times > 0 ? check() : [];
  return found.length === 0 ? found : Array.from({ length: times }, () => found).flat();
}

/** The errors of a create: the kind's own, or else those that any object could have. */
export function validateCreate<T extends KubernetesObject>(
  kind: Kind<T>,
  object: T,
  context: WriteContext,
): FieldError[] {
  const { namespaced, checkName, strategy } = kind;
  const { metadata } = object;
  if (kind.virtual) return strategy.validate?.(object, context) ?? [];
  const own = [
    ...repeat(strategy.metadataChecks?.create ?? 1, () => validateObjectMeta(metadata, { namespaced, checkName })),
    ...(strategy.validate?.(object, context) ?? []),
  ];
  if (own.length > 0) return own;
  const rules = { namespaced, checkName: nameIsPathSegment };
  // The rest of the metadata has been found well, where the kind looks at it at all.
  return strategy.metadataChecks?.create === 0 ? validateObjectMeta(metadata, rules) : validateNames(metadata, rules);
}

/** The errors of an update; `strategy` is the kind's or its subresource's. */
export function validateUpdate<T extends KubernetesObject>(
  kind: Kind<T>,
  strategy: Strategy<T>,
  object: T,
  old: T,
  context: WriteContext,
): FieldError[] {
  const { namespaced, checkName } = kind;
  const { metadata } = object;
  const { updateAsCreate = 0, update = 1 } = strategy.metadataChecks ?? {};
  return [
    ...validateObjectMeta(metadata, { namespaced, checkName: nameIsPathSegment }),
    ...repeat(update + 1, () => validateObjectMetaUpdate(metadata, old.metadata)),
    ...repeat(updateAsCreate, () => validateObjectMeta(metadata, { namespaced, checkName })),
    ...((strategy.validateOnUpdate ?? true) ? (strategy.validate?.(object, context) ?? []) : []),
    ...(strategy.validateUpdate?.(object, old, context) ?? []),
  ];
}

/**
 * The kind that an Invalid answer names. Upstream names the form that it validates: events of events.k8s.io as core's;
 * access reviews have lost their kind by then.
 */
export function invalidKind(kind: Kind): { readonly group: string; readonly kind: string } {
  if (kind.storedAs) return { group: kind.storedAs.group, kind: kind.storedAs.kind };
  return { group: kind.group, kind: kind.virtual && kind.group === "authorization.k8s.io" ? "" : kind.kind };
}
