// VolumeAttributesClasses: what of a volume can change while it is in use. May import src/base.
import { forbidden, invalid, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { isQualifiedName } from "../meta/names.ts";
import type { VolumeAttributesClass } from "../types/storage-v1.gen.ts";
import { validateParameters } from "./storage-class.ts";

function validateClass({ driverName = "", parameters }: VolumeAttributesClass): FieldError[] {
  const name = driverName.toLowerCase();
  const errors =
    name === ""
      ? [required("driverName")]
      : isQualifiedName(name).map((message) => invalid("driverName", name, message));
  return [...errors, ...validateParameters(parameters, "parameters", false)];
}

const strategy: Strategy<VolumeAttributesClass> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  validate: validateClass,
  validateUpdate: (object, old) => [
    ...(object.driverName === old.driverName ? [] : [forbidden("driverName", "updates to driverName are forbidden.")]),
    ...(semanticEqual(object.parameters, old.parameters)
      ? []
      : [forbidden("parameters", "updates to parameters are forbidden.")]),
    ...validateClass(object),
  ],
};

export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttributesClass",
  plural: "volumeattributesclasses",
  shortNames: ["vac"],
  namespaced: false,
  definition: "storage.v1.VolumeAttributesClass",
  storageKey: "volumeattributesclasses",
  columns: columns("Name:name", "DriverName", "Age"),
  cells: ({ metadata, driverName }, nowMs) => [
    metadata.name,
    driverName ?? "",
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
