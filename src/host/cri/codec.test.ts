// The protobuf codec, against the documented bytes and the table of CRI. May import node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCodec } from "./codec.ts";
import { enums, messages } from "./messages.gen.ts";

const codec = createCodec(
  {
    Outer: [
      [1, "text", "string"],
      [2, "count", "int64"],
      [3, "flag", "bool"],
      [4, "inner", "Inner", true],
      [5, "numbers", "int32", true],
      [6, "labels", "map<string,string>"],
      [7, "state", "enum State"],
      [8, "bytes", "bytes"],
      [9, "one", "Inner"],
      [10, "ratio", "double"],
    ],
    Inner: [[1, "name", "string"]],
    Node: [[1, "next", "Node"]],
  },
  { State: { IDLE: 0, BUSY: 1 } },
);

test("createCodec reads back what it has written", () => {
  const value = {
    text: "größe",
    count: -5,
    flag: true,
    inner: [{ name: "a" }, { name: "" }],
    numbers: [1, -1, 300],
    labels: { k: "v", __proto__x: "y" },
    state: "BUSY",
    bytes: new Uint8Array([0, 255]),
    one: { name: "z" },
    ratio: 0.5,
  };
  const back = codec.decode("Outer", codec.encode("Outer", value));
  assert.deepEqual({ ...back, labels: { ...(back["labels"] as object) } }, value);
});

test("createCodec writes the bytes that protobuf's documentation gives", () => {
  // 150 in field 1 is 08 96 01; "testing" in field 2 is 12 07 …; 3, 270, 86942 packed in 4 is 22 06 03 8e 02 9e a7 05.
  const known = createCodec(
    {
      A: [[1, "a", "int32"]],
      B: [[2, "b", "string"]],
      C: [[4, "d", "int32", true]],
    },
    {},
  );
  const hex = (message: string, value: object): string => Buffer.from(known.encode(message, value)).toString("hex");
  assert.equal(hex("A", { a: 150 }), "089601");
  assert.equal(hex("A", { a: -1 }), "08ffffffffffffffffff01");
  assert.equal(hex("B", { b: "testing" }), "120774657374696e67");
  assert.equal(hex("C", { d: [3, 270, 86_942] }), "2206038e029ea705");
});

test("decode gives proto3's defaults, skips unknown fields and takes unpacked lists", () => {
  assert.deepEqual(codec.decode("Inner", new Uint8Array([0x10, 5, 0x1d, 1, 2, 3, 4, 0x0a, 1, 0x61])), { name: "a" });
  const numbers = codec.decode("Outer", new Uint8Array([0x28, 1, 0x28, 2]))["numbers"];
  assert.deepEqual(numbers, [1, 2]);
  assert.equal(codec.decode("Outer", new Uint8Array([0x38, 9]))["state"], "9");
});

test("decode refuses bytes that are cut short, endless integers and deep nesting", () => {
  for (const bytes of [[0x0a, 5, 1], [0x0a], [0x10, ...Array<number>(11).fill(0xff)], [0x0f]]) {
    assert.throws(() => codec.decode("Outer", new Uint8Array(bytes)), /proto|EOF/);
  }
  let nested = new Uint8Array(0);
  for (let depth = 0; depth < 40; depth += 1) nested = Uint8Array.from([0x0a, nested.length, ...nested]);
  assert.throws(() => codec.decode("Node", nested), /nested too deeply/);
});

test("a map's key __proto__ stays a key", () => {
  const labels = Object.fromEntries([["__proto__", "x"]]);
  const back = codec.decode("Outer", codec.encode("Outer", { labels }))["labels"] as Record<string, string>;
  assert.deepEqual(Object.entries(back), [["__proto__", "x"]]);
});

test("every message and enum that CRI's table names is in it", () => {
  const scalars = new Set("string bool bytes int32 int64 uint32 uint64 double map<string,string>".split(" "));
  for (const [message, rows] of Object.entries(messages)) {
    for (const [, name, type] of rows) {
      const known = scalars.has(type) || type in messages || (type.startsWith("enum ") && type.slice(5) in enums);
      assert.ok(known, `${message}.${name}: ${type}`);
    }
  }
});
