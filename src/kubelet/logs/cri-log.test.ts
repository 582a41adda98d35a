// Lines of logs in the CRI format.
import assert from "node:assert/strict";
import test from "node:test";
import { LineSplitter, parseLogLine } from "./cri-log.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const lines: readonly [text: string, expected: readonly [string, boolean, string] | undefined][] = [
  ["2026-01-02T03:04:05.123456789Z stdout F hello world", ["stdout", false, "hello world\n"]],
  ["2026-01-02T03:04:05.123456789Z stderr P part", ["stderr", true, "part"]],
  ["2026-01-02T03:04:05.1+01:00 stdout F ", ["stdout", false, "\n"]],
  ["2026-01-02T03:04:05Z stdout F:x tagged", ["stdout", false, "tagged\n"]],
  ["2026-01-02T03:04:05Z other F text", undefined],
  ["no time stdout F text", undefined],
  ["", undefined],
];
for (const [text, expected] of lines) {
  test(`parseLogLine reads ${JSON.stringify(text)}`, () => {
    const line = parseLogLine(encode(text));
    assert.deepEqual(line && [line.stream, line.partial, decode(line.text)], expected);
  });
}

test("LineSplitter joins lines that come in pieces", () => {
  const splitter = new LineSplitter();
  assert.deepEqual(splitter.push(encode("on")).map(decode), []);
  assert.deepEqual(splitter.push(encode("e\ntwo\nth")).map(decode), ["one", "two"]);
  assert.equal(splitter.pendingBytes, 2);
  assert.deepEqual(splitter.push(encode("ree\n")).map(decode), ["three"]);
});
