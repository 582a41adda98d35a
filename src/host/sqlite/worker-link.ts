// The owning thread's side of the conversation with the store's worker: requests and their answers. May import node and
// src/base.
import { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../../store/store.ts";
import { readRowsMax } from "./limits.ts";
import { unpackValues } from "./messages.ts";
import type { FromWorker, SqliteWorkerData, ToWorker } from "./messages.ts";
import { StoreFileError } from "./store-file-error.ts";

type Answer = Extract<FromWorker, { id: number }>;
interface Request {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export interface LinkEvents {
  onLoad(message: Extract<FromWorker, { kind: "meta" | "rows" | "opened" | "refused" }>): void;
  onWritten(ids: readonly number[]): void;
  onUnwritten(ids: readonly number[], message: string): void;
  /** The thread is gone although nobody closed it. */
  onLost(error: Error): void;
}

export class WorkerLink {
  readonly #worker: Worker;
  readonly #events: LinkEvents;
  readonly #requests = new Map<number, Request>();
  #lastId = 0;
  #exited: Promise<void>;
  #closing = false;
  #lost: Error | undefined;

  constructor(entry: URL, file: string, events: LinkEvents) {
    this.#events = events;
    const workerData: SqliteWorkerData = { kind: "sqlite", file };
    // The program's own flags are not for this thread.
    this.#worker = new Worker(entry, { workerData, name: "store", execArgv: [] });
    this.#worker.on("message", (message: FromWorker) => this.#hear(message));
    this.#worker.on("error", (error) => this.#lose(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        if (!this.#closing) this.#lose(new Error(`it ended with status ${code}`));
        resolve();
      });
    });
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Sends rows; the answer comes as onWritten or onUnwritten. */
  write(id: number, epoch: number, rows: Uint8Array<ArrayBuffer>): void {
    this.#post({ kind: "write", id, epoch, rows }, [rows.buffer]);
  }

  /** The values of durable rows. All is asked for at once, so that no later compaction comes between. */
  async read(sequences: readonly number[]): Promise<Uint8Array[]> {
    const slices: Promise<Answer>[] = [];
    for (let first = 0; first < sequences.length; first += readRowsMax) {
      const slice = Float64Array.from(sequences.slice(first, first + readRowsMax));
      slices.push(this.#ask({ kind: "read", id: this.nextId(), sequences: slice }));
    }
    const values: Uint8Array[] = [];
    for (const answer of await Promise.all(slices)) {
      if (answer.kind === "values") for (const value of unpackValues(answer.values)) values.push(value);
    }
    return values;
  }

  async compact(revision: number, sequences: Float64Array): Promise<void> {
    await this.#ask({ kind: "compact", id: this.nextId(), revision, sequences });
  }

  /** Lets the worker finish what it was asked for, and waits until it has closed the file. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#post({ kind: "close" });
    await this.#exited;
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #ask(message: Extract<ToWorker, { id: number }>): Promise<Answer> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#requests.set(message.id, { resolve, reject });
      this.#post(message);
    });
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case "written":
        this.#events.onWritten(message.ids);
        return;
      case "unwritten":
        this.#events.onUnwritten(message.ids, message.message);
        return;
      case "values":
      case "unread":
      case "compacted":
      case "uncompacted":
        this.#answer(message);
        return;
      default:
        // What follows a refusal is the thread's own end.
        if (message.kind === "refused") this.#closing = true;
        this.#events.onLoad(message);
    }
  }

  #answer(answer: Answer): void {
    const request = this.#requests.get(answer.id);
    this.#requests.delete(answer.id);
    if (answer.kind === "unread") {
      const { message } = answer;
      request?.reject(answer.damaged ? new StoreFileError(message) : new StoreUnavailableError(message));
    } else if (answer.kind === "uncompacted") request?.reject(new StoreUnavailableError(answer.message));
    else request?.resolve(answer);
  }

  #lose(cause: Error): void {
    if (this.#lost) return;
    this.#lost = new StoreUnavailableError(`the store's thread is gone: ${cause.message}`, { cause });
    for (const request of this.#requests.values()) request.reject(this.#lost);
    this.#requests.clear();
    this.#events.onLost(this.#lost);
  }
}
