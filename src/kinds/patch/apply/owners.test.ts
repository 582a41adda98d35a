// Reading and writing managedFields, tracking's corner cases, Scale's ownership, managers' names.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtInDefinitions } from "../../definitions/all.gen.ts";
import { deepFreeze } from "../../object.ts";
import type { Json } from "../../schema.ts";
import type { JsonMap } from "../json-value.ts";
import { managerFromUserAgent, validateFieldManager } from "./field-owner-name.ts";
import { readFields, writeFields } from "./fields/fields-v1.ts";
import { keepTimesOfNoop } from "./keep-times.ts";
import { readOwners, writeOwners } from "./owners.ts";
import { ownersAfterScale, ownersOfScale } from "./scale-owners.ts";
import { managedFieldsOf, trackUpdate, type TrackOptions } from "./track-update.ts";

const options = (manager: string, now = "2026-01-01T00:00:00Z"): TrackOptions => ({
  definitions: builtInDefinitions,
  definition: "core.v1.ConfigMap",
  apiVersion: "v1",
  kind: "ConfigMap",
  manager,
  now,
});
const configMap = (data: JsonMap, metadata: JsonMap = {}): JsonMap =>
  deepFreeze({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", uid: "u", ...metadata }, data });
const entriesOf = (object: JsonMap): JsonMap[] => (managedFieldsOf(object) ?? []) as JsonMap[];

const dataFieldsOf = (entry: JsonMap): JsonMap => (entry.fieldsV1 as { "f:data": JsonMap })["f:data"];

describe("readFields", () => {
  const forms: [string, Json, Json][] = [
    ["members and what is below them", { "f:a": { ".": {}, "f:b": {} } }, { "f:a": { ".": {}, "f:b": {} } }],
    ["a lone dot as a leaf", { "f:a": { ".": {} } }, { "f:a": {} }],
    ["keys in their one form", { 'k:{"b":1, "a":"x"}': {} }, { 'k:{"a":"x","b":1}': {} }],
    ["unknown sorts of elements not at all", { "x:1": {}, "f:a": {} }, { "f:a": {} }],
    ["fields before keys, keys by number", keysIn(["443", "80"]), keysIn(["80", "443"])],
    ["null as a leaf", { "f:a": null }, { "f:a": {} }],
  ];
  for (const [what, given, wanted] of forms) {
    it(`reads ${what}`, () => {
      assert.equal(JSON.stringify(writeFields(readFields(given))), JSON.stringify(wanted));
    });
  }

  for (const given of [{ a: {} }, { "f:a": 1 }, { "k:{": {} }, { "i:x": {} }, { abc: {} }, []] as Json[]) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(() => readFields(given), { name: "ShapeError" });
    });
  }
});

function keysIn(ports: string[]): Json {
  return Object.fromEntries(ports.map((port) => [`k:{"port":${port}}`, {}])) as Json;
}

describe("readOwners", () => {
  const entry = {
    manager: "m",
    operation: "Update",
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:a": {} },
  };

  it("keeps the entry of an owner that does not change", () => {
    const entries = deepFreeze([entry]);
    const owners = readOwners(entries);
    assert.equal(writeOwners(owners)?.[0], entries[0]);
    assert.equal(readOwners(entries), owners);
  });

  const bad: [JsonMap, string][] = [
    [{ ...entry, operation: "Delete" }, "operation must be `Apply` or `Update`"],
    [{ ...entry, apiVersion: "" }, "apiVersion must not be empty"],
    [{ ...entry, fieldsType: "" }, "missing fieldsType in managed fields entry 0"],
    [{ ...entry, fieldsType: "FieldsV2" }, 'invalid fieldsType "FieldsV2" in managed fields entry 0'],
  ];
  for (const [given, message] of bad) {
    it(`refuses an entry: ${message}`, () => {
      assert.throws(() => readOwners([given]), { name: "ManagedFieldsError", message });
    });
  }
});

describe("trackUpdate", () => {
  it("gives a writer what it changed, and leaves the rest to who had it", () => {
    const created = trackUpdate(undefined, configMap({ a: "1", b: "1" }), options("one"));
    const updated = trackUpdate(created, configMap({ a: "2", b: "1" }), options("two", "2026-01-01T00:00:01Z"));
    assert.deepEqual(
      entriesOf(updated).map(({ manager, time, fieldsV1 }) => [manager, time, fieldsV1]),
      [
        ["one", "2026-01-01T00:00:00Z", { "f:data": { ".": {}, "f:b": {} } }],
        ["two", "2026-01-01T00:00:01Z", { "f:data": { "f:a": {} } }],
      ],
    );
  });

  it("keeps the very entries when nothing changed", () => {
    const created = trackUpdate(undefined, configMap({ a: "1" }), options("one"));
    const updated = trackUpdate(created, configMap({ a: "1" }), options("one", "2026-01-01T00:00:01Z"));
    assert.equal(entriesOf(updated)[0], entriesOf(created)[0]);
    assert.deepEqual(keepTimesOfNoop(created, updated), updated);
  });

  it("drops an owner that owns nothing any more", () => {
    const created = trackUpdate(undefined, configMap({ a: "1" }), options("one"));
    const { data: _, ...bare } = created;
    assert.equal(managedFieldsOf(trackUpdate(created, bare, options("two"))), undefined);
  });

  it("ends when the writer sends an empty list, and does not begin by an update", () => {
    const created = trackUpdate(undefined, configMap({ a: "1" }), options("one"));
    for (const managedFields of [[], [{}]]) {
      const ended = trackUpdate(created, configMap({ a: "1" }, { managedFields }), options("one"));
      assert.equal(managedFieldsOf(ended), undefined);
      assert.equal(managedFieldsOf(trackUpdate(ended, configMap({ a: "2" }), options("one"))), undefined);
    }
  });

  it("ignores managedFields that it cannot read", () => {
    const created = trackUpdate(undefined, configMap({ a: "1" }), options("one"));
    const managedFields = [{ manager: "x", operation: "Nope" }];
    const updated = trackUpdate(created, configMap({ a: "1" }, { managedFields }), options("two"));
    assert.deepEqual(entriesOf(updated), entriesOf(created));
  });

  it("drops owners whose version is gone", () => {
    const gone = { manager: "old", operation: "Update", apiVersion: "v0", fieldsType: "FieldsV1", fieldsV1: {} };
    const created = trackUpdate(undefined, configMap({ a: "1" }), options("one"));
    const managedFields = [...entriesOf(created), { ...gone, fieldsV1: { "f:data": {} } }];
    const updated = trackUpdate(created, configMap({ a: "2" }, { managedFields }), options("one"));
    assert.deepEqual(
      entriesOf(updated).map(({ manager }) => manager),
      ["one"],
    );
  });

  it("keeps owners that speak another version of the kind, and converts for them where it can", () => {
    const target = {
      ...options("one"),
      definition: "autoscaling.v1.HorizontalPodAutoscaler",
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
    };
    const fieldsV1 = { "f:spec": { "f:maxReplicas": {}, "f:minReplicas": {} } };
    const other = { manager: "v2", operation: "Apply", apiVersion: "autoscaling/v2", fieldsType: "FieldsV1", fieldsV1 };
    const scaler = (maxReplicas: number): JsonMap =>
      deepFreeze({ metadata: { uid: "u", managedFields: [other] }, spec: { maxReplicas, minReplicas: 1 } });
    const kept = trackUpdate(scaler(1), scaler(2), target);
    assert.deepEqual(entriesOf(kept)[0], other);
    const convert = (object: JsonMap, apiVersion: string) =>
      apiVersion === "autoscaling/v2" ? { object, definition: "autoscaling.v2.HorizontalPodAutoscaler" } : undefined;
    const converted = trackUpdate(scaler(1), scaler(2), { ...target, convert });
    assert.deepEqual(entriesOf(converted)[0]?.fieldsV1, { "f:spec": { "f:minReplicas": {} } });
  });

  it("merges the oldest of more than ten updaters", () => {
    let object = trackUpdate(undefined, configMap({ k0: "v" }), options("m00"));
    for (let index = 1; index < 13; index++) {
      const now = `2026-01-01T00:00:${String(index).padStart(2, "0")}Z`;
      const data = { ...(object.data as JsonMap), [`k${index}`]: "v" };
      object = trackUpdate(object, { ...object, data }, options(`m${String(index).padStart(2, "0")}`, now));
    }
    const entries = entriesOf(object);
    assert.equal(entries.length, 10);
    assert.equal(entries[0]?.manager, "ancient-changes");
    assert.equal(entries[0]?.time, "2026-01-01T00:00:03Z");
    const owned = dataFieldsOf(entries[0]!);
    assert.deepEqual(Object.keys(owned), [".", "f:k0", "f:k1", "f:k2", "f:k3"]);
  });

  it("owns only what the resource's writes may own", () => {
    const target = { ...options("m"), definition: "core.v1.Pod", kind: "Pod" };
    const container = { name: "c", image: "i", resources: { limits: { cpu: "1" } } };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [container] } };
    const tracked = trackUpdate(undefined, pod, { ...target, onlyFields: [["spec", "containers", "*", "resources"]] });
    const item = { "f:resources": { ".": {}, "f:limits": { ".": {}, "f:cpu": {} } } };
    assert.deepEqual(entriesOf(tracked)[0]?.fieldsV1, {
      "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {}, ...item } } },
    });
  });

  it("survives keys that prototypes have", () => {
    const data = JSON.parse('{"__proto__":"1","constructor":"2"}') as JsonMap;
    const created = trackUpdate(undefined, configMap(data), options("one"));
    assert.deepEqual(Object.keys(dataFieldsOf(entriesOf(created)[0]!)), [".", "f:__proto__", "f:constructor"]);
  });
});

describe("ownersAfterScale", () => {
  const paths = { "apps/v1": ["spec", "replicas"] };
  const fieldsV1 = { "f:spec": { "f:replicas": {}, "f:selector": {} } };
  const parent = [{ manager: "a", operation: "Apply", apiVersion: "apps/v1", fieldsType: "FieldsV1", fieldsV1 }];

  it("gives replicas to who wrote the scale", () => {
    const onlyReplicas = { "f:spec": { "f:replicas": {} } };
    const scale = ownersOfScale(parent as Json, paths);
    assert.deepEqual(scale, [{ ...parent[0], apiVersion: "autoscaling/v1", fieldsV1: onlyReplicas }]);
    const taker = {
      manager: "b",
      operation: "Update",
      apiVersion: "autoscaling/v1",
      fieldsType: "FieldsV1",
      fieldsV1: onlyReplicas,
      subresource: "scale",
    };
    assert.deepEqual(ownersAfterScale(parent as Json, [taker], "apps/v1", paths), [
      { ...parent[0], fieldsV1: { "f:spec": { "f:selector": {} } } },
      { ...taker, apiVersion: "apps/v1" },
    ]);
    assert.deepEqual(ownersAfterScale(parent as Json, scale as Json, "apps/v1", paths), parent);
  });
});

describe("managerFromUserAgent", () => {
  const cases: [string, string][] = [
    ["kubectl/v1.36.0 (linux/amd64)", "kubectl"],
    ["Mozilla 5", "Mozilla 5"],
    ["a\u0007b/1", "ab"],
    ["", ""],
    ["x".repeat(200), "x".repeat(128)],
  ];
  for (const [given, wanted] of cases) {
    it(`takes ${JSON.stringify(wanted.slice(0, 20))} from ${JSON.stringify(given.slice(0, 20))}`, () => {
      assert.equal(managerFromUserAgent(given), wanted);
    });
  }

  it("refuses names that are long or not printable", () => {
    assert.deepEqual(validateFieldManager("kubectl"), []);
    assert.equal(validateFieldManager("x".repeat(129))[0]?.message, "Too long: may not be more than 128 bytes");
    assert.match(validateFieldManager("a\nb")[0]?.message ?? "", /invalid character U\+000A \(at position 1\)/);
  });
});
