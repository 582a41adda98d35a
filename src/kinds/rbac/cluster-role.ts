// ClusterRoles, which may gather the rules of others by label. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import type { Strategy } from "../kind.ts";
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import { hasInvalidLabelValue, validateLabelSelector } from "../meta/label-selector.ts";
import type { ClusterRole } from "../types/rbac-v1.gen.ts";
import { checkRBACName, rbacGroup, validateRules } from "./rules.ts";

function validateClusterRole({ rules, aggregationRule }: ClusterRole, allowInvalidValues: boolean): FieldError[] {
  const errors = validateRules(rules, false);
  if (!aggregationRule) return errors;
  const field = "aggregationRule.clusterRoleSelectors";
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.push(required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
  }
  return [
    ...errors,
    ...selectors.flatMap((one, index) => {
      const at = `${field}[${index}]`;
      const wrong = validateLabelSelector(one, at, { allowInvalidValues });
      const unreadable = validateLabelSelector(one, at).length > 0;
      return unreadable ? [...wrong, invalid(at, null, "invalid label selector.")] : wrong;
    }),
  ];
}

const strategy: Strategy<ClusterRole> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  metadataChecks: { updateAsCreate: 1 },
  validateOnUpdate: false,
  validate: (object) => validateClusterRole(object, false),
  validateUpdate(object, old) {
    const stored = old.aggregationRule?.clusterRoleSelectors ?? [];
    return validateClusterRole(object, stored.some(hasInvalidLabelValue));
  },
};

export const clusterRole = defineKind<ClusterRole>({
  group: rbacGroup,
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  namespaced: false,
  definition: "rbac.v1.ClusterRole",
  storageKey: "clusterroles",
  checkName: checkRBACName,
  columns: plainColumns,
  cells: plainCells,
  strategy,
});
