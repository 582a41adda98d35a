// What a probe's exec means by how it ends. Imports src/kubelet.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Runtime, RuntimeError } from "../runtime.ts";
import { runProbe } from "./run-probe.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const target = { container: { name: "app" }, containerId: "id", podIp: "10.0.0.1" } as never;
const probe = { exec: { command: ["cat", "/ready"] }, timeoutSeconds: 2 };
const toolsOf = (execSync: () => Promise<unknown>): never => ({ runtime: { execSync } as unknown as Runtime }) as never;

function failure(code: string): RuntimeError {
  const error = new RuntimeError("failed to exec in container: timeout 2s exceeded: context deadline exceeded");
  error.code = code;
  return error;
}

for (const [exitCode, result] of [
  [0, "success"],
  [3, "failure"],
] as const) {
  test(`runProbe is a ${result} when the command exits with ${exitCode}`, async () => {
    const answer = { exitCode, stdout: bytes("out "), stderr: bytes("err") };
    assert.deepEqual(
      await runProbe(
        probe,
        target,
        toolsOf(async () => answer),
      ),
      { result, output: "out err" },
    );
  });
}

test("runProbe is a failure when the command is not over in time", async () => {
  const late = toolsOf(() => Promise.reject(failure("DeadlineExceeded")));
  const output = 'command timed out: "cat /ready" timed out after 2s';
  assert.deepEqual(await runProbe(probe, target, late), { result: "failure", output });
});

test("runProbe rejects when the runtime fails otherwise", async () => {
  const broken = toolsOf(() => Promise.reject(failure("Unavailable")));
  await assert.rejects(runProbe(probe, target, broken), RuntimeError);
});
