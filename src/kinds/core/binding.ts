// Bindings: a pod's assignment to a node, only ever created. May import src/base.
import { notSupported, required, type FieldError } from "../../base/field-error.ts";
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import type { Binding } from "../types/core-v1.gen.ts";

/** Upstream answers these errors as one aggregate of texts, not as an Invalid status. */
export function validateBinding({ target }: Binding): FieldError[] {
  const { kind = "", name = "" } = target ?? {};
  const errors: FieldError[] = [];
  if (kind !== "" && kind !== "Node") errors.push(notSupported("target.kind", kind, ["Node", "<empty>"]));
  if (name === "") errors.push(required("target.name"));
  return errors;
}

export const binding = defineKind<Binding>({
  group: "",
  version: "v1",
  kind: "Binding",
  plural: "bindings",
  namespaced: true,
  definition: "core.v1.Binding",
  storageKey: "",
  verbs: ["create"],
  columns: plainColumns,
  cells: plainCells,
  strategy: { validate: validateBinding },
  virtual: true,
});
