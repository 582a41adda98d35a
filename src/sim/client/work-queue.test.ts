// The work queue in virtual time. May import what tests may.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkQueue } from "../../client/work-queue.ts";
import { createVirtualClock } from "../virtual-clock.ts";

interface Job {
  readonly key: string;
  readonly atMs: number;
  done(result?: "retry"): void;
  fail(): void;
}

function start(workers: number) {
  const clock = createVirtualClock();
  const jobs: Job[] = [];
  const errors: string[] = [];
  const queue = new WorkQueue({
    clock,
    workers,
    work: (key) =>
      new Promise((resolve, reject) => {
        jobs.push({ key, atMs: clock.monotonic(), done: resolve, fail: () => reject(new Error(key)) });
      }),
    onError: (key) => errors.push(key),
  });
  return { clock, jobs, errors, queue };
}

test("WorkQueue holds a waiting key once, and works on so many at once as it has workers", async () => {
  const { clock, jobs, queue } = start(2);
  for (const key of ["a", "b", "c", "c", "c"]) queue.add(key);
  assert.deepEqual(
    jobs.map((job) => job.key),
    ["a", "b"],
  );
  jobs[0]!.done();
  await clock.settle();
  jobs[1]!.done();
  jobs[2]!.done();
  await clock.settle();
  assert.deepEqual(
    jobs.map((job) => job.key),
    ["a", "b", "c"],
  );
});

test("WorkQueue never works on a key twice at the same time, and looks again at one that came meanwhile", async () => {
  const { clock, jobs, queue } = start(5);
  queue.add("a");
  queue.add("a");
  queue.add("a");
  assert.equal(jobs.length, 1);
  jobs[0]!.done();
  await clock.settle();
  assert.equal(jobs.length, 2);
  jobs[1]!.done();
  await clock.settle();
  assert.equal(jobs.length, 2);
});

test("WorkQueue brings a failed key back later and later, and forgets that when it succeeds", async () => {
  const { clock, jobs, errors, queue } = start(1);
  queue.add("a");
  for (let index = 0; index < 4; index += 1) {
    if (index === 1) jobs.at(-1)!.done("retry");
    else jobs.at(-1)!.fail();
    await clock.advance(5 * 2 ** index);
  }
  assert.deepEqual(
    jobs.map((job) => job.atMs),
    [0, 5, 15, 35, 75],
  );
  assert.deepEqual(errors, ["a", "a", "a"], "asking for a retry is no error");
  jobs.at(-1)!.done();
  await clock.settle();
  queue.add("a");
  jobs.at(-1)!.fail();
  await clock.advance(5);
  assert.equal(jobs.at(-1)!.atMs, 80);
});

test("WorkQueue bounds the delay of a failed key", async () => {
  const clock = createVirtualClock();
  const times: number[] = [];
  const work = (): Promise<"retry"> => {
    times.push(clock.monotonic());
    return Promise.resolve("retry");
  };
  const queue = new WorkQueue({ clock, workers: 1, work, onError() {}, failureDelayMs: 10, failureDelayMsMax: 40 });
  queue.add("a");
  await clock.advance(200);
  assert.deepEqual(times, [0, 10, 30, 70, 110, 150, 190]);
  queue.stop();
  await clock.advance(1000);
  assert.equal(times.length, 7);
});

test("WorkQueue works on a delayed key at the earliest of its times", async () => {
  const { clock, jobs, queue } = start(1);
  queue.addAfter("a", 100);
  queue.addAfter("a", 50);
  queue.addAfter("a", 70);
  await clock.advance(200);
  assert.deepEqual(
    jobs.map((job) => job.atMs),
    [50],
  );
});

test("WorkQueue does no more once it is stopped", async () => {
  const { clock, jobs, queue } = start(1);
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 10);
  queue.stop();
  jobs[0]!.fail();
  await clock.advance(10_000);
  queue.add("d");
  assert.deepEqual(
    jobs.map((job) => job.key),
    ["a"],
  );
  assert.equal(clock.pending(), 0);
});
