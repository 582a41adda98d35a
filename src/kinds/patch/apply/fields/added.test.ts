// Tests of the fields of new values.
import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInDefinitions } from "../../../definitions/all.gen.ts";
import { addedEntry } from "./added.ts";
import { compareObjects } from "./compare.ts";
import { writeFields } from "./fields-v1.ts";
import { shapeOf } from "./shape.ts";

const shape = shapeOf(builtInDefinitions, "core.v1.PodSpec");
const specOf = (name: string, image: string): { containers: object[]; nodeSelector: object } => ({
  containers: [{ name, image, ports: [{ containerPort: 80, protocol: "TCP" }] }],
  nodeSelector: {},
});

test("addedEntry is one entry for values with the same fields", () => {
  assert.equal(addedEntry(shape, specOf("a", "x") as never, true), addedEntry(shape, specOf("a", "y") as never, true));
  assert.notEqual(
    addedEntry(shape, specOf("a", "x") as never, true),
    addedEntry(shape, specOf("b", "x") as never, true),
  );
  assert.notEqual(
    addedEntry(shape, specOf("a", "x") as never, true),
    addedEntry(shape, specOf("a", "x") as never, false),
  );
});

test("addedEntry owns items that occur twice as one", () => {
  const twice = {
    containers: [
      { name: "a", image: "x" },
      { name: "a", image: "y" },
    ],
  };
  const { changed } = compareObjects(shape, {}, twice as never);
  assert.deepEqual(writeFields(changed), { "f:containers": { ".": {}, 'k:{"name":"a"}': {} } });
});
