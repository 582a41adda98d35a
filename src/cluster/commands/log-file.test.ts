// The log's file stays bounded, and its failures are nobody's. May import node.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openLogFile } from "./log-file.ts";

test("openLogFile keeps one older file when a file has grown too far", () => {
  const folder = mkdtempSync(join(tmpdir(), "proa-log-"));
  const file = join(folder, "proa.log");
  const append = openLogFile(file, 10);
  for (const line of ["one-one-one", "two-two-two", "three"]) append(line);
  assert.equal(readFileSync(file, "utf8"), "three\n");
  assert.equal(readFileSync(`${file}.1`, "utf8"), "two-two-two\n");
  openLogFile(file, 10)("again");
  assert.equal(readFileSync(file, "utf8"), "three\nagain\n");
  rmSync(folder, { recursive: true });
});

test("openLogFile drops a line when the file can't be written", () => {
  openLogFile(join(tmpdir(), "proa-no-such-folder", "proa.log"))("lost");
});
