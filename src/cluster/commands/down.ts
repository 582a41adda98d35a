// `proa down`: stops all that the cluster has started, and leaves no container, mount, namespace, bridge or rule. Objects and
// data stay for the next `up`, unless they are to be deleted. May import node and all layers.
import { existsSync, rmSync } from "node:fs";
import { createLineLog } from "../../host/clock.ts";
import { endProcess } from "../../host/machine/processes.ts";
import { removeFromKubeconfig } from "../../host/pki/kubeconfig.ts";
import { contextName } from "../paths.ts";
import { type FlagTypes, parseFlags } from "./flags.ts";
import { clusterPathsOf, findRunning, lastState } from "./settings.ts";
import { heldIndex, takeAway } from "./take-away.ts";

export const downFlags: FlagTypes = { name: "text", "data-dir": "text", delete: "switch" };

/** The process closes its store and its connections in less; after that it is killed. */
const stopGraceMs = 10_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

export async function down(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, downFlags);
  const paths = clusterPathsOf(flags);
  const state = lastState(paths);
  const running = await findRunning(paths);
  const index = await heldIndex(paths);
  if (!running && index === undefined && !existsSync(paths.dataFolder)) {
    say(`there is no cluster "${paths.name}"`);
    return 0;
  }
  if (running) await endProcess(running.mark, stopGraceMs);
  const log = createLineLog((line) => process.stderr.write(`${line}\n`));
  await takeAway(paths, log, flags.isSet("delete"));
  if (flags.isSet("delete")) {
    rmSync(paths.dataFolder, { recursive: true, force: true });
    if (state) removeFromKubeconfig(state.kubeconfig, contextName(paths.name));
    say(`cluster "${paths.name}" is stopped, and its data deleted`);
  } else {
    say(`cluster "${paths.name}" is stopped; its data stays in ${paths.dataFolder}`);
  }
  return 0;
}
