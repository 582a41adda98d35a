// Revisions are int64, beyond what a number holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicaSet } from "../../kinds/types/apps-v1.gen.ts";
import { maxRevision, revisionAnnotation } from "./annotations.ts";

test("maxRevision keeps every digit of a large revision", () => {
  const text = "3546343826724305832";
  const set = { metadata: { annotations: { [revisionAnnotation]: text } } } as unknown as ReplicaSet;
  assert.equal(String(maxRevision([set]) + 1n), "3546343826724305833");
});
