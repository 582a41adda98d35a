// ControllerRevisions: what a workload once was, never changed. May import src/base.
import { required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { validateImmutable, validateNonnegative } from "../meta/object-meta.ts";
import type { ControllerRevision } from "../types/apps-v1.gen.ts";

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required("data", "data is mandatory")];
  const object = typeof data === "object" && !Array.isArray(data);
  return object ? [] : [required("data", "data must be a valid JSON object")];
}

const strategy: Strategy<ControllerRevision> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  validate: ({ revision, data }) => [...validateNonnegative(revision, "revision"), ...validateData(data)],
  validateUpdate: ({ revision, data }, old) => [
    ...validateNonnegative(revision, "revision"),
    ...validateImmutable(data, old.data, "data"),
  ],
};

function printController({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find((one) => one.controller === true);
  if (!owner) return "<none>";
  const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
  return `${owner.kind.toLowerCase()}${group.toLowerCase()}/${owner.name}`;
}

export const controllerRevision = defineKind<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  namespaced: true,
  definition: "apps.v1.ControllerRevision",
  storageKey: "controllerrevisions",
  columns: columns("Name:name", "Controller", "Revision", "Age"),
  cells: (object, nowMs) => [
    object.metadata.name,
    printController(object),
    object.revision ?? 0,
    humanAge(object.metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
