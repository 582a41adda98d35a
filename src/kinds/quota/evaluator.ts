// What of a resource's objects quotas count: an evaluator's contract, by which admission charges them. Source: k8s.io/apiserver/pkg/quota/v1. May import src/base.
import type { Kind } from "../kind.ts";
import type { KubernetesObject } from "../object.ts";
import type { Amounts } from "../pod/resources.ts";
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from "../types/core-v1.gen.ts";

export type ScopeRequirement = ScopedResourceSelectorRequirement;

/** Where evaluators look up other objects; the API server's reader and a controller's view are such. */
export interface QuotaReader {
  get<T extends KubernetesObject>(kind: Kind<T>, namespace: string, name: string): T | undefined;
  list<T extends KubernetesObject>(kind: Kind<T>, namespace?: string): readonly T[];
}

/** What a count depends on besides the object. */
export interface QuotaFacts {
  readonly nowMs: number;
  readonly reader: QuotaReader;
}

/** A write as far as it matters whether quotas are touched by it. */
export interface QuotaWrite {
  readonly operation: "CREATE" | "UPDATE";
  readonly subresource: string;
  readonly object: KubernetesObject;
  readonly oldObject: KubernetesObject | undefined;
}

export interface Evaluator {
  readonly group: string;
  /** The plural: "pods". */
  readonly resource: string;
  /** Whether such a write may change what is used. */
  handles(write: QuotaWrite): boolean;
  /** The names that this evaluator counts, of those that a quota limits. */
  matchingResources(names: readonly string[], facts: QuotaFacts): string[];
  matchesScope(requirement: ScopeRequirement, object: KubernetesObject): boolean;
  /** What the object must name and doesn't ("must specify limits.cpu for: c"); undefined: nothing is missing. */
  missing(required: readonly string[], object: KubernetesObject): string | undefined;
  /** What the object uses. */
  usage(object: KubernetesObject, facts: QuotaFacts): Amounts;
}

/** "count/pods", "count/deployments.apps". */
export const objectCountName = (group: string, resource: string): string =>
  group ? `count/${resource}.${group}` : `count/${resource}`;

/** A quota's scopes and its scope selector, which mean the same. */
export function scopesOf({ scopes = [], scopeSelector }: ResourceQuotaSpec): ScopeRequirement[] {
  const listed = scopes.map((scopeName): ScopeRequirement => ({ scopeName, operator: "Exists" }));
  return [...listed, ...(scopeSelector?.matchExpressions ?? [])];
}

export const matchesScopes = (evaluator: Evaluator, spec: ResourceQuotaSpec, object: KubernetesObject): boolean =>
  scopesOf(spec).every((scope) => evaluator.matchesScope(scope, object));

/** Whether a quota, as it is in force, counts something of the object. */
export function matchesQuota(
  evaluator: Evaluator,
  quota: ResourceQuota,
  object: KubernetesObject,
  facts: QuotaFacts,
): boolean {
  const limited = Object.keys(quota.status?.hard ?? {});
  return evaluator.matchingResources(limited, facts).length > 0 && matchesScopes(evaluator, quota.spec ?? {}, object);
}

/** Whether the names that an object goes by (none or some) fulfil a requirement that is written like a label selector's. */
export function matchesNames({ operator, values = [] }: ScopeRequirement, names: readonly string[]): boolean {
  switch (operator) {
    case "Exists":
      return names.length > 0;
    case "DoesNotExist":
      return names.length === 0;
    case "In":
      return names.some((name) => values.includes(name));
    case "NotIn":
      return names.length === 0 || names.some((name) => !values.includes(name));
    default:
      return false;
  }
}
