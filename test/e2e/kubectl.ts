// A real kubectl against a cluster of the tests. KUBECTLS is a glob of programs, of which the first does most and every
// one tries what streams; by default the one on the PATH. May import node.
import assert from "node:assert/strict";
import { globSync, realpathSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { run, type RunResult, type RunSettings, waitFor } from "./program.ts";

const namespaceReadyMs = 5000;

const { KUBECTLS: wanted, PATH: searchPath } = process.env;

function findKubectls(): string[] {
  if (wanted)
    return globSync(wanted.split(delimiter))
      .filter(isAbsolute)
      .map((path) => realpathSync(path));
  for (const folder of (searchPath ?? "").split(delimiter)) {
    const [found] = globSync(join(folder, "kubectl"));
    if (found) return [realpathSync(found)];
  }
  return [];
}

/** Absolute paths; empty where the machine has none. */
export const kubectls: readonly string[] = [...new Set(findKubectls())];

interface EventsJson {
  readonly items: readonly { reason: string; message: string; involvedObject: { name: string } }[];
}

export class Kubectl {
  readonly path: string;
  readonly kubeconfig: string;

  constructor(path: string, kubeconfig: string) {
    this.path = path;
    this.kubeconfig = kubeconfig;
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return { ...process.env, KUBECONFIG: this.kubeconfig, KUBECACHEDIR: `${this.kubeconfig}-cache` };
  }

  /** Resolves with any exit status. */
  try(args: readonly string[], settings: RunSettings = {}): Promise<RunResult> {
    return run(this.path, args, { ...settings, env: this.env });
  }

  /** The words, split at blanks, must succeed; what was printed. */
  async run(line: string, settings: RunSettings = {}): Promise<string> {
    const args = line.split(" ").filter((word) => word !== "");
    const { code, stdout, stderr } = await this.try(args, settings);
    assert.equal(code, 0, `kubectl ${line}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Must fail with exit status 1; what was written to standard error. */
  async refused(line: string, settings: RunSettings = {}): Promise<string> {
    const { code, stdout, stderr } = await this.try(line.split(" "), settings);
    assert.equal(code, 1, `kubectl ${line}\n${stdout}${stderr}`);
    return stderr;
  }

  async version(): Promise<string> {
    const { clientVersion } = JSON.parse(await this.run("version --client -o json")) as {
      clientVersion: { gitVersion: string };
    };
    return clientVersion.gitVersion;
  }

  async json<T>(line: string): Promise<T> {
    return JSON.parse(await this.run(`${line} -o json`)) as T;
  }

  /** Reason and message of the object's events, oldest first. */
  async events(namespace: string, name: string): Promise<readonly { reason: string; message: string }[]> {
    const { items } = await this.json<EventsJson>(`-n ${namespace} get events --sort-by=.metadata.resourceVersion`);
    return items.filter(({ involvedObject }) => involvedObject.name === name);
  }

  /** A new namespace in which pods can be made: its service account is there. */
  async makeNamespace(name: string): Promise<void> {
    await this.run(`create namespace ${name}`);
    await waitFor(`service account of ${name}`, namespaceReadyMs, async () => {
      return (await this.try(["-n", name, "get", "serviceaccount", "default"])).code === 0;
    });
  }
}
