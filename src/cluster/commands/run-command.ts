// The commands of the program. May import node and all layers.
import { doctor } from "./doctor.ts";
import { down } from "./down.ts";
import { UsageError } from "./flags.ts";
import { image } from "./image.ts";
import { status } from "./status.ts";
import { serveCommand, up } from "./up.ts";

const usage = `Proa: Kubernetes in one process.

Usage:
  proa up [--name NAME] [--runtime containerd|simulated] [--install] [--port PORT] [--data-dir FOLDER]
          [--kubeconfig FILE] [--mirror REGISTRY=URL]... [--foreground]
  proa down [--name NAME] [--data-dir FOLDER] [--delete]
  proa status [--name NAME]
  proa doctor [--install]
  proa image load FILE [--name NAME]
  proa image list [--name NAME]
`;

/** Runs a command line; resolves to the exit status. */
export async function runCommand(args: readonly string[], entry: URL): Promise<number> {
  // EPIPE: a reader that has seen enough (`proa up | head`) is no failure.
  process.stdout.on("error", () => {});
  const [command, ...rest] = args;
  try {
    switch (command) {
      case "up":
        return await up(rest, entry);
      case "serve":
        return await serveCommand(rest, entry);
      case "down":
        return await down(rest);
      case "status":
        return await status(rest);
      case "doctor":
        return await doctor(rest);
      case "image":
        return await image(rest);
      case undefined:
      case "help":
      case "--help":
        process.stdout.write(usage);
        return 0;
      default:
        throw new UsageError(`unknown command: ${command}\n\n${usage}`);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`proa: ${error.message}\n`);
    return 1;
  }
}
