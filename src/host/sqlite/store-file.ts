// The store's file: its form, its checks, its statements. Runs in the worker thread. May import node and src/base.
//
// One table holds every version of every key; a row's number says where it is. What is newest is decided by the thread
// that owns the store's state, which learns all rows (not their values) when the file is opened. So the file needs no
// index but the row number, and a write is one insertion at its end.
import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { checkpointPages, loadRowsMax, logBytesMax, pageCacheKibibytes, vacuumPagesMax } from "./limits.ts";
import type { Row } from "./messages.ts";
import { StoreFileError, storeFileMessages } from "./store-file-error.ts";

/** "PROA": SQLite's field that tells whose file it is. */
const applicationId = 0x50524f41;
/** The form of the tables below. A newer one is refused, an older one would be converted here. */
const formatVersion = 1;
/** SQLite's result codes. */
const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

const schema = `
  CREATE TABLE version (
    sequence INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    create_revision INTEGER NOT NULL,
    expires_at_ms INTEGER,
    key TEXT NOT NULL,
    value BLOB,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

const metaNames = ["revision", "compacted", "sequence"] as const;
export type Meta = Record<(typeof metaNames)[number], number>;

/** The result code of a failure of SQLite, without the extended part. */
export function sqliteCode(error: unknown): number {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === "number" ? code & 0xff : 0;
}
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const numbers = new Float64Array(4);
const numberBytes = new Uint8Array(numbers.buffer);

function checksumOf(row: Row): number {
  numbers[0] = row.sequence;
  numbers[1] = row.revision;
  numbers[2] = row.createRevision;
  numbers[3] = row.expiresAtMs ?? -1;
  const sum = crc32(row.key, crc32(numberBytes, row.value === undefined ? 1 : 2));
  return row.value === undefined ? sum : crc32(row.value, sum);
}
const metaChecksum = (name: string, value: number): number => crc32(`${name}=${value}`);

type SqlRow = Record<string, unknown>;

function rowOf(sql: SqlRow): Row {
  return {
    sequence: sql["sequence"] as number,
    revision: sql["revision"] as number,
    createRevision: sql["create_revision"] as number,
    expiresAtMs: (sql["expires_at_ms"] as number | null) ?? undefined,
    key: sql["key"] as string,
    value: (sql["value"] as Uint8Array | null) ?? undefined,
  };
}

export class StoreFile {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #meta: StatementSync;

  /** Opens the file, or makes it; throws StoreFileError with one sentence when it can't be used. */
  constructor(file: string) {
    this.#file = file;
    this.#database = this.#openChecked();
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    this.#insert = prepare("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#select = prepare("SELECT * FROM version WHERE sequence = ?");
    this.#delete = prepare("DELETE FROM version WHERE sequence = ?");
    this.#meta = prepare("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)");
  }

  /** Every row of the file in slices, with checked sums, and with values (not to be kept). */
  *rows(): Generator<Row[]> {
    const all = this.#database.prepare("SELECT * FROM version ORDER BY sequence").iterate();
    let slice: Row[] = [];
    for (const sql of all) {
      const row = this.#checked(sql as SqlRow);
      slice.push(row.value ? { ...row, value: new Uint8Array(0) } : row);
      if (slice.length < loadRowsMax) continue;
      yield slice;
      slice = [];
    }
    yield slice;
  }

  meta(): Meta {
    const found: Meta = { revision: 0, compacted: 0, sequence: 0 };
    for (const sql of this.#database.prepare("SELECT * FROM meta").all() as SqlRow[]) {
      const name = metaNames.find((candidate) => candidate === sql["name"]);
      const value = sql["value"] as number;
      if (name === undefined || sql["checksum"] !== metaChecksum(name, value))
        this.#fail("its revision is not readable");
      else found[name] = value;
    }
    return found;
  }

  /** Makes rows durable, all or none. Throws SQLite's error. */
  write(rows: readonly Row[]): void {
    const { revision } = rows.at(-1)!;
    let newest = 0;
    this.#transaction(() => {
      for (const row of rows) {
        const { sequence, createRevision, key } = row;
        const value = row.value ?? null;
        this.#insert.run(sequence, row.revision, createRevision, row.expiresAtMs ?? null, key, value, checksumOf(row));
        newest = Math.max(newest, sequence);
      }
      this.#setMeta("revision", revision);
      this.#setMeta("sequence", newest);
    });
  }

  /** The values of rows, with checked sums; throws StoreFileError for one that is damaged or gone. */
  values(sequences: Float64Array): Uint8Array[] {
    return Array.from(sequences, (sequence) => {
      const sql = this.#select.get(sequence);
      if (sql === undefined) return this.#fail(`row ${sequence} is missing`);
      const { value } = this.#checked(sql as SqlRow);
      return value ?? this.#fail(`row ${sequence} has no value`);
    });
  }

  /** Deletes rows, and gives free pages back to the file system. */
  compact(revision: number, sequences: Float64Array): void {
    this.#transaction(() => {
      for (const sequence of sequences) this.#delete.run(sequence);
      this.#setMeta("compacted", revision);
    });
    this.#database.exec(`PRAGMA incremental_vacuum(${vacuumPagesMax})`);
  }

  /** Writes the log into the file as far as that goes, so that a full disk gets its pages back. */
  checkpoint(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.#database.close();
  }

  #setMeta(name: keyof Meta, value: number): void {
    this.#meta.run(name, value, metaChecksum(name, value));
  }

  #transaction(body: () => void): void {
    // A rollback may have failed, on a disk that failed.
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      body();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** SQLite itself ends the transaction after some errors; where this fails too, the next transaction tries again. */
  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // The error that led here is the one that is told.
    }
  }

  #checked(sql: SqlRow): Row {
    const row = rowOf(sql);
    if (sql["checksum"] !== checksumOf(row)) this.#fail(`row ${row.sequence} has another checksum`);
    return row;
  }

  #fail(why: string): never {
    throw new StoreFileError(storeFileMessages.damaged(this.#file, why));
  }

  #openChecked(): DatabaseSync {
    let database: DatabaseSync | undefined;
    try {
      // The file holds secrets: nobody else may read it.
      closeSync(openSync(this.#file, "a", 0o600));
      database = new DatabaseSync(this.#file);
      this.#prepare(database);
      return database;
    } catch (error) {
      database?.close();
      throw StoreFile.explain(this.#file, error);
    }
  }

  #prepare(database: DatabaseSync): void {
    const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    // One process at a time; so the log's index needs no shared memory either.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
    const isNew = tables.count === 0 && pragma("application_id") === 0;
    if (!isNew) this.#checkForm(pragma);
    else database.exec("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL");
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages};
      PRAGMA journal_size_limit = ${logBytesMax}; PRAGMA cache_size = -${pageCacheKibibytes}; PRAGMA temp_store = MEMORY`);
    if (isNew) this.#create(database);
    const verdict = pragma("quick_check(1)");
    if (verdict !== "ok") this.#fail(String(verdict));
  }

  #checkForm(pragma: (name: string) => unknown): void {
    if (pragma("application_id") !== applicationId) {
      throw new StoreFileError(storeFileMessages.unknown(this.#file, "another program's database"));
    }
    const format = pragma("user_version");
    if (typeof format === "number" && format > formatVersion) {
      throw new StoreFileError(storeFileMessages.newer(this.#file, format, formatVersion));
    }
    if (format !== formatVersion) this.#fail(`its format is ${String(format)}`);
  }

  #create(database: DatabaseSync): void {
    database.exec(`BEGIN; ${schema} PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${formatVersion}; COMMIT`);
    const folder = openSync(dirname(this.#file), "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  /** A failure of SQLite or of the file system in one sentence. */
  static explain(file: string, error: unknown): Error {
    if (error instanceof StoreFileError) return error;
    const why = messageOf(error);
    const code = sqliteCode(error);
    let message = storeFileMessages.unusable(file, why);
    if (code === sqliteBusy) message = storeFileMessages.busy(file);
    if (code === sqliteNotADatabase) message = storeFileMessages.unknown(file, why);
    if (code === sqliteCorrupt) message = storeFileMessages.damaged(file, why);
    return new StoreFileError(message, { cause: error });
  }
}
