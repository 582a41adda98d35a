// A cluster of the tests' own, brought up by the program under test: its name, data and kubeconfig are its own, its images
// come from a registry on loopback, and it is taken away at the end. May import node, src/host.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingPrograms } from "../../src/host/install/programs.ts";
import { startRegistry, type RunningRegistry } from "../images/registry.ts";
import { buildStandIns } from "../images/stand-ins.ts";
import { Kubectl, kubectls } from "./kubectl.ts";
import { proa, type RunResult, type RunSettings } from "./program.ts";

const missing = process.getuid?.() === 0 ? await missingPrograms() : ["root"];

/** Why tests with kubectl have to skip; false: they needn't. */
export const skipWithoutKubectl = kubectls.length === 0 ? "needs kubectl on the PATH, or KUBECTLS" : false;
/** Why tests with real containers have to skip; false: they needn't. */
export const skipContainers = missing.length > 0 ? `needs ${missing.join(", ")}` : skipWithoutKubectl;

export class TestCluster {
  readonly name: string;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly dataFolder: string;
  readonly #registry: RunningRegistry | undefined;

  /** Nothing runs yet. The name may be chosen freely by each test file. */
  constructor(name: string, registry?: RunningRegistry, dataFolder?: string) {
    this.name = `e2e-${name}-${process.pid}`;
    this.folder = mkdtempSync(join(tmpdir(), `proa-${name}-`));
    // Containers reach what is mounted from here as users other than root.
    chmodSync(this.folder, 0o711);
    this.kubeconfig = join(this.folder, "kubeconfig");
    this.dataFolder = dataFolder ?? join(this.folder, "data");
    this.#registry = registry;
  }

  /** A cluster that runs real containers, and a registry of stand-ins that it pulls from. */
  static async start(name: string): Promise<TestCluster> {
    const cluster = new TestCluster(name, await startRegistry(await buildStandIns()));
    const from = performance.now();
    try {
      await cluster.up();
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    console.log(`${cluster.name}: up after ${(performance.now() - from).toFixed(0)} ms`);
    return cluster;
  }

  get #own(): string[] {
    return ["--name", this.name, "--data-dir", this.dataFolder];
  }

  get upArguments(): readonly string[] {
    const url = this.#registry?.url;
    const mirrors = url ? ["docker.io", "ghcr.io"].flatMap((host) => ["--mirror", `${host}=${url}`]) : [];
    return ["up", ...this.#own, "--kubeconfig", this.kubeconfig, ...mirrors];
  }

  /** Must succeed; what it printed. */
  async up(...more: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryUp(more);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  tryUp(more: readonly string[] = [], settings: RunSettings = {}): Promise<RunResult> {
    return proa([...this.upArguments, ...more], settings);
  }

  /** Any other command of the program, for this cluster. */
  command(...args: readonly string[]): Promise<RunResult> {
    return proa([...args, ...this.#own]);
  }

  async down(...more: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.command("down", ...more);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  /** One line of `proa status`, as "pods" or "process". */
  async status(line: string): Promise<string> {
    const { stdout } = await this.command("status");
    const found = new RegExp(`^${line} +(.*)$`, "m").exec(stdout);
    assert.ok(found, stdout);
    return found[1]!;
  }

  /** The process id of the cluster's process. */
  async processId(): Promise<number> {
    return Number.parseInt(await this.status("process"), 10);
  }

  kubectl(path = kubectls[0]!): Kubectl {
    return new Kubectl(path, this.kubeconfig);
  }

  async remove(): Promise<void> {
    try {
      await this.down("--delete");
    } finally {
      await this.#registry?.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
