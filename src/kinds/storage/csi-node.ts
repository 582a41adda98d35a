// CSINodes: the storage drivers on a node. May import src/base.
import { duplicate, invalid, required, type FieldError } from "../../base/field-error.ts";
import { validateDriverName } from "../core/volumes/persistent-volume-sources.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { byteLength, isQualifiedName } from "../meta/names.ts";
import { immutableMessage, validateNonnegative } from "../meta/object-meta.ts";
import type { CSINode, CSINodeDriver } from "../types/storage-v1.gen.ts";

/** The CSI specification's limit of a node's id, with room (upstream's csiNodeIDMaxLength). */
const nodeIDMaxBytes = 256;

function validateTopologyKeys(keys: readonly string[], field: string): FieldError[] {
  return keys.flatMap((key, index) => [
    ...(key === "" ? [required(field)] : []),
    ...(keys.indexOf(key) < index ? [duplicate(field, key)] : []),
    ...isQualifiedName(key).map((message) => invalid(field, key, message)),
  ]);
}

function validateDrivers(drivers: readonly CSINodeDriver[]): FieldError[] {
  const names = new Set<string>();
  return drivers.flatMap(({ name = "", nodeID = "", allocatable, topologyKeys = [] }, index) => {
    const field = `spec.drivers[${index}]`;
    const errors = validateDriverName(name, `${field}.name`);
    if (nodeID === "") errors.push(required(`${field}.nodeID`));
    if (byteLength(nodeID) > nodeIDMaxBytes) {
      errors.push(invalid(`${field}.nodeID`, nodeID, `must be ${nodeIDMaxBytes} characters or less`));
    }
    errors.push(...validateNonnegative(allocatable?.count, `${field}.allocatable.count`));
    if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    return [...errors, ...validateTopologyKeys(topologyKeys, field)];
  });
}

/** A driver without what may change of it, as upstream prints it. */
const fixedPart = ({ name = "", nodeID = "", topologyKeys }: CSINodeDriver): object => ({
  Name: name,
  NodeID: nodeID,
  TopologyKeys: topologyKeys ?? null,
  Allocatable: null,
});

const strategy: Strategy<CSINode> = {
  metadataChecks: { updateAsCreate: 1, update: 0 },
  default(draft) {
    draft.spec ??= {};
  },
  validate: ({ spec }) => validateDrivers(spec.drivers ?? []),
  validateUpdate: ({ spec }, old) =>
    (old.spec.drivers ?? []).flatMap((before) =>
      (spec.drivers ?? [])
        .filter(({ name }) => name === before.name)
        .filter((driver) => !semanticEqual(fixedPart(driver), fixedPart(before)))
        .map((driver) => invalid("spec.drivers", fixedPart(driver), immutableMessage)),
    ),
};

export const csiNode = defineKind<CSINode>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "CSINode",
  plural: "csinodes",
  namespaced: false,
  definition: "storage.v1.CSINode",
  storageKey: "csinodes",
  columns: columns("Name:name", "Drivers:integer", "Age"),
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    (spec.drivers ?? []).length,
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
