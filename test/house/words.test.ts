// Names say what a thing is; each banned word has its replacement. The repository speaks of Proa alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { allPaths, isGenerated, root, sourceFiles } from "./source-files.ts";

const bannedFileWords: Readonly<Record<string, string>> = {
  utils: "the name of what it does",
  util: "the name of what it does",
  helpers: "the name of what it does",
  helper: "the name of what it does",
  common: "the name of what is shared",
  misc: "one file an idea",
  manager: "what it does: keeper, runner, puller",
};

test("file names are kebab-case and hold no banned word", () => {
  const problems: string[] = [];
  for (const { path } of sourceFiles) {
    const name = basename(path).replace(/\.(gen\.|test\.|suite\.|d\.)?ts$/, "");
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) problems.push(`${path} is not kebab-case`);
    for (const word of name.split("-")) {
      if (Object.hasOwn(bannedFileWords, word)) problems.push(`${path}: say ${bannedFileWords[word]}`);
    }
  }
  assert.deepEqual(problems, []);
});

test("every source begins with a comment that says what it is", () => {
  const bare = sourceFiles.filter((file) => !isGenerated(file) && !/^(#!.*\n)?\/\/ \S/.test(file.text));
  assert.deepEqual(
    bare.map(({ path }) => path),
    [],
  );
});

test("no source leaves work for later or a test switched off without a reason", () => {
  const marks = /\b(?:TO[D]O|FIX[M]E|XX[X])\b|\.only\(/;
  const problems: string[] = [];
  for (const file of sourceFiles.filter((one) => !isGenerated(one))) {
    for (const [index, line] of file.lines.entries()) {
      if (marks.test(line)) problems.push(`${file.path}:${index + 1} ${line.trim()}`);
    }
  }
  assert.deepEqual(problems, []);
});

test("no file names a package registry's host or a path of somebody's machine", () => {
  const forbidden = new RegExp(["registry\\.npmjs\\.org", "/(?:root|work|home)/"].join("|"));
  const problems: string[] = [];
  for (const path of allPaths) {
    if (/\.(tar|pb|png)$/.test(path)) continue;
    const text = readFileSync(join(root, path), "utf8");
    for (const [index, line] of text.split("\n").entries()) {
      if (forbidden.test(line)) problems.push(`${path}:${index + 1} ${line.trim().slice(0, 120)}`);
    }
  }
  assert.deepEqual(problems, []);
});
