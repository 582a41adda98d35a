// What a cluster is started with, worked out from the flags and from what the machine and an earlier start say. May import
// node, src/host, src/cluster.
import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { parseMirror, type RegistryMirror } from "../../host/containerd/registries.ts";
import { isAlive, type ProcessMark } from "../../host/machine/processes.ts";
import {
  clusterNameMaxLength,
  type ClusterPaths,
  clusterPaths,
  defaultClusterName,
  defaultDataFolder,
  isClusterName,
} from "../paths.ts";
import { type ParsedFlags, UsageError } from "./flags.ts";

export type RuntimeName = "containerd" | "simulated";

export interface Settings {
  readonly paths: ClusterPaths;
  readonly runtime: RuntimeName;
  readonly port: number | undefined;
  readonly kubeconfig: string;
  readonly mirrors: readonly RegistryMirror[];
}

/** What a running cluster's process writes down for other commands. */
export interface RunningState {
  readonly mark: ProcessMark;
  readonly port: number;
  readonly runtime: RuntimeName;
  readonly nodeName: string;
  readonly startedAt: string;
  readonly kubeconfig: string;
  readonly index: number;
  readonly dataFolder: string;
}

export const isRoot = (): boolean => userInfo().uid === 0;

/** The calling user's home, also under sudo. */
function callersHome(): string {
  const { SUDO_USER: caller } = process.env;
  if (!caller || !isRoot()) return homedir();
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith(`${caller}:`));
  return line?.split(":")[5] || homedir();
}

function defaultKubeconfig(): string {
  const fromEnvironment = process.env["KUBECONFIG"]?.split(":").find((part) => part !== "");
  return fromEnvironment ?? join(callersHome(), ".kube/config");
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new UsageError(`--port ${text}: must be 1 to 65535`);
  return port;
}

export function clusterPathsOf(flags: ParsedFlags): ClusterPaths {
  const name = flags.text("name") ?? defaultClusterName;
  if (!isClusterName(name)) {
    const rule = `lower-case letters, digits and '-', at most ${clusterNameMaxLength} characters`;
    throw new UsageError(`--name ${name}: must be ${rule}`);
  }
  const given = flags.text("data-dir");
  const paths = clusterPaths(name, resolve(given ?? defaultDataFolder(name, isRoot(), callersHome())), isRoot());
  // A cluster that was started with a folder of its own is found by its name: `down` must not look in another.
  const used = given === undefined ? lastState(paths)?.dataFolder : undefined;
  return used === undefined ? paths : clusterPaths(name, used, isRoot());
}

/** Throws UsageError. */
export function readSettings(flags: ParsedFlags): Settings {
  const runtime = flags.text("runtime") ?? "containerd";
  if (runtime !== "containerd" && runtime !== "simulated") {
    throw new UsageError(`--runtime ${runtime}: must be containerd or simulated`);
  }
  return {
    paths: clusterPathsOf(flags),
    runtime,
    port: parsePort(flags.text("port")),
    kubeconfig: resolve(flags.text("kubeconfig") ?? defaultKubeconfig()),
    mirrors: flags.list("mirror").map(parseMirror),
  };
}

/** The cluster's process, when it runs. */
export async function findRunning(paths: ClusterPaths): Promise<RunningState | undefined> {
  const state = lastState(paths);
  return state && (await isAlive(state.mark)) ? state : undefined;
}

/** What the last process wrote, alive or not. */
export function lastState(paths: ClusterPaths): RunningState | undefined {
  if (!existsSync(paths.stateFile)) return undefined;
  try {
    return JSON.parse(readFileSync(paths.stateFile, "utf8")) as RunningState;
  } catch {
    return undefined;
  }
}
