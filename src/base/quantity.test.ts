// Tests of quantities: texts, sums and roundings as k8s.io/apimachinery 0.36.3 answered them.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  printQuantity,
  quantityMilliValue,
  quantityToNumber,
  quantityValue,
  roundUpQuantity,
  subtractQuantities,
} from "./quantity.ts";

const canonical: [string, string][] = [
  ["0", "0"],
  ["+", "0"],
  ["1.5", "1500m"],
  ["1.5Gi", "1536Mi"],
  ["0.1m", "100u"],
  ["0.1n", "1n"],
  ["1024Mi", "1Gi"],
  ["1024", "1024"],
  ["0.5Ki", "512"],
  ["1e1", "10"],
  ["10Ei", "9223372036854775807"],
  ["1.500", "1.500"],
  ["0100m", "0100m"],
  ["+5", "+5"],
  ["-1.5Gi", "-1536Mi"],
  ["1000000000000000000000", "1"],
];

test("canonicalQuantity prints upstream's canonical text for each format", () => {
  for (const [text, expected] of canonical) assert.equal(canonicalQuantity(text), expected, text);
});

test("parseQuantity throws upstream's words for texts that are no quantities", () => {
  const shape = /^quantities must match the regular expression '\^/;
  for (const text of ["", "x", "1 ", " 1", "0x5", "1.2.3", "1mi%"]) {
    assert.throws(() => parseQuantity(text), { message: shape }, text);
  }
  for (const text of ["1KK", "5e", "1mi", "1e99999999999999999999"]) {
    assert.throws(() => parseQuantity(text), { message: "unable to parse quantity's suffix" }, text);
  }
});

test("addQuantities keeps the left format unless it is zero", () => {
  const add = (a: string, b: string): string => printQuantity(addQuantities(parseQuantity(a), parseQuantity(b)));
  assert.equal(add("1Gi", "1G"), "2073741824");
  assert.equal(add("0", "1Gi"), "1Gi");
  assert.equal(add("500m", "1"), "1500m");
  assert.equal(printQuantity(subtractQuantities(parseQuantity("1"), parseQuantity("250m"))), "750m");
});

test("compareQuantities answers at once for exponents that are huge", () => {
  assert.equal(compareQuantities(parseQuantity("1e1000000000"), parseQuantity("1")), 1);
  assert.equal(compareQuantities(parseQuantity("-1e1000000000"), parseQuantity("1")), -1);
  assert.equal(compareQuantities(parseQuantity("1Ki"), parseQuantity("1024")), 0);
  assert.equal(quantityValue(parseQuantity("1e1000000000")), 2n ** 63n - 1n);
});

test("quantityValue and quantityMilliValue round up", () => {
  assert.equal(quantityValue(parseQuantity("1500m")), 2n);
  assert.equal(quantityValue(parseQuantity("-1500m")), -2n);
  assert.equal(quantityMilliValue(parseQuantity("1.0001")), 1001n);
  assert.equal(quantityToNumber(parseQuantity("1.5Gi")), 1.5 * 2 ** 30);
  assert.equal(printQuantity(roundUpQuantity(parseQuantity("1u"), -3)), "1m");
});
