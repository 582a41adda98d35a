// Namespaces: cluster-scoped, ended in two steps through finalize. May import src/base.
import { invalid, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { nameIsDNSLabel } from "../meta/names.ts";
import { validateFinalizerName } from "../meta/object-meta.ts";
import type { Draft } from "../object.ts";
import type { Namespace } from "../types/core-v1.gen.ts";

const finalizer = "kubernetes";
const standardFinalizers = new Set([finalizer, "orphan", "foregroundDeletion"]);

function validateNamespaceFinalizer(name: string, field: string): FieldError[] {
  const errors = validateFinalizerName(name, field);
  if (!name.includes("/") && !standardFinalizers.has(name)) {
    errors.push(invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified"));
  }
  return errors;
}

// Every namespace bears its name as a label, so that selectors can name it (KEP-2161).
function labelWithName(draft: Draft<Namespace>): void {
  const name = draft.metadata?.name;
  if (name) draft.metadata!.labels = { ...draft.metadata!.labels, "kubernetes.io/metadata.name": name };
}

const strategy: Strategy<Namespace> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  resetFields: [["status"]],
  default(draft) {
    labelWithName(draft);
    draft.spec ??= {};
    draft.status ??= {};
    draft.status.phase ||= "Active";
  },
  prepareForCreate(draft) {
    draft.status = { phase: "Active" };
    const finalizers = draft.spec?.finalizers ?? [];
    if (!finalizers.includes(finalizer)) draft.spec = { ...draft.spec, finalizers: [...finalizers, finalizer] };
  },
  canonicalize: labelWithName,
  prepareForUpdate(draft, old) {
    carry(draft, old, "spec.finalizers");
    carry(draft, old, "status");
  },
  validate({ spec }) {
    return (spec?.finalizers ?? []).flatMap((name) => validateNamespaceFinalizer(name, "spec.finalizers"));
  },
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate({ metadata, status: now }) {
    const phase = now?.phase ?? "";
    if (metadata.deletionTimestamp) {
      const detail = "may only be 'Terminating' if `deletionTimestamp` is not empty";
      return phase === "Terminating" ? [] : [invalid("status.Phase", phase, detail)];
    }
    const detail = "may only be 'Active' if `deletionTimestamp` is empty";
    return phase === "Active" ? [] : [invalid("status.Phase", phase, detail)];
  },
});

const finalize = statusStrategy(strategy, ["status"], {
  validateUpdate({ spec }) {
    const finalizers = spec?.finalizers ?? [];
    return finalizers.flatMap((name, index) => validateNamespaceFinalizer(name, `spec.finalizers[${index}]`));
  },
});

export const namespace = defineKind<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  namespaced: false,
  definition: "core.v1.Namespace",
  storageKey: "namespaces",
  // Namespaces are deleted one by one.
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  subresources: [{ name: "finalize", verbs: ["update"], strategy: finalize }, objectSubresource("status", status)],
  checkName: nameIsDNSLabel,
  columns: columns("Name:name", "Status", "Age"),
  cells: ({ metadata, status: now }, nowMs) => [
    metadata.name,
    now?.phase ?? "",
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  selectableFields: { "status.phase": (object) => object.status?.phase ?? "" },
  strategy,
});
