// Whether rules that somebody holds cover a rule that he wants to grant (upstream's rbac validation.Covers). May import
// src/base and src/kinds.
import type { PolicyRule } from "../../kinds/types/rbac-v1.gen.ts";

/** A rule about one thing. Either `path`, or `group`, `resource` and maybe `name`. */
export interface Simple {
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly path?: string;
}

/** One rule for each combination of what a rule names. */
export function breakDown(rule: PolicyRule): Simple[] {
  const simple: Simple[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const names = rule.resourceNames ?? [];
        if (names.length === 0) simple.push({ verb, group, resource });
        for (const name of names) simple.push({ verb, group, resource, name });
      }
    }
  }
  for (const path of rule.nonResourceURLs ?? []) for (const verb of rule.verbs) simple.push({ verb, path });
  return simple;
}

const holds = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes("*") || list.includes(wanted));

function resourceCovered(held: readonly string[] | undefined, wanted: string): boolean {
  if (!held) return false;
  if (held.includes("*") || held.includes(wanted)) return true;
  const slash = wanted.indexOf("/");
  return slash >= 0 && held.includes(`*${wanted.slice(slash)}`);
}

const pathCovered = (held: readonly string[] | undefined, wanted: string): boolean =>
  held?.some((one) => one === "*" || one === wanted || (one.endsWith("*") && wanted.startsWith(one.slice(0, -1)))) ??
  false;

export function covers(held: PolicyRule, wanted: Simple): boolean {
  if (!holds(held.verbs, wanted.verb)) return false;
  if (wanted.path !== undefined) return pathCovered(held.nonResourceURLs, wanted.path);
  const names = held.resourceNames ?? [];
  return (
    holds(held.apiGroups, wanted.group!) &&
    resourceCovered(held.resources, wanted.resource!) &&
    (names.length === 0 || (wanted.name !== undefined && names.includes(wanted.name)))
  );
}
