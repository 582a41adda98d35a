// Tests of protobuf: upstream's fixtures of every served kind, there and back, byte for byte; and hostile bytes.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ProtobufReader, ProtobufWriter, WireError } from "../../base/protobuf-wire.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { decodeValue } from "./decode-value.ts";
import { definitionOfKind } from "./decode.ts";
import {
  decodeProtobuf,
  encodeMessage,
  encodeProtobuf,
  encodeProtobufList,
  encodeWatchFrame,
  ProtobufError,
  readEnvelope,
} from "./protobuf.ts";

const folder = join(process.env["PROA_REFERENCE"] ?? "../shared/reference", "kubernetes-1.36/fixtures");
const skip = existsSync(folder) ? false : `no folder ${folder}`;

interface Fixture {
  definitionName: string;
  expected: { group: string; version: string; kind: string };
  json: { apiVersion: string; kind: string };
  bytes: Uint8Array;
  file: string;
}

function* fixtures(): Generator<Fixture> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".pb"))) {
    const json = JSON.parse(readFileSync(join(folder, file.replace(/pb$/, "json")), "utf8"));
    if (!json.apiVersion) continue;
    const [group, version] = json.apiVersion.includes("/") ? json.apiVersion.split("/") : ["", json.apiVersion];
    const expected = { group, version, kind: json.kind };
    const definitionName = definitionOfKind(builtInDefinitions, expected);
    if (definitionName) yield { definitionName, expected, json, bytes: readFileSync(join(folder, file)), file };
  }
}

test("decodeProtobuf and encodeProtobuf give upstream's fixtures back byte for byte", { skip }, () => {
  let count = 0;
  for (const { definitionName, expected, json, bytes, file } of fixtures()) {
    const { object, apiVersion, kind } = decodeProtobuf(bytes, builtInDefinitions, { definitionName, expected });
    const full = { ...object, apiVersion, kind };
    const fromJson = decodeValue(builtInDefinitions, definitionName, json);
    assert.deepEqual(full, fromJson.object, file);
    const encoded = encodeProtobuf(full, builtInDefinitions, definitionName);
    assert.equal(Buffer.from(encoded).toString("hex"), Buffer.from(bytes).toString("hex"), file);
    count += 1;
  }
  assert.ok(count > 50, `${count} fixtures`);
});

test("decodeProtobuf refuses hostile bytes with an error of its own", { skip }, () => {
  let seed = 1;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  for (const { definitionName, expected, bytes, file } of fixtures()) {
    for (let round = 0; round < 20; round += 1) {
      const hostile = Uint8Array.from(bytes.subarray(0, round % 2 ? bytes.length : 4 + next(bytes.length)));
      for (let flip = 0; flip < 3; flip += 1) hostile[4 + next(hostile.length - 4)] = next(256);
      try {
        decodeProtobuf(hostile, builtInDefinitions, { definitionName, expected });
      } catch (error) {
        assert.ok(error instanceof ProtobufError, `${file} seed ${seed}: ${String(error)}`);
      }
    }
  }
});

test("decodeProtobuf bounds the nesting of messages", () => {
  let bytes = new Uint8Array();
  for (let depth = 0; depth < 3000; depth += 1) {
    const writer = new ProtobufWriter();
    writer.messageField(11, (or) => or.bytesField(1, bytes));
    bytes = Uint8Array.from(writer.finish());
    if (bytes.length > 60_000) break;
  }
  const target = {
    definitionName: "apiextensions.v1.JSONSchemaProps",
    expected: { group: "", version: "v1", kind: "X" },
  };
  const writer = new ProtobufWriter();
  writer.raw(Uint8Array.of(0x6b, 0x38, 0x73, 0));
  writer.bytesField(2, bytes);
  try {
    decodeProtobuf(writer.finish(), builtInDefinitions, target);
  } catch (error) {
    assert.ok(error instanceof ProtobufError);
  }
});

test("readEnvelope says what is wrong in upstream's words", () => {
  assert.throws(() => readEnvelope(new Uint8Array()), { message: "empty data" });
  assert.throws(() => readEnvelope(Uint8Array.of(0x6b, 0x38, 0x73, 0)), { message: "empty body" });
  const message = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
  assert.throws(() => readEnvelope(Uint8Array.of(1, 2, 3)), { message });
});

test("encodeProtobufList and encodeWatchFrame frame what encodeMessage wrote", () => {
  const pod = { metadata: { name: "a" }, spec: { containers: [] }, status: {} };
  const item = encodeMessage(pod, builtInDefinitions, "core.v1.Pod");
  const list = encodeProtobufList(
    { apiVersion: "v1", kind: "PodList", metadata: { resourceVersion: "7" } },
    [item, item],
    builtInDefinitions,
  );
  const target = { definitionName: "core.v1.PodList", expected: { group: "", version: "v1", kind: "PodList" } };
  const { object, kind } = decodeProtobuf(list, builtInDefinitions, target);
  assert.equal(kind, "PodList");
  assert.equal((object["items"] as unknown[]).length, 2);
  const frame = encodeWatchFrame("ADDED", list);
  assert.equal(new DataView(frame.buffer).getUint32(0), frame.length - 4);
  const event = new ProtobufReader(frame, 4);
  assert.deepEqual(event.tag(), { number: 1, wireType: 2 });
  assert.equal(event.text(), "ADDED");
});

test("ProtobufReader refuses lengths and varints that are too long", () => {
  assert.throws(() => new ProtobufReader(Uint8Array.of(0x0a, 0x05, 1)).skip(2), WireError);
  assert.throws(() => new ProtobufReader(new Uint8Array(11).fill(0xff)).varint(), {
    message: "proto: integer overflow",
  });
  const writer = new ProtobufWriter();
  for (const value of [-1n, 0n, 127n, 128n, 2n ** 63n - 1n, -(2n ** 63n)]) writer.varint(value);
  const reader = new ProtobufReader(writer.finish());
  for (const value of [-1n, 0n, 127n, 128n, 2n ** 63n - 1n, -(2n ** 63n)]) assert.equal(reader.int64(), value);
});
