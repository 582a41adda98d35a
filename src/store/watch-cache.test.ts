// Tests of the watch caches over the memory engine.
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { manualClock, until } from "../../test/contract/store.suite.ts";
import type { ManualClock } from "../../test/contract/store.suite.ts";
import { silentLog } from "../base/log.ts";
import { spliceResourceVersion } from "../kinds/codec/encode.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import type { WatchEvent } from "../kinds/request.ts";
import type { CacheWatch, CacheWatchOptions } from "./cache-watch.ts";
import { createMemoryStore } from "./memory-store.ts";
import type { MemoryStore } from "./memory-store.ts";
import { handOver } from "./object-ref.ts";
import { CompactedError, FutureRevisionError } from "./store.ts";
import type { Store } from "./store.ts";
import type { CachedObject } from "./cached-object.ts";
import type { WatchCache } from "./watch-cache.ts";
import { WatchCaches } from "./watch-caches.ts";
import { jsonForm } from "./watch-form.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Pod extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string };
}
interface PodView {
  readonly labels: Readonly<Record<string, string>>;
}
interface Setting {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly caches: WatchCaches;
  readonly pods: WatchCache<PodView>;
}

const form = jsonForm("v1", "Pod");
const prefix = "/registry/pods/";

function openCaches(store: Store, clock: ManualClock, limits = {}): WatchCaches {
  return new WatchCaches({ store, clock, log: silentLog, splice: spliceResourceVersion, ...limits });
}
const openPods = (caches: WatchCaches): Promise<WatchCache<PodView>> =>
  caches.open<PodView>({
    prefix,
    namespaced: true,
    project: ({ metadata }) => ({ labels: metadata.labels ?? {} }),
    indexes: { node: (pod) => (pod as Pod).spec?.nodeName ?? "" },
  });

async function setUp(limits = {}): Promise<Setting> {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  const caches = openCaches(store, clock, limits);
  return { clock, store, caches, pods: await openPods(caches) };
}

async function put(store: Store, path: string, app: string, nodeName = "", filler = ""): Promise<number> {
  const [namespace, name] = path.split("/");
  const object = { metadata: { name, namespace, labels: { app } }, spec: { nodeName, filler } };
  const value = encoder.encode(JSON.stringify(object));
  return (await store.transact([], [{ kind: "put", key: prefix + path, value }])).revision;
}
const remove = async (store: MemoryStore, path: string): Promise<number> =>
  (await store.transact([], [{ kind: "delete", key: prefix + path }])).revision;

const print = ({ type, ref }: WatchEvent): string => {
  const { metadata } = ref.object() as KubernetesObject;
  return `${type} ${metadata?.name ?? ""}@${metadata?.resourceVersion ?? ""}`;
};
const take = async (watch: CacheWatch<PodView>): Promise<string[]> => (await watch.next()).map(print);
/** As many events as are expected, however they are grouped. */
async function takeCount(watch: CacheWatch<PodView>, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) lines.push(...(await take(watch)));
  return lines;
}
const byApp =
  (app: string) =>
  ({ projection }: CachedObject<PodView>): boolean =>
    projection.labels["app"] === app;
const watchPods = (pods: WatchCache<PodView>, options: Partial<CacheWatchOptions<PodView>> = {}): CacheWatch<PodView> =>
  pods.watch({ form, ...options });

function listNow(pods: WatchCache<PodView>, query = {}): { names: string[]; remaining: number; more: boolean } {
  const page = pods.list(query);
  assert.ok(!(page instanceof Promise));
  return { names: page.items.map(({ name }) => name), remaining: page.remaining, more: page.more };
}

test("WatchCache loads what is there and follows it; a write is seen when it is acknowledged", async () => {
  const clock = manualClock();
  const store = createMemoryStore({ clock });
  for (let number = 0; number < 1200; number += 1) await put(store, `a/p${number}`, "x");
  const pods = await openPods(openCaches(store, clock));
  assert.equal(pods.size, 1200);
  const revision = await put(store, "b/new", "x", "n1");
  const found = pods.get(`${prefix}b/new`)!;
  assert.deepEqual([found.namespace, found.name, found.revision, pods.revision()], ["b", "new", revision, revision]);
  assert.equal((found.ref.object() as KubernetesObject).metadata.resourceVersion, String(revision));
  assert.ok(Object.isFrozen(found.ref.object().metadata));
  assert.equal(found.ref.object(), found.ref.object());
  await store.transact([], [{ kind: "put", key: "/registry/nodes/x", value: encoder.encode("{}") }]);
  assert.equal(pods.revision(), revision + 1);
  await remove(store, "b/new");
  assert.equal(pods.get(`${prefix}b/new`), undefined);
});

test("StoredRef gives back the stored bytes, and takes an object that was handed over", async () => {
  const { store, pods } = await setUp();
  const metadata = { name: "a", namespace: "n", labels: { resourceVersion: "2" } };
  const object = { metadata } as unknown as KubernetesObject;
  const value = encoder.encode(JSON.stringify(object));
  handOver(value, object);
  const { revision } = await store.transact([], [{ kind: "put", key: `${prefix}n/a`, value }]);
  const { ref } = pods.get(`${prefix}n/a`)!;
  assert.equal(
    decoder.decode(ref.bytes),
    `{"metadata":{"resourceVersion":"${revision}",${JSON.stringify(object).slice(13)}`,
  );
  assert.deepEqual(ref.stored(), value);
  assert.ok(ref.isStored(value));
  assert.ok(!ref.isStored(ref.bytes));
  assert.equal(ref.object().metadata.labels, object.metadata.labels);
  assert.equal(pods.written(`${prefix}n/a`, revision, revision, value), pods.get(`${prefix}n/a`));
  await put(store, "n/a", "newer");
  assert.equal(pods.written(`${prefix}n/a`, revision, revision, value).revision, revision);
});

test("list selects by namespace, predicate and index, in pages", async () => {
  const { store, pods } = await setUp();
  for (const name of ["d", "b", "a", "c"]) await put(store, `one/${name}`, name < "c" ? "web" : "db", `n-${name}`);
  await put(store, "two/e", "web", "n-a");
  assert.deepEqual(listNow(pods).names, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(listNow(pods, { namespace: "one", limit: 3 }), { names: ["a", "b", "c"], remaining: 1, more: true });
  assert.deepEqual(listNow(pods, { namespace: "one", after: `${prefix}one/c` }).names, ["d"]);
  assert.deepEqual(listNow(pods, { select: byApp("web") }).names, ["a", "b", "e"]);
  assert.equal(listNow(pods, { select: byApp("web"), limit: 2 }).more, true);
  assert.equal(listNow(pods, { select: byApp("web"), limit: 3 }).more, false);
  const index = { name: "node", value: "n-a" };
  assert.deepEqual(listNow(pods, { index }).names, ["a", "e"]);
  assert.deepEqual(listNow(pods, { index, namespace: "two" }).names, ["e"]);
  await put(store, "one/a", "web", "n-b");
  assert.deepEqual(listNow(pods, { index }).names, ["e"]);
  assert.deepEqual(listNow(pods, { index: { name: "node", value: "nowhere" } }).names, []);
});

test("list at a revision comes from the window, then from the store, then not at all", async () => {
  const { store, caches, clock } = await setUp();
  const old = await put(store, "a/1", "x");
  await put(store, "a/2", "x");
  // A second process on the same store: its window begins now.
  const other = await openPods(openCaches(store, clock));
  await remove(store, "a/1");
  const middle = await put(store, "a/3", "x");
  await put(store, "a/4", "x");
  const pods = await openPods(caches);
  assert.deepEqual(listNow(pods, { atRevision: old }).names, ["1"]);
  assert.deepEqual(listNow(pods, { atRevision: middle, limit: 1 }), { names: ["2"], remaining: 1, more: true });
  const page = other.list({ atRevision: old });
  assert.ok(page instanceof Promise);
  assert.deepEqual(
    (await page).items.map(({ name, ref }) => name + ref.object().metadata.resourceVersion),
    [`1${old}`],
  );
  assert.deepEqual(listNow(other, { atRevision: middle }).names, ["2", "3"]);
  await store.compact(middle);
  assert.throws(() => pods.list({ atRevision: old }), CompactedError);
  assert.throws(() => pods.list({ atRevision: 99 }), FutureRevisionError);
});

test("watch tells initial objects, their end, and then changes", async () => {
  const { store, pods } = await setUp();
  await put(store, "a/1", "x");
  await put(store, "a/2", "x");
  const watch = watchPods(pods, { initialEventsEnd: true });
  const events = await watch.next();
  assert.deepEqual(events.map(print), ["ADDED 1@1", "ADDED 2@2", "BOOKMARK @2"]);
  const { metadata } = events[2]!.ref.object() as KubernetesObject;
  assert.deepEqual(metadata.annotations, { "k8s.io/initial-events-end": "true" });
  const coming = takeCount(watch, 2);
  await put(store, "a/1", "y");
  await remove(store, "a/2");
  assert.deepEqual(await coming, ["MODIFIED 1@3", "DELETED 2@4"]);
  const empty = watchPods(pods, { namespace: "none", initialEventsEnd: true });
  assert.deepEqual(await take(empty), ["BOOKMARK @4"]);
  watch.close();
  assert.deepEqual(await watch.next(), []);
  assert.equal(pods.watcherCount, 1);
});

test("watch turns entering and leaving a selection into ADDED and DELETED", async () => {
  const { store, pods } = await setUp();
  await put(store, "a/1", "web");
  const watch = watchPods(pods, { afterRevision: 0, select: byApp("web") });
  await put(store, "a/1", "db");
  await put(store, "a/1", "db");
  await put(store, "a/1", "web");
  await put(store, "a/1", "web");
  await put(store, "a/2", "db");
  await remove(store, "a/1");
  const events = await watch.next();
  const lines = ["ADDED 1@1", "DELETED 1@2", "ADDED 1@4", "MODIFIED 1@5", "DELETED 1@7"];
  assert.deepEqual(events.map(print), lines);
  assert.equal((events[1]!.ref.object() as KubernetesObject).metadata.labels!["app"], "web");
});

test("watch wakes only for what concerns it: namespace, name and index", async () => {
  const { store, pods } = await setUp();
  const namespaced = watchPods(pods, { namespace: "a" });
  const named = watchPods(pods, { namespace: "a", name: "x" });
  const indexed = watchPods(pods, { index: { name: "node", value: "n1" } });
  const coming = [takeCount(namespaced, 2), takeCount(named, 1), takeCount(indexed, 2)];
  await put(store, "b/x", "web");
  await put(store, "ab/x", "web");
  await put(store, "a/y", "web");
  await put(store, "a/x", "web");
  await put(store, "b/x", "web", "n1");
  await put(store, "b/x", "web", "n2");
  assert.deepEqual(await Promise.all(coming), [
    ["ADDED y@3", "ADDED x@4"],
    ["ADDED x@4"],
    ["ADDED x@5", "DELETED x@6"],
  ]);
});

test("watch that comes back after a restart reads from the store's history first", async () => {
  const { store, clock } = await setUp();
  for (let number = 0; number < 600; number += 1) await put(store, "a/1", number % 2 ? "web" : "db");
  await remove(store, "a/1");
  const pods = await openPods(openCaches(store, clock));
  const watch = watchPods(pods, { afterRevision: 10, select: byApp("web") });
  await put(store, "a/9", "web");
  const lines: string[] = [];
  while (lines.at(-1) !== "ADDED 9@602") lines.push(...(await take(watch)));
  assert.deepEqual(lines.slice(0, 3), ["DELETED 1@11", "ADDED 1@12", "DELETED 1@13"]);
  assert.deepEqual(lines.slice(-3), ["ADDED 1@600", "DELETED 1@601", "ADDED 9@602"]);
  assert.equal(lines.length, 592);
  await store.compact(300);
  assert.throws(() => watchPods(pods, { afterRevision: 10 }), CompactedError);
});

test("a slow watch ends with 410 when the window has moved past it, and nobody else suffers", async () => {
  const { store, pods } = await setUp({ historyBytesMax: 50_000 });
  const slow = watchPods(pods);
  const selective = watchPods(pods, { select: byApp("rare") });
  const rare = take(selective);
  const fast = watchPods(pods);
  let seen = 0;
  for (let number = 0; number < 200; number += 1) {
    const coming = fast.next();
    await put(store, "a/1", "x", "", "y".repeat(500));
    seen += (await coming).length;
  }
  assert.equal(seen, 200);
  const [event] = await slow.next();
  assert.equal(event!.type, "ERROR");
  const status = event!.ref.object() as { code: number; reason: string; message: string };
  assert.deepEqual([status.code, status.reason], [410, "Expired"]);
  assert.match(status.message, /^too old resource version: 0 \(\d+\)$/);
  assert.deepEqual(await slow.next(), []);
  await put(store, "a/2", "rare");
  assert.deepEqual(await rare, ["ADDED 2@201"]);
  assert.equal(pods.watcherCount, 2);
});

test("bookmarks come each minute and before the end, with the newest revision", async () => {
  const { store, pods, clock } = await setUp();
  const watch = watchPods(pods, { bookmarks: true, timeoutMs: 90_000, namespace: "a" });
  let coming = take(watch);
  await put(store, "b/1", "x");
  clock.advance(61_000);
  assert.deepEqual(await coming, ["BOOKMARK @1"]);
  coming = take(watch);
  await put(store, "b/1", "x");
  clock.advance(28_000);
  assert.deepEqual(await coming, ["BOOKMARK @2"]);
  coming = take(watch);
  clock.advance(2_000);
  assert.deepEqual(await coming, []);
  assert.equal(pods.watcherCount, 0);
});

test("nextBytes gives lines of JSON, the same bytes to all watchers", async () => {
  const { store, pods } = await setUp();
  const watches = [watchPods(pods), watchPods(pods), watchPods(pods, { select: byApp("web") })];
  const coming = watches.map((watch) => watch.nextBytes());
  await put(store, "a/1", "web");
  const [first, second, third] = await Promise.all(coming);
  assert.equal(first, second);
  assert.equal(first, third);
  const { bytes } = pods.get(`${prefix}a/1`)!.ref;
  assert.equal(decoder.decode(first), `{"type":"ADDED","object":${decoder.decode(bytes)}}\n`);
  await put(store, "a/2", "db");
  await put(store, "a/3", "db");
  assert.equal(decoder.decode(await watches[0]!.nextBytes()).split("\n").length, 3);
  watches[0]!.close();
  assert.equal(await watches[0]!.nextBytes(), undefined);
});

test("a thousand watchers are woken in slices, and each gets every event once", async () => {
  const { store, pods, clock } = await setUp();
  const watches = Array.from({ length: 1000 }, () => watchPods(pods));
  let woken = 0;
  const all = watches.map(async (watch) => {
    const lines: string[] = [];
    while (lines.length < 3) {
      lines.push(...(await take(watch)));
      woken += 1;
    }
    return lines.join();
  });
  await put(store, "a/1", "x");
  await setImmediate();
  assert.equal(woken, 200);
  clock.advance(0);
  await put(store, "a/2", "x");
  await put(store, "a/3", "x");
  for (let turn = 0; turn < 10; turn += 1) {
    await setImmediate();
    clock.advance(0);
  }
  assert.deepEqual([...new Set(await Promise.all(all))], ["ADDED 1@1,ADDED 2@2,ADDED 3@3"]);
});

test("observe tells whole revisions before the write is acknowledged", async () => {
  const { store, pods } = await setUp();
  const seen: string[] = [];
  const observer = pods.observe({
    onChanges: (changes) =>
      seen.push(changes.map(({ type, object }) => `${type} ${object.name}@${object.revision}`).join()),
    onEnd: () => seen.push("end"),
  });
  await put(store, "a/1", "x");
  assert.deepEqual(seen, ["ADDED 1@1"]);
  await put(store, "a/1", "y");
  await remove(store, "a/1");
  assert.deepEqual(seen.slice(1), ["MODIFIED 1@2", "DELETED 1@3"]);
  observer.close();
  await put(store, "a/1", "x");
  assert.equal(seen.length, 3);
});

test("waitFor resolves when the revision is there and rejects when it doesn't come", async () => {
  const { store, pods, clock } = await setUp();
  assert.equal(pods.fresh(), undefined);
  const waiting = pods.waitFor(2);
  await put(store, "a/1", "x");
  await put(store, "a/1", "x");
  await waiting;
  const late = pods.waitFor(9, 3_000);
  clock.advance(3_001);
  await assert.rejects(late, FutureRevisionError);
});

test("a cache whose watch has failed ends its watchers with 410 and loads again", async () => {
  const clock = manualClock();
  const inner = createMemoryStore({ clock });
  let fail: ((error: Error) => void) | undefined;
  const store: Store = {
    revision: () => inner.revision(),
    compactedRevision: () => inner.compactedRevision(),
    get: (key) => inner.get(key),
    range: (options) => inner.range(options),
    transact: (compares, operations) => inner.transact(compares, operations),
    compact: (revision) => inner.compact(revision),
    close: () => inner.close(),
    watch(options) {
      fail = (error) => {
        watch.close();
        options.onEnd(error);
      };
      const watch = inner.watch({ ...options, onEnd: () => undefined });
      return watch;
    },
  };
  const pods = await openPods(openCaches(store, clock));
  await put(store, "a/1", "x");
  const watch = watchPods(pods, { afterRevision: 1 });
  const coming = watch.next();
  fail!(new Error("connection lost"));
  assert.equal((await coming)[0]!.type, "ERROR");
  await put(store, "a/2", "x");
  const fresh = pods.fresh()!;
  clock.advance(1000);
  await fresh;
  assert.deepEqual(listNow(pods).names, ["1", "2"]);
  const again = take(watchPods(pods, { afterRevision: 2 }));
  await put(store, "a/3", "x");
  assert.deepEqual(await again, ["ADDED 3@3"]);
});

test("parsed objects are remembered within a bound", async () => {
  const { store, pods } = await setUp({ parsedBytesMax: 20_000 });
  for (let number = 0; number < 100; number += 1) await put(store, `a/${number}`, "x", "", "y".repeat(1000));
  const { parsed } = pods.shared;
  assert.ok(parsed.sizeBytes <= 20_000 && parsed.sizeBytes > 15_000, `${parsed.sizeBytes}`);
  const { ref } = pods.get(`${prefix}a/1`)!;
  const held = ref.object();
  for (let number = 0; number < 100; number += 1) pods.get(`${prefix}a/${number}`)!.ref.object();
  assert.equal(ref.object(), held);
  assert.ok(parsed.sizeBytes <= 20_000);
});

test("WatchCaches makes a cache once, and ends its watches when it is dropped", async () => {
  const { caches, pods, store } = await setUp();
  assert.equal(await openPods(caches), pods);
  const watch = watchPods(pods);
  const coming = watch.next();
  caches.drop(prefix);
  assert.deepEqual(await coming, []);
  const again = await openPods(caches);
  assert.notEqual(again, pods);
  await put(store, "a/1", "x");
  await until(() => again.size === 1);
  caches.close();
});
