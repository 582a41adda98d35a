// RoleBindings. May import src/base.
import { defineKind } from "../meta/define-kind.ts";
import type { RoleBinding } from "../types/rbac-v1.gen.ts";
import * as rules from "./rules.ts";

export const roleBinding = defineKind<RoleBinding>({
  group: rules.rbacGroup,
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  namespaced: true,
  definition: "rbac.v1.RoleBinding",
  storageKey: "rolebindings",
  checkName: rules.checkRBACName,
  columns: rules.bindingColumns,
  cells: rules.bindingCells,
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    metadataChecks: { updateAsCreate: 1 },
    default: rules.defaultBinding,
    validate: (object) => rules.validateBinding(object, true),
    validateUpdate: rules.validateRoleRefUpdate,
  },
});
