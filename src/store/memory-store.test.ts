// Tests of the memory engine: the port's contract, and what only this engine does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, manualClock, put, testStore, textOf } from "../../test/contract/store.suite.ts";
import { createMemoryStore } from "./memory-store.ts";
import { CompactedError } from "./store.ts";

testStore("memory", async () => {
  const clock = manualClock();
  return { clock, persistent: false, open: async () => createMemoryStore({ clock }), remove: async () => undefined };
});

test("createMemoryStore forgets history when it grows past its bytes", async () => {
  const store = createMemoryStore({ clock: manualClock(), historyBytesMax: 100_000 });
  for (let number = 0; number < 300; number += 1) await put(store, "/a", "x".repeat(1000));
  assert.ok(store.compactedRevision() > 200 && store.compactedRevision() < 230, `${store.compactedRevision()}`);
  await assert.rejects(store.range({ prefix: "/", atRevision: 100 }), CompactedError);
  assert.equal((await store.range({ prefix: "/", atRevision: 250 })).items[0]!.modRevision, 250);
});

test("fork gives a store that goes its own way", async () => {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  for (let number = 0; number < 2000; number += 1) await put(store, `/k/${number}`, "old");
  await put(store, "/e", "expires", clock.now() + 1000);
  const revision = store.revision();
  const other = store.fork();
  await put(store, "/k/7", "here");
  await store.transact([], [{ kind: "delete", key: "/k/8" }]);
  await other.transact([], [{ kind: "put", key: "/k/7", value: bytesOf("there") }]);
  assert.deepEqual([store.revision(), other.revision()], [revision + 2, revision + 1]);
  assert.equal(textOf((await store.get("/k/7"))?.value), "here");
  assert.equal(textOf((await other.get("/k/7"))?.value), "there");
  assert.equal(textOf((await other.get("/k/8"))?.value), "old");
  assert.equal((await other.range({ prefix: "/k/", countOnly: true, atRevision: 500 })).remaining, 500);
  const third = other.fork();
  await put(other, "/z", "x");
  assert.equal(await third.get("/z"), undefined);
  clock.advance(2000);
  assert.equal(await store.get("/e"), undefined);
  assert.equal(await third.get("/e"), undefined);
});
