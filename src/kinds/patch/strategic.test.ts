// Strategic merge patches beyond what was recorded, and the making of them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { deepFreeze } from "../object.ts";
import type { Json } from "../schema.ts";
import { equalJson, isMap, type JsonMap } from "./json-value.ts";
import { decoded, definitionOf, readCases, withoutRecordings } from "./recordings.test.ts";
import { createThreeWayMergePatch, createTwoWayMergePatch } from "./strategic-diff.ts";
import { applyStrategicMergePatch } from "./strategic-merge.ts";

const pod = "core.v1.Pod";
const apply = (document: JsonMap, patch: Json, definition = pod): JsonMap =>
  applyStrategicMergePatch(deepFreeze(document), deepFreeze(patch), builtInDefinitions, definition);
const spec = (inner: JsonMap): JsonMap => ({ spec: inner });

describe("applyStrategicMergePatch", () => {
  const cases: [string, JsonMap, JsonMap, JsonMap][] = [
    [
      "merges items by key and appends new ones",
      { containers: [{ name: "a", image: "1" }] },
      { containers: [{ name: "a", image: "2" }, { name: "b" }] },
      { containers: [{ name: "a", image: "2" }, { name: "b" }] },
    ],
    [
      "deletes items, also those that are not there",
      { containers: [{ name: "a" }, { name: "b" }] },
      {
        containers: [
          { name: "a", $patch: "delete" },
          { name: "z", $patch: "delete" },
        ],
      },
      { containers: [{ name: "b" }] },
    ],
    [
      "replaces a list by one directive",
      { containers: [{ name: "a" }, { name: "b" }] },
      { containers: [{ $patch: "replace" }, { name: "c" }] },
      { containers: [{ name: "c" }] },
    ],
    [
      "replaces and empties objects",
      { nodeSelector: { a: "1" }, securityContext: { runAsUser: 1, fsGroup: 2 } },
      { nodeSelector: { $patch: "delete" }, securityContext: { $patch: "replace", runAsUser: 3 } },
      { nodeSelector: {}, securityContext: { runAsUser: 3 } },
    ],
    ["keeps the order that is asked", ordered("a", "b", "c"), reordered("c", "a"), ordered("b", "c", "a")],
    [
      "retains the named keys",
      { volumes: [{ name: "v", emptyDir: {} }] },
      { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] },
      { volumes: [{ name: "v", hostPath: { path: "/x" } }] },
    ],
    ["takes lists without a strategy whole", { schedulingGates: [] }, { tolerations: [{ key: "a" }] }, both()],
    ["drops nulls of what is new", {}, { affinity: { nodeAffinity: null } }, { affinity: {} }],
  ];
  for (const [what, before, patch, after] of cases) {
    it(what, () => {
      assert.deepEqual(apply(spec(before), spec(patch)), spec(after));
    });
  }

  function ordered(...names: string[]): JsonMap {
    return { containers: names.map((name) => ({ name })) };
  }
  function reordered(...names: string[]): JsonMap {
    return { "$setElementOrder/containers": names.map((name) => ({ name })) };
  }
  function both(): JsonMap {
    return { schedulingGates: [], tolerations: [{ key: "a" }] };
  }

  it("deletes and orders primitives", () => {
    const before = { metadata: { finalizers: ["a", "b", "c"] } };
    const deletion = { metadata: { "$deleteFromPrimitiveList/finalizers": ["b", "z"] } };
    assert.deepEqual(apply(before, deletion), { metadata: { finalizers: ["a", "c"] } });
    const order = { metadata: { "$setElementOrder/finalizers": ["c", "d", "a"], finalizers: ["d"] } };
    assert.deepEqual(apply(before, order), { metadata: { finalizers: ["b", "c", "d", "a"] } });
  });

  it("answers 422 to lists of lists, and 500 to fields of raw JSON", () => {
    const code = (wanted: number) => (error: unknown) => error instanceof StatusError && error.code === wanted;
    assert.throws(() => apply(spec({ containers: [{ name: "a" }] }), spec({ containers: [[]] })), code(422));
    const revision = { data: { spec: { a: { b: 1 } } } };
    const patch = { data: { spec: { a: { b: 2 } } } };
    assert.throws(() => apply(revision, patch, "apps.v1.ControllerRevision"), {
      message: 'unable to find api field in struct RawExtension for the json field "spec"',
    });
  });

  it("leaves prototypes alone", () => {
    const patch = JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}') as Json;
    const after = apply({ metadata: {} }, patch) as { metadata: { labels: JsonMap } };
    assert.deepEqual(Object.keys(after.metadata.labels), ["__proto__"]);
  });
});

describe("createTwoWayMergePatch", () => {
  it("deletes by key, orders, and retains keys", () => {
    const original = spec({ containers: [{ name: "a" }, { name: "b" }], volumes: [{ name: "v", emptyDir: {} }] });
    const modified = spec({
      containers: [{ name: "b", image: "1" }],
      volumes: [{ name: "v", hostPath: { path: "/" } }],
    });
    assert.deepEqual(createTwoWayMergePatch(original, modified, builtInDefinitions, pod), {
      spec: {
        "$setElementOrder/containers": [{ name: "b" }],
        containers: [
          { name: "b", image: "1" },
          { name: "a", $patch: "delete" },
        ],
        "$setElementOrder/volumes": [{ name: "v" }],
        volumes: [{ name: "v", $retainKeys: ["hostPath", "name"], emptyDir: null, hostPath: { path: "/" } }],
      },
    });
  });

  it("deletes primitives in a list of their own", () => {
    const original = { metadata: { finalizers: ["a", "b"] } };
    const modified = { metadata: { finalizers: ["b", "c"] } };
    assert.deepEqual(createTwoWayMergePatch(original, modified, builtInDefinitions, pod), {
      metadata: {
        "$deleteFromPrimitiveList/finalizers": ["a"],
        "$setElementOrder/finalizers": ["b", "c"],
        finalizers: ["c"],
      },
    });
  });

  it("makes patches that lead from one recorded object to another", { skip: withoutRecordings }, () => {
    const byKind = new Map<string, JsonMap[]>();
    for (const { steps } of readCases("defaults")) {
      const object = steps[0]?.answer.b;
      if (!isMap(object) || object.kind === "Status") continue;
      const definition = definitionOf(String(object.apiVersion), String(object.kind));
      if (definition !== undefined) byKind.set(definition, [...(byKind.get(definition) ?? []), object]);
    }
    let pairs = 0;
    for (const [definition, objects] of byKind) {
      for (const from of objects.slice(0, 6)) {
        for (const to of objects.slice(0, 6)) {
          const patch = createTwoWayMergePatch(from, to, builtInDefinitions, definition);
          const reached = apply(from, patch, definition);
          assert.ok(equalJson(decoded(reached), decoded(to)), `${definition}: ${JSON.stringify(patch)}`);
          pairs++;
        }
      }
    }
    assert.ok(pairs > 100, `${pairs} pairs`);
  });
});

describe("createThreeWayMergePatch", () => {
  it("changes and deletes what its writer applied, and leaves what others added", () => {
    const original = spec({ containers: [{ name: "a", image: "1" }, { name: "gone" }], nodeName: "x" });
    const modified = spec({ containers: [{ name: "a", image: "2" }] });
    const current = spec({
      containers: [{ name: "a", image: "1", tty: true }, { name: "gone" }, { name: "others" }],
      nodeName: "x",
      hostNetwork: true,
    });
    const patch = createThreeWayMergePatch(original, modified, current, builtInDefinitions, pod);
    assert.deepEqual(patch, {
      spec: {
        "$setElementOrder/containers": [{ name: "a" }],
        containers: [
          { name: "a", image: "2" },
          { name: "gone", $patch: "delete" },
        ],
        nodeName: null,
      },
    });
    assert.deepEqual(apply(current, patch), {
      spec: { containers: [{ name: "a", image: "2", tty: true }, { name: "others" }], hostNetwork: true },
    });
  });
});
