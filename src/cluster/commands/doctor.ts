// `proa doctor`: whether this machine can run real containers, and what it lacks; with --install, it installs that. May import
// node and all layers.
import { createLineLog } from "../../host/clock.ts";
import { installPrograms } from "../../host/install/install-programs.ts";
import { installCommand, missingPrograms } from "../../host/install/programs.ts";
import { type FlagTypes, parseFlags } from "./flags.ts";
import { isRoot } from "./settings.ts";

export const doctorFlags: FlagTypes = { install: "switch" };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Exit status 0 when real containers can run here, 1 when not. */
export async function doctor(args: readonly string[]): Promise<number> {
  const install = parseFlags(args, doctorFlags).isSet("install");
  if (process.platform !== "linux") {
    say("real containers need Linux");
    return 1;
  }
  if (!isRoot()) {
    say("real containers need root");
    return 1;
  }
  let missing = await missingPrograms();
  if (missing.length > 0 && install) {
    say(`installing ${missing.join(", ")} (${installCommand(missing)})`);
    await installPrograms(createLineLog((line) => say(`  ${(JSON.parse(line) as { message: string }).message}`)));
    missing = await missingPrograms();
  }
  if (missing.length > 0) {
    say(`this machine lacks ${missing.join(", ")}: ${installCommand(missing)}`);
    return 1;
  }
  say("this machine can run real containers");
  return 0;
}
