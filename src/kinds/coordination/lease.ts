// Leases: heartbeats and elections. May import src/base.
import { forbidden, invalid, notSupported, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { isQualifiedName } from "../meta/names.ts";
import type { Draft } from "../object.ts";
import type { Lease } from "../types/coordination-v1.gen.ts";

function validateStrategy(strategy: string, field: string): FieldError[] {
  if (strategy.includes("/")) return isQualifiedName(strategy).map((message) => invalid(field, strategy, message));
  const known = ["OldestEmulationVersion"];
  return known.includes(strategy) ? [] : [notSupported(field, strategy, known)];
}

function validateLease({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = spec ?? {};
  const errors: FieldError[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(invalid("spec.leaseTransitions", leaseTransitions, "must be greater than or equal to 0"));
  }
  if (strategy !== undefined) errors.push(...validateStrategy(strategy, "spec.strategy.strategy"));
  if (preferredHolder && !strategy) {
    errors.push(forbidden("spec.preferredHolder", "may only be specified if `strategy` is defined"));
  }
  return errors;
}

// Coordinated leader election is off by default (KEP-4355): its fields are dropped unless they are in use.
function dropElection(draft: Draft<Lease>, old?: Lease): void {
  if (old?.spec?.strategy === undefined) delete draft.spec?.strategy;
  if (old?.spec?.preferredHolder === undefined) delete draft.spec?.preferredHolder;
}

const strategy: Strategy<Lease> = {
  allowCreateOnUpdate: true,
  prepareForCreate: (draft) => dropElection(draft),
  prepareForUpdate: (draft, old) => dropElection(draft, old),
  validate: validateLease,
};

export const lease = defineKind<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
  definition: "coordination.v1.Lease",
  storageKey: "leases",
  columns: columns("Name:name", "Holder", "Age"),
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    spec?.holderIdentity ?? "",
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
