// Each dependency has a line in docs/dependencies.md, is pinned, and runs no script at installation.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./source-files.ts";

interface Package {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package;
const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

test("every dependency is pinned to one version", () => {
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  assert.deepEqual(loose, []);
});

test("docs/dependencies.md has a line for every dependency and for no other", () => {
  const text = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const listed = [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!);
  assert.deepEqual(listed.toSorted(), Object.keys(all).toSorted());
});

test("npm runs no package's scripts", () => {
  assert.match(readFileSync(join(root, ".npmrc"), "utf8"), /^ignore-scripts=true$/m);
});
