// The event recorder in virtual time: what becomes of many events. May import what tests may.
import assert from "node:assert/strict";
import { test } from "node:test";
import { errors } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { createEventRecorder, type EventSubject } from "../../client/event-recorder.ts";
import { createVirtualClock } from "../virtual-clock.ts";
import { createScriptedClient } from "./scripted-client.suite.ts";

interface Written {
  readonly do: "create" | "patch";
  readonly name: string;
  readonly count: number;
  readonly message: string;
  readonly object: any;
}

function start(refuse: (written: Written) => Error | undefined = () => undefined) {
  const clock = createVirtualClock();
  const written: Written[] = [];
  const record = (one: Written): void => {
    const error = refuse(one);
    if (error) throw error;
    written.push(one);
  };
  const client = createScriptedClient({
    async create(_kind, object: any) {
      record({ do: "create", name: object.metadata.name, count: object.count, message: object.message, object });
      return { ...object, metadata: { ...object.metadata, resourceVersion: "1" } };
    },
    async patch(_kind, name, _namespace, patch: any) {
      record({ do: "patch", name, count: patch.count, message: patch.message, object: patch });
      return patch;
    },
  });
  const recorder = createEventRecorder(client, { component: "test", host: "node-1" }, { clock, log: silentLog });
  return { clock, written, recorder };
}

const pod = (name = "p"): EventSubject =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "n", uid: `uid-${name}`, resourceVersion: "7" },
  }) as EventSubject;

test("EventRecorder writes an event with upstream's name and fields", async () => {
  const { clock, written, recorder } = start();
  recorder.event({ ...pod(), fieldPath: "spec.containers{web}" }, "Normal", "Pulled", "here");
  await clock.settle();
  const [{ object }] = written as [Written];
  assert.match(object.metadata.name, /^p\.[0-9a-f]{16}$/);
  assert.equal(object.metadata.namespace, "n");
  assert.deepEqual(object.involvedObject, {
    kind: "Pod",
    namespace: "n",
    name: "p",
    uid: "uid-p",
    apiVersion: "v1",
    resourceVersion: "7",
    fieldPath: "spec.containers{web}",
  });
  assert.deepEqual(object.source, { component: "test", host: "node-1" });
  assert.equal(object.reportingComponent, "test");
  assert.equal(object.reportingInstance, "node-1");
  assert.equal(object.firstTimestamp, object.lastTimestamp);
  assert.equal(object.count, 1);
});

test("EventRecorder gives events about cluster-wide objects to the namespace default, under a valid name", async () => {
  const { clock, written, recorder } = start();
  const about = { apiVersion: "v1", kind: "ClusterRole", metadata: { name: "system:node", uid: "u" } } as EventSubject;
  recorder.event(about, "Normal", "R", "m");
  await clock.settle();
  assert.equal(written[0]!.object.metadata.namespace, "default");
  assert.match(written[0]!.name, /^event\.[0-9a-f]+$/);
});

test("EventRecorder counts the same event, and begins anew where it has expired", async () => {
  let expired = false;
  const { clock, written, recorder } = start((one) =>
    expired && one.do === "patch" ? errors.notFound({ group: "", resource: "events" }, one.name) : undefined,
  );
  for (let index = 0; index < 3; index += 1) recorder.event(pod(), "Warning", "BackOff", "again");
  await clock.settle();
  expired = true;
  recorder.event(pod(), "Warning", "BackOff", "again");
  await clock.settle();
  assert.deepEqual(
    written.map((one) => [one.do, one.count]),
    [
      ["create", 1],
      ["patch", 2],
      ["patch", 3],
      ["create", 4],
    ],
  );
  assert.equal(new Set(written.map((one) => one.name)).size, 1);
});

test("EventRecorder combines the tenth and later of similar events within ten minutes", async () => {
  const { clock, written, recorder } = start();
  for (let index = 0; index < 12; index += 1) recorder.event(pod(), "Normal", "R", `message ${index}`);
  await clock.settle();
  assert.deepEqual(
    written.slice(8).map((one) => `${one.do} ${one.count} ${one.message}`),
    [
      "create 1 message 8",
      "create 1 (combined from similar events): message 9",
      "patch 2 (combined from similar events): message 10",
      "patch 3 (combined from similar events): message 11",
    ],
  );
  await clock.advance(10 * 60_000 + 1);
  recorder.event(pod(), "Normal", "R", "later");
  await clock.settle();
  assert.equal(written.at(-1)!.message, "later");
});

test("EventRecorder lets 25 events about one object through at once, and then one in five minutes", async () => {
  const { clock, written, recorder } = start();
  for (let index = 0; index < 40; index += 1) recorder.event(pod(), "Warning", "BackOff", "again");
  recorder.event(pod("other"), "Warning", "BackOff", "again");
  await clock.settle();
  assert.equal(written.length, 26);
  await clock.advance(5 * 60_000);
  recorder.event(pod(), "Warning", "BackOff", "again");
  recorder.event(pod(), "Warning", "BackOff", "again");
  await clock.settle();
  assert.equal(written.length, 27);
  assert.equal(written.at(-1)!.count, 41, "what was cut short is counted");
});

test("EventRecorder tries again while nobody answers, and not what was refused", async () => {
  let answer: Error | undefined = errors.serviceUnavailable("no server");
  const { clock, written, recorder } = start(() => answer);
  recorder.event(pod(), "Normal", "R", "m");
  await clock.advance(25_000);
  assert.equal(written.length, 0);
  answer = undefined;
  await clock.advance(10_000);
  assert.equal(written.length, 1);
  answer = errors.forbidden({ group: "", resource: "events" }, "", "no");
  recorder.event(pod(), "Normal", "R", "other");
  await clock.settle();
  answer = undefined;
  await clock.advance(60_000);
  assert.equal(written.length, 1);
});
