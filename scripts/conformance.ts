// Runs upstream's conformance suite by the kit (PROA_CONFORMANCE_KIT, by default ../shared/conformance) against the current
// context, and writes the count and the failing list to docs/conformance.md. Arguments go to the kit. Imports node.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const kit = process.env["PROA_CONFORMANCE_KIT"] ?? join(root, "../shared/conformance");
const args = process.argv.slice(2);

if (!existsSync(join(kit, "run"))) {
  console.error(`the conformance kit is not there: ${kit}/run`);
  process.exit(1);
}
const out = mkdtempSync(join(tmpdir(), "proa-conformance-"));
const { status } = spawnSync(join(kit, "run"), ["--out", out, ...args], { stdio: "inherit" });

const readNames = (file: string): string[] => {
  const path = join(out, file);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
};
const passed = readNames("passed.txt");
const failed = readNames("failed.txt");
const selection = args.length > 0 ? `\`${args.join(" ")}\`` : "all";
const lines = [
  "# Conformance",
  "",
  "Upstream's own conformance suite of Kubernetes 1.36.3, run by `npm run conformance`.",
  "",
  `Selection: ${selection}. **${passed.length} passed, ${failed.length} failed.**`,
  "",
  ...(failed.length > 0 ? ["Failing:", "", ...failed.map((name) => `- ${name}`), ""] : []),
];
if (passed.length + failed.length > 0) writeFileSync(join(root, "docs/conformance.md"), lines.join("\n"));
process.exit(status ?? 1);
