// Whether an RBAC rule allows a request (upstream's rbac/v1 evaluation helpers). May import src/base and src/kinds.
import type { PolicyRule } from "../../kinds/types/rbac-v1.gen.ts";
import type { Attributes } from "../ports.ts";

const matches = (allowed: readonly string[] | undefined, wanted: string): boolean =>
  allowed !== undefined && (allowed.includes("*") || allowed.includes(wanted));

/** "pods/log" is matched by itself, by "*" and by the wildcard for a subresource of every resource. */
function resourceMatches(allowed: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (!allowed) return false;
  const combined = subresource ? `${resource}/${subresource}` : resource;
  return (
    allowed.includes("*") || allowed.includes(combined) || (subresource !== "" && allowed.includes(`*/${subresource}`))
  );
}

const pathMatches = (allowed: readonly string[] | undefined, path: string): boolean =>
  allowed?.some((one) => one === "*" || one === path || (one.endsWith("*") && path.startsWith(one.slice(0, -1)))) ??
  false;

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!matches(rule.verbs, attributes.verb)) return false;
  if (!attributes.resourceRequest) return pathMatches(rule.nonResourceURLs, attributes.path);
  const names = rule.resourceNames ?? [];
  return (
    matches(rule.apiGroups, attributes.apiGroup) &&
    resourceMatches(rule.resources, attributes.resource, attributes.subresource) &&
    (names.length === 0 || names.includes(attributes.name))
  );
}
