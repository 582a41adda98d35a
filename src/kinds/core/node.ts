// Nodes. May import src/base.
import { duplicate, forbidden, internal, invalid, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Cell, Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { isIPv6, parseCIDR, validateLegacyCIDR, warnOfCIDR } from "../meta/ip.ts";
import { byteLength, dns1123SubdomainMaxBytes } from "../meta/names.ts";
import { validateResourceQuantity } from "../meta/quantity-rules.ts";
import type { Node, NodeStatus } from "../types/core-v1.gen.ts";
import { validateTaints } from "./taints.ts";

function validateResources(status: NodeStatus | undefined): FieldError[] {
  return (["capacity", "allocatable"] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, value]) =>
      validateResourceQuantity(name, value, `status.${list}.${name}`),
    ),
  );
}

function validatePodCIDRs(cidrs: readonly string[]): FieldError[] {
  const field = "spec.podCIDRs";
  const errors = cidrs.flatMap((value, index) => validateLegacyCIDR(`${field}[${index}]`, value));
  if (cidrs.length < 2) return errors;
  const parsed = cidrs.map(parseCIDR);
  const bad = cidrs.find((_, index) => parsed[index] === undefined);
  if (bad !== undefined) {
    const why = `invalid CIDR[0]: <nil> (invalid CIDR address: ${bad})`;
    errors.push(internal(field, `invalid PodCIDRs. failed to check with dual stack with error:${why}`));
  }
  const families = new Set(parsed.map((one) => one !== undefined && isIPv6(one.address)));
  if (bad !== undefined || families.size < 2 || cidrs.length > 2) {
    errors.push(invalid(field, cidrs, "may specify no more than one CIDR for each IP family"));
  }
  return errors;
}

function checkFeatureName(name: string): string[] {
  const wrong = `invalid feature name ${JSON.stringify(name)}: `;
  if (byteLength(name) > dns1123SubdomainMaxBytes) return [`${wrong}must be no more than 253 characters`];
  if (/^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/.test(name)) return [];
  const rule =
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or " +
    "MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
  return [wrong + rule];
}

function validateDeclaredFeatures(features: readonly string[] | undefined): FieldError[] {
  const list = features ?? [];
  const at = (index: number): string => `status.declaredFeatures[${index}]`;
  return list.flatMap((name, index) => {
    const errors = checkFeatureName(name).map((message) => invalid(at(index), name, message));
    const next = list[index + 1];
    if (next === undefined) return errors;
    if (name === next) errors.push(duplicate(at(index + 1), next));
    else if (name > next) errors.push(invalid(at(index + 1), next, "list must be sorted alphabetically"));
    return errors;
  });
}

/** What upstream's ValidateNodeUpdate says, for the whole node and for its status. */
function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = [...validateResources(node.status), ...validateDeclaredFeatures(node.status?.declaredFeatures)];
  const addresses = new Set<string>();
  for (const [index, { type = "", address = "" }] of (node.status?.addresses ?? []).entries()) {
    const key = JSON.stringify([type, address]);
    if (addresses.has(key)) errors.push(duplicate(`status.addresses[${index}]`, { Type: type, Address: address }));
    addresses.add(key);
  }
  const before = old.spec?.podCIDRs ?? [];
  const after = node.spec?.podCIDRs ?? [];
  const cidrError = forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid');
  if (before.length > 0) {
    if (before.length !== after.length) errors.push(cidrError);
    else errors.push(...before.filter((value, index) => value !== after[index]).map(() => cidrError));
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    errors.push(forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid'));
  }
  errors.push(...validateTaints(node.spec?.taints, "metadata.taints"));
  if ((node.spec?.externalID ?? "") !== (old.spec?.externalID ?? "")) {
    errors.push(forbidden("spec.externalID", "may not be updated"));
  }
  return errors;
}

function warnOfNode({ spec }: Node): string[] {
  const warnings: string[] = [];
  if (spec?.configSource) warnings.push("spec.configSource: the feature is removed");
  if (spec?.externalID) warnings.push("spec.externalID: this field is deprecated, and is unused by Kubernetes");
  const cidrs = spec?.podCIDRs ?? [];
  return [...warnings, ...cidrs.flatMap((value, index) => warnOfCIDR(`spec.podCIDRs[${index}]`, value))];
}

const strategy: Strategy<Node> = {
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  resetFields: [["status"]],
  default(draft) {
    draft.spec ??= {};
    const { podCIDR, podCIDRs } = draft.spec;
    // The two forms of the same fact: the single field is the list's first.
    if (podCIDR && podCIDRs?.[0] !== podCIDR) draft.spec.podCIDRs = [podCIDR];
    else if (podCIDRs?.length && !podCIDR) draft.spec.podCIDR = podCIDRs[0]!;
    draft.status ??= {};
    if (draft.status.capacity && !draft.status.allocatable) draft.status.allocatable = { ...draft.status.capacity };
  },
  prepareForCreate(draft) {
    delete draft.spec?.configSource;
    delete draft.status?.config;
  },
  prepareForUpdate(draft, old) {
    carry(draft, old, "status");
    if (!old.spec?.configSource) delete draft.spec?.configSource;
  },
  validate({ spec, status }) {
    const swap = status?.nodeInfo?.swap?.capacity;
    return [
      ...validateTaints(spec?.taints, "metadata.taints"),
      ...validateResources(status),
      ...(swap !== undefined && swap <= 0
        ? [invalid("metadata.nodeSwapStatus.capacity", swap, "must be greater than zero")]
        : []),
      ...validateDeclaredFeatures(status?.declaredFeatures),
      ...validatePodCIDRs(spec?.podCIDRs ?? []),
    ];
  },
  validateUpdate: validateNodeUpdate,
  warnings: warnOfNode,
};

const status = statusStrategy(strategy, ["spec"], {
  prepareForUpdate(draft, old) {
    carry(draft, old, "spec");
    if (!old.status?.config) delete draft.status?.config;
  },
  validateUpdate: validateNodeUpdate,
});

const rolePrefix = "node-role.kubernetes.io/";

function findRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).map(([key, value]) => {
    if (key.startsWith(rolePrefix)) return key.slice(rolePrefix.length);
    return key === "kubernetes.io/role" ? value : "";
  });
  return [...new Set(roles.filter((role) => role !== ""))].sort().join(",") || "<none>";
}

function statusOf({ spec, status: now }: Node): string {
  const ready = now?.conditions?.findLast((condition) => condition.type === "Ready");
  const text = ready ? (ready.status === "True" ? "Ready" : "NotReady") : "Unknown";
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

function cells(node: Node, nowMs: number): Cell[] {
  const { nodeInfo, addresses } = node.status ?? {};
  const address = (type: string): string => addresses?.find((one) => one.type === type)?.address ?? "<none>";
  const architecture = nodeInfo?.architecture ? ` (${nodeInfo.architecture})` : "";
  return [
    node.metadata.name,
    statusOf(node),
    findRoles(node),
    humanAge(node.metadata.creationTimestamp, nowMs),
    nodeInfo?.kubeletVersion ?? "",
    address("InternalIP"),
    address("ExternalIP"),
    nodeInfo?.osImage || "<unknown>",
    (nodeInfo?.kernelVersion || "<unknown>") + architecture,
    nodeInfo?.containerRuntimeVersion || "<unknown>",
  ];
}

export const node = defineKind<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  namespaced: false,
  definition: "core.v1.Node",
  storageKey: "minions",
  subresources: [
    {
      name: "proxy",
      verbs: ["create", "delete", "get", "patch", "update"],
      body: { group: "", version: "v1", kind: "NodeProxyOptions", definition: "" },
    },
    objectSubresource("status", status),
  ],
  columns: columns(
    "Name:name",
    "Status",
    "Roles",
    "Age",
    "Version",
    "Internal-IP:+",
    "External-IP:+",
    "OS-Image:+",
    "Kernel-Version:+",
    "Container-Runtime:+",
  ),
  cells,
  selectableFields: { "spec.unschedulable": ({ spec }) => String(spec?.unschedulable ?? false) },
  strategy,
});
