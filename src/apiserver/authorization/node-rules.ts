// What every kubelet may do, as the default ClusterRole system:node says it. May import src/base and src/kinds.
import type { PolicyRule } from "../../kinds/types/rbac-v1.gen.ts";
import { bootstrapClusterRoles } from "../bootstrap/policy.gen.ts";

export const nodeRules: readonly PolicyRule[] =
  bootstrapClusterRoles.find((role) => role.metadata.name === "system:node")?.rules ?? [];
