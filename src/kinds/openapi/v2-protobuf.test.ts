// Tests of the OpenAPI v2 document as protobuf: what a reader finds in it by the numbers of gnostic's messages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtobufReader } from "../../base/protobuf-wire.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { builtInKinds } from "../index.ts";
import { encodeOpenApiV2 } from "./v2-protobuf.ts";
import { openApiV2Document } from "./v2.ts";

/** All length-delimited fields of a message, by number. */
function fieldsOf(bytes: Uint8Array): Map<number, Uint8Array[]> {
  const found = new Map<number, Uint8Array[]>();
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (wireType !== 2) reader.skip(wireType);
    else found.set(number, [...(found.get(number) ?? []), reader.bytes()]);
  }
  return found;
}
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** The value of the pair that bears a name. */
function lookUp(pairs: readonly Uint8Array[], name: string): Map<number, Uint8Array[]> {
  const pair = pairs.map(fieldsOf).find((fields) => text(fields.get(1)![0]) === name);
  assert.ok(pair, name);
  return fieldsOf(pair.get(2)![0]!);
}

test("encodeOpenApiV2 writes paths and definitions where gnostic's messages have them", () => {
  const document = openApiV2Document(builtInKinds, { definitions: builtInDefinitions, version: "1.36" });
  const root = fieldsOf(encodeOpenApiV2(document));
  assert.equal(text(root.get(1)![0]), "2.0");
  const definitions = fieldsOf(root.get(9)![0]!).get(1)!;
  assert.equal(definitions.length, Object.keys(document["definitions"]!).length);
  const pod = lookUp(definitions, "io.k8s.api.core.v1.Pod");
  const spec = lookUp(fieldsOf(pod.get(25)![0]!).get(1)!, "spec");
  assert.equal(text(spec.get(1)![0]), "#/definitions/io.k8s.api.core.v1.PodSpec");
  const gvk = fieldsOf(fieldsOf(pod.get(31)![0]!).get(2)![0]!);
  assert.deepEqual(JSON.parse(text(gvk.get(2)![0])), [{ group: "", version: "v1", kind: "Pod" }]);
  const path = lookUp(fieldsOf(root.get(8)![0]!).get(2)!, "/api/v1/namespaces/{namespace}/pods/{name}");
  assert.equal(text(fieldsOf(path.get(2)![0]!).get(5)![0]), "readCoreV1NamespacedPod");
  assert.equal(path.get(9)!.length, 3);
});
