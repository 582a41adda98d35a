// ResourceClaims: the wish for devices, and what came of it. May import src/base.
import { invalid } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import { metadataKept } from "../networking/service-cidr.ts";
import type { ResourceClaim } from "../types/resource-v1.gen.ts";
import { printClaimSpec } from "./claim-print.ts";
import { defaultClaimSpec, validateClaimSpec } from "./claim-spec.ts";
import { allocatedSharesOf, shareKeyOf, validateClaimStatus } from "./claim-status.ts";

const strategy: Strategy<ResourceClaim> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  resetFields: [["status"]],
  default: (draft) => defaultClaimSpec((draft.spec ??= {})),
  prepareForCreate(draft) {
    draft.status = {};
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: ({ spec }) => validateClaimSpec(spec, "spec"),
  validateUpdate: ({ spec }, old) =>
    semanticEqual(spec, old.spec) ? [] : [invalid("spec", printClaimSpec(spec), immutableMessage)],
};

const kept = ["spec", ...metadataKept];

const status = statusStrategy(strategy, kept, {
  resetFields: [["metadata"], ["spec"]],
  prepareForUpdate(draft, old) {
    for (const field of kept) carry(draft, old, field);
    // What a driver said of a device goes with the device.
    const now = allocatedSharesOf(draft as ResourceClaim);
    const lost = new Set([...allocatedSharesOf(old)].filter((key) => !now.has(key)));
    const devices = draft.status?.devices?.filter((device) => !lost.has(shareKeyOf(device)));
    if (!devices) return;
    if (devices.length > 0) draft.status!.devices = devices;
    else delete draft.status!.devices;
  },
  validateUpdate: validateClaimStatus,
});

function printState({ metadata, status: current = {} }: ResourceClaim): string {
  const deleted = Boolean(metadata.deletionTimestamp);
  if (!current.allocation) return deleted ? "deleted" : "pending";
  const reserved = (current.reservedFor ?? []).length > 0;
  return [...(deleted ? ["deleted"] : []), "allocated", ...(reserved ? ["reserved"] : [])].join(",");
}

export const resourceClaim = defineKind<ResourceClaim>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "ResourceClaim",
  plural: "resourceclaims",
  namespaced: true,
  definition: "resource.v1.ResourceClaim",
  storageKey: "resourceclaims",
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "State", "Age"),
  cells: (object, nowMs) => [
    object.metadata.name,
    printState(object),
    humanAge(object.metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
