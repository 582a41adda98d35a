// A cluster's life: up, found running, side by side with another, killed, down without a trace, and up again with what it
// held. Needs root, containerd and kubectl; says so where it has to skip. May import node, src/host.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { commandLine, listProcessIds } from "../../src/host/machine/processes.ts";
import { packImage } from "../../src/host/images/build-image.ts";
import { listIndexes } from "../../src/host/cni/cluster-addresses.ts";
import { buildStandIns } from "../images/stand-ins.ts";
import type { Kubectl } from "./kubectl.ts";
import { findTraces, indexOf, noTraces } from "./machine-traces.ts";
import { PodHistory, type PodState } from "./pod-history.ts";
import { proa, waitFor } from "./program.ts";
import { skipContainers, TestCluster } from "./test-cluster.ts";

const writerPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "writer" },
  spec: {
    terminationGracePeriodSeconds: 1,
    volumes: [{ name: "data", emptyDir: {} }],
    containers: [
      {
        name: "main",
        image: "busybox",
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", "date >> /data/starts; trap 'exit 0' TERM; while true; do sleep 0.2; done"],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
  },
};

/** What must be the same of a pod that nobody touched. */
const identity = ({ containerId, restarts, ip }: PodState) => ({ containerId, restarts, ip });

async function stateOf(kubectl: Kubectl, pod: string): Promise<PodState> {
  const pods = new PodHistory(kubectl);
  try {
    return await pods.waitUntilReady(pod);
  } finally {
    pods.close();
  }
}

describe("a cluster's life", { skip: skipContainers }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;
  before(async () => {
    cluster = await TestCluster.start("life");
    kubectl = cluster.kubectl();
    await waitFor(
      "the default service account",
      5000,
      async () => (await kubectl.try(["get", "serviceaccount", "default"])).code === 0,
    );
    await kubectl.run("create -f -", { stdin: JSON.stringify(writerPod) });
    await kubectl.run("create configmap kept --from-literal=colour=blue");
    await stateOf(kubectl, "default/writer");
  });
  after(() => cluster.remove());

  it("up finds the cluster that runs, and says so", async () => {
    const process = await cluster.status("process");
    assert.match(await cluster.up(), new RegExp(`^cluster "${cluster.name}" runs already: https://127.0.0.1:\\d+`));
    assert.equal(await cluster.status("process"), process);
    assert.equal(await cluster.status("runtime"), "containerd: real containers");
    assert.equal((await kubectl.run("config current-context")).trim(), `proa-${cluster.name}`);
  });

  it("image load brings an image into the cluster, and image list shows it", async () => {
    const image = (await buildStandIns()).find(({ names }) => names[0]!.includes("hello-world"))!;
    const file = join(cluster.folder, "hello.tar");
    writeFileSync(file, await packImage({ ...image, names: ["example.com/own/hello:1"] }));
    const loaded = await cluster.command("image", "load", file);
    assert.equal(loaded.stdout, "loaded example.com/own/hello:1\n", loaded.stderr);
    assert.match((await cluster.command("image", "list")).stdout, /^example\.com\/own\/hello:1\t[\d.]+ MiB$/m);
    await kubectl.run("run hello --image=example.com/own/hello:1 --restart=Never --image-pull-policy=Never");
    await waitFor("the loaded image has run", 10_000, async () =>
      /Hello/.test((await kubectl.try(["logs", "hello"])).stdout),
    );
    const missing = await cluster.command("image", "load", join(cluster.folder, "none.tar"));
    assert.deepEqual([missing.code, missing.stderr], [1, `proa: ${join(cluster.folder, "none.tar")}: no such file\n`]);
  });

  it("two clusters live side by side, and one's end leaves the other alone", async () => {
    const before = identity(await stateOf(kubectl, "default/writer"));
    const other = await TestCluster.start("beside");
    try {
      const client = other.kubectl();
      assert.notEqual(await indexOf(other), await indexOf(cluster));
      await waitFor("the other's pod is created", 5000, async () => {
        const { code } = await client.try(["create", "-f", "-"], { stdin: JSON.stringify(writerPod) });
        return code === 0;
      });
      const { ip } = await stateOf(client, "default/writer");
      assert.notEqual(ip, before.ip);
      assert.match((await client.try(["get", "configmap", "kept"])).stderr, /configmaps "kept" not found/);
      const index = await indexOf(other);
      const { namespaces } = await findTraces(other, index);
      assert.equal((await proa(["down", "--name", other.name, "--delete"])).code, 0, "the name is enough");
      assert.deepEqual(await findTraces(other, index, namespaces), noTraces);
      assert.ok(!existsSync(other.dataFolder));
    } finally {
      await other.remove();
    }
    assert.deepEqual(identity(await stateOf(kubectl, "default/writer")), before);
  });

  it("containers run on while Proa is killed, and up finds the same ones", async () => {
    const before = identity(await stateOf(kubectl, "default/writer"));
    const starts = await kubectl.run("exec writer -- cat /data/starts");
    process.kill(await cluster.processId(), "SIGKILL");
    await waitFor("the process is gone", 5000, async () => (await cluster.command("status")).code === 1);
    const from = performance.now();
    await cluster.up();
    console.log(`up after kill -9: ${(performance.now() - from).toFixed(0)} ms`);
    assert.deepEqual(identity(await stateOf(kubectl, "default/writer")), before);
    assert.equal(await kubectl.run("exec writer -- cat /data/starts"), starts);
    assert.equal((await kubectl.run("get pod hello --no-headers")).split(/\s+/)[2], "Completed");
  });

  it("containers run on while containerd is killed, and Proa starts it again", async () => {
    const before = identity(await stateOf(kubectl, "default/writer"));
    const file = `/run/proa/clusters/${cluster.name}/containerd/containerd.json`;
    const { pid } = JSON.parse(readFileSync(file, "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    await kubectl.run("run later --image=busybox --image-pull-policy=IfNotPresent -- sleep 1000");
    await stateOf(kubectl, "default/later");
    assert.deepEqual(identity(await stateOf(kubectl, "default/writer")), before);
    await kubectl.run("delete pod later --grace-period=1");
  });

  it("pods that start while Proa is killed, again and again, run once each in the end", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `burst-${index}`);
    const items = names.map((name) => ({
      ...writerPod,
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          { name: "main", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sleep", `9${process.pid}`] },
        ],
      },
    }));
    await kubectl.run("create -f -", { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
    for (const afterMs of [0, 300, 700]) {
      await delay(afterMs);
      process.kill(await cluster.processId(), "SIGKILL");
      await waitFor("the process is gone", 5000, async () => (await cluster.command("status")).code === 1);
      await cluster.up();
    }
    for (const name of names) await stateOf(kubectl, `default/${name}`);
    const commands = await Promise.all((await listProcessIds()).map((pid) => commandLine(pid)));
    const sleeping = commands.filter((command) => command.join(" ") === `sleep 9${process.pid}`);
    assert.equal(sleeping.length, names.length, "each container runs once");
    await kubectl.run(`delete pod ${names.join(" ")} --timeout=30s`);
  });

  it("down leaves nothing on the machine, and the next up finds objects and data", async () => {
    const index = await indexOf(cluster);
    const running = await findTraces(cluster, index);
    for (const [what, found] of Object.entries(running)) assert.ok(found.length > 0, `${what} is seen while it runs`);
    const printed = await cluster.down();
    assert.equal(printed, `cluster "${cluster.name}" is stopped; its data stays in ${cluster.dataFolder}\n`);
    assert.deepEqual(await findTraces(cluster, index, running.namespaces), noTraces);
    assert.ok(![...(await listIndexes()).values()].some((owner) => owner.endsWith(`/${cluster.name}`)));
    const { code, stdout } = await cluster.command("status");
    assert.equal(code, 1);
    assert.match(stdout, /does not run; its data is in /);
    await cluster.up();
    assert.equal(await kubectl.run("get configmap kept -o jsonpath={.data.colour}"), "blue");
    const again = await waitFor("the pod has been started again", 20_000, async () => {
      const state = await stateOf(kubectl, "default/writer");
      return state.restarts > 0 && state;
    });
    assert.equal(again.restarts, 1);
    assert.equal((await kubectl.run("exec writer -- cat /data/starts")).trim().split("\n").length, 2);
  });

  it("down --delete takes the data and the context away as well", async () => {
    const index = await indexOf(cluster);
    const { namespaces } = await findTraces(cluster, index);
    assert.match(await cluster.down("--delete"), /is stopped, and its data deleted\n$/);
    assert.deepEqual(await findTraces(cluster, index, namespaces), noTraces);
    assert.ok(!existsSync(cluster.dataFolder));
    assert.ok(!readFileSync(cluster.kubeconfig, "utf8").includes(cluster.name));
    assert.equal(await cluster.down(), `there is no cluster "${cluster.name}"\n`);
  });
});
