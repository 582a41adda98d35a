// Imports point down: each layer imports only the layers and packages that scripts/layers.ts permits. The compiler says
// the same of our own files; this test also knows npm packages, Node's modules and dynamic imports.
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { parseSync } from "oxc-parser";
import { type Layer, layers } from "../../scripts/layers.ts";
import { isTest, root, type SourceFile, sourceFiles } from "./source-files.ts";

function layerOf(path: string): Layer | undefined {
  return layers.find((layer) => path.startsWith(`${layer.folder}/`));
}

function* importsOf(file: SourceFile): Generator<{ specifier: string; dynamic: boolean }> {
  const { module } = parseSync(file.path, file.text);
  for (const { moduleRequest } of module.staticImports) yield { specifier: moduleRequest.value, dynamic: false };
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries)
      if (moduleRequest) yield { specifier: moduleRequest.value, dynamic: false };
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const specifier = file.text.slice(moduleRequest.start, moduleRequest.end).replaceAll(/["'`]/g, "");
    yield { specifier, dynamic: true };
  }
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

function problemOf(file: SourceFile, specifier: string, dynamic: boolean): string | undefined {
  const layer = layerOf(file.path);
  if (!layer) return undefined;
  if (specifier.startsWith(".")) {
    const target = relative(root, join(root, dirname(file.path), specifier));
    const other = layerOf(target);
    if (!other || other === layer || layer.imports.includes(other.folder)) return undefined;
    return `may not import ${other.folder} (${specifier})`;
  }
  if (specifier.startsWith("node:")) return layer.platform === "node" ? undefined : `may not import ${specifier}`;
  if (!layer.packages.includes(packageOf(specifier))) return `may not import the package ${packageOf(specifier)}`;
  return dynamic && layer.platform === "pure" ? `may not import dynamically (${specifier})` : undefined;
}

test("imports point down to the layers and packages that scripts/layers.ts permits", () => {
  const problems: string[] = [];
  for (const file of sourceFiles.filter((one) => !isTest(one))) {
    for (const { specifier, dynamic } of importsOf(file)) {
      const problem = problemOf(file, specifier, dynamic);
      if (problem) problems.push(`${file.path} ${problem}`);
    }
  }
  assert.deepEqual(problems, []);
});

test("pure layers do not reach for the machine's globals", () => {
  const forbidden =
    /\b(Date\.now\(|new Date\(\)|Math\.random\(|setTimeout\(|setInterval\(|setImmediate\(|globalThis\b|process\.|Buffer\.)/;
  const problems: string[] = [];
  for (const file of sourceFiles.filter((one) => !isTest(one) && layerOf(one.path)?.platform === "pure")) {
    for (const [index, line] of file.lines.entries()) {
      const code = line.replace(/\/\/.*|\/\*\*.*|^\s*\*.*|`[^`]*`/g, "");
      if (forbidden.test(code)) problems.push(`${file.path}:${index + 1} ${line.trim()}`);
    }
  }
  assert.deepEqual(problems, []);
});
