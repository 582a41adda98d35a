// The cluster's own process: started by `proa up` in the background, or in the foreground. It reports its steps, writes down
// that it runs, and ends in order when it is told to. May import node and all layers.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { createLineLog } from "../../host/clock.ts";
import { claimIndex } from "../../host/cni/cluster-addresses.ts";
import { areAddressesFree } from "../../host/cni/route-conflicts.ts";
import { startNodeHost } from "../../host/kubelet/node-host.ts";
import { markOf } from "../../host/machine/processes.ts";
import { writeFileDurably } from "../../host/pki/cluster-keys.ts";
import { mergeKubeconfig } from "../../host/pki/kubeconfig.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { contextName } from "../paths.ts";
import { openLogFile } from "./log-file.ts";
import type { RunningState, Settings } from "./settings.ts";
import { heldIndex, indexesFolder, nodePlaceOf, takeAway } from "./take-away.ts";

/** Pods' logs lie where every log collector looks for them. */
const podLogsFolder = "/var/log/pods";
const listenHost = "127.0.0.1";
const firstPort = 6443;
const portsTried = 100;

export type Progress =
  | { readonly step: "api" | "control-plane" | "node"; readonly atMs: number; readonly port: number }
  | { readonly failed: string };

function machineAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => address);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, listenHost, () => probe.close(() => resolve(true)));
  });
}

/**
 * The asked port; else the cluster's last one; else the first that is free from the cluster's own on: clusters that start
 * at the same moment have different indexes, so they don't find the same port free. Rejects where the asked one is taken.
 */
async function choosePort({ port, paths }: Settings, index: number): Promise<number> {
  const file = join(paths.dataFolder, "port");
  let last: number | undefined;
  try {
    last = Number(readFileSync(file, "utf8"));
  } catch {
    // The first start.
  }
  if (port !== undefined && !(await isFree(port))) {
    throw new Error(`port ${port} of ${listenHost} is in use: give another with --port, or end what uses it`);
  }
  const candidates = Array.from({ length: portsTried }, (_, number) => firstPort + index + number);
  for (const candidate of port === undefined ? [...(last ? [last] : []), ...candidates] : [port]) {
    if (!(await isFree(candidate))) continue;
    writeFileSync(file, String(candidate));
    return candidate;
  }
  throw new Error(`no free port from ${firstPort} on: give one with --port`);
}

/** Runs the cluster until it is told to end. Resolves when it is up; rejects with an Error in words for people. */
export async function serve(
  settings: Settings,
  workerEntry: URL,
  report: (progress: Progress) => void,
): Promise<{ close(): Promise<void> }> {
  const { paths, runtime } = settings;
  const found = (await heldIndex(paths)) !== undefined;
  mkdirSync(paths.dataFolder, { recursive: true, mode: 0o711 });
  mkdirSync(paths.runFolder, { recursive: true, mode: 0o711 });
  const log = createLineLog(openLogFile(paths.logFile));
  try {
    const cluster = await startServing(settings, workerEntry, report, log);
    return {
      async close() {
        await cluster.close();
        // Real containers run on, for the next start to find; simulated ones end with the process.
        if (runtime === "simulated") await takeAway(paths, log, false);
        else rmSync(paths.stateFile, { force: true });
      },
    };
  } catch (error) {
    // A first start that fails leaves nothing behind. What an earlier one left running is not its to end.
    if (!found) await takeAway(paths, log, false);
    throw error;
  }
}

async function startServing(
  settings: Settings,
  workerEntry: URL,
  report: (progress: Progress) => void,
  log: Log,
): Promise<Cluster> {
  const startedMs = performance.now();
  const { paths, runtime, kubeconfig, mirrors } = settings;
  const addresses = await claimIndex(
    paths.runFolder,
    runtime === "containerd" ? areAddressesFree : undefined,
    indexesFolder(),
  );
  const port = await choosePort(settings, addresses.index);
  const nodeName = hostname().toLowerCase();
  const nodeHost =
    runtime === "containerd"
      ? startNodeHost({ ...nodePlaceOf(paths, addresses, log), podLogsFolder, mirrors })
      : undefined;
  // It is awaited after the control plane runs; a failure until then is no unhandled one.
  const nodeHostEnded = nodeHost?.then(
    () => {},
    () => {},
  );
  const cluster = await startCluster({
    paths,
    addresses,
    host: listenHost,
    port,
    machineAddresses: machineAddresses(),
    nodeName,
    nodeHost,
    workerEntry,
    log,
    onStep: (step) => report({ step, atMs: performance.now() - startedMs, port }),
  }).catch(async (error: unknown) => {
    // Whoever takes away what was started must not do so while it is still being started.
    await nodeHostEnded;
    throw error;
  });
  const mark = await markOf(process.pid);
  const startedAt = new Date().toISOString();
  const { dataFolder } = paths;
  const { index } = addresses;
  const state: RunningState = { mark: mark!, port, runtime, nodeName, startedAt, kubeconfig, index, dataFolder };
  writeFileDurably(paths.stateFile, JSON.stringify(state), 0o644);
  mergeKubeconfig(kubeconfig, {
    name: contextName(paths.name),
    server: `https://${listenHost}:${port}`,
    authorityPem: cluster.keys.authority.certificatePem,
    certificatePem: cluster.keys.admin.certificatePem,
    keyPem: cluster.keys.admin.keyPem,
  });
  await cluster.nodeReady;
  return cluster;
}
