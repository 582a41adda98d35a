// A cluster's own containerd: started from what the machine has, found again by a later process, and ended with
// everything that it made. It has folders and a socket of its own and knows of no other containerd. May import node,
// src/base.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, readdir, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../base/log.ts";
import { CriConnection } from "../cri/connection.ts";
import type { NodePrograms } from "../install/programs.ts";
import { endControlGroup } from "../machine/cgroups.ts";
import { unmountUnder } from "../machine/mounts.ts";
import { commandLine, endProcess, isAlive, listProcessIds, markOf, type ProcessMark } from "../machine/processes.ts";
import { runProgram, tryProgram } from "../machine/run-program.ts";
import { majorVersionOf, printContainerdConfig, type Snapshotter } from "./config.ts";
import { writeRegistries, type RegistryMirror } from "./registries.ts";

/** Where a cluster's containerd keeps its things. */
export interface ContainerdFolders {
  /** Images and snapshots; lasts between runs. */
  readonly rootFolder: string;
  /** Everything that ends with `stop`. Short: sockets lie in it, and a socket's path has at most 107 bytes. */
  readonly stateFolder: string;
  readonly logFile: string;
}

export interface ContainerdOptions extends ContainerdFolders {
  readonly programs: NodePrograms;
  readonly cniConfigFolder: string;
  readonly pauseImage: string;
  readonly mirrors: readonly RegistryMirror[];
  readonly log: Log;
}

export interface RunningContainerd {
  readonly socketPath: string;
  readonly mark: ProcessMark;
  readonly snapshotter: Snapshotter;
  /** It ran already: its containers may, too. */
  readonly found: boolean;
}

const readyTimeoutMs = 30_000;
const readyPollMs = 5;
const stopGraceMs = 5_000;
const socketPathBytesMax = 107;

export const socketPathOf = ({ stateFolder }: ContainerdFolders): string => join(stateFolder, "containerd.sock");
const configFile = ({ stateFolder }: ContainerdFolders): string => join(stateFolder, "containerd.toml");
const markFile = ({ stateFolder }: ContainerdFolders): string => join(stateFolder, "containerd.json");
const tasksFolder = ({ stateFolder }: ContainerdFolders): string =>
  join(stateFolder, "state/io.containerd.runtime.v2.task/k8s.io");

/** By its command line: where the file that names it is lost, and its socket is there. */
async function searchRunning(folders: ContainerdFolders): Promise<ProcessMark | undefined> {
  for (const pid of await listProcessIds()) {
    const args = await commandLine(pid);
    if (args.at(-2) === "--config" && args.at(-1) === configFile(folders)) return markOf(pid);
  }
  return undefined;
}

/** The containerd of these folders, when it is alive. */
async function findRunning(folders: ContainerdFolders): Promise<ProcessMark | undefined> {
  let mark: ProcessMark;
  try {
    mark = JSON.parse(await readFile(markFile(folders), "utf8")) as ProcessMark;
  } catch {
    return existsSync(socketPathOf(folders)) ? searchRunning(folders) : undefined;
  }
  return (await isAlive(mark)) ? mark : undefined;
}

function canConnect(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Does a mount of overlayfs work where the snapshots will lie? */
async function chooseSnapshotter(rootFolder: string): Promise<Snapshotter> {
  const probe = join(rootFolder, `probe-${process.pid}`);
  const folders = ["lower", "upper", "work", "merged"].map((name) => join(probe, name));
  try {
    for (const folder of folders) await mkdir(folder, { recursive: true });
    const [lower, upper, work, merged] = folders;
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    if (!(await tryProgram("mount", ["-t", "overlay", "-o", options, "overlay", merged!]))) return "native";
    await runProgram("umount", [merged!]);
    return "overlayfs";
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

async function logTail(file: string): Promise<string> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.slice(-5).join("\n");
}

async function waitUntilReady(options: ContainerdOptions, mark: ProcessMark): Promise<void> {
  const socketPath = socketPathOf(options);
  const end = Date.now() + readyTimeoutMs;
  while (!(await canConnect(socketPath))) {
    if (!(await isAlive(mark))) throw new Error(`containerd ended while starting:\n${await logTail(options.logFile)}`);
    if (Date.now() > end) throw new Error(`containerd did not start in time:\n${await logTail(options.logFile)}`);
    await delay(readyPollMs);
  }
  const connection = new CriConnection(socketPath);
  try {
    // The socket listens before CRI serves: 1.6 answers "server is not initialized yet" for a moment.
    for (;;) {
      try {
        await connection.call("Status", {}, { timeoutMs: readyTimeoutMs });
        return;
      } catch (error) {
        if (Date.now() > end || !(await isAlive(mark))) throw error;
        await delay(readyPollMs);
      }
    }
  } finally {
    connection.close();
  }
}

/** The snapshotter of the configuration that is in use. */
async function configuredSnapshotter(folders: ContainerdFolders): Promise<Snapshotter> {
  return (await readFile(configFile(folders), "utf8")).includes('snapshotter = "native"') ? "native" : "overlayfs";
}

async function writeConfig(options: ContainerdOptions): Promise<Snapshotter> {
  const { programs, rootFolder, stateFolder } = options;
  const [version, snapshotter] = await Promise.all([
    runProgram(programs.paths["containerd"]!, ["--version"]),
    chooseSnapshotter(rootFolder),
  ]);
  const registriesFolder = join(stateFolder, "certs.d");
  await writeRegistries(registriesFolder, options.mirrors);
  const text = printContainerdConfig(majorVersionOf(version.stdout), {
    rootFolder,
    stateFolder: join(stateFolder, "state"),
    socketPath: socketPathOf(options),
    registriesFolder,
    cniConfigFolder: options.cniConfigFolder,
    cniProgramFolder: programs.cniFolder,
    runcPath: programs.paths["runc"]!,
    pauseImage: options.pauseImage,
    snapshotter,
  });
  await writeFile(configFile(options), text);
  return snapshotter;
}

async function makeFolders(options: ContainerdOptions): Promise<void> {
  const { rootFolder, stateFolder, logFile } = options;
  const socketPath = `${socketPathOf(options)}.ttrpc`;
  if (Buffer.byteLength(socketPath) > socketPathBytesMax) throw new Error(`too long for a socket: ${socketPath}`);
  // Containers in user namespaces must be able to walk through these to their root file system.
  for (const folder of [stateFolder, join(stateFolder, "state"), rootFolder]) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o711);
  }
  await mkdir(dirname(logFile), { recursive: true });
}

/**
 * Starts containerd, or finds the one that runs already in these folders (mirrors are taken over in both cases). It
 * serves when this resolves. It goes on running when this process ends.
 */
export async function startContainerd(options: ContainerdOptions): Promise<RunningContainerd> {
  const socketPath = socketPathOf(options);
  const running = await findRunning(options);
  if (running) {
    await writeRegistries(join(options.stateFolder, "certs.d"), options.mirrors);
    await waitUntilReady(options, running);
    return { socketPath, mark: running, snapshotter: await configuredSnapshotter(options), found: true };
  }
  await makeFolders(options);
  const snapshotter = await writeConfig(options);
  await rm(socketPath, { force: true });
  const log = await open(options.logFile, "a");
  try {
    const { paths } = options.programs;
    // containerd looks for its shim in PATH.
    const shimFolder = dirname(paths["containerd-shim-runc-v2"]!);
    const child = spawn(paths["containerd"]!, ["--config", configFile(options)], {
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      cwd: "/",
      env: { ...process.env, PATH: `${shimFolder}:${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin` },
    });
    await Promise.race([once(child, "spawn"), once(child, "error").then(([error]) => Promise.reject(error as Error))]);
    child.unref();
    const mark = await markOf(child.pid!);
    if (!mark) throw new Error(`containerd ended while starting:\n${await logTail(options.logFile)}`);
    await writeFile(markFile(options), JSON.stringify(mark));
    await waitUntilReady(options, mark);
    return { socketPath, mark, snapshotter, found: false };
  } finally {
    await log.close();
  }
}

/** Ends every pod in the orderly way: their networks' addresses, host ports and namespaces are given back. */
async function removeSandboxes(socketPath: string, log: Log): Promise<void> {
  const connection = new CriConnection(socketPath);
  try {
    const { items } = await connection.call("ListPodSandbox", {});
    const results = await Promise.allSettled(
      items.map(async ({ id }) => {
        await connection.call("StopPodSandbox", { podSandboxId: id });
        await connection.call("RemovePodSandbox", { podSandboxId: id });
      }),
    );
    for (const result of results) {
      if (result.status === "rejected") log.error("a sandbox could not be removed", { error: result.reason });
    }
  } finally {
    connection.close();
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch {
    return "";
  }
}

/** Containers' first processes and shims that outlived their containerd, and the sockets of those shims. */
async function endLeftovers(folders: ContainerdFolders): Promise<void> {
  const socketPath = socketPathOf(folders);
  for (const id of await namesIn(tasksFolder(folders))) {
    const bundle = join(tasksFolder(folders), id);
    const mark = await markOf(Number(await readText(join(bundle, "init.pid"))) || 0);
    // The number may be another process's by now: a container's processes lie in a cgroup that bears its id.
    if (mark && (await readText(`/proc/${mark.pid}/cgroup`)).includes(id)) await endProcess(mark, 0);
    const address = (await readText(join(bundle, "address"))).replace(/^unix:\/\//, "");
    if (address.startsWith("/")) await unlink(address).catch(() => {});
  }
  for (const pid of await listProcessIds()) {
    const args = await commandLine(pid);
    if (!args[0]?.endsWith("containerd-shim-runc-v2") || args[args.indexOf("-address") + 1] !== socketPath) continue;
    const mark = await markOf(pid);
    if (mark) await endProcess(mark, 0);
  }
}

export interface StopOptions extends ContainerdFolders {
  readonly log: Log;
  /** The cgroup under which all pods of the cluster lie ("/proa-0"): whatever runs there still is ended. */
  readonly cgroup?: string;
  /** Removes images and snapshots too. */
  readonly removeRoot: boolean;
}

/** Ends all containers, containerd and its shims, and removes what they have left. Callable when nothing runs. */
export async function stopContainerd(options: StopOptions): Promise<void> {
  const { log, stateFolder, rootFolder } = options;
  const mark = await findRunning(options);
  if (mark) {
    try {
      await removeSandboxes(socketPathOf(options), log);
    } catch (error) {
      log.error("containerd did not answer while stopping; its containers are ended by force", { error });
    }
    await endProcess(mark, stopGraceMs);
  }
  await endLeftovers(options);
  if (options.cgroup !== undefined) await endControlGroup(options.cgroup);
  for (const folder of [stateFolder, rootFolder]) await unmountUnder(folder);
  await rm(stateFolder, { recursive: true, force: true });
  // Shims' sockets lie here in containerd 1.x whatever its state folder is: gone when no other containerd has any.
  for (const folder of ["/run/containerd/s", "/run/containerd"]) await rmdir(folder).catch(() => {});
  if (options.removeRoot) await rm(rootFolder, { recursive: true, force: true });
}
