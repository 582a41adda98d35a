// `proa image load FILE` and `proa image list`: images of the cluster's own containerd. May import node and all layers.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CriConnection } from "../../host/cri/connection.ts";
import { listImages, loadImages } from "../../host/images/node-images.ts";
import { type FlagTypes, parseFlags, UsageError } from "./flags.ts";
import { clusterPathsOf, findRunning } from "./settings.ts";

export const imageFlags: FlagTypes = { name: "text", "data-dir": "text" };

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

export async function image(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args, imageFlags);
  const [command, file] = flags.positional;
  const paths = clusterPathsOf(flags);
  if (command !== "load" && command !== "list") throw new UsageError("usage: proa image load FILE | proa image list");
  if (command === "load" && !file) throw new UsageError("usage: proa image load FILE");
  const running = await findRunning(paths);
  if (running?.runtime !== "containerd") throw new UsageError(`no cluster "${paths.name}" with real containers runs`);
  const connection = new CriConnection(join(paths.containerdStateFolder, "containerd.sock"));
  try {
    if (command === "list") {
      for (const { names, digests, id, sizeBytes } of await listImages(connection)) {
        say(`${names[0] ?? digests[0] ?? id}\t${mebibytes(sizeBytes)}`);
      }
      return 0;
    }
    if (!existsSync(file!)) throw new UsageError(`${file}: no such file`);
    for (const name of await loadImages(connection, resolve(file!), paths.runFolder)) say(`loaded ${name}`);
    return 0;
  } finally {
    connection.close();
  }
}
