// The informer over a watch that the test drives, in virtual time. May import what tests may.
import assert from "node:assert/strict";
import { test } from "node:test";
import { errors } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import { createInformer, type Informer } from "../../client/informer.ts";
import { InformerSet } from "../../client/informer-set.ts";
import { configMap } from "../../kinds/core/config-map.ts";
import type { ConfigMap } from "../../kinds/types/core-v1.gen.ts";
import { createVirtualClock, type VirtualClock } from "../virtual-clock.ts";
import {
  configMapOf,
  createScriptedClient,
  endOfFirstState,
  eventOf,
  type ScriptedClient,
} from "./scripted-client.suite.ts";

interface Fixture {
  readonly client: ScriptedClient;
  readonly clock: VirtualClock;
  readonly informer: Informer<ConfigMap>;
  readonly told: string[];
  readonly stop: AbortController;
}

function start(): Fixture {
  const client = createScriptedClient();
  const clock = createVirtualClock();
  const stop = new AbortController();
  const informer = createInformer(client, configMap, { clock, log: silentLog });
  const told: string[] = [];
  informer.onChange(({ type, object, old }) => {
    const { name, resourceVersion } = object.metadata;
    told.push(`${type} ${name} ${resourceVersion}${old ? ` was ${old.metadata.resourceVersion}` : ""}`);
  });
  informer.start(stop.signal);
  return { client, clock, informer, told, stop };
}

const names = (informer: Informer<ConfigMap>): string[] => informer.list().map(({ metadata }) => metadata.name);
const asConfigMap = (...parameters: Parameters<typeof configMapOf>): ConfigMap =>
  configMapOf(...parameters) as ConfigMap;

test("informer is complete when the first state has ended, and follows from there", async () => {
  const { client, clock, informer, told, stop } = start();
  const [watch] = client.watches;
  assert.equal(watch!.options.sendInitialEvents, true);
  assert.equal(watch!.options.resourceVersionMatch, "NotOlderThan");
  watch!.send(eventOf("ADDED", configMapOf("a", 1)), eventOf("ADDED", configMapOf("b", 2)));
  await clock.settle();
  assert.equal(informer.hasSynced(), false);
  watch!.send(endOfFirstState(5));
  await informer.synced;
  watch!.send(eventOf("MODIFIED", configMapOf("a", 6)), eventOf("DELETED", configMapOf("b", 7)));
  await clock.settle();
  assert.deepEqual(told, ["ADDED a 1", "ADDED b 2", "MODIFIED a 6 was 1", "DELETED b 7 was 2"]);
  assert.deepEqual(names(informer), ["a"]);
  stop.abort();
});

test("informer goes on where it was when a watch ends, and begins anew after 410", async () => {
  const { client, clock, informer, told, stop } = start();
  client.watches[0]!.send(
    eventOf("ADDED", configMapOf("a", 1)),
    eventOf("ADDED", configMapOf("b", 2)),
    endOfFirstState(5),
  );
  await clock.advance(60_000);
  client.watches[0]!.end();
  await clock.settle();
  assert.equal(client.watches[1]!.options.resourceVersion, "5");
  assert.equal(client.watches[1]!.options.sendInitialEvents, undefined);
  client.watches[1]!.end(errors.failure(410, "Expired", "too old resource version"));
  await clock.advance(1_000);
  const again = client.watches[2]!;
  assert.equal(again.options.sendInitialEvents, true);
  told.length = 0;
  again.send(eventOf("ADDED", configMapOf("a", 9)), eventOf("ADDED", configMapOf("c", 8)));
  await clock.settle();
  assert.deepEqual(names(informer), ["a", "b", "c"], "the old state stays until the new one is whole");
  again.send(endOfFirstState(10));
  await clock.settle();
  assert.deepEqual(told, ["MODIFIED a 9 was 1", "ADDED c 8", "DELETED b 2 was 2"]);
  stop.abort();
});

test("informer asks a failing server later and later", async () => {
  const { client, clock, stop } = start();
  const counts: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    client.watches.at(-1)!.end(errors.serviceUnavailable("not yet"));
    await clock.advance(1_000);
    counts.push(client.watches.length);
  }
  assert.deepEqual(counts, [2, 2, 3, 3], "0.8 s, 1.6 s …");
  stop.abort();
});

test("informer does not ask in a tight loop when watches end at once", async () => {
  const { client, clock, stop } = start();
  client.watches[0]!.send(endOfFirstState(1));
  client.watches[0]!.end();
  await clock.settle();
  assert.equal(client.watches.length, 1);
  await clock.advance(800);
  assert.equal(client.watches.length, 2);
  stop.abort();
});

test("informer shows the writer his own writes, and hears of them once", async () => {
  const { client, clock, informer, told, stop } = start();
  client.watches[0]!.send(eventOf("ADDED", configMapOf("a", 1)), endOfFirstState(1));
  await clock.settle();
  informer.observe(asConfigMap("a", 3));
  assert.equal(informer.get("n", "a")?.metadata.resourceVersion, "3");
  client.watches[0]!.send(eventOf("MODIFIED", configMapOf("a", 2)), eventOf("MODIFIED", configMapOf("a", 3)));
  await clock.settle();
  assert.deepEqual(told, ["ADDED a 1", "MODIFIED a 3 was 1"]);
  stop.abort();
});

test("informer keeps what was observed while a first state was under way", async () => {
  const { client, clock, informer, told, stop } = start();
  informer.observe(asConfigMap("mine", 12));
  informer.observe(asConfigMap("gone", 3));
  client.watches[0]!.send(eventOf("ADDED", configMapOf("a", 1)), endOfFirstState(10));
  await clock.settle();
  assert.deepEqual(names(informer), ["mine", "a"]);
  assert.deepEqual(told.at(-1), "DELETED gone 3 was 3");
  stop.abort();
});

test("informer does not bring back what is deleted", async () => {
  const { client, clock, informer, stop } = start();
  client.watches[0]!.send(
    eventOf("ADDED", configMapOf("a", 1)),
    eventOf("ADDED", configMapOf("b", 2)),
    endOfFirstState(2),
  );
  await clock.settle();
  informer.observeDeleted(asConfigMap("a", 1));
  client.watches[0]!.send(eventOf("MODIFIED", configMapOf("a", 3)));
  await clock.settle();
  assert.deepEqual(names(informer), ["b"], "a late event of an object that its deleter saw go");
  client.watches[0]!.send(eventOf("DELETED", configMapOf("a", 4)), eventOf("DELETED", configMapOf("b", 6)));
  await clock.settle();
  informer.observe(asConfigMap("b", 5));
  assert.deepEqual(names(informer), [], "a late answer to a write");
  client.watches[0]!.send(eventOf("ADDED", configMapOf("a", 7, {}, "another")));
  await clock.settle();
  assert.deepEqual(names(informer), ["a"], "the name is free for another object");
  stop.abort();
});

test("informer tells of a deletion when a name was taken anew in a gap", async () => {
  const { client, clock, told, stop } = start();
  client.watches[0]!.send(eventOf("ADDED", configMapOf("a", 1)), endOfFirstState(1));
  await clock.settle();
  client.watches[0]!.send(eventOf("ADDED", configMapOf("a", 9, {}, "another")));
  await clock.settle();
  assert.deepEqual(told, ["ADDED a 1", "DELETED a 1 was 1", "ADDED a 9"]);
  stop.abort();
});

test("InformerSet gives one informer for a kind, with the indexes of all who ask", async () => {
  const client = createScriptedClient();
  const clock = createVirtualClock();
  const stop = new AbortController();
  const set = new InformerSet(client, clock, silentLog, stop.signal);
  const first = set.of(configMap, { first: () => ["x"] });
  client.watches[0]!.send(
    eventOf("ADDED", configMapOf("a", 1, { ownerReferences: [{ uid: "u", controller: true }, { uid: "v" }] })),
    endOfFirstState(1),
  );
  await set.synced();
  const second = set.of(configMap, { second: ({ metadata }) => [metadata.name] });
  assert.equal(first, second);
  assert.equal(client.watches.length, 1);
  assert.equal(second.byIndex("first", "x").length, 1);
  assert.equal(second.byIndex("second", "a").length, 1);
  assert.equal(second.byIndex("owner", "u").length, 1);
  assert.equal(second.byIndex("owner", "v").length, 0);
  assert.equal(second.byIndex("dependent", "v").length, 1);
  client.watches[0]!.send(eventOf("DELETED", configMapOf("a", 2)));
  await clock.settle();
  assert.equal(second.byIndex("second", "a").length, 0);
  stop.abort();
});
