// The thread that owns the store's file: takes all that waits, writes it in one transaction, acknowledges after fsync.
// May import node and src/base.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { assert } from "../../base/assert.ts";
import { commitBytesMax, commitRowsMax, compactRowsMax, readsBetweenCommitsMax } from "./limits.ts";
import { packRows, packValues, unpackRows } from "./messages.ts";
import type { FromWorker, Row, SqliteWorkerData, ToWorker } from "./messages.ts";
import { StoreFileError } from "./store-file-error.ts";
import { StoreFile } from "./store-file.ts";

type Write = Extract<ToWorker, { kind: "write" }>;
type Read = Extract<ToWorker, { kind: "read" }>;
type Compact = Extract<ToWorker, { kind: "compact" }>;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What the entry program calls in a worker thread whose workerData says kind "sqlite". */
export function runSqliteWorker(): void {
  const port = parentPort;
  assert(port !== null, "runSqliteWorker outside of a worker thread");
  const { file } = workerData as SqliteWorkerData;
  const tell = (message: FromWorker): void => port.postMessage(message);
  let storeFile: StoreFile;
  try {
    storeFile = new StoreFile(file);
    const { revision, compacted, sequence } = storeFile.meta();
    tell({ kind: "meta", revision, compactedRevision: compacted, sequence });
    for (const rows of storeFile.rows()) tell({ kind: "rows", rows: packRows(rows, false) });
    tell({ kind: "opened" });
  } catch (error) {
    // A damaged page shows while rows are read; every other failure has been put into words already.
    const known = error instanceof StoreFileError ? error : StoreFile.explain(file, error);
    tell({ kind: "refused", message: known.message });
    port.close();
    return;
  }
  new Work(port, storeFile).start();
}

class Work {
  readonly #port: MessagePort;
  readonly #file: StoreFile;
  #writes: Write[] = [];
  #reads: Read[] = [];
  #compactions: Compact[] = [];
  #closing = false;
  /** Writes of this epoch fail: one before them has failed. */
  #failedEpoch = -1;
  #failure = "";

  constructor(port: MessagePort, file: StoreFile) {
    this.#port = port;
    this.#file = file;
  }

  start(): void {
    this.#port.on("message", (message: ToWorker) => {
      this.#take(message);
      this.#run();
    });
  }

  #tell(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  #take(message: ToWorker): void {
    if (message.kind === "write") this.#writes.push(message);
    else if (message.kind === "read") this.#reads.push(message);
    else if (message.kind === "compact") this.#compactions.push(message);
    else this.#closing = true;
  }

  #takeAll(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#take(next.message as ToWorker);
    }
  }

  /**
   * Until there is nothing to do: some reads, all writes, and a slice of compaction only when no read waits, since a
   * read that was asked for before it may name a row that it deletes.
   */
  #run(): void {
    for (;;) {
      this.#takeAll();
      for (const read of this.#reads.splice(0, readsBetweenCommitsMax)) this.#read(read);
      if (this.#writes.length > 0) this.#commit();
      else if (this.#reads.length === 0 && this.#compactions.length > 0) this.#compact(this.#compactions.shift()!);
      if (this.#writes.length + this.#reads.length + this.#compactions.length > 0) continue;
      if (!this.#closing) return;
      this.#file.close();
      this.#port.close();
      return;
    }
  }

  #read({ id, sequences }: Read): void {
    try {
      const values = packValues(this.#file.values(sequences));
      this.#tell({ kind: "values", id, values }, [values.buffer]);
    } catch (error) {
      this.#tell({ kind: "unread", id, message: messageOf(error), damaged: error instanceof StoreFileError });
    }
  }

  #commit(): void {
    const rows: Row[] = [];
    const ids: number[] = [];
    let bytes = 0;
    let epoch = 0;
    while (this.#writes.length > 0 && rows.length < commitRowsMax && bytes < commitBytesMax) {
      const write = this.#writes.shift()!;
      if (write.epoch === this.#failedEpoch) {
        this.#tell({ kind: "unwritten", ids: [write.id], message: this.#failure });
        continue;
      }
      ids.push(write.id);
      bytes += write.rows.length;
      for (const row of unpackRows(write.rows)) rows.push(row);
      epoch = write.epoch;
      // What came after a failure has an epoch of its own, and isn't written together with what came before.
      if (this.#writes[0] !== undefined && this.#writes[0].epoch !== epoch) break;
    }
    if (rows.length === 0) return;
    try {
      this.#file.write(rows);
      this.#tell({ kind: "written", ids });
    } catch (error) {
      this.#failedEpoch = epoch;
      this.#failure = messageOf(error);
      this.#tell({ kind: "unwritten", ids, message: this.#failure });
      this.#makeRoom();
    }
  }

  /** After a failed write: the log's pages may be given back, if the disk still takes anything. */
  #makeRoom(): void {
    try {
      this.#file.checkpoint();
    } catch {
      // It is tried at each failed write; the failure itself has been told.
    }
  }

  #compact({ id, revision, sequences }: Compact): void {
    try {
      this.#file.compact(revision, sequences.subarray(0, compactRowsMax));
    } catch (error) {
      this.#tell({ kind: "uncompacted", id, message: messageOf(error) });
      return;
    }
    if (sequences.length <= compactRowsMax) this.#tell({ kind: "compacted", id });
    else this.#compactions.unshift({ kind: "compact", id, revision, sequences: sequences.subarray(compactRowsMax) });
  }
}
