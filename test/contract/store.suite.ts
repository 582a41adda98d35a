// The Store port's contract, promise by promise: every engine passes it. May import node and src/store.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "../../src/base/random.ts";
import { CompactedError, FutureRevisionError, StoreUnavailableError } from "../../src/store/store.ts";
import type { Store, StoreEvent, StoreWatchOptions } from "../../src/store/store.ts";
import { bytesOf, put, textOf, until } from "./store-place.suite.ts";
import type { StorePlace } from "./store-place.suite.ts";

export { bytesOf, manualClock, put, textOf, until } from "./store-place.suite.ts";
export type { ManualClock, StorePlace } from "./store-place.suite.ts";

const remove = (store: Store, key: string) => store.transact([], [{ kind: "delete", key }]);

interface Seen {
  readonly lines: string[];
  readonly progress: number[];
  ended: Error | "closed" | undefined;
  close(): void;
}
const print = (event: StoreEvent): string =>
  event.kind === "put"
    ? `${event.item.modRevision} put ${event.item.key}=${textOf(event.item.value)} was ${textOf(event.previous?.value)}`
    : `${event.revision} delete ${event.key} was ${textOf(event.previous.value)}`;

function see(store: Store, prefix: string, afterRevision: number, options: Partial<StoreWatchOptions> = {}): Seen {
  const seen: Seen = { lines: [], progress: [], ended: undefined, close: () => watch.close() };
  const watch = store.watch({
    prefix,
    afterRevision,
    onEvents: (events, revision) => {
      assert.ok(seen.ended === undefined);
      seen.lines.push(events.map(print).join(", "));
      seen.progress.push(revision);
    },
    onProgress: (revision) => void seen.progress.push(revision),
    onEnd: (error) => void (seen.ended = error ?? "closed"),
    ...options,
  });
  return seen;
}

async function keysOf(store: Store, prefix: string, atRevision?: number): Promise<string[]> {
  const { items } = await store.range({ prefix, atRevision });
  return items.map((item) => `${item.key}=${textOf(item.value)}@${item.modRevision}`);
}

type Case = (store: Store, place: StorePlace) => Promise<void>;

const reading: Record<string, Case> = {
  "get and range see what was acknowledged, with both revisions": async (store) => {
    const first = await put(store, "/a/1", "one");
    const second = await put(store, "/a/1", "two");
    assert.equal(second, first + 1);
    assert.equal(store.revision(), second);
    const item = await store.get("/a/1");
    assert.deepEqual([textOf(item?.value), item?.createRevision, item?.modRevision], ["two", first, second]);
    assert.equal(await store.get("/a/2"), undefined);
    assert.deepEqual(await keysOf(store, "/a/"), [`/a/1=two@${second}`]);
  },
  "range keeps keys in order and stays under its prefix": async (store) => {
    for (const key of ["/b", "/a/2", "/a/10", "/a/1", "/a", "/a0", "/a/ü"]) await put(store, key, "x");
    const { items, remaining } = await store.range({ prefix: "/a/" });
    assert.deepEqual(
      items.map((item) => item.key),
      ["/a/1", "/a/10", "/a/2", "/a/ü"],
    );
    assert.equal(remaining, 0);
  },
  "range gives pages that say how much remains": async (store) => {
    const all = Array.from({ length: 1500 }, (_, number) => `/p/${String(number).padStart(5, "0")}`);
    await store.transact(
      [],
      all.map((key) => ({ kind: "put", key, value: bytesOf(key) })),
    );
    await put(store, "/q", "x");
    let after: string | undefined;
    const seen: string[] = [];
    for (let page = 0; page < 4; page += 1) {
      const result = await store.range({ prefix: "/p/", after, limit: 400 });
      seen.push(...result.items.map((item) => item.key));
      after = seen.at(-1)!;
      assert.equal(result.remaining, 1500 - seen.length);
      assert.equal(
        result.items.every((item) => textOf(item.value) === item.key),
        true,
      );
    }
    assert.deepEqual(seen, all);
    const count = await store.range({ prefix: "/p/", countOnly: true });
    assert.deepEqual([count.items.length, count.remaining], [0, 1500]);
  },
  "range at a revision shows the store as it was, page by page": async (store) => {
    for (const name of ["b", "d", "e"]) await put(store, `/k/${name}`, "old");
    const then = store.revision();
    await put(store, "/k/a", "new");
    await put(store, "/k/d", "new");
    await remove(store, "/k/e");
    await put(store, "/k/f", "new");
    await remove(store, "/k/b");
    await put(store, "/k/b", "again");
    const old = [`/k/b=old@${then - 2}`, `/k/d=old@${then - 1}`, `/k/e=old@${then}`];
    assert.deepEqual(await keysOf(store, "/k/", then), old);
    const first = await store.range({ prefix: "/k/", limit: 1, atRevision: then });
    assert.deepEqual([first.items[0]?.key, first.remaining, first.revision], ["/k/b", 2, then]);
    const rest = await store.range({ prefix: "/k/", limit: 1, after: "/k/b", atRevision: then });
    assert.deepEqual([rest.items[0]?.key, rest.remaining], ["/k/d", 1]);
    assert.equal((await store.range({ prefix: "/k/" })).items.length, 4);
  },
  "range rejects a revision that has not happened": async (store) => {
    const now = await put(store, "/a", "x");
    await assert.rejects(store.range({ prefix: "/", atRevision: now + 1 }), FutureRevisionError);
  },
};

const writing: Record<string, Case> = {
  "transact does nothing when a compare fails, and says what is there": async (store) => {
    const revision = await put(store, "/a", "one");
    const result = await store.transact(
      [{ key: "/a", modRevision: 0 }],
      [{ kind: "put", key: "/b", value: bytesOf("x") }],
    );
    assert.ok(!result.succeeded);
    assert.deepEqual([result.key, result.current?.modRevision, textOf(result.current?.value)], ["/a", revision, "one"]);
    const absent = await store.transact([{ key: "/c", modRevision: 7 }], [{ kind: "delete", key: "/a" }]);
    assert.ok(!absent.succeeded && absent.current === undefined && absent.key === "/c");
    assert.equal(await store.get("/b"), undefined);
    assert.equal(store.revision(), revision);
  },
  "transact does all its operations at one revision": async (store) => {
    await put(store, "/a", "one");
    const result = await store.transact(
      [{ key: "/a", modRevision: store.revision() }],
      [
        { kind: "delete", key: "/a" },
        { kind: "put", key: "/b", value: bytesOf("b") },
        { kind: "put", key: "/c", value: bytesOf("c") },
      ],
    );
    assert.ok(result.succeeded);
    assert.deepEqual(await keysOf(store, "/"), [`/b=b@${result.revision}`, `/c=c@${result.revision}`]);
  },
  "transact uses no revision when nothing changes": async (store) => {
    const revision = await put(store, "/a", "one");
    assert.deepEqual(await remove(store, "/absent"), { succeeded: true, revision });
    assert.equal(await put(store, "/a", "two"), revision + 1);
  },
  "a compare sees writes that still wait": async (store) => {
    const [first, second, third] = await Promise.all([
      store.transact([{ key: "/a", modRevision: 0 }], [{ kind: "put", key: "/a", value: bytesOf("first") }]),
      store.transact([{ key: "/a", modRevision: 0 }], [{ kind: "put", key: "/a", value: bytesOf("second") }]),
      store.transact([], [{ kind: "delete", key: "/a" }]),
    ]);
    assert.ok(first.succeeded && !second.succeeded && third.succeeded);
    assert.deepEqual([textOf(second.current?.value), second.current?.modRevision], ["first", first.revision]);
    const again = await store.transact([{ key: "/a", modRevision: 0 }], []);
    assert.ok(again.succeeded);
  },
  "exactly one of many writers that compare wins each round": async (store) => {
    let modRevision = 0;
    for (let round = 0; round < 10; round += 1) {
      const compares = [{ key: "/a", modRevision }];
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          store.transact(compares, [{ kind: "put", key: "/a", value: bytesOf(`${round}/${writer}`) }]),
        ),
      );
      const won = results.filter((result) => result.succeeded);
      assert.equal(won.length, 1);
      assert.equal(won[0]!.revision, modRevision + 1);
      modRevision = won[0]!.revision;
    }
  },
  "values are kept to the byte": async (store) => {
    const values = [
      new Uint8Array(0),
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
      new Uint8Array(1_500_000).fill(7),
    ];
    for (const [number, value] of values.entries()) {
      await store.transact([], [{ kind: "put", key: `/v/${number}`, value }]);
    }
    for (const [number, value] of values.entries()) {
      const item = await store.get(`/v/${number}`);
      assert.equal(Buffer.compare(item!.value, value), 0);
    }
  },
};

const watching: Record<string, Case> = {
  "watch tells each change once, in order, before its acknowledgement": async (store) => {
    const seen = see(store, "/w/", store.revision());
    const one = await put(store, "/w/a", "1");
    assert.deepEqual(seen.lines, [`${one} put /w/a=1 was undefined`]);
    await put(store, "/other", "x");
    assert.deepEqual(seen.progress, [one, one + 1]);
    await put(store, "/w/a", "2");
    await remove(store, "/w/a");
    assert.deepEqual(seen.lines.slice(1), [`${one + 2} put /w/a=2 was 1`, `${one + 3} delete /w/a was 2`]);
  },
  "watch gives a revision's changes in one call": async (store) => {
    const seen = see(store, "/w/", store.revision());
    const { revision } = await store.transact(
      [],
      ["/w/a", "/x", "/w/b"].map((key) => ({ kind: "put", key, value: bytesOf("v") })),
    );
    assert.deepEqual(seen.lines, [`${revision} put /w/a=v was undefined, ${revision} put /w/b=v was undefined`]);
  },
  "watch from the past catches up and goes on without a gap": async (store) => {
    const start = await put(store, "/w/k", "0");
    for (let number = 1; number <= 700; number += 1) void put(store, "/w/k", String(number));
    await put(store, "/x", "x");
    const seen = see(store, "/w/", start);
    for (let number = 701; number <= 750; number += 1) void put(store, "/w/k", String(number));
    await put(store, "/w/k", "751");
    await until(() => seen.lines.length >= 751);
    const values = seen.lines.map((line) => Number(/=(\d+) was (\d+)/.exec(line)![1]));
    assert.deepEqual(
      values,
      Array.from({ length: 751 }, (_, number) => number + 1),
    );
    assert.ok(
      seen.lines.every(
        (line) =>
          /=(\d+) was (\d+)/
            .exec(line)!
            .slice(1)
            .reduce((now, was) => String(Number(now) - Number(was))) === "1",
      ),
    );
    assert.deepEqual(
      seen.progress,
      [...seen.progress].sort((left, right) => left - right),
    );
  },
  "watch may write from within its events": async (store) => {
    let acknowledged: Promise<number> | undefined;
    const seen: string[] = [];
    const other = see(store, "/w/", 0);
    store.watch({
      prefix: "/w/",
      afterRevision: store.revision(),
      onEvents: (events) => {
        seen.push(...events.map(print));
        acknowledged ??= put(store, "/w/b", "second");
      },
      onEnd: () => undefined,
    });
    const late = see(store, "/w/", 0);
    const first = await put(store, "/w/a", "first");
    await acknowledged;
    const lines = [`${first} put /w/a=first was undefined`, `${first + 1} put /w/b=second was undefined`];
    assert.deepEqual(seen, lines);
    assert.deepEqual(other.lines, lines);
    assert.deepEqual(late.lines, lines);
  },
  "watch of a future revision waits for it": async (store) => {
    const now = await put(store, "/w/a", "1");
    const seen = see(store, "/w/", now + 1);
    await put(store, "/w/a", "2");
    await put(store, "/w/a", "3");
    assert.deepEqual(seen.lines, [`${now + 2} put /w/a=3 was 2`]);
  },
  "watch says nothing after close, and ends when the store closes": async (store) => {
    const closed = see(store, "/w/", 0);
    const ended = see(store, "/w/", 0);
    closed.close();
    await put(store, "/w/a", "1");
    assert.deepEqual([closed.lines, closed.ended], [[], "closed"]);
    await store.close();
    assert.equal(ended.ended, "closed");
    assert.equal(ended.lines.length, 1);
  },
};

const forgetting: Record<string, Case> = {
  "compact forgets history before a revision and keeps what is newest": async (store) => {
    await put(store, "/a", "1");
    const middle = await put(store, "/a", "2");
    await put(store, "/b", "1");
    const newest = await put(store, "/a", "3");
    await store.compact(middle);
    assert.equal(store.compactedRevision(), middle);
    assert.deepEqual(await keysOf(store, "/", middle), [`/a=2@${middle}`]);
    await assert.rejects(store.range({ prefix: "/", atRevision: middle - 1 }), CompactedError);
    assert.throws(() => see(store, "/", middle - 1), CompactedError);
    const seen = see(store, "/", middle);
    await until(() => seen.lines.length === 2);
    await store.compact(newest);
    assert.deepEqual(await keysOf(store, "/"), [`/a=3@${newest}`, `/b=1@${newest - 1}`]);
    assert.deepEqual(await keysOf(store, "/", newest), await keysOf(store, "/"));
  },
  "history is forgotten by itself when it is 5 minutes old": async (store, place) => {
    const old = await put(store, "/a", "1");
    place.clock.advance(60_000);
    await put(store, "/a", "2");
    place.clock.advance(3.5 * 60_000);
    assert.deepEqual(await keysOf(store, "/", old), [`/a=1@${old}`]);
    await put(store, "/a", "3");
    place.clock.advance(4 * 60_000);
    await until(() => store.compactedRevision() > old);
    await assert.rejects(store.range({ prefix: "/", atRevision: old }), CompactedError);
    assert.ok(store.compactedRevision() <= old + 1);
    place.clock.advance(20 * 60_000);
    await until(() => store.compactedRevision() === store.revision());
    assert.equal(textOf((await store.get("/a"))?.value), "3");
  },
  "keys are deleted when they expire, unless they were written again": async (store, place) => {
    const now = place.clock.now();
    await put(store, "/e/a", "1", now + 10_000);
    await put(store, "/e/b", "1", now + 10_000);
    await put(store, "/e/c", "1", now + 10_000);
    await put(store, "/e/b", "2", now + 60_000);
    await put(store, "/e/c", "2");
    const seen = see(store, "/e/", store.revision());
    place.clock.advance(9_000);
    assert.equal((await store.range({ prefix: "/e/", countOnly: true })).remaining, 3);
    place.clock.advance(2_000);
    await until(() => seen.lines.length === 1);
    await setImmediate();
    assert.equal(seen.lines[0], `${store.revision()} delete /e/a was 1`);
    place.clock.advance(60_000);
    await until(() => seen.lines.length === 2);
    place.clock.advance(600_000);
    await setImmediate();
    assert.deepEqual((await keysOf(store, "/e/")).length, 1);
  },
};

const random: Record<string, Case> = {
  "state at every revision is what the watch's events add up to": async (store) => {
    const seed = Number(process.env["PROA_SEED"] ?? 20260731);
    const source = seededRandom(seed);
    const pick = (count: number): number => Math.floor(source.next() * count);
    const state = new Map<string, string>();
    const states = new Map<number, string[]>();
    const printed = (): string[] => [...state.keys()].sort().map((key) => `${key}=${state.get(key)}`);
    store.watch({
      prefix: "/r/",
      afterRevision: 0,
      onEvents(events, revision) {
        for (const event of events) {
          if (event.kind === "delete") state.delete(event.key);
          else state.set(event.item.key, `${textOf(event.item.value)}@${event.item.modRevision}`);
        }
        states.set(revision, printed());
      },
      onEnd: () => undefined,
    });
    const write = async (writer: number): Promise<void> => {
      for (let step = 0; step < 40; step += 1) {
        const keys = [...new Set([pick(12), pick(12), pick(12)])].map((number) => `/r/${number}`);
        const read = await store.get(keys[0]!);
        const compares = source.next() < 0.5 ? [{ key: keys[0]!, modRevision: read?.modRevision ?? 0 }] : [];
        const result = await store.transact(
          compares,
          keys.map((key) => {
            if (source.next() < 0.3) return { kind: "delete", key };
            return { kind: "put", key, value: bytesOf(`${writer}.${step}`) };
          }),
        );
        if (!result.succeeded && result.current) assert.ok(result.current.modRevision <= store.revision());
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    assert.deepEqual(await keysOf(store, "/r/"), printed(), `PROA_SEED=${seed}`);
    assert.equal(Math.max(...states.keys()), store.revision());
    for (let revision = 1; revision <= store.revision(); revision += 1 + pick(3)) {
      assert.deepEqual(await keysOf(store, "/r/", revision), states.get(revision), `PROA_SEED=${seed}, ${revision}`);
    }
  },
};

const keeping: Record<string, Case> = {
  "a store that is opened again holds everything, history included": async (store, place) => {
    const first = await put(store, "/a", "1");
    await put(store, "/a", "2");
    await put(store, "/b", "1");
    await remove(store, "/b");
    await put(store, "/e", "1", place.clock.now() + 5_000);
    const revision = store.revision();
    await store.close();
    const again = await place.open();
    assert.equal(again.revision(), revision);
    assert.deepEqual(await keysOf(again, "/"), [`/a=2@${first + 1}`, `/e=1@${revision}`]);
    assert.equal((await again.get("/a"))?.createRevision, first);
    assert.deepEqual(await keysOf(again, "/", first), [`/a=1@${first}`]);
    const seen = see(again, "/", first);
    await until(() => seen.lines.length === 4);
    assert.equal(seen.lines[2], `${first + 3} delete /b was 1`);
    place.clock.advance(6_000);
    await until(() => seen.lines.length === 5);
    assert.equal(await again.get("/e"), undefined);
    await again.close();
  },
  "a revision is not used again after everything was deleted and compacted": async (store, place) => {
    await put(store, "/a", "1");
    const { revision } = await remove(store, "/a");
    await store.compact(revision);
    await store.close();
    const again = await place.open();
    assert.deepEqual([again.revision(), again.compactedRevision()], [revision, revision]);
    assert.equal(await put(again, "/a", "2"), revision + 1);
    assert.throws(() => see(again, "/", revision - 1), CompactedError);
    await again.close();
  },
};

const failing: Record<string, Case> = {
  "a full disk fails writes and what depends on them, reads go on, and it recovers by itself": async (store, place) => {
    const before = await put(store, "/keep", "kept");
    const seen = see(store, "/", before);
    place.disk!.fill();
    const big = new Uint8Array(400_000).fill(65);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, number) =>
        store.transact(number === 0 ? [] : [{ key: "/big", modRevision: before + number }], [
          { kind: "put", key: "/big", value: big },
        ]),
      ),
    );
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.ok(failed.length > 0, "the disk was not full");
    for (const { reason } of failed) assert.ok(reason instanceof StoreUnavailableError, String(reason));
    const firstFailed = outcomes.findIndex((outcome) => outcome.status === "rejected");
    for (const outcome of outcomes.slice(firstFailed)) {
      assert.ok(outcome.status === "rejected" || !outcome.value.succeeded, "a dependent write went through");
    }
    assert.equal(textOf((await store.get("/keep"))?.value), "kept");
    assert.equal(seen.lines.length, store.revision() - before);
    place.disk!.free();
    const after = await put(store, "/after", "works");
    assert.ok(after > store.compactedRevision() && after > before + firstFailed, "a revision was used twice");
    assert.equal(seen.lines.at(-1), `${after} put /after=works was undefined`);
    await store.close();
    const again = await place.open();
    assert.equal(again.revision(), after);
    assert.equal(textOf((await again.get("/after"))?.value), "works");
    assert.equal((await again.get("/big"))?.modRevision ?? 0, firstFailed === 0 ? 0 : before + firstFailed);
    await again.close();
  },
};

/** Runs the contract against an engine; `makePlace` gives each test a place of its own. */
export function testStore(engine: string, makePlace: () => Promise<StorePlace>): void {
  const run = (title: string, body: Case, why?: (place: StorePlace) => string | undefined): void => {
    test(`${engine} store: ${title}`, async (context) => {
      const place = await makePlace();
      let store: Store | undefined;
      try {
        const reason = why?.(place);
        if (reason !== undefined) {
          context.skip(reason);
          return;
        }
        store = await place.open();
        await body(store, place);
      } finally {
        await store?.close();
        await place.remove();
      }
    });
  };
  for (const group of [reading, writing, watching, forgetting, random]) {
    for (const [title, body] of Object.entries(group)) run(title, body);
  }
  for (const [title, body] of Object.entries(keeping)) {
    run(title, body, (place) => (place.persistent ? undefined : "this engine has no disk"));
  }
  for (const [title, body] of Object.entries(failing)) {
    run(title, body, (place) => (place.disk ? undefined : "the disk can't be filled here (needs root and tmpfs)"));
  }
}
