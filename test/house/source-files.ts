// The repository's own sources, read once for the house rules. Imports node.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface SourceFile {
  /** From the root: "src/base/clock.ts". */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Tracked and new files that are not ignored. */
function listFiles(): string[] {
  const out = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  return out
    .toString("utf8")
    .split("\n")
    .filter((path) => path !== "" && existsSync(join(root, path)));
}

export const allPaths: readonly string[] = listFiles();

export const sourceFiles: readonly SourceFile[] = allPaths
  .filter((path) => /\.(ts|tsx)$/.test(path))
  .map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return { path, text, lines: text.split("\n") };
  });

/** Written by a script: exempt from the rules of size and heads. */
export const isGenerated = ({ path }: SourceFile): boolean => path.endsWith(".gen.ts");
export const isTest = ({ path }: SourceFile): boolean => /\.(test|suite)\.ts$/.test(path) || path.startsWith("test/");
