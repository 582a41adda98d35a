// The notes' rows on ReplicationControllers and ReplicaSets: pods kept, replaced, scaled, adopted and released, and selectors.
// Needs root, containerd and kubectl; says so where it has to skip. May import node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Kubectl } from "./kubectl.ts";
import { manifest, skipNotes } from "./notes.ts";
import { waitFor } from "./program.ts";
import { TestCluster } from "./test-cluster.ts";

const settleMs = 30_000;

describe("the notes' sets of pods", { skip: skipNotes, concurrency: true }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;
  before(async () => {
    cluster = await TestCluster.start("sets");
    kubectl = cluster.kubectl();
  });
  after(() => cluster.remove());

  /** Names of the namespace's pods that run and are not being deleted. */
  async function running(namespace: string, selector = ""): Promise<string[]> {
    const filter = selector ? `-l ${selector}` : "";
    const text = await kubectl.run(`-n ${namespace} get pods ${filter} -o json`);
    const { items } = JSON.parse(text) as {
      items: { metadata: { name: string; deletionTimestamp?: string }; status: { phase: string } }[];
    };
    return items
      .filter(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === "Running")
      .map(({ metadata }) => metadata.name)
      .toSorted();
  }
  const waitForCount = (namespace: string, count: number): Promise<string[]> =>
    waitFor(`${count} pods of ${namespace}`, settleMs, async () => {
      const names = await running(namespace);
      return names.length === count ? names : undefined;
    });

  it("a ReplicationController keeps three pods, replaces one, and scales", async () => {
    await kubectl.makeNamespace("rc");
    await kubectl.run(`-n rc create -f ${manifest("rc-test-rc")}`);
    const first = await waitForCount("rc", 3);
    await kubectl.run(`-n rc delete pod ${first[0]} --wait=false`);
    const second = await waitFor("another pod", settleMs, async () => {
      const names = await running("rc");
      return names.length === 3 && !names.includes(first[0]!) ? names : undefined;
    });
    assert.deepEqual(second.filter((name) => first.includes(name)).length, 2);
    await kubectl.run("-n rc scale rc test-rc --replicas=5");
    await waitForCount("rc", 5);
    await kubectl.run("-n rc scale rc test-rc --replicas=2");
    await waitForCount("rc", 2);
  });

  it("a pod that is there before is adopted, and one that comes after is deleted", async () => {
    await kubectl.makeNamespace("adopt");
    await kubectl.run(`-n adopt create -f ${manifest("pod-testpod")}`);
    await waitForCount("adopt", 1);
    await kubectl.run(`-n adopt create -f ${manifest("rc-test-rc")}`);
    const names = await waitForCount("adopt", 3);
    assert.ok(names.includes("testpod"));
    const owner = await kubectl.run("-n adopt get pod testpod -o jsonpath={.metadata.ownerReferences[0].name}");
    assert.equal(owner, "test-rc");
    await kubectl.makeNamespace("late");
    await kubectl.run(`-n late create -f ${manifest("rc-test-rc")}`);
    const full = await waitForCount("late", 3);
    await kubectl.run(`-n late create -f ${manifest("pod-testpod")}`);
    await waitFor("the late pod to be deleted", settleMs, async () => {
      const deleted = ["-n", "late", "get", "pod", "testpod", "-o", "jsonpath={.metadata.deletionTimestamp}"];
      const { code, stdout } = await kubectl.try(deleted);
      return code === 1 || stdout !== "";
    });
    assert.deepEqual(await running("late"), full);
  });

  it("a pod whose label is taken away is released, runs on, and gets a successor", async () => {
    await kubectl.makeNamespace("release");
    await kubectl.run(`-n release create -f ${manifest("rc-test-rc")}`);
    const [first] = await waitForCount("release", 3);
    await kubectl.run(`-n release label pod ${first} app-`);
    assert.ok((await waitForCount("release", 4)).includes(first!));
    assert.equal(await kubectl.run(`-n release get pod ${first} -o jsonpath={.metadata.ownerReferences}`), "");
    assert.equal((await running("release", "app=myweb")).length, 3);
  });

  it("a ReplicaSet with a selector keeps three pods; one without is refused", async () => {
    await kubectl.makeNamespace("rs");
    await kubectl.run(`-n rs create -f ${manifest("rs-test-rs-2")}`);
    await waitForCount("rs", 3);
    const refusal = await kubectl.refused(`-n rs create -f ${manifest("rs-test-rs")}`);
    assert.match(refusal, /spec\.selector: Required value/);
    assert.match(
      refusal,
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    );
  });

  it("selectors by expressions select as upstream's; the notes' slips are refused", async () => {
    await kubectl.makeNamespace("selectors");
    const base = readFileSync(manifest("rs-test-rs-2"), "utf8");
    const expressions: readonly [string, string][] = [
      ["in", "{key: app, operator: In, values: [myweb, other]}"],
      ["not-in", "{key: app, operator: NotIn, values: [other]}"],
      ["exists", "{key: app, operator: Exists}"],
      ["does-not-exist", "{key: tier, operator: DoesNotExist}"],
    ];
    for (const [name, expression] of expressions) {
      const selector = `matchLabels:\n      app: myweb\n    matchExpressions: [${expression}]`;
      const text = base
        .replace("name: test-rs", `name: ${name}`)
        .replace("replicas: 3", "replicas: 0")
        .replace(/matchLabels:\n +app: myweb/, selector);
      await kubectl.run("-n selectors create -f -", { stdin: text });
    }
    const slip = base.replace("matchLabels:", "matchlabels:");
    const unknown = await kubectl.refused("-n selectors create -f -", { stdin: slip });
    assert.match(unknown, /strict decoding error: unknown field "spec\.selector\.matchlabels"/);
    const wrong = base.replace(/matchLabels:\n +app: myweb/, "matchExpressions: [{key: app, operator: DoesNotExists}]");
    const refusal = await kubectl.refused("-n selectors create -f -", { stdin: wrong });
    assert.match(refusal, /"DoesNotExists": not a valid selector operator|is not a valid label selector operator/);
  });
});
