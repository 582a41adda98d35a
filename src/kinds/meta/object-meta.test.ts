// Tests of metadata's rules against upstream's words.
import assert from "node:assert/strict";
import test from "node:test";
import type { KubernetesObject } from "../object.ts";
import { formatIP, parseCIDR, formatCIDR, parseIP, validateCIDR, validateIP } from "./ip.ts";
import { isDNS1123Label, isLabelValue, isQualifiedName, nameIsDNSSubdomain } from "./names.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

const meta = (fields: object): KubernetesObject["metadata"] => ({ name: "a", namespace: "b", ...fields }) as never;
const rules = { namespaced: true, checkName: nameIsDNSSubdomain };
const texts = (errors: readonly { field: string; message: string }[]): string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`);

test("validateObjectMeta says what upstream says when metadata is wrong", () => {
  const cases: [object, string[]][] = [
    [{}, []],
    [{ name: "" }, ["metadata.name: Required value: name or generateName is required"]],
    [{ namespace: "" }, ["metadata.namespace: Required value"]],
    [{ generation: -1 }, ["metadata.generation: Invalid value: -1: must be greater than or equal to 0"]],
    [
      { labels: { "a/b/c": "x" } },
      [
        'metadata.labels: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, ' +
          "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or " +
          "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS " +
          "subdomain prefix and '/' (e.g. 'example.com/MyName')",
      ],
    ],
    [
      { ownerReferences: [{ apiVersion: "a/b/c", kind: "", name: "n", uid: "" }] },
      [
        'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
        'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
        'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      ],
    ],
    [
      { finalizers: ["orphan", "foregroundDeletion"] },
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion ' +
          "cannot be both set",
      ],
    ],
    [{ annotations: { k: "x".repeat(262144) } }, ["metadata.annotations: Too long: may not be more than 262144 bytes"]],
  ];
  for (const [fields, expected] of cases) assert.deepEqual(texts(validateObjectMeta(meta(fields), rules)), expected);
});

test("validateObjectMetaUpdate refuses new finalizers when the object is being deleted", () => {
  const old = meta({ deletionTimestamp: "2020-01-01T00:00:00Z", finalizers: ["a/b"], uid: "1", resourceVersion: "1" });
  const errors = validateObjectMetaUpdate({ ...old, finalizers: ["a/b", "c/d"], uid: "2" }, old);
  assert.deepEqual(texts(errors), [
    "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new " +
      'finalizers []string{"c/d"}',
    'metadata.uid: Invalid value: "2": field is immutable',
  ]);
});

test("names are judged as upstream judges them", () => {
  assert.deepEqual(isDNS1123Label("a-1"), []);
  assert.deepEqual(isDNS1123Label("a.b"), ["must not contain dots"]);
  assert.equal(isDNS1123Label("A").length, 1);
  assert.equal(isDNS1123Label("a".repeat(64))[0], "must be no more than 63 characters");
  assert.deepEqual(isQualifiedName("example.com/My.Name_1"), []);
  assert.equal(isQualifiedName("/a")[0], "prefix part must be non-empty");
  assert.equal(isLabelValue("a".repeat(64))[0], "must be no more than 63 bytes");
  assert.deepEqual(nameIsDNSSubdomain("abc-", true), []);
  assert.equal(nameIsDNSSubdomain("abc-", false).length, 1);
});

test("addresses are read and printed as RFC 5952 says", () => {
  const cases = [
    ["10.9.8.7", "10.9.8.7"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::", "::"],
    ["fe80::1:0:0:1", "fe80::1:0:0:1"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
  ];
  for (const [text, canonical] of cases) assert.equal(formatIP(parseIP(text!)!), canonical);
  for (const text of ["", "1.2.3", "1.2.3.256", "1::2::3", "g::", "1:2:3:4:5:6:7:8:9", ":1"]) {
    assert.equal(parseIP(text), undefined, text);
  }
  assert.equal(formatCIDR(parseCIDR("10.9.8.7/20")!), "10.9.0.0/20");
  assert.match(validateIP("f", "010.0.0.1")[0]!.message, /must not have leading 0s/);
  assert.match(validateCIDR("f", "10.9.8.7/20")[0]!.message, /must not have bits set beyond the prefix length/);
});
