// Tests of YAML as kubectl reads it.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
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

const printed: [unknown, string][] = [
  [{ "f:labels": { ".": {}, k10: 1, k9: 2, n: "x" } }, 'f:labels:\n  .: {}\n  k9: 2\n  k10: 1\n  "n": x\n'],
  [[["a", ["b"]], { c: 1, d: [] }], "- - a\n  - - b\n- c: 1\n  d: []\n"],
  [{ a: "x\ny\n", b: " x\ny", c: "x\n\n" }, "a: |\n  x\n  y\nb: |2-\n   x\n  y\nc: |+\n  x\n\n"],
  [{ a: "a\tb", b: "\u{1f600}", c: "it's: so", d: "'q" }, `a: "a\\tb"\nb: "\\U0001F600"\nc: 'it''s: so'\nd: '''q'\n`],
  [
    { a: "2020-01-01", b: "0x1f", c: "1:30", d: "1.5e3", e: "v1", f: "-" },
    'a: "2020-01-01"\nb: "0x1f"\nc: "1:30"\nd: "1.5e3"\ne: v1\nf: \'-\'\n',
  ],
  [`${"word ".repeat(20)}end`, `${"word ".repeat(17).trim()}\n  word word word end\n`],
];
test("printYaml prints what upstream's emitter does", () => {
  for (const [value, text] of printed) assert.equal(printYaml(value), text);
});

const fixtures = join(
  import.meta.dirname,
  "../..",
  process.env.PROA_REFERENCE ?? "../shared/reference",
  "kubernetes-1.36/fixtures",
);
test("printYaml prints the objects of every kind", { skip: existsSync(fixtures) ? false : "no reference here" }, () => {
  for (const name of readdirSync(fixtures).filter((file) => file.endsWith(".json"))) {
    const yaml = readFileSync(join(fixtures, name.replace(/json$/, "yaml")), "utf8");
    assert.equal(printYaml(JSON.parse(readFileSync(join(fixtures, name), "utf8"))), yaml, name);
  }
});
