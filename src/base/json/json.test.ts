// Tests of reading JSON: what is exact, what is told, and Go's words for what is wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonEntries, JsonNumber, parseJsonExact, toPlainJson } from "./json-exact.ts";
import { parseJsonBytes, scanJson } from "./json-scanner.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("parseJsonBytes takes the fast way unless something would be lost", () => {
  assert.deepEqual(parseJsonBytes(bytes('{"a":[1,-2,"x:\\"{",null]}')), {
    value: { a: [1, -2, 'x:"{', null] },
    exact: false,
  });
  for (const text of ['{"a":1,"a":2}', "[1.5]", "[1e3]", "[-0]", "[1234567890123456]", '{"x":{"b":1,"b":1}}']) {
    assert.equal(parseJsonBytes(bytes(text)).exact, true, text);
  }
});

test("parseJsonExact keeps duplicates, order and the text of numbers", () => {
  const node = parseJsonExact('{"b":1.50,"a":9007199254740993,"b":{"__proto__":1}}');
  assert.ok(node instanceof JsonEntries);
  assert.deepEqual(
    node.entries.map(([key]) => key),
    ["b", "a", "b"],
  );
  assert.equal((node.entries[0]![1] as JsonNumber).text, "1.50");
  const plain = toPlainJson(node) as Record<string, object>;
  assert.equal(Object.hasOwn(plain["b"]!, "__proto__"), true);
  assert.equal(Object.getPrototypeOf(plain["b"]), Object.prototype);
});

const wrong: [string, string][] = [
  ["", "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ["x", "invalid character 'x' looking for beginning of value"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ["[1 2]", "invalid character '2' after array element"],
  ["1 2", "invalid character '2' after top-level value"],
  ["01", "invalid character '1' after top-level value"],
  ["1.x", "invalid character 'x' after decimal point in numeric literal"],
  ["1e", "unexpected end of JSON input"],
  ["-x", "invalid character 'x' in numeric literal"],
  ["tru]", "invalid character ']' in literal true (expecting 'e')"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ["\u00ff", "invalid character 'Ã' looking for beginning of value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
];
test("parseJsonBytes says what is wrong in Go's words", () => {
  for (const [text, message] of wrong) assert.throws(() => parseJsonBytes(bytes(text)), { message }, text);
  const deep = `${"[".repeat(10_001)}${"]".repeat(10_001)}`;
  assert.throws(() => parseJsonBytes(bytes(deep)), { message: "invalid character '[' exceeded max depth" });
  assert.equal(parseJsonBytes(bytes(`${"[".repeat(9000)}1.5${"]".repeat(9000)}`)).exact, true);
});

test("scanJson counts members and depth outside of strings", () => {
  assert.deepEqual(scanJson(bytes('{"a:{":{"b":["}"]}}')), { members: 2, depth: 3, oddNumbers: false });
});
