// Benchmarks of the store and its watch caches: `node bench/store.ts`. Each prints one line of JSON with its budget. May
// import node and every layer.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../src/base/log.ts";
import { systemClock } from "../src/host/clock.ts";
import { startSqliteStore } from "../src/host/sqlite/sqlite-store.ts";
import { spliceResourceVersion } from "../src/kinds/codec/encode.ts";
import { createMemoryStore } from "../src/store/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { WatchCaches } from "../src/store/watch-caches.ts";
import { jsonForm } from "../src/store/watch-form.ts";

/** A budget is the least for rates ("…/s") and the most for times. */
function print(name: string, value: number, unit: string, budget: number): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 100) / 100, unit, budget }));
}

const workerEntry = new URL("../src/host/sqlite/worker-entry.ts", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "proa-bench-"));
const openSqlite = (file: string): Promise<Store> =>
  startSqliteStore({ file: join(folder, file), clock: systemClock, log: silentLog, workerEntry });

const encoder = new TextEncoder();
/** Some 4 KB, as a pod with its status is. */
const objectBytes = (name: string): Uint8Array =>
  encoder.encode(
    JSON.stringify({
      metadata: { name, namespace: "bench", labels: { app: "bench" } },
      spec: { nodeName: "n1", filler: "x".repeat(3900) },
    }),
  );
async function benchWrites(writers: number, budget: number): Promise<void> {
  const store = await openSqlite(`writes-${writers}.db`);
  const value = objectBytes("pod");
  const endMs = performance.now() + 2_000;
  let count = 0;
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; performance.now() < endMs; number += 1) {
      await store.transact([], [{ kind: "put", key: `/registry/pods/bench/${writer}-${number % 100}`, value }]);
      count += 1;
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  print(
    `durable writes of 4 KB, ${writers} writers`,
    count / ((performance.now() - startMs) / 1000),
    "writes/s",
    budget,
  );
  await store.close();
}

async function benchOpen(): Promise<void> {
  const store = await openSqlite("open.db");
  for (let number = 0; number < 500; number += 1) {
    void store.transact([], [{ kind: "put", key: `/registry/pods/bench/${number}`, value: objectBytes("pod") }]);
  }
  await store.transact([], [{ kind: "put", key: "/last", value: objectBytes("pod") }]);
  await store.close();
  const startMs = performance.now();
  const again = await openSqlite("open.db");
  print("open a store of 500 objects, worker from source", performance.now() - startMs, "ms", 30);
  await again.close();
}

async function benchCache(): Promise<void> {
  const store = createMemoryStore({ clock: systemClock });
  const put = (number: number): Promise<unknown> => {
    const key = `/registry/pods/bench/pod-${String(number).padStart(5, "0")}`;
    return store.transact([], [{ kind: "put", key, value: objectBytes(`pod-${number}`) }]);
  };
  for (let number = 0; number < 10_000; number += 1) await put(number);
  const caches = new WatchCaches({ store, clock: systemClock, log: silentLog, splice: spliceResourceVersion });
  const spec = { prefix: "/registry/pods/", namespaced: true, project: () => undefined };
  let startMs = performance.now();
  const pods = await caches.open(spec);
  print("load a watch cache of 10,000 objects", performance.now() - startMs, "ms", 600);
  startMs = performance.now();
  let bytes = 0;
  for (let round = 0; round < 10; round += 1) {
    const page = await pods.list({ namespace: "bench" });
    bytes = 0;
    // As it is served: joined in pieces, each let go when it is sent.
    for (let first = 0; first < page.items.length; first += 64) {
      bytes += Buffer.concat(page.items.slice(first, first + 64).map((item) => item.ref.bytes)).length;
    }
  }
  print(`list 10,000 objects and join their ${bytes} bytes`, (performance.now() - startMs) / 10, "ms", 50);
  startMs = performance.now();
  const old = pods.revision();
  for (let number = 0; number < 100; number += 1) await put(number);
  startMs = performance.now();
  for (let round = 0; round < 100; round += 1) await pods.list({ limit: 500, atRevision: old });
  print("list a page of 500 at an old revision", (performance.now() - startMs) / 100, "ms", 5);
  await benchFanOut(pods, put);
  caches.close();
  await store.close();
}

async function benchFanOut(
  pods: Awaited<ReturnType<WatchCaches["open"]>>,
  put: (number: number) => Promise<unknown>,
): Promise<void> {
  const events = 100;
  const form = jsonForm("v1", "Pod");
  const line = (await pods.watch({ form }).nextBytes())!;
  const lineBytes = line.indexOf(10) + 1;
  let delivered = 0;
  const revision = pods.revision();
  const watchers = Array.from({ length: 1000 }, async () => {
    const watch = pods.watch({ afterRevision: revision, form });
    for (let lines = 0; lines < events;) {
      const piece = (await watch.nextBytes())!;
      // A line of these objects is as long as the next.
      const got = Math.round(piece.length / lineBytes);
      lines += got;
      delivered += got;
    }
    watch.close();
  });
  const startMs = performance.now();
  for (let number = 0; number < events; number += 1) {
    await put(number);
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  await Promise.all(watchers);
  const tookMs = performance.now() - startMs;
  print("watch: one event to 1,000 watchers", (tookMs * 1000) / delivered, "µs per event and watcher", 8);
}

try {
  await benchWrites(1, 3_000);
  await benchWrites(16, 12_000);
  await benchWrites(128, 18_000);
  await benchOpen();
  await benchCache();
} finally {
  rmSync(folder, { recursive: true });
}
