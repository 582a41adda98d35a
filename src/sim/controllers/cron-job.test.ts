// CronJobs and Jobs' time to live against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cronJobController } from "../../controllers/cron-job/cron-job-controller.ts";
import { garbageCollector } from "../../controllers/garbage-collector/garbage-collector.ts";
import { jobController } from "../../controllers/job/job-controller.ts";
import { ttlAfterFinishedController } from "../../controllers/ttl-after-finished/ttl-after-finished-controller.ts";
import { cronJob } from "../../kinds/batch/cron-job.ts";
import { job } from "../../kinds/batch/job.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { Kind } from "../../kinds/kind.ts";
import { ended, running, template, withWorkloads, type WorkloadFixture } from "./workload-fixture.suite.ts";

const cronOf = (more: object = {}): object => ({
  metadata: { name: "tick" },
  spec: {
    schedule: "* * * * *",
    jobTemplate: { spec: { template: template({}, { restartPolicy: "Never" }) } },
    ...more,
  },
});
const minute = Date.UTC(2026, 0, 1) / 60_000;

const run = (exitCode: number | undefined, body: (fixture: WorkloadFixture) => Promise<void>): Promise<void> =>
  withWorkloads(
    {
      controllers: [
        cronJobController,
        jobController(),
        ttlAfterFinishedController,
        garbageCollector(() => [cronJob, job, podKind].map((kind) => kind as unknown as Kind)),
      ],
      script: (clock) => (one) => {
        if (one.status?.phase !== "Pending") return undefined;
        return exitCode === undefined ? running(clock.now()) : ended(one, exitCode, clock.now());
      },
    },
    body,
  );

test("a CronJob starts a Job at each time and keeps the last ones", () =>
  run(0, async ({ create, get, list, events, advance }) => {
    await create(cronJob, cronOf({ successfulJobsHistoryLimit: 2, timeZone: "Europe/Berlin" }));
    assert.equal((await list(job)).length, 0);
    await advance(61);
    const [first] = await list(job);
    assert.equal(first!.metadata.name, `tick-${minute + 1}`);
    assert.equal(
      first!.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"],
      "2026-01-01T01:01:00+01:00",
    );
    await advance(180);
    assert.deepEqual(
      (await list(job)).map(({ metadata }) => metadata.name),
      [`tick-${minute + 3}`, `tick-${minute + 4}`],
    );
    const { status } = await get(cronJob, "tick");
    assert.deepEqual(status, { lastScheduleTime: "2026-01-01T00:04:00Z", lastSuccessfulTime: "2026-01-01T00:04:00Z" });
    assert.deepEqual((await events("tick")).slice(0, 2), [
      `SuccessfulCreate: Created job tick-${minute + 1}`,
      `SawCompletedJob: Saw completed job: tick-${minute + 1}, condition: Complete`,
    ]);
    assert.ok((await events("tick")).includes(`SuccessfulDelete: Deleted job tick-${minute + 1}`));
  }));

test("a CronJob follows its concurrency policy", async () => {
  const names = async ({ list }: WorkloadFixture): Promise<string[]> =>
    (await list(job)).map(({ metadata }) => metadata.name);
  const rows: [string, string[]][] = [
    ["Allow", [`tick-${minute + 1}`, `tick-${minute + 2}`]],
    ["Forbid", [`tick-${minute + 1}`]],
    ["Replace", [`tick-${minute + 2}`]],
  ];
  for (const [concurrencyPolicy, expected] of rows) {
    await run(undefined, async (fixture) => {
      await fixture.create(cronJob, cronOf({ concurrencyPolicy }));
      await fixture.advance(125);
      assert.deepEqual(await names(fixture), expected, concurrencyPolicy);
      const { status } = await fixture.get(cronJob, "tick");
      assert.deepEqual(
        status?.active?.map(({ name }) => name),
        expected,
        concurrencyPolicy,
      );
    });
  }
});

test("a CronJob that is suspended starts nothing, and late ones only within their deadline", () =>
  run(0, async ({ create, list, patch, events, advance }) => {
    await create(cronJob, cronOf({ suspend: true, schedule: "*/10 * * * *", startingDeadlineSeconds: 60 }));
    await advance(720);
    assert.equal((await list(job)).length, 0);
    await patch(cronJob, "tick", { spec: { suspend: false } });
    assert.equal((await list(job)).length, 0);
    await advance(490);
    assert.equal((await list(job)).length, 1);
    assert.deepEqual(
      (await events("tick")).filter((text) => text.startsWith("MissSchedule")),
      [],
    );
  }));

test("a finished Job goes when its time to live is over", () =>
  run(0, async ({ create, list, pods, advance }) => {
    const spec = { ttlSecondsAfterFinished: 30, template: template({}, { restartPolicy: "Never" }) };
    await create(job, { metadata: { name: "once" }, spec });
    await advance(29);
    assert.equal((await list(job)).length, 1);
    await advance(2);
    assert.deepEqual([(await list(job)).length, (await pods()).length], [0, 0]);
  }));
