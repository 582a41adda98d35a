// JSON patch and merge patch beyond what was recorded: limits, sharing, hostile keys; and the making of merge patches.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { deepFreeze } from "../object.ts";
import type { Json } from "../schema.ts";
import { applyJsonPatch, findUnknownMembers } from "./json-patch.ts";
import type { JsonMap } from "./json-value.ts";
import { applyMergePatch, createMergePatch, createThreeWayJsonMergePatch } from "./merge-patch.ts";

const statusOf = (code: number, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.code, code);
  if (message) assert.match(error.message, message);
  return true;
};

describe("applyJsonPatch", () => {
  const document = deepFreeze({ a: { b: [1, 2, 3] }, n: null, "x/y": "s", "t~u": "v" });
  const cases: [string, Json, Json][] = [
    ["a list's end", [{ op: "add", path: "/a/b/-", value: 4 }], { ...document, a: { b: [1, 2, 3, 4] } }],
    ["a list's start", [{ op: "add", path: "/a/b/0", value: 0 }], { ...document, a: { b: [0, 1, 2, 3] } }],
    ["a negative index", [{ op: "remove", path: "/a/b/-1" }], { ...document, a: { b: [1, 2] } }],
    ["a negative index of an add", [{ op: "add", path: "/a/b/-1", value: 4 }], { ...document, a: { b: [1, 2, 3, 4] } }],
    [
      "escapes",
      [
        { op: "replace", path: "/x~1y", value: 1 },
        { op: "remove", path: "/t~0u" },
      ],
      escaped(),
    ],
    [
      "null as absent",
      [
        { op: "test", path: "/n", value: null },
        { op: "test", path: "/zz" },
      ],
      document,
    ],
    ["the whole document", [{ op: "replace", path: "", value: [1] }], [1]],
    ["a move", [{ op: "move", from: "/a/b/0", path: "/m" }], { ...document, a: { b: [2, 3] }, m: 1 }],
  ];
  for (const [what, patch, wanted] of cases) {
    it(`takes ${what}`, () => {
      assert.deepEqual(applyJsonPatch(document, patch), wanted);
    });
  }

  function escaped(): Json {
    const { "t~u": _, ...rest } = document;
    return { ...rest, "x/y": 1 };
  }

  it("shares what it does not change", () => {
    const before = deepFreeze({ a: { b: 1 }, c: { d: 1 } });
    const after = applyJsonPatch(before, [{ op: "add", path: "/a/x", value: 2 }]) as typeof before;
    assert.equal(after.c, before.c);
    assert.deepEqual(before.a, { b: 1 });
  });

  it("copies so that the copies are two", () => {
    const patch: Json = [
      { op: "copy", from: "/a", path: "/c" },
      { op: "replace", path: "/c/b/0", value: 9 },
    ];
    assert.deepEqual(applyJsonPatch({ a: { b: [1] } }, patch), { a: { b: [1] }, c: { b: [9] } });
  });

  const failing: [string, Json][] = [
    ["an index past the end", [{ op: "remove", path: "/a/b/3" }]],
    ["an index that is none", [{ op: "remove", path: "/a/b/x" }]],
    ["a path through a scalar", [{ op: "add", path: "/x~1y/z", value: 1 }]],
    ["a path through null", [{ op: "add", path: "/n/z", value: 1 }]],
    ["no operation", [{ op: "zap", path: "/a" }]],
    ["a path of a prototype", [{ op: "add", path: "/__proto__/polluted", value: 1 }]],
    ["a test of another value", [{ op: "test", path: "/a/b", value: [1, 2] }]],
  ];
  for (const [what, patch] of failing) {
    it(`refuses ${what}`, () => {
      assert.throws(() => applyJsonPatch(document, patch), statusOf(422));
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    });
  }

  it("sets a key named __proto__ as any other", () => {
    const after = applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: 1 } }]) as JsonMap;
    assert.deepEqual(Object.keys(after), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(after), Object.prototype);
  });

  it("bounds operations, copied bytes and depth", () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: "remove", path: "/a" }));
    assert.throws(() => applyJsonPatch({}, many), statusOf(413, /is 10000, got 10001$/));
    const doubling = Array.from({ length: 30 }, (_, index) => ({ op: "copy", from: "/a", path: `/a/k${index}` }));
    assert.throws(() => applyJsonPatch({ a: { text: "x".repeat(100) } }, doubling), statusOf(422));
    let path = "";
    const nesting = Array.from({ length: 2000 }, () => ({ op: "add", path: (path += "/a"), value: {} }));
    assert.throws(() => applyJsonPatch({}, nesting), statusOf(422));
  });

  it("says what could not be decoded", () => {
    assert.throws(() => applyJsonPatch({}, [3]), statusOf(400, /^error decoding patch: json: cannot unmarshal number/));
    assert.throws(() => applyJsonPatch({}, {}, false), statusOf(400, /^json: cannot unmarshal object into Go value/));
    assert.deepEqual(findUnknownMembers([{ op: "add", comment: "" }]), ['json patch unknown field "[0].comment"']);
  });
});

describe("applyMergePatch", () => {
  const cases: [JsonMap, Json, Json][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: { b: 1 } }, { a: [null] }, { a: [null] }],
  ];
  for (const [document, patch, wanted] of cases) {
    it(`merges ${JSON.stringify(patch)} into ${JSON.stringify(document)}`, () => {
      assert.deepEqual(applyMergePatch(deepFreeze(document), patch), wanted);
    });
  }

  it("undoes what createMergePatch finds", () => {
    const original = { a: 1, b: { c: [1], d: 2 }, e: {} };
    const modified = { a: 1, b: { c: [2], f: {} }, g: "h" };
    const patch = createMergePatch(original, modified);
    assert.deepEqual(patch, { b: { c: [2], f: {}, d: null }, g: "h", e: null });
    assert.deepEqual(applyMergePatch(original, patch), modified);
  });
});

describe("createThreeWayJsonMergePatch", () => {
  it("changes and deletes what its writer applied, and leaves what others added", () => {
    const original = { a: 1, gone: 1, b: { c: 1, gone: 1 } };
    const modified = { a: 2, b: { c: 1, added: {} } };
    const current = { ...original, others: 1, b: { c: 9, gone: 1, others: 1 } };
    const patch = createThreeWayJsonMergePatch(original, modified, current);
    assert.deepEqual(patch, { gone: null, b: { gone: null, c: 1, added: {} }, a: 2 });
    assert.deepEqual(applyMergePatch(current, patch), { a: 2, others: 1, b: { c: 1, others: 1, added: {} } });
  });
});
