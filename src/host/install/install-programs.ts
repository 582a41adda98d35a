// Brings the missing programs of a node from the machine's own package registry (Debian, Ubuntu). Packages are only ever
// added; no service of theirs is started, and what was running before goes on running. May import node, src/base.
import { access, chmod, rm, writeFile } from "node:fs/promises";
import type { Log } from "../../base/log.ts";
import { runProgram } from "../machine/run-program.ts";
import { findProgram, packagesFor, searchPrograms, type SearchOptions } from "./programs.ts";

// invoke-rc.d asks this program before it starts a service; 101 says "not allowed" (Debian policy 9.3.3.1).
const policyFile = "/usr/sbin/policy-rc.d";
const policyText = "#!/bin/sh\nexit 101\n";
const installTimeoutMs = 15 * 60_000;

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** Runs a task while no package may start a service. A policy that the machine has already stays as it is. */
async function withoutServices<T>(task: () => Promise<T>): Promise<T> {
  if (await exists(policyFile)) return task();
  await writeFile(policyFile, policyText, { flag: "wx" });
  await chmod(policyFile, 0o755);
  try {
    return await task();
  } finally {
    await rm(policyFile, { force: true });
  }
}

/**
 * Installs what is missing and says each step in the log. Returns the names of the packages that were added; none when
 * nothing was missing. Rejects when the machine has no apt, when not run by root, or with apt's own words.
 */
export async function installPrograms(log: Log, options: SearchOptions = {}): Promise<readonly string[]> {
  const { missing } = await searchPrograms(options);
  if (missing.length === 0) return [];
  const packages = packagesFor(missing);
  const apt = await findProgram("apt-get");
  if (apt === undefined) {
    throw new Error(`missing: ${missing.join(", ")}; this machine has no apt-get, install them with its own installer`);
  }
  if (process.getuid?.() !== 0) throw new Error(`installing ${packages.join(", ")} needs root`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  log.info("reading the package lists: apt-get update");
  await runProgram(apt, ["update", "-q"], { timeoutMs: installTimeoutMs, env });
  const args = ["install", "-q", "-y", "--no-remove", "--no-install-recommends", ...packages];
  log.info(`installing: apt-get ${args.join(" ")}`);
  await withoutServices(() => runProgram(apt, args, { timeoutMs: installTimeoutMs, env }));
  const after = await searchPrograms(options);
  if (after.missing.length > 0) {
    throw new Error(`installed ${packages.join(", ")}, and these are missing still: ${after.missing.join(", ")}`);
  }
  return packages;
}
