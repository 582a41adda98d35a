// CSIStorageCapacities: what is left of a storage class in one part of the cluster. May import src/base.
import { invalid, type FieldError } from "../../base/field-error.ts";
import type { Strategy } from "../kind.ts";
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { hasInvalidLabelValue, printSelector, validateLabelSelector } from "../meta/label-selector.ts";
import { nameIsDNSSubdomain } from "../meta/names.ts";
import { validateNonnegativeQuantity } from "../meta/quantity-rules.ts";
import type { CSIStorageCapacity } from "../types/storage-v1.gen.ts";

function validateCapacity(object: CSIStorageCapacity, allowInvalidValues: boolean): FieldError[] {
  const { nodeTopology, storageClassName = "", capacity } = object;
  return [
    ...validateLabelSelector(nodeTopology, "nodeTopology", { allowInvalidValues }),
    ...nameIsDNSSubdomain(storageClassName, false).map((message) =>
      invalid("storageClassName", storageClassName, message),
    ),
    ...(capacity === undefined ? [] : validateNonnegativeQuantity(capacity, "capacity")),
  ];
}

// What a driver was asked for doesn't change; only its answer does.
function validateFixed(object: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  const { nodeTopology, storageClassName = "" } = object;
  const topology = semanticEqual(nodeTopology, old.nodeTopology)
    ? []
    : [invalid("nodeTopology", printSelector(nodeTopology), "field is immutable")];
  if (storageClassName === (old.storageClassName ?? "")) return topology;
  return [...topology, invalid("storageClassName", storageClassName, "field is immutable")];
}

const strategy: Strategy<CSIStorageCapacity> = {
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  validate: (object) => validateCapacity(object, false),
  validateUpdate: (object, old) => [
    ...validateCapacity(object, hasInvalidLabelValue(old.nodeTopology)),
    ...validateFixed(object, old),
  ],
};

export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  namespaced: true,
  definition: "storage.v1.CSIStorageCapacity",
  storageKey: "csistoragecapacities",
  columns: plainColumns,
  cells: plainCells,
  strategy,
});
