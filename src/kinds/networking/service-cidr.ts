// ServiceCIDRs: the ranges that services' addresses come from. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { isIPv6, parseCIDR, validateCIDR } from "../meta/ip.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import type { ServiceCIDR } from "../types/networking-v1.gen.ts";

function validateCIDRs(cidrs: readonly string[]): FieldError[] {
  const field = "spec.cidrs";
  if (cidrs.length === 0) return [required(field, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalid(field, { CIDRs: cidrs }, "may only hold up to 2 values")];
  const errors = cidrs.flatMap((cidr, index) => validateCIDR(`${field}[${index}]`, cidr));
  const [first, second] = cidrs.map(parseCIDR);
  if (!first || !second || isIPv6(first.address) !== isIPv6(second.address)) return errors;
  const detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
  return [...errors, invalid(field, cidrs, detail)];
}

function validateUpdate({ spec }: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const [now, before] = [spec?.cidrs ?? [], old.spec?.cidrs ?? []];
  const changed = (index: number): FieldError => invalid(`spec.cidrs[${index}]`, now[index]!, immutableMessage);
  if (now.length === before.length)
    return before.flatMap((cidr, index) => (cidr === now[index] ? [] : [changed(index)]));
  // A second family may come later.
  if (before.length === 1 && now.length === 2) {
    return [...(now[0] === before[0] ? [] : [changed(0)]), ...validateCIDRs(now)];
  }
  return [invalid("spec.cidrs", spec?.cidrs ?? null, immutableMessage)];
}

const strategy: Strategy<ServiceCIDR> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  prepareForCreate(draft) {
    draft.status = {};
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: ({ spec }) => validateCIDRs(spec?.cidrs ?? []),
  validateUpdate,
};

/** What a status write of the newer kinds keeps: everything in metadata but managedFields. */
export const metadataKept = [
  "metadata.deletionTimestamp",
  "metadata.generation",
  "metadata.selfLink",
  "metadata.labels",
  "metadata.annotations",
  "metadata.finalizers",
  "metadata.ownerReferences",
];

const status = statusStrategy(strategy, ["spec", ...metadataKept], { resetFields: [["spec"]] });

export const serviceCIDR = defineKind<ServiceCIDR>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  namespaced: false,
  definition: "networking.v1.ServiceCIDR",
  storageKey: "servicecidrs",
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "CIDRs", "Age"),
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name,
    (spec?.cidrs ?? []).join(","),
    humanAge(metadata.creationTimestamp, nowMs),
  ],
  strategy,
});
