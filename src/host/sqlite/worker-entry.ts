// A program for tests and benchmarks: the store's worker thread and nothing else. May import src/host.
import { runSqliteWorker } from "./sqlite-worker.ts";

runSqliteWorker();
