// Roles. May import src/base.
import { defineKind, plainCells, plainColumns } from "../meta/define-kind.ts";
import type { Role } from "../types/rbac-v1.gen.ts";
import { checkRBACName, rbacGroup, validateRules } from "./rules.ts";

export const role = defineKind<Role>({
  group: rbacGroup,
  version: "v1",
  kind: "Role",
  plural: "roles",
  namespaced: true,
  definition: "rbac.v1.Role",
  storageKey: "roles",
  checkName: checkRBACName,
  columns: plainColumns,
  cells: plainCells,
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    metadataChecks: { updateAsCreate: 1 },
    validate: ({ rules }) => validateRules(rules, true),
  },
});
