// Builds dist/proa.mjs, the whole program in a few files, and dist/descriptions.json, the fields' texts for OpenAPI.
// Imports node, esbuild, scripts.
import { mkdirSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { modulesFolder, readDescriptions } from "./print-descriptions.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist");
mkdirSync(out, { recursive: true });

const descriptions = join(out, "descriptions.json");
writeFileSync(`${descriptions}.new`, JSON.stringify(readDescriptions(modulesFolder())));
renameSync(`${descriptions}.new`, descriptions);

const staging = join(out, "bundle.new");
rmSync(staging, { recursive: true, force: true });
await build({
  entryPoints: [join(root, "bin/proa.ts")],
  outdir: staging,
  outExtension: { ".js": ".mjs" },
  chunkNames: "proa-[hash]",
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
  // CommonJS packages inside the bundle ask for Node's modules by require().
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
for (const old of readdirSync(out).filter((name) => /^proa-\w+\.mjs$/.test(name))) unlinkSync(join(out, old));
// The entry comes last: whoever starts it finds its parts.
const files = readdirSync(staging).toSorted((a, b) => Number(a === "proa.mjs") - Number(b === "proa.mjs"));
for (const file of files) renameSync(join(staging, file), join(out, file));
rmSync(staging, { recursive: true });
