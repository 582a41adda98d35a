// `proa status`: what runs, and on what runtime. May import node and all layers.
import { existsSync } from "node:fs";
import { addressesOf } from "../../host/cni/cluster-addresses.ts";
import { contextName } from "../paths.ts";
import { type FlagTypes, parseFlags } from "./flags.ts";
import { clusterPathsOf, findRunning } from "./settings.ts";

export const statusFlags: FlagTypes = { name: "text", "data-dir": "text" };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Exit status 0 when the cluster runs, 1 when not. */
export async function status(args: readonly string[]): Promise<number> {
  const paths = clusterPathsOf(parseFlags(args, statusFlags));
  const running = await findRunning(paths);
  if (!running) {
    const rest = existsSync(paths.dataFolder) ? `; its data is in ${paths.dataFolder}` : "";
    say(`cluster "${paths.name}" does not run${rest}`);
    return 1;
  }
  const { podCidr, serviceCidr } = addressesOf(running.index);
  const kind = running.runtime === "simulated" ? "simulated: no container is real" : "containerd: real containers";
  say(`cluster   ${paths.name} (context ${contextName(paths.name)})`);
  say(`API       https://127.0.0.1:${running.port}`);
  say(`runtime   ${kind}`);
  say(`node      ${running.nodeName}`);
  say(`pods      ${podCidr}, services ${serviceCidr}`);
  say(`process   ${running.mark.pid}, since ${running.startedAt}`);
  say(`data      ${paths.dataFolder}`);
  return 0;
}
