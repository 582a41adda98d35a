// `proa down`: stops all that the cluster has started, and leaves no container, mount, namespace, bridge or rule. Objects and
// data stay for the next `up`, unless they are to be deleted. May import node and all layers.
import { existsSync, rmSync } from "node:fs";
import { createLineLog } from "../../host/clock.ts";
import { addressesOf, listIndexes, releaseIndex } from "../../host/cni/cluster-addresses.ts";
import { stopNodeHost } from "../../host/kubelet/node-host.ts";
import { endProcess } from "../../host/machine/processes.ts";
import { removeFromKubeconfig } from "../../host/pki/kubeconfig.ts";
import { contextName, type ClusterPaths } from "../paths.ts";
import { type FlagTypes, parseFlags } from "./flags.ts";
import { indexesFolder, nodePlaceOf } from "./serve.ts";
import { clusterPathsOf, findRunning, isRoot, lastState } from "./settings.ts";

export const downFlags: FlagTypes = { name: "text", "data-dir": "text", delete: "switch" };

/** The process closes its store and its connections in less; after that it is killed. */
const stopGraceMs = 10_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function indexOf(paths: ClusterPaths): Promise<number | undefined> {
  for (const [index, owner] of await listIndexes(indexesFolder())) if (owner === paths.runFolder) return index;
  return undefined;
}

export async function down(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, downFlags);
  const paths = clusterPathsOf(flags);
  const state = lastState(paths);
  const running = await findRunning(paths);
  const index = await indexOf(paths);
  if (!running && index === undefined && !existsSync(paths.dataFolder)) {
    say(`there is no cluster "${paths.name}"`);
    return 0;
  }
  if (running) await endProcess(running.mark, stopGraceMs);
  if (index !== undefined && isRoot()) {
    const log = createLineLog((line) => process.stderr.write(`${line}\n`));
    await stopNodeHost(nodePlaceOf(paths, addressesOf(index), { ...log, info() {} }), flags.isSet("delete"));
  }
  await releaseIndex(paths.runFolder, indexesFolder());
  rmSync(paths.runFolder, { recursive: true, force: true });
  if (flags.isSet("delete")) {
    rmSync(paths.dataFolder, { recursive: true, force: true });
    if (state) removeFromKubeconfig(state.kubeconfig, contextName(paths.name));
    say(`cluster "${paths.name}" is stopped, and its data deleted`);
  } else {
    say(`cluster "${paths.name}" is stopped; its data stays in ${paths.dataFolder}`);
  }
  return 0;
}
