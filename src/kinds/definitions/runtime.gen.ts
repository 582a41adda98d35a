// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.
import type { Definitions } from "../schema.ts";

export const runtime: Definitions = {
  "runtime.RawExtension": {"scalar":"any"},
};
