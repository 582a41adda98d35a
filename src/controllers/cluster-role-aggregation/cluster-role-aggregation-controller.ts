// Cluster roles with an aggregation rule hold the rules of all cluster roles that its selectors name. Upstream:
// pkg/controller/clusterroleaggregation. May import src/base, src/kinds, src/client.
import { matcherOfSelector, matchesLabels } from "../../base/labels.ts";
import { clusterRole as clusterRoleKind } from "../../kinds/rbac/cluster-role.ts";
import type { ClusterRole, PolicyRule } from "../../kinds/types/rbac-v1.gen.ts";
import { type Controller, keyOf, type Source } from "../controller.ts";

/** Any change may concern every aggregating role; there are few. */
const roles: Source<ClusterRole> = {
  kind: clusterRoleKind,
  keysOf: (_object, _old, view) =>
    view
      .list(clusterRoleKind)
      .filter((one) => one.aggregationRule)
      .map(keyOf),
};

export const clusterRoleAggregationController: Controller = {
  name: "clusterrole-aggregation-controller",
  sources: [roles],
  workers: 1,
  reconcile(key, view) {
    const role = view.get(clusterRoleKind, undefined, key);
    if (!role?.aggregationRule) return { changes: [] };
    const rules: PolicyRule[] = [];
    const seen = new Set<string>();
    const all = view.list(clusterRoleKind).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
      const matcher = matcherOfSelector(selector);
      for (const other of all) {
        if (other.metadata.name === key || !matchesLabels(matcher, other.metadata.labels)) continue;
        for (const rule of other.rules ?? []) {
          const text = JSON.stringify(rule);
          if (seen.has(text)) continue;
          seen.add(text);
          rules.push(rule);
        }
      }
    }
    if (JSON.stringify(rules) === JSON.stringify(role.rules ?? [])) return { changes: [] };
    return { changes: [{ do: "update", kind: clusterRoleKind, object: { ...role, rules } as never }] };
  },
};
