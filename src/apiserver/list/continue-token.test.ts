// Tokens that continue a list.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readToken, startAfter, writeToken } from "./continue-token.ts";

test("readToken gives back what writeToken wrote", () => {
  const position = { revision: 7, start: startAfter("a/ünïcode") };
  assert.deepEqual(readToken(writeToken(position)), position);
});

test("readToken refuses what the server has not made", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["eyJ2IjoidjkiLCJydiI6MSwic3RhcnQiOiJhIn0", /does not recognize this encoded version v9/],
    ["eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0", /encoded start key empty/],
    ["eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MCwic3RhcnQiOiJhIn0", /incorrect encoded start resourceVersion/],
    ["garbage", /invalid character '\\u0081'/],
    [writeToken({ revision: 1, start: "../../secrets/x" }), /continue key is not valid/],
  ];
  for (const [token, expected] of cases) assert.throws(() => readToken(token), expected);
});
