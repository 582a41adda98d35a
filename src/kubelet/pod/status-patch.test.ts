// What is written of a pod's status: differences only, and nothing of others'.
import assert from "node:assert/strict";
import test from "node:test";
import type { Pod, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { mergeStatus, statusPatch } from "./status-patch.ts";

const ready = (status: string) => ({ type: "Ready", status });
const gate = { type: "example.com/gate", status: "True" };

test("statusPatch says nothing when two statuses are the same", () => {
  const one: PodStatus = { phase: "Running", conditions: [ready("True")], podIP: "1" };
  assert.equal(statusPatch("u", one, { podIP: "1", conditions: [ready("True")], phase: "Running" }), undefined);
});

test("statusPatch replaces, adds and removes by the lists' keys", () => {
  const old: PodStatus = { phase: "Pending", reason: "x", conditions: [ready("False"), gate], podIPs: [{ ip: "1" }] };
  const next: PodStatus = { phase: "Running", conditions: [ready("True"), gate], podIPs: [{ ip: "2" }] };
  assert.deepEqual(statusPatch("u", old, next), {
    metadata: { uid: "u" },
    status: {
      phase: "Running",
      reason: null,
      conditions: [ready("True")],
      podIPs: [{ ip: "2" }, { $patch: "delete", ip: "1" }],
    },
  });
});

test("mergeStatus keeps others' conditions and holds a last phase back while containers may run", () => {
  const pod = {
    metadata: {},
    spec: { containers: [] },
    status: { phase: "Running", conditions: [gate] },
  } as unknown as Pod;
  const next: PodStatus = { phase: "Failed", reason: "Evicted", conditions: [ready("False")] };
  assert.deepEqual(mergeStatus(pod, next, true), { phase: "Running", conditions: [gate, ready("False")] });
  assert.deepEqual(mergeStatus(pod, next, false), {
    phase: "Failed",
    reason: "Evicted",
    conditions: [gate, ready("False")],
  });
});
