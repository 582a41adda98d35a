// Jobs against the real API server, in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { jobController } from "../../controllers/job/job-controller.ts";
import { job } from "../../kinds/batch/job.ts";
import { pod } from "../../kinds/core/pod.ts";
import type { Job } from "../../kinds/types/batch-v1.gen.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { ended, running, template, withWorkloads, type WorkloadFixture } from "./workload-fixture.suite.ts";

const jobOf = (spec: object, podSpec: object = {}): object => ({
  metadata: { name: "work" },
  spec: { template: template({}, { restartPolicy: "Never", ...podSpec }), ...spec },
});
const indexOf = ({ metadata }: Pod): string => metadata.annotations?.["batch.kubernetes.io/job-completion-index"] ?? "";
const conditionsOf = ({ status }: Job): string[] =>
  (status?.conditions ?? []).map(
    ({ type, status: value, reason, message }) => `${type}=${value} ${reason}: ${message}`,
  );

/** Every pod ends as soon as it may, with the exit code that `exitCode` gives; undefined: it runs on. */
const run = (
  exitCode: (pod: Pod) => number | undefined,
  body: (fixture: WorkloadFixture) => Promise<void>,
): Promise<void> =>
  withWorkloads(
    {
      controllers: [jobController()],
      script: (clock) => (one) => {
        if (one.status?.phase !== "Pending") return undefined;
        const code = exitCode(one);
        return code === undefined ? running(clock.now()) : ended(one, code, clock.now());
      },
    },
    body,
  );

test("a Job runs its pods to completion and counts each once", () =>
  run(
    () => 0,
    async ({ create, get, pods, events, advance }) => {
      const { metadata } = await create(job, jobOf({ completions: 3, parallelism: 2 }));
      await advance(10);
      const made = await pods();
      assert.equal(made.length, 3);
      assert.equal(made[0]!.metadata.finalizers, undefined);
      assert.equal(made[0]!.metadata.labels?.["batch.kubernetes.io/controller-uid"], metadata.uid);
      const found = await get(job, "work");
      const { conditions: _conditions, ...status } = found.status!;
      assert.deepEqual(status, {
        startTime: "2026-01-01T00:00:00Z",
        completionTime: "2026-01-01T00:00:00Z",
        succeeded: 3,
        ready: 0,
        terminating: 0,
        uncountedTerminatedPods: {},
      });
      assert.deepEqual(conditionsOf(found), [
        "SuccessCriteriaMet=True CompletionsReached: Reached expected number of succeeded pods",
        "Complete=True CompletionsReached: Reached expected number of succeeded pods",
      ]);
      const told = await events("work");
      assert.equal(told.filter((text) => text.startsWith("SuccessfulCreate: Created pod: work-")).length, 3);
      assert.equal(told.at(-1), "Completed: Job completed");
    },
  ));

test("a Job tries failed pods again, later each time, up to its limit", () =>
  run(
    () => 1,
    async ({ create, get, pods, events, advance }) => {
      await create(job, jobOf({ backoffLimit: 2 }));
      assert.equal((await pods()).length, 1);
      await advance(11);
      assert.equal((await pods()).length, 2);
      await advance(10);
      assert.equal((await pods()).length, 2);
      await advance(11);
      assert.equal((await pods()).length, 3);
      const found = await get(job, "work");
      assert.equal(found.status?.failed, 3);
      assert.deepEqual(conditionsOf(found), [
        "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit",
        "Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit",
      ]);
      assert.equal((await events("work")).at(-1), "BackoffLimitExceeded: Job has reached the specified backoff limit");
    },
  ));

test("an Indexed Job gives each pod its index", () =>
  run(
    (one) => (indexOf(one) === "1" ? undefined : 0),
    async ({ create, get, pods, patch, advance, clock }) => {
      await create(job, jobOf({ completions: 4, parallelism: 4, completionMode: "Indexed" }));
      const made = await pods();
      assert.deepEqual(made.map(indexOf).toSorted(), ["0", "1", "2", "3"]);
      const [first] = made.filter((one) => indexOf(one) === "1");
      assert.match(first!.metadata.name, /^work-1-[a-z0-9]{5}$/);
      assert.equal(first!.spec.hostname, "work-1");
      assert.deepEqual(first!.metadata.labels?.["batch.kubernetes.io/job-completion-index"], "1");
      assert.deepEqual(first!.spec.containers[0]!.env?.[0]?.name, "JOB_COMPLETION_INDEX");
      const before = (await get(job, "work")).status;
      assert.deepEqual(
        [before?.completedIndexes, before?.active, before?.ready, before?.succeeded],
        ["0,2,3", 1, 1, 3],
      );
      await patch(pod, first!.metadata.name, { status: ended(first!, 0, clock.now()) }, "status");
      await advance(1);
      const after = await get(job, "work");
      assert.deepEqual([after.status?.completedIndexes, after.status?.succeeded], ["0-3", 4]);
      assert.equal(after.status?.conditions?.at(-1)?.type, "Complete");
    },
  ));

test("a Job with a limit for each index lets the others finish", () =>
  run(
    (one) => (indexOf(one) === "1" ? 1 : 0),
    async ({ create, get, pods, advance }) => {
      await create(job, jobOf({ completions: 3, parallelism: 3, completionMode: "Indexed", backoffLimitPerIndex: 1 }));
      await advance(60);
      const counts = (await pods())
        .filter((one) => indexOf(one) === "1")
        .map(({ metadata }) => metadata.annotations?.["batch.kubernetes.io/job-index-failure-count"]);
      assert.deepEqual(counts.toSorted(), ["0", "1"]);
      const found = await get(job, "work");
      assert.deepEqual([found.status?.completedIndexes, found.status?.failedIndexes], ["0,2", "1"]);
      assert.equal(conditionsOf(found).at(-1), "Failed=True FailedIndexes: Job has failed indexes");
    },
  ));

test("a Job follows its failure policy and its success policy", async () => {
  const rules = [
    { action: "Ignore", onExitCodes: { operator: "In", values: [7] } },
    { action: "FailJob", onExitCodes: { operator: "In", values: [42] } },
  ];
  let code = 7;
  await run(
    () => code,
    async ({ create, get, advance }) => {
      await create(job, jobOf({ backoffLimit: 0, podFailurePolicy: { rules } }));
      assert.deepEqual(conditionsOf(await get(job, "work")), []);
      code = 42;
      await advance(60);
      const [first] = conditionsOf(await get(job, "work"));
      assert.match(
        first!,
        /^FailureTarget=True PodFailurePolicy: Container app for pod default\/work-\w+ failed with exit code 42 /,
      );
    },
  );
  await run(
    (one) => (indexOf(one) === "0" ? 0 : undefined),
    async ({ create, get, pods, advance }) => {
      const successPolicy = { rules: [{ succeededIndexes: "0" }] };
      await create(job, jobOf({ completions: 2, parallelism: 2, completionMode: "Indexed", successPolicy }));
      await advance(5);
      assert.deepEqual((await pods()).map(indexOf), ["0"]);
      assert.deepEqual(conditionsOf(await get(job, "work")), [
        "SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 0",
        "Complete=True SuccessPolicy: Matched rules at index 0",
      ]);
    },
  );
});

test("a Job is suspended and resumed", () =>
  run(
    () => undefined,
    async ({ create, get, pods, patch, events, advance }) => {
      await create(job, jobOf({ parallelism: 2, completions: 2 }));
      assert.equal((await pods()).length, 2);
      await patch(job, "work", { spec: { suspend: true } });
      await advance(5);
      assert.equal((await pods()).length, 0);
      const suspended = await get(job, "work");
      assert.deepEqual(conditionsOf(suspended), ["Suspended=True JobSuspended: Job suspended"]);
      assert.equal(suspended.status?.startTime, undefined);
      await patch(job, "work", { spec: { suspend: false } });
      assert.equal((await pods()).length, 2);
      assert.deepEqual(conditionsOf(await get(job, "work")), ["Suspended=False JobResumed: Job resumed"]);
      const told = (await events("work")).filter((text) => /^(Suspended|Resumed)/.test(text));
      assert.deepEqual(told, ["Suspended: Job suspended", "Resumed: Job resumed"]);
    },
  ));

test("a Job that is active for too long fails and its pods go", () =>
  run(
    () => undefined,
    async ({ create, get, pods, advance }) => {
      await create(job, jobOf({ activeDeadlineSeconds: 30 }));
      await advance(31);
      assert.equal((await pods()).length, 0);
      assert.equal(
        conditionsOf(await get(job, "work")).at(-1),
        "Failed=True DeadlineExceeded: Job was active longer than specified deadline",
      );
    },
  ));

test("pods of a Job that is gone lose their finalizer, and those of another manager's Job are left alone", () =>
  run(
    () => undefined,
    async ({ create, pods, client, settle }) => {
      await create(job, { ...jobOf({ managedBy: "example.com/queue" }), metadata: { name: "other" } });
      assert.equal((await pods()).length, 0);
      await create(job, jobOf({}));
      assert.deepEqual((await pods())[0]!.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
      await client.delete(job, "work", "default", { propagationPolicy: "Background" });
      await settle();
      assert.equal((await pods())[0]!.metadata.finalizers, undefined);
    },
  ));
