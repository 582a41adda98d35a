// How a Service comes to its IP families and what it keeps of what was allocated to it (k8s.io/kubernetes
// pkg/registry/core/service/storage). Allocation itself is the server's: order of a write is keepAllocated (updates),
// normalizeClusterIPs, initFamilies, then addresses and ports, then the strategy. May import src/base.
import { duplicate, invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { semanticEqual } from "../meta/equality.ts";
import { isIPv6, parseIP, validateLegacyIP } from "../meta/ip.ts";
import type { Draft } from "../object.ts";
import type { Service, ServiceSpec } from "../types/core-v1.gen.ts";

export type Family = "IPv4" | "IPv6";

export interface ClusterFamilies {
  readonly primary: Family;
  /** The families that service addresses are allocated from. */
  readonly configured: readonly Family[];
}

const emptySpec = {} as ServiceSpec;
type SpecDraft = Draft<ServiceSpec>;

export const isHeadless = ({ clusterIPs }: { readonly clusterIPs?: readonly string[] }): boolean =>
  clusterIPs?.length === 1 && clusterIPs[0] === "None";

export function familyOf(address: string): Family {
  const bytes = parseIP(address);
  return bytes !== undefined && isIPv6(bytes) ? "IPv6" : "IPv4";
}

const sameList = (left: readonly string[] | undefined, right: readonly string[] | undefined): boolean =>
  semanticEqual(left ?? [], right ?? []);
export const sameClusterIPs = (left: ServiceSpec, right: ServiceSpec): boolean =>
  (left.clusterIP ?? "") === (right.clusterIP ?? "") && sameList(left.clusterIPs, right.clusterIPs);
export const sameFamilies = (left: ServiceSpec, right: ServiceSpec): boolean =>
  sameList(left.ipFamilies, right.ipFamilies);

const needsNodePort = ({ type }: { readonly type?: string }): boolean => type === "NodePort" || type === "LoadBalancer";
const needsHealthPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";

/** The two fields of addresses say the same; whoever sets one of them means both. */
export function normalizeClusterIPs(draft: Draft<Service>, old?: Service): void {
  const spec = (draft.spec ??= {});
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const before = old.spec ?? emptySpec;
  const [now, then] = [spec.clusterIP ?? "", before.clusterIP ?? ""];
  if (before.clusterIPs?.length && !spec.clusterIPs?.length && now === then) spec.clusterIPs = [...before.clusterIPs];
  if (now === then || !sameList(spec.clusterIPs as readonly string[] | undefined, before.clusterIPs)) return;
  if (now === "") delete spec.clusterIPs;
  else spec.clusterIPs = [now];
}

/** An update that leaves out what was allocated keeps it. */
export function keepAllocated(draft: Draft<Service>, old: Service): void {
  const spec = (draft.spec ??= {});
  const before = old.spec ?? emptySpec;
  if (spec.type !== "ExternalName" && before.type !== "ExternalName") {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = [...before.clusterIPs];
  }
  if (needsNodePort(before) && needsNodePort(spec as ServiceSpec)) {
    const taken = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0));
    const ports = new Map((before.ports ?? []).map(({ name, nodePort }) => [name ?? "", nodePort ?? 0]));
    for (const port of spec.ports ?? []) {
      const known = ports.get(port.name ?? "") ?? 0;
      if (!port.nodePort && known !== 0 && !taken.has(known)) port.nodePort = known;
    }
  }
  if (needsHealthPort(before) && needsHealthPort(spec as ServiceSpec) && !spec.healthCheckNodePort) {
    if (before.healthCheckNodePort) spec.healthCheckNodePort = before.healthCheckNodePort;
  }
}

const families = ["IPv4", "IPv6"];
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];

function validateAddresses(spec: ServiceSpec, old: ServiceSpec | undefined): [FieldError[], boolean] {
  const list = spec.clusterIPs ?? [];
  const errors: FieldError[] = [];
  for (const [index, address] of list.entries()) {
    if (index === 0 && address === "None") {
      if (list.length > 1) errors.push(invalid("spec.clusterIPs", list, "'None' must be the first and only value"));
    } else if (!old?.clusterIPs?.includes(address)) {
      errors.push(...validateLegacyIP(`spec.clusterIPs[${index}]`, address));
    }
  }
  const bad = errors.length > 0;
  if (list.length > 2) errors.push(invalid("spec.clusterIPs", list, "may only hold up to 2 values"));
  return [errors, bad];
}

/** Addresses and families that don't go together. */
export function validateClusterIPs(spec: ServiceSpec, old?: ServiceSpec): FieldError[] {
  if (spec.type === "ExternalName") return [];
  const { clusterIP = "", clusterIPs = [], ipFamilies = [], ipFamilyPolicy: policy } = spec;
  const field = "spec.clusterIPs";
  const errors: FieldError[] = [];
  if (clusterIP !== "" && clusterIPs.length === 0) errors.push(required(field));
  else if (clusterIP !== "" && clusterIPs[0] !== clusterIP) {
    errors.push(invalid(field, clusterIPs, "first value must match `clusterIP`"));
  } else if (clusterIP === "" && clusterIPs.length > 0) {
    errors.push(invalid(field, clusterIPs, "must be empty when `clusterIP` is not specified"));
  }
  for (const [index, family] of ipFamilies.entries()) {
    const at = `spec.ipFamilies[${index}]`;
    if (!families.includes(family)) errors.push(notSupported(at, family, families));
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(at, family));
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported("spec.ipFamilyPolicy", policy, policies));
  }
  const [addressErrors, bad] = validateAddresses(spec, old);
  errors.push(...addressErrors);
  if (bad) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < 2) {
    errors.push(invalid(field, clusterIPs, "may specify no more than one IP for each IP family"));
  }
  if (isHeadless(spec)) return errors;
  for (const [index, address] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if ((family !== "IPv4" && family !== "IPv6") || familyOf(address) === family) continue;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(`${field}[${index}]`, address, detail));
  }
  return errors;
}

const other = (family: string): Family => (family === "IPv4" ? "IPv6" : "IPv4");

function isSettled(spec: SpecDraft, old: ServiceSpec): boolean {
  const now = spec as ServiceSpec;
  if (spec.ipFamilyPolicy !== "PreferDualStack" || old.type !== spec.type) return false;
  if (!["ClusterIP", "NodePort", "LoadBalancer"].includes(spec.type ?? "")) return false;
  if (old.ipFamilyPolicy !== undefined && old.ipFamilyPolicy !== "PreferDualStack") return false;
  return sameClusterIPs(old, now) && sameFamilies(old, now);
}

function checkRelease(spec: SpecDraft, old: ServiceSpec): FieldError[] {
  const now = spec as ServiceSpec;
  const field = "spec.ipFamilyPolicy";
  if (spec.ipFamilyPolicy === "SingleStack") {
    if (sameClusterIPs(old, now) && (now.clusterIPs?.length ?? 0) > 1) spec.clusterIPs = [now.clusterIPs![0]!];
    if (sameFamilies(old, now) && (now.ipFamilies?.length ?? 0) > 1) spec.ipFamilies = [now.ipFamilies![0]!];
    return [];
  }
  const reduced = (before: readonly string[] = [], after: readonly string[] = []): boolean =>
    before.length === 2 && after.length === 1 && before[0] === after[0];
  const errors: FieldError[] = [];
  if (reduced(old.clusterIPs, now.clusterIPs)) {
    errors.push(
      invalid(field, now.ipFamilyPolicy ?? null, "must be 'SingleStack' to release the secondary cluster IP"),
    );
  }
  if (reduced(old.ipFamilies, now.ipFamilies)) {
    errors.push(invalid(field, now.ipFamilyPolicy ?? null, "must be 'SingleStack' to release the secondary IP family"));
  }
  return errors;
}

function inferFamilies(spec: SpecDraft, cluster: ClusterFamilies): FieldError[] {
  const now = spec as ServiceSpec;
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === "SingleStack") {
    for (const [list, what] of [
      [now.clusterIPs, "cluster IPs"],
      [now.ipFamilies, "IP families"],
    ] as const) {
      if (list?.length !== 2) continue;
      const detail = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
      errors.push(invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail));
    }
  }
  const found = [...(now.ipFamilies ?? [])];
  for (const [index, address] of (now.clusterIPs ?? []).entries()) {
    if (address === "None") break;
    if (index < found.length) continue;
    const family = familyOf(address);
    if (cluster.configured.includes(family)) found.push(family);
    else
      errors.push(invalid(`spec.clusterIPs[${index}]`, now.clusterIPs, `${family} is not configured on this cluster`));
  }
  if (found.length > 0) spec.ipFamilies = found;
  return errors;
}

/** Fills in policy and families, and says where the cluster can't give what is asked for. */
export function initFamilies(draft: Draft<Service>, old: Service | undefined, cluster: ClusterFamilies): FieldError[] {
  const spec = (draft.spec ??= {});
  const before = old?.spec;
  if (spec.type === "ExternalName" || (before && isSettled(spec, before))) return [];
  const free = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? (free ? "RequireDualStack" : "SingleStack");
  const wrong = validateClusterIPs(spec as ServiceSpec, before);
  if (wrong.length > 0) return wrong;
  const errors = before ? checkRelease(spec, before) : [];
  errors.push(...inferFamilies(spec, cluster));
  if (errors.length > 0) return errors;
  const dual = spec.ipFamilyPolicy !== "SingleStack";
  if (free) {
    const list = spec.ipFamilies?.length ? spec.ipFamilies : [cluster.primary];
    spec.ipFamilies = list.length < 2 && dual ? [...list, other(list[0]!)] : list;
    return [];
  }
  if (spec.ipFamilyPolicy === "RequireDualStack" && cluster.configured.length < 2) {
    const detail = "this cluster is not configured for dual-stack services";
    errors.push(invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, detail));
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (cluster.configured.includes(family as Family)) continue;
    errors.push(invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster"));
  }
  if (errors.length > 0) return errors;
  const list = spec.ipFamilies?.length ? spec.ipFamilies : [cluster.primary];
  spec.ipFamilies = dual && list.length === 1 && cluster.configured.length === 2 ? [...list, other(list[0]!)] : list;
  return [];
}
