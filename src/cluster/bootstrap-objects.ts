// What every cluster has from its first start: namespaces, default roles and bindings, priority classes. Missing objects are
// made; rules that a newer version adds to a default role are added, unless its owner has said no
// (rbac.authorization.kubernetes.io/autoupdate). May import all layers.
import { addressAt, parseCidr, printIp } from "../base/cidr.ts";
import { StatusError } from "../base/errors.ts";
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapPriorityClasses,
  bootstrapRoleBindings,
  bootstrapRoles,
} from "../apiserver/bootstrap/policy.gen.ts";
import type { Client } from "../client/client.ts";
import { namespace as namespaceKind } from "../kinds/core/namespace.ts";
import { service as serviceKind } from "../kinds/core/service.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Draft, KubernetesObject } from "../kinds/object.ts";
import { clusterRole } from "../kinds/rbac/cluster-role.ts";
import { clusterRoleBinding } from "../kinds/rbac/cluster-role-binding.ts";
import { role } from "../kinds/rbac/role.ts";
import { roleBinding } from "../kinds/rbac/role-binding.ts";
import { priorityClass } from "../kinds/scheduling/priority-class.ts";
import type { ClusterRole, PolicyRule, Role } from "../kinds/types/rbac-v1.gen.ts";

const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];
const autoUpdateAnnotation = "rbac.authorization.kubernetes.io/autoupdate";

const keyOf = ({ metadata }: { metadata: { name: string; namespace?: string } }): string =>
  `${metadata.namespace ?? ""}/${metadata.name}`;

interface Wanted {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Makes what is missing; somebody else may have been faster. */
async function createMissing<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  wanted: readonly Wanted[],
): Promise<Map<string, T>> {
  const { items } = await client.list(kind);
  const found = new Map(items.map((ref) => [keyOf(ref.object()), ref.object()]));
  const missing = wanted.filter((object) => !found.has(keyOf(object)));
  await Promise.all(
    missing.map((object) =>
      client.create(kind, object as unknown as Draft<T>).catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.code !== 409) throw error;
      }),
    ),
  );
  return found;
}

const ruleText = (rule: PolicyRule): string => JSON.stringify(Object.entries(rule).toSorted());

async function addMissingRules<T extends Role | ClusterRole>(
  client: Client,
  kind: Kind<T>,
  wanted: readonly T[],
  found: ReadonlyMap<string, T>,
): Promise<void> {
  for (const object of wanted) {
    const old = found.get(keyOf(object));
    if (!old || old.metadata.annotations?.[autoUpdateAnnotation] !== "true") continue;
    const aggregated = "aggregationRule" in object && object.aggregationRule;
    if (aggregated) continue;
    const held = new Set((old.rules ?? []).map(ruleText));
    const missing = (object.rules ?? []).filter((rule) => !held.has(ruleText(rule)));
    if (missing.length > 0) await client.update(kind, { ...old, rules: [...(old.rules ?? []), ...missing] });
  }
}

/** Resolves when everything is there. `client` needs all rights. */
export async function ensureBootstrapObjects(client: Client): Promise<void> {
  await createMissing(
    client,
    namespaceKind,
    systemNamespaces.map((name) => ({ metadata: { name } })),
  );
  const [clusterRoles, roles] = await Promise.all([
    createMissing(client, clusterRole, bootstrapClusterRoles),
    createMissing(client, role, bootstrapRoles),
    createMissing(client, clusterRoleBinding, bootstrapClusterRoleBindings),
    createMissing(client, roleBinding, bootstrapRoleBindings),
    createMissing(client, priorityClass, bootstrapPriorityClasses),
  ]);
  await addMissingRules(client, clusterRole, bootstrapClusterRoles, clusterRoles);
  await addMissingRules(client, role, bootstrapRoles, roles);
}

/**
 * The Service by which pods find the API server, at the first address of the range. Another port changes only where it
 * leads. (pkg/controlplane/controller/kubernetesservice)
 */
export async function ensureKubernetesService(client: Client, serviceCidr: string, serverPort: number): Promise<void> {
  const clusterIP = printIp(addressAt(parseCidr(serviceCidr)!, 1)!);
  const ports = [{ name: "https", protocol: "TCP" as const, port: 443, targetPort: serverPort }];
  const { items } = await client.list(serviceKind, { namespace: "default", fieldSelector: "metadata.name=kubernetes" });
  const found = items[0]?.object();
  if (!found) {
    await client.create(serviceKind, {
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { component: "apiserver", provider: "kubernetes" },
      },
      spec: { clusterIP, ports, sessionAffinity: "None", type: "ClusterIP" },
    });
    return;
  }
  if (found.spec.ports?.[0]?.targetPort === serverPort) return;
  await client.update(serviceKind, { ...found, spec: { ...found.spec, ports } });
}
