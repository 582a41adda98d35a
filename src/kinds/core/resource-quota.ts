// ResourceQuotas. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { compareQuantities, parseQuantity } from "../../base/quantity.ts";
import { humanAge } from "../duration.ts";
import type { Cell, Strategy } from "../kind.ts";
import { carry, columns, defineKind, objectSubresource, statusStrategy } from "../meta/define-kind.ts";
import { immutableMessage } from "../meta/object-meta.ts";
import { validateResourceQuantity } from "../meta/quantity-rules.ts";
import { defaultResourceList } from "../pod/default-resources.ts";
import { validateResourceName } from "../pod/validation/resources.ts";
import type { ResourceQuota, ResourceQuotaSpec } from "../types/core-v1.gen.ts";

const quotaResources = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.storage",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "persistentvolumeclaims",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
]);

const isQuotaResource = (name: string): boolean => quotaResources.has(name) || /^(requests\.)?hugepages-/.test(name);

function validateList(list: Readonly<Record<string, string>> | undefined, field: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, value]) => {
    const at = `${field}[${name}]`;
    const errors = validateResourceName(name, at);
    if (!name.includes("/") && !isQuotaResource(name)) {
      errors.push(invalid(at, name, "must be a standard resource for quota"));
    }
    return [...errors, ...validateResourceQuantity(name, value, at)];
  });
}

const scopes = new Set([
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "VolumeAttributesClass",
  "CrossNamespacePodAffinity",
]);
const podCompute = new Set(["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"]);

function fitsScope(scope: string, resource: string): boolean {
  if (scope === "BestEffort") return resource === "pods";
  if (scope === "VolumeAttributesClass") return ["persistentvolumeclaims", "requests.storage"].includes(resource);
  return !scopes.has(scope) || resource === "pods" || podCompute.has(resource);
}

const opposites = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
] as const;

/** What a list of scopes must not hold together with what is limited. */
function validateScopes(spec: ResourceQuotaSpec): FieldError[] {
  const list = spec.scopes ?? [];
  if (list.length === 0) return [];
  const field = "spec.scopes";
  const limited = Object.keys(spec.hard ?? {}).sort();
  const errors = list.flatMap((scope) => [
    ...(scopes.has(scope) ? [] : [invalid(field, list, "unsupported scope")]),
    ...limited
      .filter((name) => isQuotaResource(name) && !fitsScope(scope, name))
      .map(() => invalid(field, list, "unsupported scope applied to resource")),
  ]);
  const conflicts = opposites.filter((pair) => pair.every((scope) => (list as readonly string[]).includes(scope)));
  return [...errors, ...conflicts.map(() => invalid(field, list, "conflicting scopes"))];
}

const existsOnly =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
  "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
const onlyExists = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];

type Requirement = NonNullable<NonNullable<ResourceQuotaSpec["scopeSelector"]>["matchExpressions"]>[number];

function validateOperator({ scopeName, operator, values = [] }: Requirement, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${field}.operator`;
  if (onlyExists.includes(scopeName) && operator !== "Exists") errors.push(invalid(at, operator ?? "", existsOnly));
  if (operator === "In" || operator === "NotIn") {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(`${field}.values`, detail));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(`${field}.values`, values, detail));
  } else errors.push(invalid(at, operator ?? "", "not a valid selector operator"));
  return errors;
}

function printScopeSelector({ scopeSelector }: ResourceQuotaSpec): object {
  const expressions = scopeSelector?.matchExpressions?.map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName ?? "",
    Operator: operator ?? "",
    Values: values ?? null,
  }));
  return { MatchExpressions: expressions ?? null };
}

function validateScopeSelector(spec: ResourceQuotaSpec): FieldError[] {
  const field = "spec.scopeSelector.matchExpressions";
  const expressions = spec.scopeSelector?.matchExpressions ?? [];
  const limited = Object.keys(spec.hard ?? {}).sort();
  const errors = expressions.flatMap((one) => [
    ...(scopes.has(one.scopeName) ? [] : [invalid(`${field}.scopeName`, one.scopeName ?? "", "unsupported scope")]),
    ...limited
      .filter((name) => isQuotaResource(name) && !fitsScope(one.scopeName, name))
      .map(() => invalid(field, printScopeSelector(spec), "unsupported scope applied to resource")),
    ...validateOperator(one, field),
  ]);
  const names: readonly string[] = expressions.map(({ scopeName }) => scopeName);
  const conflicts = opposites.filter((pair) => pair.every((scope) => names.includes(scope)));
  return [...errors, ...conflicts.map(() => invalid(field, spec.scopes ?? null, "conflicting scopes"))];
}

const validateSpec = (spec: ResourceQuotaSpec): FieldError[] => [
  ...validateList(spec.hard, "spec.hard"),
  ...validateScopes(spec),
  ...validateScopeSelector(spec),
];

function warnOf({ spec }: ResourceQuota): string[] {
  const hard = spec?.hard ?? {};
  return ["cpu", "memory", "storage", "ephemeral-storage"].flatMap((name) => {
    const short = name === "cpu" || name === "memory" ? [name] : [];
    const request = [`requests.${name}`, ...short].find((one) => hard[one] !== undefined);
    const limit = `limits.${name}`;
    if (request === undefined || hard[limit] === undefined) return [];
    const [asked, bound] = [hard[request]!, hard[limit]!];
    if (compareQuantities(parseQuantity(asked), parseQuantity(bound)) <= 0) return [];
    return [`ResourceQuota ${request} (${asked}) should be less than ${limit} (${bound})`];
  });
}

const strategy: Strategy<ResourceQuota> = {
  allowUnconditionalUpdate: true,
  validateOnUpdate: false,
  resetFields: [["status"]],
  default(draft) {
    for (const list of [draft.spec?.hard, draft.status?.hard, draft.status?.used]) {
      if (list) defaultResourceList(list);
    }
  },
  prepareForCreate(draft) {
    draft.status = {};
  },
  prepareForUpdate: (draft, old) => carry(draft, old, "status"),
  validate: ({ spec }) => validateSpec(spec ?? {}),
  validateUpdate({ spec = {} }, old) {
    const [now, before] = [new Set<string>(spec.scopes), new Set<string>(old.spec?.scopes)];
    const same = now.size === before.size && [...now].every((scope) => before.has(scope));
    return [...validateSpec(spec), ...(same ? [] : [invalid("spec.scopes", spec.scopes ?? null, immutableMessage)])];
  },
  warnings: (object, old) => (old ? [] : warnOf(object)),
};

const status = statusStrategy(strategy, ["spec"], {
  validateUpdate: ({ status: now }) => [
    ...validateList(now?.hard, "status.hard"),
    ...validateList(now?.used, "status.used"),
  ],
});

function cells({ metadata, status: now }: ResourceQuota, nowMs: number): Cell[] {
  const names = Object.keys(now?.hard ?? {}).sort();
  const print = (limits: boolean): string =>
    names
      .filter((name) => name.startsWith("limits.") === limits)
      .map((name) => `${name}: ${now?.used?.[name] ?? "0"}/${now!.hard![name]}`)
      .join(", ");
  return [metadata.name, print(false), print(true), humanAge(metadata.creationTimestamp, nowMs)];
}

export const resourceQuota = defineKind<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  namespaced: true,
  definition: "core.v1.ResourceQuota",
  storageKey: "resourcequotas",
  subresources: [objectSubresource("status", status)],
  columns: columns("Name:name", "Request", "Limit", "Age"),
  cells,
  strategy,
});
