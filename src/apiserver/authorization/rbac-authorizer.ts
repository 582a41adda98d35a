// RBAC: bindings join subjects to roles, and a request is allowed when one rule of one role allows it. Bindings are held by
// subject, so a decision looks only at those of the asking user. May import src/base and src/kinds.
import { clusterRole } from "../../kinds/rbac/cluster-role.ts";
import { clusterRoleBinding } from "../../kinds/rbac/cluster-role-binding.ts";
import { role } from "../../kinds/rbac/role.ts";
import { roleBinding } from "../../kinds/rbac/role-binding.ts";
import type { UserInfo } from "../../kinds/request.ts";
import type { ClusterRoleBinding, PolicyRule, RoleBinding, RoleRef, Subject } from "../../kinds/types/rbac-v1.gen.ts";
import type { ObjectReader } from "../object-reader.ts";
import type { Attributes, Authorizer, Decision, NonResourceRule, ResourceRule, RuleList } from "../ports.ts";
import { ruleAllows } from "./rule-match.ts";

type Binding = RoleBinding | ClusterRoleBinding;

/** Where a rule came from, for the reason of a decision. */
export interface GrantedRule {
  readonly rule: PolicyRule;
  readonly binding: Binding;
  readonly subject: Subject;
}

/** A subject's key among the bindings: "User:jane", "Group:devs", "ServiceAccount:ns/name". */
function subjectKey(subject: Subject, bindingNamespace: string): string {
  if (subject.kind !== "ServiceAccount") return `${subject.kind}:${subject.name}`;
  return `User:system:serviceaccount:${subject.namespace || bindingNamespace}:${subject.name}`;
}

class BindingIndex {
  /** namespace ("" for cluster bindings) → subject → bindings by name */
  readonly #namespaces = new Map<string, Map<string, Map<string, { binding: Binding; subject: Subject }>>>();

  change(binding: Binding | undefined, old: Binding | undefined): void {
    if (old) this.#each(old, (bindings) => bindings.delete(old.metadata.name));
    if (binding) this.#each(binding, (bindings, subject) => bindings.set(binding.metadata.name, { binding, subject }));
  }

  #each(
    binding: Binding,
    visit: (bindings: Map<string, { binding: Binding; subject: Subject }>, subject: Subject) => void,
  ): void {
    const namespace = binding.metadata.namespace ?? "";
    const subjects = this.#namespaces.get(namespace) ?? new Map();
    this.#namespaces.set(namespace, subjects);
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, namespace);
      const bindings = subjects.get(key) ?? new Map();
      subjects.set(key, bindings);
      visit(bindings, subject);
      if (bindings.size === 0) subjects.delete(key);
    }
    if (subjects.size === 0) this.#namespaces.delete(namespace);
  }

  *of(user: UserInfo, namespace: string): Generator<{ binding: Binding; subject: Subject }> {
    const subjects = this.#namespaces.get(namespace);
    if (!subjects) return;
    for (const key of keysOf(user)) yield* subjects.get(key)?.values() ?? [];
  }
}

function* keysOf(user: UserInfo): Generator<string> {
  yield `User:${user.username}`;
  for (const group of user.groups) yield `Group:${group}`;
}

const describeSubject = (subject: Subject, namespace: string): string =>
  subject.kind === "ServiceAccount"
    ? `ServiceAccount ${JSON.stringify(`${subject.name}/${subject.namespace || namespace}`)}`
    : `${subject.kind} ${JSON.stringify(subject.name)}`;

/** Upstream's reason for an allowed request. */
function describe({ binding, subject }: GrantedRule): string {
  const { namespace, name } = binding.metadata;
  const shown = namespace
    ? `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`
    : `ClusterRoleBinding ${JSON.stringify(name)}`;
  const role = `${binding.roleRef.kind} ${JSON.stringify(binding.roleRef.name)}`;
  return `RBAC: allowed by ${shown} of ${role} to ${describeSubject(subject, namespace ?? "")}`;
}

export class RbacAuthorizer implements Authorizer {
  readonly #reader: ObjectReader;
  readonly #index = new BindingIndex();

  constructor(reader: ObjectReader) {
    this.#reader = reader;
    reader.onChange(clusterRoleBinding, (binding, old) => this.#index.change(binding, old));
    reader.onChange(roleBinding, (binding, old) => this.#index.change(binding, old));
  }

  authorize(attributes: Attributes): Decision {
    const problems: string[] = [];
    for (const granted of this.grantedRules(attributes.user, attributes.namespace, problems)) {
      if (ruleAllows(granted.rule, attributes)) return { allowed: true, reason: describe(granted) };
    }
    return { allowed: false, reason: problems.length > 0 ? `RBAC: ${joinProblems(problems)}` : "" };
  }

  rulesFor(user: UserInfo, namespace: string): RuleList {
    const problems: string[] = [];
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    for (const { rule } of this.grantedRules(user, namespace, problems)) {
      const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
      if (resources?.length) resourceRules.push({ verbs, apiGroups, resources, resourceNames });
      if (nonResourceURLs?.length) nonResourceRules.push({ verbs, nonResourceURLs });
    }
    return {
      resourceRules,
      nonResourceRules,
      incomplete: false,
      ...(problems.length > 0 ? { evaluationError: joinProblems(problems) } : {}),
    };
  }

  /** Every rule that the user has there: cluster bindings first. What could not be found is told in `problems`. */
  *grantedRules(user: UserInfo, namespace: string, problems: string[]): Generator<GrantedRule> {
    for (const scope of namespace ? ["", namespace] : [""]) {
      for (const { binding, subject } of this.#index.of(user, scope)) {
        const rules = this.rulesOf(binding.roleRef, scope);
        if (typeof rules === "string") problems.push(rules);
        else for (const rule of rules) yield { rule, binding, subject };
      }
    }
  }

  /** A role's rules; text: it was not found. */
  rulesOf(reference: RoleRef, namespace: string): readonly PolicyRule[] | string {
    const found =
      reference.kind === "ClusterRole"
        ? this.#reader.get(clusterRole, "", reference.name)
        : this.#reader.get(role, namespace, reference.name);
    if (found) return found.rules ?? [];
    // Upstream's listers name the resource in the singular.
    const resource = reference.kind === "ClusterRole" ? "clusterrole" : "role";
    return `${resource}.rbac.authorization.k8s.io ${JSON.stringify(reference.name)} not found`;
  }
}

const joinProblems = (problems: readonly string[]): string => {
  const distinct = [...new Set(problems)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(", ")}]`;
};
