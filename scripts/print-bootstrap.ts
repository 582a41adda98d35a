// Prints src/apiserver/bootstrap/policy.gen.ts: the roles, bindings and priority classes that a new cluster has, from the
// reference facts (what a real API server served right after its start). Imports node.
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Named {
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
}

const constants: readonly [string, string, string, string][] = [
  ["bootstrapClusterRoles", "clusterroles", "ClusterRole", "rbac"],
  ["bootstrapClusterRoleBindings", "clusterrolebindings", "ClusterRoleBinding", "rbac"],
  ["bootstrapRoles", "roles", "Role", "rbac"],
  ["bootstrapRoleBindings", "rolebindings", "RoleBinding", "rbac"],
  ["bootstrapPriorityClasses", "priorityclasses", "PriorityClass", "scheduling"],
];

/** kubeadm's and other add-ons' objects are not the API server's own. */
const isOwn = ({ metadata }: Named): boolean =>
  metadata.labels?.["kubernetes.io/bootstrapping"] !== undefined ||
  /^system-(cluster|node)-critical$/.test(metadata.name);

export function* printBootstrap(reference: string): Generator<[string, string]> {
  const text = readFileSync(join(reference, "kubernetes-1.36/served/default-objects.json"), "utf8");
  const objects = JSON.parse(text) as Record<string, Named[]>;
  const lines = [
    "// Printed by scripts/print-bootstrap.ts: what a new cluster's API server makes. Do not edit.",
    'import type { Draft } from "../../kinds/object.ts";',
    'import type * as rbac from "../../kinds/types/rbac-v1.gen.ts";',
    'import type * as scheduling from "../../kinds/types/scheduling-v1.gen.ts";',
    "",
    "type Bootstrap<T> = T & { readonly metadata: { readonly name: string; readonly namespace?: string } };",
    "",
  ];
  for (const [constant, plural, type, group] of constants) {
    const rows = (objects[plural] ?? []).filter(isOwn).map((object) => `  ${JSON.stringify(object)},`);
    lines.push(`export const ${constant} = [`, ...rows, `] as unknown as readonly Bootstrap<${group}.${type}>[];`, "");
  }
  yield ["src/apiserver/bootstrap/policy.gen.ts", lines.filter((line) => !line.includes("Draft")).join("\n")];
}
