// Files of at most 500 lines, lines of 120 characters, functions of 70 lines, folders of 20 files.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { parseSync, Visitor } from "oxc-parser";
import { isGenerated, isTest, sourceFiles } from "./source-files.ts";

const fileLinesMax = 500;
const lineLengthMax = 120;
const functionLinesMax = 70;
const folderFilesMax = 20;

const files = sourceFiles.filter((file) => !isGenerated(file));

test("a file has at most 500 lines of at most 120 characters", () => {
  const problems: string[] = [];
  for (const { path, lines } of files) {
    if (lines.length > fileLinesMax + 1) problems.push(`${path}: ${lines.length} lines`);
    for (const [index, line] of lines.entries()) {
      if (line.length > lineLengthMax && !/["'`/]/.test(line)) problems.push(`${path}:${index + 1} is too long`);
    }
  }
  assert.deepEqual(problems, []);
});

test("a function has at most 70 lines", () => {
  const problems: string[] = [];
  for (const { path, text } of files.filter((file) => !isTest(file))) {
    const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
    const check = (node: { start: number; end: number }): void => {
      const lines = lineOf(node.end) - lineOf(node.start) + 1;
      // A factory that returns a record of methods is as long as its methods.
      if (lines > functionLinesMax && !/^\s*return \{$/m.test(text.slice(node.start, node.end))) {
        problems.push(`${path}:${lineOf(node.start)} has ${lines} lines`);
      }
    };
    const visitor = new Visitor({
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    } as never);
    visitor.visit(parseSync(path, text).program);
  }
  assert.deepEqual(problems, []);
});

test("a folder has at most 20 source files besides tests", () => {
  const counts = new Map<string, number>();
  for (const { path } of files.filter((file) => !isTest(file))) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  const full = [...counts]
    .filter(([, count]) => count > folderFilesMax)
    .map(([folder, count]) => `${folder}: ${count}`);
  assert.deepEqual(full, []);
});
