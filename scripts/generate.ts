// Prints every generated file of the repository: `npm run generate` writes them, `npm run generate -- --check` says which
// are stale (and exits 1). Imports node, scripts and the layers' tables.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { builtInDefinitions } from "../src/kinds/definitions/all.gen.ts";
import { layers } from "./layers.ts";
import { printCri } from "./print-cri.ts";
import { printBootstrap } from "./print-bootstrap.ts";
import { printDefinitions } from "./print-definitions.ts";
import { printGoFields } from "./print-go-fields.ts";

/** Where Go keeps modules; without them, what is printed from upstream's sources is left as it is. */
const goModules = process.env["GOMODCACHE"] ?? join(homedir(), "go/pkg/mod");

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The contract suites (test/contract) that a layer's tests run its engines through. */
const suites: Readonly<Record<string, readonly string[]>> = {
  "src/store": ["store", "store-place"],
  "src/host": ["store", "store-place"],
};

/** The tsconfig of a layer (or of its tests), printed. */
function printTsconfig(folder: string, tests: boolean): string {
  const layer = layers.find((candidate) => candidate.folder === folder)!;
  const up = relative(join(root, folder), root);
  const node = layer.platform === "node" || tests;
  const references = layer.imports.map((path) => ({ path: `${up}/${path}` }));
  const shared = (suites[folder] ?? []).map((name) => `${up}/test/contract/${name}.suite.ts`);
  // Tests of the machine's side may use the virtual clock and the simulated node.
  const forTests = folder === "src/host" ? [{ path: `${up}/src/sim` }] : [];
  const testFiles = ["**/*.test.ts", "testdata/**"];
  const config = {
    extends: `${up}/tsconfig.base.json`,
    compilerOptions: {
      rootDir: up,
      outDir: `${up}/dist/types`,
      tsBuildInfoFile: `${up}/dist/types/${folder.replaceAll("/", "-")}${tests ? "-test" : ""}.tsbuildinfo`,
      ...(node ? { types: ["node"] } : {}),
    },
    ...(tests
      ? {
          include: ["**/*.test.ts", "**/*.suite.ts", ...shared],
          references: [...references, ...forTests, { path: "." }],
        }
      : {
          include: ["**/*.ts", ...(node || folder === "src/base" ? [] : [`${up}/src/base/platform.d.ts`])],
          exclude: testFiles,
          references,
        }),
  };
  return JSON.stringify(config, null, 2) + "\n";
}

function printSolution(): string {
  const paths = layers.flatMap((layer) =>
    layer.folder.startsWith("src/")
      ? [{ path: layer.folder }, { path: `${layer.folder}/tsconfig.test.json` }]
      : [{ path: layer.folder }],
  );
  return JSON.stringify({ files: [], references: paths }, null, 2) + "\n";
}

function* generatedFiles(): Generator<[string, string]> {
  yield ["tsconfig.json", printSolution()];
  for (const layer of layers) {
    yield [`${layer.folder}/tsconfig.json`, printTsconfig(layer.folder, false)];
    if (layer.folder.startsWith("src/"))
      yield [`${layer.folder}/tsconfig.test.json`, printTsconfig(layer.folder, true)];
  }
  const reference = process.env["PROA_REFERENCE"] ?? join(root, "../shared/reference");
  if (existsSync(reference)) {
    yield* printDefinitions(reference);
    yield* printBootstrap(reference);
    yield* printCri(reference);
    yield* printGoFields(goModules, "v0.36.3", new Set(Object.keys(builtInDefinitions)));
  } else console.log(`left out: what is printed from the reference data (no folder ${reference})`);
}

const check = process.argv.includes("--check");
let stale = 0;
for (const [path, text] of generatedFiles()) {
  const file = join(root, path);
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (before === text) continue;
  stale += 1;
  console.log(`${check ? "stale" : "written"}: ${path}`);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
process.exit(check && stale > 0 ? 1 : 0);
