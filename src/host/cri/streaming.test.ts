// What the error stream of a remote command tells. May import node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeOf } from "./streaming.ts";

test("exitCodeOf reads v4's status", () => {
  const failed = {
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "42" }] },
  };
  assert.equal(exitCodeOf(JSON.stringify({ status: "Success" })), 0);
  assert.equal(exitCodeOf(JSON.stringify(failed)), 42);
});

test("exitCodeOf throws the message of another failure", () => {
  const broken = { status: "Failure", reason: "InternalError", message: "error executing command in container: boom" };
  assert.throws(() => exitCodeOf(JSON.stringify(broken)), { message: "error executing command in container: boom" });
  assert.throws(() => exitCodeOf(""), /without a status/);
});
