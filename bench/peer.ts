// The same load on Proa and on upstream's own control plane, in the same run, where the kit that starts upstream is there
// (PROA_PEER_KIT, by default ../shared/peer): prints the ratio of CPU per request, upstream's over ours. Imports node.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const kit = process.env["PROA_PEER_KIT"] ?? join(import.meta.dirname, "../../shared/peer");
const peerFolder = process.env["PROA_PEER"] ?? join(homedir(), ".cache/proa-peer");
const load = join(peerFolder, "bin/load");

/** Case, its arguments, and the least ratio that is asked for. */
const cases: readonly [string, readonly string[], number][] = [
  ["create", ["--clients", "64", "--seconds", "8"], 10],
  ["get", ["--clients", "64", "--seconds", "5"], 15],
  ["list", ["--clients", "1", "--seconds", "6"], 12],
  ["watch", ["--clients", "200", "--count", "100"], 4],
];

/** CPU of each request, in microseconds. */
function measure(kubeconfig: string, name: string, args: readonly string[], pids: readonly number[]): number {
  const out = execFileSync(load, ["--kubeconfig", kubeconfig, "--case", name, ...args, "--pids", pids.join(",")]);
  return (JSON.parse(out.toString("utf8")) as { cpuUsEach: number }).cpuUsEach;
}

/** Processes of the peer's programs, by the files that they run. */
function peerPids(programs: readonly string[]): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [program = ""] = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      return programs.some((name) => program === join(peerFolder, "bin", name)) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

if (!existsSync(join(kit, "up")) || !existsSync(load)) {
  console.error(`left out: no upstream to compare with (${kit}/up and ${load})`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), "proa-bench-peer-"));
const program = join(import.meta.dirname, "../dist/proa.mjs");
const kubeconfig = join(folder, "kubeconfig");
const up = ["up", "--name", "bench-peer", "--runtime", "simulated", "--foreground", "--port", "7643"];
const ours = spawn(process.execPath, [program, ...up, "--data-dir", join(folder, "data"), "--kubeconfig", kubeconfig], {
  stdio: "ignore",
});
try {
  execFileSync(join(kit, "up"), ["control-plane"], { stdio: "ignore" });
  while (!existsSync(kubeconfig)) await delay(100);
  await delay(2_000);
  const theirs = peerPids(["kube-apiserver", "etcd"]);
  for (const [name, args, budget] of cases) {
    const upstream = measure(join(peerFolder, "admin.conf"), name, args, theirs);
    const proa = measure(kubeconfig, name, args, [ours.pid!]);
    const value = Number((upstream / proa).toPrecision(3));
    console.log(
      JSON.stringify({ name: `CPU of ${name}, upstream's over ours`, value, unit: "ratio", budget, upstream, proa }),
    );
  }
} finally {
  ours.kill("SIGINT");
  execFileSync(join(kit, "down"), { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
}
