// Tests of YAML as kubectl reads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseYaml, parseYamlDocuments, printYaml, YamlError } from "./yaml.ts";

const scalars: [string, unknown][] = [
  ["yes", true],
  ["on", true],
  ["n", false],
  ["0777", 511],
  ["0o777", 511],
  ["1_000", 1000],
  ["0b11", 3],
  ["2020-01-01", "2020-01-01"],
  ["12:30:45", "12:30:45"],
  ["1.5", 1.5],
  ["~", null],
  ["'1'", "1"],
  ["!!binary aGk=", "hi"],
  ["1e3", 1000],
];
test("parseYaml resolves scalars as kubectl does", () => {
  for (const [text, expected] of scalars) assert.deepEqual(parseYaml(`a: ${text}`).value, { a: expected }, text);
});

test("parseYaml takes the last of duplicates and tells them", () => {
  const { value, duplicates } = parseYaml("a: 1\ndata:\n  x: 1\ndata:\n  z: 2\n");
  assert.deepEqual(value, { a: 1, data: { z: 2 } });
  assert.deepEqual(duplicates, ['line 5: key "data" already set in map']);
});

test("parseYaml merges, follows anchors and makes keys strings", () => {
  assert.deepEqual(parseYaml("x: &a {k: v}\nz:\n  <<: *a\n  1: z\n").value, { x: { k: "v" }, z: { k: "v", "1": "z" } });
});

test("parseYaml refuses what expands without bound and what isn't YAML", () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ..."bcdefgh".split("").map((name, index) => {
      const before = "abcdefgh"[index];
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(",")}]`;
    }),
  ].join("\n");
  assert.throws(() => parseYaml(bomb), YamlError);
  assert.throws(() => parseYaml("a:\n\t- b"), { message: "yaml: line 2: found character that cannot start any token" });
  assert.throws(() => parseYaml("a: .nan"), YamlError);
  assert.throws(() => parseYaml("[".repeat(20_000)), YamlError);
});

test("parseYamlDocuments splits documents and leaves out empty ones", () => {
  const values = parseYamlDocuments("a: 1\n---\n---\nb: 2\n").map(({ value }) => value);
  assert.deepEqual(values, [{ a: 1 }, { b: 2 }]);
  assert.equal(parseYaml("# x").value, null);
});

test("printYaml sorts keys and quotes what would be read otherwise", () => {
  assert.equal(printYaml({ b: ["x"], a: "yes", c: "1", d: {} }), 'a: "yes"\nb:\n- x\nc: "1"\nd: {}\n');
});
