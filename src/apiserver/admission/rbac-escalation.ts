// Nobody grants more than he has: a role may hold only rules that its writer holds, and a binding only a role whose rules he
// holds, unless he may `escalate` or `bind`. Upstream does this in the storage of the four kinds
// (pkg/registry/rbac/*/policybased), before validation. May import src/base and src/kinds.
import type { PolicyRule, Role, RoleBinding, RoleRef } from "../../kinds/types/rbac-v1.gen.ts";
import { errors } from "../../base/errors.ts";
import type { RbacAuthorizer } from "../authorization/rbac-authorizer.ts";
import { breakDown, covers, type Simple } from "../authorization/rule-cover.ts";
import type { AdmissionContext, AdmissionPlugin, Authorizer } from "../ports.ts";
import { refuse } from "./refuse.ts";

const group = "rbac.authorization.k8s.io";

const sorted = (values: readonly string[] | undefined): string[] => [...(values ?? [])];
const goList = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;

/** A rule as upstream's errors print it. */
function printRule(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values?.length) parts.push(`${name}:${goList(sorted(values))}`);
  };
  add("APIGroups", rule.apiGroups);
  add("Resources", rule.resources);
  add("ResourceNames", rule.resourceNames);
  add("NonResourceURLs", rule.nonResourceURLs);
  add("Verbs", rule.verbs);
  return `{${parts.join(", ")}}`;
}

/** Rules that differ only in one verb are told as one, ordered by what they are about. */
function compact(rules: readonly Simple[]): string[] {
  const merged = new Map<string, { rule: Simple; verbs: string[] }>();
  for (const rule of rules) {
    const key = JSON.stringify({ ...rule, verb: undefined });
    const found = merged.get(key) ?? { rule, verbs: [] };
    if (!found.verbs.includes(rule.verb)) found.verbs.push(rule.verb);
    merged.set(key, found);
  }
  return [...merged.values()].map(({ rule, verbs }) => printRule({ ...fromSimple(rule), verbs })).toSorted();
}

const fromSimple = (rule: Simple): PolicyRule => ({
  verbs: [rule.verb],
  ...(rule.path === undefined
    ? { apiGroups: [rule.group!], resources: [rule.resource!], ...(rule.name ? { resourceNames: [rule.name] } : {}) }
    : { nonResourceURLs: [rule.path] }),
});

function checkCovered(context: AdmissionContext, rbac: RbacAuthorizer, rules: readonly PolicyRule[]): void {
  const { user } = context;
  if (user.groups.includes("system:masters")) return;
  const problems: string[] = [];
  const held = [...rbac.grantedRules(user, context.namespace, problems)].map((granted) => granted.rule);
  const missing = rules.flatMap(breakDown).filter((wanted) => !held.some((rule) => covers(rule, wanted)));
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.username)} (groups=${goList(user.groups)})`;
  const what = `is attempting to grant RBAC permissions not currently held:\n${compact(missing).join("\n")}`;
  const unresolved = problems.length > 0 ? `; resolution errors: [${problems.join(", ")}]` : "";
  throw refuse(context, `${who} ${what}${unresolved}`);
}

async function allowed(context: AdmissionContext, authorizer: Authorizer, verb: string, name: string, plural: string) {
  const decision = await authorizer.authorize({
    user: context.user,
    verb,
    namespace: context.namespace,
    apiGroup: group,
    apiVersion: "v1",
    resource: plural,
    subresource: "",
    name,
    resourceRequest: true,
    path: "",
  });
  return decision.allowed;
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Only metadata that the garbage collector writes has changed. */
function sameGrant(context: AdmissionContext): boolean {
  const { object, oldObject } = context;
  if (!oldObject || !object) return false;
  const strip = (whole: object): object => ({ ...whole, metadata: undefined, kind: undefined, apiVersion: undefined });
  return sameJson(strip(object), strip(oldObject));
}

export function rbacEscalation(rbac: RbacAuthorizer, authorizer: Authorizer): AdmissionPlugin {
  const rulesOf = (context: AdmissionContext, reference: RoleRef): readonly PolicyRule[] => {
    const rules = rbac.rulesOf(reference, context.namespace);
    if (typeof rules !== "string") return rules;
    // Upstream names the bindings here, with the role's name.
    throw errors.notFound(context.resource, reference.name);
  };
  return {
    name: "RBACEscalation",
    operations: ["CREATE", "UPDATE"],
    async mutate(context) {
      if (context.resource.group !== group || !context.object || sameGrant(context)) return;
      // Whoever may do all needs no look at what he grants.
      if (context.user.groups.includes("system:masters")) return;
      const plural = context.resource.resource;
      if (plural === "roles" || plural === "clusterroles") {
        const name = (context.object as unknown as Role).metadata.name ?? "";
        if (await allowed(context, authorizer, "escalate", name, plural)) return;
        checkCovered(context, rbac, (context.object as unknown as Role).rules ?? []);
        return;
      }
      const { roleRef } = context.object as unknown as RoleBinding;
      if (!roleRef?.name) return;
      const roles = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
      if (await allowed(context, authorizer, "bind", roleRef.name, roles)) return;
      checkCovered(context, rbac, rulesOf(context, roleRef));
    },
  };
}
