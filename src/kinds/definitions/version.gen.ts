// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.
import type { Definitions } from "../schema.ts";

export const version: Definitions = {
  "version.Info": {"fields":{"buildDate":{"type":"string","default":""},"compiler":{"type":"string","default":""},"emulationMajor":{"type":"string"},"emulationMinor":{"type":"string"},"gitCommit":{"type":"string","default":""},"gitTreeState":{"type":"string","default":""},"gitVersion":{"type":"string","default":""},"goVersion":{"type":"string","default":""},"major":{"type":"string","default":""},"minCompatibilityMajor":{"type":"string"},"minCompatibilityMinor":{"type":"string"},"minor":{"type":"string","default":""},"platform":{"type":"string","default":""}},"required":["major","minor","gitVersion","gitCommit","gitTreeState","buildDate","goVersion","compiler","platform"]},
};
