// ClusterRoleBindings. May import src/base.
import { defineKind } from "../meta/define-kind.ts";
import type { ClusterRoleBinding } from "../types/rbac-v1.gen.ts";
import * as rules from "./rules.ts";

export const clusterRoleBinding = defineKind<ClusterRoleBinding>({
  group: rules.rbacGroup,
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  namespaced: false,
  definition: "rbac.v1.ClusterRoleBinding",
  storageKey: "clusterrolebindings",
  checkName: rules.checkRBACName,
  columns: rules.bindingColumns,
  cells: rules.bindingCells,
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    metadataChecks: { updateAsCreate: 1 },
    default: rules.defaultBinding,
    validate: (object) => rules.validateBinding(object, false),
    validateUpdate: rules.validateRoleRefUpdate,
  },
});
