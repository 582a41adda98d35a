// Completion indexes, policies and back-off as tables.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "../../kinds/types/batch-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { nextRecord, noFailures, readyAtMs } from "./backoff.ts";
import { countShared, firstMissing, hasIndex, parseIntervals, printIntervals, withIndexes } from "./intervals.ts";
import { judgeFailure, judgeSuccess } from "./policies.ts";

test("intervals read, join and print indexes as upstream does", () => {
  const rows: [string, number[], string][] = [
    ["", [3], "3"],
    ["1", [2], "1,2"],
    ["1,2", [3], "1-3"],
    ["1-3,7", [5, 6], "1-3,5-7"],
    ["0,x,4", [], "0,4"],
    ["0-20", [], "0-9"],
  ];
  for (const [text, more, expected] of rows) {
    assert.equal(printIntervals(withIndexes(parseIntervals(text, 10), more)), expected);
  }
  const some = parseIntervals("1-3,7", 10);
  assert.deepEqual(firstMissing(some, 4, 10), [0, 4, 5, 6]);
  assert.deepEqual(firstMissing(some, 9, 10), [0, 4, 5, 6, 8, 9]);
  assert.equal(hasIndex(some, 7), true);
  assert.equal(countShared(some, parseIntervals("3-7", 10)), 2);
});

const failed = (exitCode: number, finishedAt = "2026-01-01T00:00:00Z"): Pod =>
  ({
    metadata: { namespace: "n", name: "p", creationTimestamp: finishedAt },
    spec: { containers: [] },
    status: {
      phase: "Failed",
      conditions: [{ type: "DisruptionTarget", status: "True" }],
      containerStatuses: [{ name: "app", state: { terminated: { exitCode, finishedAt } } }],
    },
  }) as unknown as Pod;

test("judgeFailure takes the first rule that matches", () => {
  const rules = [
    { action: "FailJob", onExitCodes: { operator: "In", values: [42] } },
    { action: "FailIndex", onExitCodes: { operator: "NotIn", values: [1, 2] } },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] },
  ];
  const job = { spec: { podFailurePolicy: { rules } } } as unknown as Job;
  assert.deepEqual(judgeFailure(job, failed(42)), {
    counts: true,
    action: "FailJob",
    message: "Container app for pod n/p failed with exit code 42 matching FailJob rule at index 0",
  });
  assert.deepEqual(judgeFailure(job, failed(3)), { counts: true, action: "FailIndex" });
  assert.deepEqual(judgeFailure(job, failed(1)), { counts: false, action: "Ignore" });
});

test("judgeSuccess names the rule that is met", () => {
  const rules = [{ succeededIndexes: "0-2" }, { succeededIndexes: "5,7", succeededCount: 1 }, { succeededCount: 4 }];
  const job = { spec: { completions: 10, successPolicy: { rules } } } as unknown as Job;
  const rows: [string, number | undefined][] = [
    ["", undefined],
    ["0,1", undefined],
    ["0-2", 0],
    ["7", 1],
    ["3,4,8,9", 2],
  ];
  for (const [text, index] of rows) {
    const expected = index === undefined ? undefined : `Matched rules at index ${index}`;
    assert.equal(judgeSuccess(job, parseIntervals(text, 10)), expected);
  }
});

test("readyAtMs doubles with each failure up to ten minutes", () => {
  const atMs = Date.parse("2026-01-01T00:00:00Z");
  let record = noFailures;
  const delays: (number | undefined)[] = [];
  for (let count = 0; count < 8; count += 1) {
    const ready = readyAtMs(record, atMs);
    delays.push(ready && (ready - atMs) / 1000);
    record = nextRecord(record, [], [failed(1)]);
  }
  assert.deepEqual(delays, [undefined, 10, 20, 40, 80, 160, 320, 600]);
  assert.deepEqual(nextRecord(record, [failed(0)], [failed(1)]), noFailures);
});
