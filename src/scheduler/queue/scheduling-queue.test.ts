// The queue in a time of the test's own. May import node and the scheduler.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeNode, makePod } from "../cluster-fixture.suite.ts";
import { nodeEvent } from "./cluster-event.ts";
import { backOffMs, SchedulingQueue } from "./scheduling-queue.ts";

const startMs = 1_700_000_000_000;
const cpu: ReadonlySet<string> = new Set(["NodeResourcesFit"]);
const none: ReadonlySet<string> = new Set();
const newNode = (): NonNullable<ReturnType<typeof nodeEvent>> => nodeEvent({ now: makeNode("new") })!;

test("backOffMs doubles from 1 s to 10 s", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 60].map(backOffMs), [0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("SchedulingQueue pops by priority, then by time", () => {
  const queue = new SchedulingQueue();
  queue.set(makePod("low"), startMs);
  queue.set(makePod("high", { priority: 5 }), startMs + 1);
  queue.set(makePod("low-later"), startMs + 1);
  const names = [1, 2, 3].map(() => queue.pop(startMs + 2)!.pod.metadata.name);
  assert.deepEqual(names, ["high", "low", "low-later"]);
  assert.equal(queue.pop(startMs + 2), undefined);
});

test("SchedulingQueue tries a pod that met an error again when its back-off is over", () => {
  const queue = new SchedulingQueue();
  queue.set(makePod("p"), startMs);
  let nowMs = startMs;
  const waits: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    const { uid } = queue.pop(nowMs)!;
    queue.fail(uid, none, nowMs);
    assert.equal(queue.pop(nowMs), undefined);
    const dueMs = queue.nextDueMs()!;
    assert.equal(queue.pop(dueMs - 1), undefined);
    waits.push(dueMs - nowMs);
    nowMs = dueMs;
  }
  // Each ends with the whole second after it.
  assert.deepEqual(waits, [2000, 3000, 5000, 9000, 11_000, 11_000]);
});

test("SchedulingQueue keeps a refused pod until an event may help it, at most 5 minutes", () => {
  const queue = new SchedulingQueue();
  queue.set(makePod("p", { requests: { cpu: "2" } }), startMs);
  queue.fail(queue.pop(startMs)!.uid, cpu, startMs);
  assert.equal(queue.pop(startMs + 60_000), undefined);
  queue.tell(nodeEvent({ now: makeNode("small", { allocatable: { cpu: "1" } }) })!, startMs + 61_000);
  assert.equal(queue.pop(startMs + 61_000), undefined);
  queue.tell(newNode(), startMs + 62_000);
  const again = queue.pop(startMs + 62_000)!;
  queue.fail(again.uid, cpu, startMs + 62_000);
  assert.equal(queue.nextDueMs(), startMs + 62_000 + 300_000);
  assert.ok(queue.pop(startMs + 62_000 + 300_000));
});

test("SchedulingQueue prefers active pods to those that back off, and takes those when it has nothing else", () => {
  const queue = new SchedulingQueue();
  queue.set(makePod("refused", { priority: 9 }), startMs);
  queue.fail(queue.pop(startMs)!.uid, cpu, startMs);
  queue.tell(newNode(), startMs + 1);
  assert.equal(queue.get("uid-refused")!.place, "backOff");
  queue.set(makePod("fresh"), startMs + 1);
  const names = [1, 2].map(() => queue.pop(startMs + 1)!.pod.metadata.name);
  assert.deepEqual(names, ["fresh", "refused"]);
});

test("SchedulingQueue holds a gated pod until its last gate is gone", () => {
  const queue = new SchedulingQueue();
  queue.set(makePod("p", { schedulingGates: [{ name: "one" }, { name: "two" }] }), startMs);
  queue.tell(newNode(), startMs);
  queue.set(makePod("p", { schedulingGates: [{ name: "two" }] }), startMs);
  assert.equal(queue.pop(startMs + 900_000), undefined);
  assert.equal(queue.nextDueMs(), undefined);
  queue.set(makePod("p"), startMs + 1);
  assert.equal(queue.pop(startMs + 1)?.pod.metadata.name, "p");
});

test("SchedulingQueue remembers what would have helped a held pod", () => {
  const queue = new SchedulingQueue();
  queue.set(makePod("p"), startMs);
  const { uid } = queue.pop(startMs)!;
  queue.fail(uid, cpu, startMs);
  queue.hold(uid);
  queue.tell(newNode(), startMs + 1);
  assert.equal(queue.pop(startMs + 1), undefined);
  queue.release(uid, false, startMs + 2);
  assert.ok(queue.pop(startMs + 2));
});

test("SchedulingQueue drops deleted pods wherever they are", () => {
  const queue = new SchedulingQueue();
  for (const name of ["active", "waiting", "flying"]) queue.set(makePod(name), startMs);
  queue.delete("uid-active");
  const one = queue.pop(startMs)!;
  queue.fail(one.uid, cpu, startMs);
  queue.delete(one.uid);
  queue.delete(queue.pop(startMs)!.uid);
  assert.equal(queue.size, 0);
  assert.equal(queue.pop(startMs + 600_000), undefined);
});
