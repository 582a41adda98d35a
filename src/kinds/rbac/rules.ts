// What RBAC rules, bindings and subjects may be (k8s.io/kubernetes pkg/apis/rbac/validation), and how Tables print them.
// May import src/base.
import { invalid, notSupported, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Cell } from "../kind.ts";
import { columns } from "../meta/define-kind.ts";
import { isPathSegmentName, nameIsDNSSubdomain, type CheckName } from "../meta/names.ts";
import type { Draft, KubernetesObject } from "../object.ts";
import type { PolicyRule, RoleRef, Subject } from "../types/rbac-v1.gen.ts";

export const rbacGroup = "rbac.authorization.k8s.io";

/** Names of roles and bindings: anything that fits into a path. */
export const checkRBACName: CheckName = (name) => isPathSegmentName(name);

function validateRule(rule: PolicyRule, namespaced: boolean, field: string): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors: FieldError[] = [];
  if (verbs.length === 0) errors.push(required(`${field}.verbs`, "verbs must contain at least one value"));
  if (nonResourceURLs.length > 0) {
    const at = `${field}.nonResourceURLs`;
    if (namespaced) errors.push(invalid(at, nonResourceURLs, "namespaced rules cannot apply to non-resource URLs"));
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      const detail = "rules cannot apply to both regular resources and non-resource URLs";
      errors.push(invalid(at, nonResourceURLs, detail));
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    errors.push(required(`${field}.apiGroups`, "resource rules must supply at least one api group"));
  }
  if (resources.length === 0) {
    errors.push(required(`${field}.resources`, "resource rules must supply at least one resource"));
  }
  return errors;
}

export function validateRules(rules: readonly PolicyRule[] | undefined | null, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, `rules[${index}]`));
}

function validateSubject(subject: Subject, namespaced: boolean, field: string): FieldError[] {
  const { kind = "", name = "", namespace = "", apiGroup = "" } = subject;
  const errors = name === "" ? [required(`${field}.name`)] : [];
  switch (kind) {
    case "ServiceAccount":
      if (name !== "") {
        const messages = nameIsDNSSubdomain(name, false);
        errors.push(...messages.map((message) => invalid(`${field}.name`, name, message)));
      }
      if (apiGroup !== "") errors.push(notSupported(`${field}.apiGroup`, apiGroup, [""]));
      if (!namespaced && namespace === "") errors.push(required(`${field}.namespace`));
      break;
    case "User":
    case "Group":
      if (apiGroup !== rbacGroup) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [rbacGroup]));
      break;
    default:
      errors.push(notSupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"]));
  }
  return errors;
}

interface BindingLike extends KubernetesObject {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

export function validateBinding(binding: BindingLike, namespaced: boolean): FieldError[] {
  const { apiGroup = "", kind = "", name = "" } = binding.roleRef ?? {};
  const kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  const errors = apiGroup === rbacGroup ? [] : [notSupported("roleRef.apiGroup", apiGroup, [rbacGroup])];
  if (!kinds.includes(kind)) errors.push(notSupported("roleRef.kind", kind, kinds));
  if (name === "") errors.push(required("roleRef.name"));
  else errors.push(...isPathSegmentName(name).map((message) => invalid("roleRef.name", name, message)));
  const subjects = binding.subjects ?? [];
  return [
    ...errors,
    ...subjects.flatMap((subject, index) => validateSubject(subject, namespaced, `subjects[${index}]`)),
  ];
}

export function validateRoleRefUpdate({ roleRef }: BindingLike, { roleRef: old }: BindingLike): FieldError[] {
  const { apiGroup = "", kind = "", name = "" } = roleRef ?? {};
  if (apiGroup === (old.apiGroup ?? "") && kind === (old.kind ?? "") && name === (old.name ?? "")) return [];
  return [invalid("roleRef", { APIGroup: apiGroup, Kind: kind, Name: name }, "cannot change roleRef")];
}

export function defaultBinding(draft: Draft<BindingLike>): void {
  draft.roleRef ??= {};
  draft.roleRef.apiGroup ||= rbacGroup;
  for (const subject of draft.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === "User" || subject.kind === "Group")) subject.apiGroup = rbacGroup;
  }
}

export const bindingColumns = columns("Name:name", "Role", "Age", "Users:+", "Groups:+", "ServiceAccounts:+");

export function bindingCells({ metadata, roleRef, subjects = [] }: BindingLike, nowMs: number): Cell[] {
  const names = (kind: string): string =>
    subjects
      .filter((subject) => subject.kind === kind)
      .map(({ namespace, name }) => (kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name))
      .join(", ");
  return [
    metadata.name,
    `${roleRef.kind}/${roleRef.name}`,
    humanAge(metadata.creationTimestamp, nowMs),
    names("User"),
    names("Group"),
    names("ServiceAccount"),
  ];
}
