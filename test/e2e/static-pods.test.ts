// Static pods: a manifest in the node's folder runs, is shown by a mirror pod, and ends with its file. Needs root, containerd
// and kubectl; says so where it has to skip. May import node.
import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { waitFor } from "./program.ts";
import { skipContainers, TestCluster } from "./test-cluster.ts";

const settleMs = 30_000;

test("a manifest in the node's folder is a pod as long as it lies there", { skip: skipContainers }, async () => {
  const cluster = await TestCluster.start("static");
  try {
    const kubectl = cluster.kubectl();
    const container = { name: "main", image: "docker.io/library/ubuntu", command: ["sleep", "3600"] };
    const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "static" }, spec };
    const file = join(cluster.dataFolder, "manifests/static.yaml");
    writeFileSync(join(cluster.dataFolder, "static.new"), JSON.stringify(pod));
    renameSync(join(cluster.dataFolder, "static.new"), file);
    const query = "get pods -o jsonpath={.items[*].metadata.name}={.items[*].status.phase}";
    const shown = await waitFor("the mirror pod to run", settleMs, async () => {
      const text = await kubectl.run(query);
      return /^static-[^=]+=Running$/.test(text) ? text : undefined;
    });
    const [name] = shown.split("=");
    const annotations = await kubectl.run(`get pod ${name} -o jsonpath={.metadata.annotations}`);
    assert.match(annotations, /"kubernetes\.io\/config\.source":"file"/);
    rmSync(file);
    await waitFor("the mirror pod to go", settleMs, async () => (await kubectl.run(query)) === "=");
  } finally {
    await cluster.remove();
  }
});
