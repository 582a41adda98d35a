// Tests of field-error.ts: texts are those of k8s.io/apimachinery/pkg/util/validation/field.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  duplicate,
  invalid,
  notFound,
  notSupported,
  printValue,
  tooLong,
  tooLongCharacters,
  tooMany,
} from "./field-error.ts";

test("printValue prints what Go prints", () => {
  const cases: [unknown, string][] = [
    ['a"b\\c', String.raw`"a\"b\\c"`],
    ["\x00\x07\t\x7fé\u200b\u{1f600}", '"\\x00\\a\\t\\x7fé\\u200b😀"'],
    [5, "5"],
    [true, "true"],
    [undefined, "null"],
    [{ a: "<&>" }, String.raw`{"a":"\u003c\u0026\u003e"}`],
    [["x"], '["x"]'],
  ];
  for (const [value, want] of cases) assert.equal(printValue(value), want);
});

test("constructors print upstream's texts", () => {
  assert.equal(invalid("f", "x", "must be y").message, 'Invalid value: "x": must be y');
  assert.equal(duplicate("f", "x", "why").message, 'Duplicate value: "x": why');
  assert.equal(notFound("f", "x").message, 'Not found: "x"');
  assert.equal(notSupported("f", "x", ["A", "B"]).message, 'Unsupported value: "x": supported values: "A", "B"');
  assert.equal(tooLong("f", 1).message, "Too long: may not be more than 1 byte");
  assert.equal(tooLongCharacters("f", 64).message, "Too long: may not be more than 64 characters");
  assert.equal(tooMany("f", 3, 1).message, "Too many: 3: must have at most 1 item");
});
