#!/usr/bin/env node
// The program. The main thread runs a command; a worker thread runs the store's file. Compiled code is kept between runs,
// so that a start costs no compiling. May import node and what it starts.
import { enableCompileCache } from "node:module";
import { isMainThread, workerData } from "node:worker_threads";

enableCompileCache();

if (isMainThread) {
  const { runCommand } = await import("../src/cluster/commands/run-command.ts");
  process.exitCode = await runCommand(process.argv.slice(2), new URL(import.meta.url));
} else if ((workerData as { kind?: string } | null)?.kind === "sqlite") {
  const { runSqliteWorker } = await import("../src/host/sqlite/sqlite-worker.ts");
  runSqliteWorker();
}
