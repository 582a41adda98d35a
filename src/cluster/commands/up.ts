// `proa up`: brings the cluster up, in the background unless told otherwise, and shows its steps. May import node and all
// layers.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createLineLog } from "../../host/clock.ts";
import { installPrograms } from "../../host/install/install-programs.ts";
import { installCommand, missingPrograms } from "../../host/install/programs.ts";
import { contextName } from "../paths.ts";
import { type FlagTypes, parseFlags } from "./flags.ts";
import { type Progress, serve } from "./serve.ts";
import { findRunning, isRoot, readSettings, type RunningState, type Settings } from "./settings.ts";

export const upFlags: FlagTypes = {
  name: "text",
  runtime: "text",
  install: "switch",
  port: "text",
  "data-dir": "text",
  kubeconfig: "text",
  mirror: "list",
  foreground: "switch",
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const stepTexts: Record<"api" | "control-plane" | "node", (port: number) => string> = {
  api: (port) => `API server answers at https://127.0.0.1:${port}`,
  "control-plane": () => "controllers and scheduler are at work",
  node: () => "node is Ready",
};

function showProgress(progress: Progress): void {
  if ("step" in progress) say(`  ✓ ${stepTexts[progress.step](progress.port)} (${seconds(progress.atMs)})`);
}

function sayRunning(settings: Settings, state: RunningState): void {
  const { name } = settings.paths;
  say(
    `cluster "${name}" runs already: https://127.0.0.1:${state.port}, ${state.runtime} containers, pid ${state.mark.pid}`,
  );
  sayNext(settings);
}

function sayNext({ paths, kubeconfig }: Settings): void {
  say(`context "${contextName(paths.name)}" is in ${kubeconfig}`);
  say("");
  say("next:");
  say("  kubectl get nodes");
  say("  kubectl apply -f pod.yaml");
  say(`  proa down${paths.name === "proa" ? "" : ` --name ${paths.name}`}`);
}

/** A sentence on why containers can't be run here; undefined: they can. */
async function obstacle(settings: Settings, install: boolean): Promise<string | undefined> {
  if (settings.runtime === "simulated") return undefined;
  const without = "or ask for --runtime simulated, which runs none";
  if (process.platform !== "linux") return `real containers need Linux: run Proa there, ${without}`;
  if (!isRoot()) return `real containers need root: run proa with sudo, ${without}`;
  const missing = await missingPrograms();
  if (missing.length === 0) return undefined;
  if (!install) {
    return `this machine lacks ${missing.join(", ")}: run \`${installCommand(missing)}\`, or proa up --install, ${without}`;
  }
  say(`  installing ${missing.join(", ")} (${installCommand(missing)})`);
  await installPrograms(createLineLog((line) => say(`    ${(JSON.parse(line) as { message: string }).message}`)));
  const still = await missingPrograms();
  return still.length === 0 ? undefined : `${still.join(", ")} could not be installed from this machine's packages`;
}

export async function up(args: readonly string[], entry: URL): Promise<number> {
  const flags = parseFlags(args, upFlags);
  const settings = readSettings(flags);
  const running = await findRunning(settings.paths);
  if (running) {
    sayRunning(settings, running);
    return 0;
  }
  const why = await obstacle(settings, flags.isSet("install"));
  if (why) {
    process.stderr.write(`proa: ${why}\n`);
    return 1;
  }
  say(`starting cluster "${settings.paths.name}"`);
  return flags.isSet("foreground") ? upForeground(settings, entry) : upBackground(settings, args, entry);
}

async function upForeground(settings: Settings, entry: URL): Promise<number> {
  const served = await serve(settings, entry, showProgress);
  sayNext(settings);
  return new Promise((resolve) => {
    const end = (): void => {
      served.close().then(
        () => resolve(0),
        (error: unknown) => {
          process.stderr.write(`proa: ${String(error)}\n`);
          resolve(1);
        },
      );
    };
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
  });
}

/** Starts the cluster's own process, which outlives this one, and waits until it is up or has failed. */
function upBackground(settings: Settings, args: readonly string[], entry: URL): Promise<number> {
  mkdirSync(settings.paths.dataFolder, { recursive: true, mode: 0o711 });
  const log = openSync(settings.paths.logFile, "a");
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(entry), "serve", ...args], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log, "ipc"],
    env: process.env,
  });
  closeSync(log);
  return new Promise((resolve) => {
    let failed = false;
    const fail = (text: string): void => {
      // The first sentence is the cause; that the process then ended is no news.
      if (!failed) process.stderr.write(`proa: ${text}\n`);
      failed = true;
      resolve(1);
    };
    child.on("message", (progress: Progress) => {
      if ("failed" in progress) {
        fail(progress.failed);
        return;
      }
      showProgress(progress);
      if (progress.step !== "node") return;
      child.disconnect();
      child.unref();
      sayNext(settings);
      resolve(0);
    });
    child.once("error", (error) => fail(`the cluster's process could not be started: ${error.message}`));
    child.once("exit", (code) => {
      if (code !== 0) fail(`the cluster's process ended while starting: see ${settings.paths.logFile}`);
    });
  });
}

/** The command of the background process. */
export async function serveCommand(args: readonly string[], entry: URL): Promise<number> {
  const settings = readSettings(parseFlags(args, upFlags));
  // Whoever started this process may be gone by now (interrupted): the cluster comes up all the same.
  const tell = (progress: Progress): void => {
    if (process.connected) process.send?.(progress, undefined, undefined, () => {});
  };
  try {
    const served = await serve(settings, entry, tell);
    const end = (): void => {
      served.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.on("SIGTERM", end);
    process.on("SIGINT", end);
    return await new Promise<number>(() => {});
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    tell({ failed: error instanceof Error ? error.message : String(error) });
    // What was begun (connections, the store) would keep the process alive.
    process.exit(1);
  }
}
