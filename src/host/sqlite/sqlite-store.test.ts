// Tests of the SQLite engine: the port's contract on a real disk, a full disk, kills under load, damaged and foreign files.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { manualClock, put, testStore, textOf, until } from "../../../test/contract/store.suite.ts";
import type { StorePlace } from "../../../test/contract/store.suite.ts";
import { silentLog } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import type { Store } from "../../store/store.ts";
import { startSqliteStore } from "./sqlite-store.ts";
import { StoreFileError } from "./store-file-error.ts";

const workerEntry = new URL("./worker-entry.ts", import.meta.url);
const open = (file: string, clock = manualClock()): Promise<Store> =>
  startSqliteStore({ file, clock, log: silentLog, workerEntry });

/** A folder in memory that can be filled up; undefined where that isn't allowed. */
function mountSmallDisk(folder: string): StorePlace["disk"] {
  if (process.getuid?.() !== 0) return undefined;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const filler = join(folder, "filler");
  return {
    fill() {
      for (const piece of [Buffer.alloc(1024 * 1024), Buffer.alloc(4096)]) {
        try {
          for (;;) writeFileSync(filler, piece, { flag: "a" });
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
        }
      }
    },
    free: () => rmSync(filler),
  };
}

testStore("sqlite", async () => {
  const folder = mkdtempSync(join(tmpdir(), "proa-store-"));
  const clock = manualClock();
  const disk = mountSmallDisk(folder);
  if (disk === undefined) console.log("the disk can't be filled here: needs root and tmpfs");
  return {
    clock,
    disk,
    persistent: true,
    open: () => open(join(folder, "store.db"), clock),
    async remove() {
      if (disk) execFileSync("umount", ["--lazy", folder]);
      rmSync(folder, { recursive: true });
    },
  };
});

async function withFolder(body: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "proa-store-"));
  try {
    await body(join(folder, "store.db"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function refusal(file: string): Promise<string> {
  const error = await open(file).then(
    () => assert.fail("the file was opened"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StoreFileError, String(error));
  return error.message.replace(file, "FILE");
}

/** A store with some content, closed. */
async function makeStore(file: string, keys = 200): Promise<void> {
  const store = await open(file);
  for (let number = 0; number < keys; number += 1) void put(store, `/k/${number}`, `value ${number} `.repeat(100));
  await put(store, "/last", "x");
  await store.close();
}

test("startSqliteStore refuses what is not its own, in one sentence", async () => {
  await withFolder(async (file) => {
    writeFileSync(file, "this is no database at all, but it is long enough to look at ".repeat(100));
    assert.equal(
      await refusal(file),
      "FILE is not a Proa store (file is not a database): name another file, or move this one away",
    );
    rmSync(file);
    const foreign = new DatabaseSync(file);
    foreign.exec("CREATE TABLE kine (id INTEGER)");
    foreign.close();
    assert.match(await refusal(file), /^FILE is not a Proa store \(another program's database\)/);
    rmSync(file);
    await makeStore(file, 1);
    const newer = new DatabaseSync(file);
    newer.exec("PRAGMA user_version = 2");
    newer.close();
    assert.match(await refusal(file), /written by a newer Proa \(format 2, this one knows 1\): start that version/);
    assert.match(await refusal(join(file, "no", "folder")), /can't be opened .*check the path/);
  });
});

test("startSqliteStore refuses a file that is in use", async () => {
  await withFolder(async (file) => {
    const first = await open(file);
    assert.equal(await refusal(file), "the store FILE is in use by another process: stop that one first");
    await first.close();
    const second = await open(file);
    await second.close();
  });
});

test("startSqliteStore finds a flipped bit anywhere in a row", async () => {
  await withFolder(async (file) => {
    await makeStore(file);
    const good = readFileSync(file);
    const at = good.indexOf("value 77 ");
    assert.ok(at > 0);
    const random = seededRandom(7);
    for (let round = 0; round < 12; round += 1) {
      const bad = Buffer.from(good);
      bad[at + Math.floor(random.next() * 800)]! ^= 1 << Math.floor(random.next() * 8);
      writeFileSync(file, bad);
      assert.match(await refusal(file), /^the store FILE is damaged \(.*\): restore it from a snapshot, or move/);
    }
    writeFileSync(file, good);
    await (await open(file)).close();
  });
});

test("startSqliteStore finds flipped bits and torn pages in the tables' own form, or reads all that was written", async () => {
  await withFolder(async (file) => {
    await makeStore(file);
    const good = readFileSync(file);
    const random = seededRandom(11);
    let refused = 0;
    for (let round = 0; round < 30; round += 1) {
      const bad = Buffer.from(good);
      if (round % 5 === 0) bad.fill(0, 4096 * (round % 7), 4096 * (round % 7) + 512);
      else bad[Math.floor(random.next() * bad.length)]! ^= 1 << Math.floor(random.next() * 8);
      writeFileSync(file, bad);
      const store = await open(file).catch((error: unknown) => {
        assert.ok(error instanceof StoreFileError, String(error));
        refused += 1;
      });
      if (!store) continue;
      // A bit in unused space, or of SQLite's own counters.
      assert.equal((await store.range({ prefix: "/" })).items.length, 201);
      assert.equal(store.revision(), 201);
      await store.close();
    }
    assert.ok(refused > 15, `only ${refused} of 30 were found`);
  });
});

const child = `
  import { startSqliteStore } from ${JSON.stringify(new URL("./sqlite-store.ts", import.meta.url).href)};
  import { silentLog } from ${JSON.stringify(new URL("../../base/log.ts", import.meta.url).href)};
  import { systemClock } from ${JSON.stringify(new URL("../clock.ts", import.meta.url).href)};
  const [file, round] = process.argv.slice(1);
  const workerEntry = new URL(${JSON.stringify(workerEntry.href)});
  const store = await startSqliteStore({ file, clock: systemClock, log: silentLog, workerEntry, historyKeptMs: 200 });
  console.log("open " + store.revision());
  const text = "x".repeat(700);
  const write = async (writer) => {
    for (let number = 0; ; number += 1) {
      const key = "/w/" + writer + "/" + (number % 50);
      const value = new TextEncoder().encode(round + "/" + number + "/" + text);
      const { revision } = await store.transact([], [{ kind: "put", key, value }]);
      process.stdout.write(revision + " " + key + " " + round + "/" + number + "\\n");
    }
  };
  for (let writer = 0; writer < 8; writer += 1) void write(writer);
`;

/** Runs a writing child, kills it under load, and returns what it was told to be on the disk. */
async function writeAndKill(file: string, round: number, lines: number): Promise<{ opened: number; told: string[] }> {
  const args = ["--input-type=module", "--eval", child, file, String(round)];
  const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const told: string[] = [];
  let opened = -1;
  for await (const line of createInterface({ input: writer.stdout })) {
    if (line.startsWith("open ")) opened = Number(line.slice(5));
    // The last line may be cut.
    else if (/^\d+ \S+ \d+\/\d+$/.test(line)) told.push(line);
    if (told.length === lines) writer.kill("SIGKILL");
  }
  return { opened, told };
}

test("nothing acknowledged is lost when the process is killed under load", async () => {
  const rounds = Number(process.env["PROA_KILL_ROUNDS"] ?? 5);
  await withFolder(async (file) => {
    const newest = new Map<string, { revision: number; text: string }>();
    let highest = 0;
    for (let round = 0; round < rounds; round += 1) {
      const { opened, told } = await writeAndKill(file, round, 300 + round * 331);
      assert.ok(opened >= highest, `round ${round} began at ${opened}, ${highest} was acknowledged`);
      for (const line of told) {
        const [revision, key, text] = line.split(" ") as [string, string, string];
        assert.ok(Number(revision) > opened, "a revision was used twice");
        const known = newest.get(key);
        if (!known || known.revision < Number(revision)) newest.set(key, { revision: Number(revision), text });
        highest = Math.max(highest, Number(revision));
      }
      // What a power loss may leave behind the last fsync: a frame that was not written to its end.
      if (round % 2 === 1) tearLog(`${file}-wal`);
      const store = await open(file);
      for (const [key, { revision, text }] of newest) {
        const item = await store.get(key);
        assert.ok(item && item.modRevision >= revision, `${key} was lost in round ${round}`);
        if (item.modRevision === revision) assert.ok(textOf(item.value)!.startsWith(`${text}/`));
      }
      await store.close();
    }
  });
});

/** Adds half a frame of noise after the log's last one. */
function tearLog(log: string): void {
  if (existsSync(log)) writeFileSync(log, Buffer.alloc(2000, 0xa5), { flag: "a" });
}

test("a torn log loses only its last, unacknowledged transaction", async () => {
  await withFolder(async (file) => {
    const { told } = await writeAndKill(file, 0, 200);
    const log = `${file}-wal`;
    assert.ok(statSync(log).size > 4096 * 4);
    truncateSync(log, statSync(log).size - 1000);
    const store = await open(file);
    // Eight writers: no transaction on the disk holds more than a few of their writes.
    const told200 = Math.max(...told.map((line) => Number(line.split(" ")[0])));
    assert.ok(store.revision() >= told200 - 32, `${store.revision()} of ${told200}`);
    assert.equal(
      (await store.range({ prefix: "/" })).items.every((item) => item.value.length > 700),
      true,
    );
    await store.close();
  });
});

test("the file stays bounded while the same keys are written again and again", async () => {
  await withFolder(async (file) => {
    const clock = manualClock();
    const store = await open(file, clock);
    const text = "x".repeat(4000);
    let largest = 0;
    for (let round = 0; round < 30; round += 1) {
      const writes = Array.from({ length: 200 }, (_, key) => put(store, `/k/${key % 20}`, text));
      await Promise.all(writes);
      clock.advance(120_000);
      await store.get("/k/1");
      if (round > 4) largest = Math.max(largest, statSync(file).size);
    }
    clock.advance(1_000_000);
    clock.advance(1_000_000);
    await until(() => store.compactedRevision() === store.revision());
    await store.compact(store.revision());
    assert.ok(largest < 12_000_000, `the file grew to ${largest} bytes; 24,000,000 were written`);
    await store.close();
    assert.ok(statSync(file).size < 3_000_000, `${statSync(file).size} bytes for 20 keys of 4 KB`);
    assert.equal(existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0, false);
  });
});

test("the store's file can be read by its owner only", async () => {
  await withFolder(async (file) => {
    await makeStore(file, 1);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});
