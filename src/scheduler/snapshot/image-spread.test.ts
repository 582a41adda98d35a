// Images without names, which the API serves as null.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageSpread } from "./image-spread.ts";

test("ImageSpread takes an image whose names are null", () => {
  const spread = new ImageSpread();
  spread.set(0, [
    { names: null as never, sizeBytes: 1 },
    { names: ["web:1"], sizeBytes: 1000 },
  ]);
  assert.equal(spread.version, 1);
});
