// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.
import type { Definitions } from "../schema.ts";

export const resource: Definitions = {
  "resource.Quantity": {"scalar":"quantity"},
};
