// Tests of encoding: canonicalObject changes nothing of what a real API server printed, and fills in what it prints.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { canonicalObject } from "./canonical.ts";
import { definitionOfKind } from "./decode.ts";
import { encodeStored, spliceResourceVersion } from "./encode.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const behaviour = join(process.env["PROA_REFERENCE"] ?? "../shared/reference", "../behaviour");
const skip = existsSync(behaviour) ? false : `no folder ${behaviour}`;

interface Answered {
  apiVersion?: string;
  kind?: string;
  metadata?: object;
  items?: unknown;
}

interface Asked {
  do?: string;
  drop?: unknown;
}
/** Some answers are recorded without parts that differ from run to run. */
const isPlainCreate = (asked: Asked | undefined): boolean =>
  asked?.do?.startsWith("POST") === true && asked.drop === undefined;

/** Each whole object that a create answered in the recordings. */
function* answers(): Generator<[string, Answered]> {
  for (const file of readdirSync(join(behaviour, "recorded"))) {
    const cases = readFileSync(join(behaviour, "cases", file), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const steps = new Map<string, Asked[]>(cases.map((one) => [one.id, one.steps]));
    for (const line of readFileSync(join(behaviour, "recorded", file), "utf8")
      .trim()
      .split("\n")) {
      const { id, steps: answered } = JSON.parse(line) as { id: string; steps: { s: number; b?: Answered }[] };
      for (const [index, { s, b }] of answered.entries()) {
        if (s === 201 && b?.kind && b.apiVersion && isPlainCreate(steps.get(id)?.[index])) yield [id, b];
      }
    }
  }
}

test("canonicalObject changes nothing of what the API server answered to creates", { skip }, () => {
  let count = 0;
  for (const [id, object] of answers()) {
    const apiVersion = object.apiVersion!;
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const definitionName = definitionOfKind(builtInDefinitions, {
      group: group!,
      version: version!,
      kind: object.kind!,
    });
    if (!definitionName || !object.metadata) continue;
    assert.deepEqual(canonicalObject(builtInDefinitions, definitionName, object), object, id);
    count += 1;
  }
  assert.ok(count > 200, `${count} objects`);
});

test("canonicalObject prints what Go prints for a struct that was never set", () => {
  const deployment = canonicalObject(builtInDefinitions, "apps.v1.Deployment", { metadata: { name: "d" } });
  assert.deepEqual(deployment, {
    metadata: { name: "d" },
    spec: { selector: null, template: { metadata: {}, spec: { containers: null } }, strategy: {} },
    status: {},
  });
  const role = canonicalObject(builtInDefinitions, "rbac.v1.Role", { metadata: {}, rules: undefined });
  assert.deepEqual(role, { metadata: {}, rules: null });
});

test("encodeStored puts kind, apiVersion and metadata first and leaves the resourceVersion out", () => {
  const pod = { spec: {}, metadata: { resourceVersion: "5", name: "p" }, apiVersion: "v1", kind: "X", gone: undefined };
  const stored = encodeStored(pod);
  assert.equal(text(stored), '{"kind":"X","apiVersion":"v1","metadata":{"name":"p"},"spec":{}}');
  const served = text(spliceResourceVersion(stored, 7n));
  assert.equal(served, '{"kind":"X","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"p"},"spec":{}}');
  const empty = spliceResourceVersion(encodeStored({ kind: "X", apiVersion: "v1" }), "1");
  assert.equal(text(empty), '{"kind":"X","apiVersion":"v1","metadata":{"resourceVersion":"1"}}');
});
