// Tests of queries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "./parse-query.ts";

const queries: [string, [string, string][]][] = [
  ["", []],
  [
    "a=1&a=2",
    [
      ["a", "1"],
      ["a", "2"],
    ],
  ],
  ["labelSelector=%zz&limit=1", [["limit", "1"]]],
  ["a=1;b=2&c=x%20y+z", [["c", "x y z"]]],
  ["a=%4", []],
  ["watch", [["watch", ""]]],
];
test("parseQuery drops what Go drops", () => {
  for (const [text, pairs] of queries) assert.deepEqual([...parseQuery(text)], pairs, text);
});
