// The notes' rows that take their time: restart policies, back-offs and probes. All wait side by side. Needs root,
// containerd and kubectl; says so where it has to skip. May import node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Kubectl } from "./kubectl.ts";
import { manifest, skipNotes } from "./notes.ts";
import { PodHistory, type PodState } from "./pod-history.ts";
import { TestCluster } from "./test-cluster.ts";

// A liveness probe that fails every 30 s: back-off begins to hold it back when it has grown past those 30 s, at the fifth time.
const longMs = 200_000;
const quietMs = 60_000;

describe("the notes' restart policies and probes", { skip: skipNotes, concurrency: true }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;
  let pods: PodHistory;
  before(async () => {
    cluster = await TestCluster.start("restarts");
    kubectl = cluster.kubectl();
    pods = new PodHistory(kubectl);
    console.log(`${kubectl.path} ${await kubectl.version()}`);
  });
  after(async () => {
    pods.close();
    await cluster.remove();
  });

  const create = async (namespace: string, name: string): Promise<void> => {
    await kubectl.makeNamespace(namespace);
    await kubectl.run(`-n ${namespace} create -f ${manifest(name)}`);
  };
  /** When each restart was first told. */
  const restartTimes = async (pod: string, count: number): Promise<number[]> => {
    const states: PodState[] = [];
    for (let restarts = 1; restarts <= count; restarts += 1) {
      states.push(
        await pods.waitFor(pod, `restarted ${restarts} times`, (state) => state.restarts >= restarts, longMs),
      );
    }
    return states.map(({ atMs }) => atMs);
  };
  const assertQuiet = (pod: string): void => {
    const states = pods.of(pod);
    assert.ok(states.at(-1)?.ready && states.every(({ restarts }) => restarts === 0), JSON.stringify(states.at(-1)));
  };

  it("Always: a pod whose process is killed is restarted", async () => {
    await create("killed", "pod-test-pod-2");
    const first = await pods.waitUntilReady("killed/test-pod");
    await kubectl.try(["-n", "killed", "exec", "test-pod", "--", "sh", "-c", "kill 1"]);
    const second = await pods.waitFor("killed/test-pod", "restarted", ({ restarts, ready }) => restarts === 1 && ready);
    assert.notEqual(second.containerId, first.containerId);
    assert.equal(second.ip, first.ip);
  });

  it("Always: a pod that ends is Completed, then in CrashLoopBackOff, with back-offs of 10, 20 and 40 s", async () => {
    await create("always", "pod-hello-world");
    const pod = "always/hello-world";
    const completed = await pods.waitFor(pod, "Completed", ({ terminated }) => terminated?.reason === "Completed");
    assert.deepEqual([completed.terminated!.exitCode, completed.phase], [0, "Running"]);
    const looping = await pods.waitFor(pod, "in CrashLoopBackOff", ({ waiting }) => waiting === "CrashLoopBackOff");
    assert.equal(looping.phase, "Running");
    assert.equal(looping.lastTerminated?.reason, "Completed");
    assert.match(await kubectl.run("-n always logs hello-world"), /Hello from Proa!/);
    const times = await restartTimes(pod, 4);
    const gaps = times.slice(1).map((at, index) => Math.round((at - times[index]!) / 100) / 10);
    console.log(`hello-world's restarts came after ${gaps.join(", ")} s`);
    for (const [index, wanted] of [10, 20, 40].entries()) {
      assert.ok(gaps[index]! >= wanted - 0.5 && gaps[index]! < wanted + 4, `${gaps[index]} s instead of ${wanted} s`);
    }
    const messages = (await kubectl.events("always", "hello-world")).filter(({ reason }) => reason === "BackOff");
    const uid = await kubectl.run("-n always get pod hello-world -o jsonpath={.metadata.uid}");
    assert.equal(
      messages[0]?.message,
      `Back-off restarting failed container hello-world-container in pod hello-world_always(${uid})`,
    );
  });

  for (const [policy, file, name] of [
    ["Never", "pod-hello-world2", "hello-world2"],
    ["OnFailure", "pod-hello-world3", "hello-world3"],
  ] as const) {
    it(`${policy}: a pod that ends well has Succeeded and is not restarted`, async () => {
      const namespace = policy.toLowerCase();
      await create(namespace, file);
      const pod = `${namespace}/${name}`;
      const ended = await pods.waitFor(pod, "Succeeded", ({ phase }) => phase === "Succeeded");
      assert.deepEqual([ended.terminated?.reason, ended.restarts, ended.ready], ["Completed", 0, false]);
      await delay(3000);
      assert.deepEqual([pods.of(pod).at(-1)!.phase, pods.of(pod).at(-1)!.restarts], ["Succeeded", 0]);
      assert.match(await kubectl.run(`-n ${namespace} get pod ${name}`), / 0\/1 +Completed +0 /);
    });
  }

  it("OnFailure: a pod that fails is in Error, then in CrashLoopBackOff, and its phase stays Running", async () => {
    await create("failing", "pod-false-pod");
    const pod = "failing/false-pod";
    const failed = await pods.waitFor(pod, "in Error", ({ terminated }) => terminated?.reason === "Error");
    assert.equal(failed.terminated!.exitCode, 1);
    await pods.waitFor(pod, "in CrashLoopBackOff", ({ waiting }) => waiting === "CrashLoopBackOff");
    await restartTimes(pod, 2);
    const phases = new Set(pods.of(pod).map(({ phase }) => phase));
    assert.deepEqual([...phases], ["Pending", "Running"]);
  });

  it("Never: a pod that fails has Failed, reason Error, exit code 1", async () => {
    await kubectl.makeNamespace("failed");
    const text = readFileSync(manifest("pod-false-pod"), "utf8").replace("OnFailure", "Never");
    await kubectl.run("-n failed create -f -", { stdin: text });
    const ended = await pods.waitFor("failed/false-pod", "Failed", ({ phase }) => phase === "Failed");
    assert.deepEqual([ended.terminated?.reason, ended.terminated?.exitCode, ended.restarts], ["Error", 1, 0]);
    assert.match(await kubectl.run("-n failed get pod false-pod"), / 0\/1 +Error +0 /);
  });

  for (const number of [1, 2]) {
    it(`liveness ${number}: a pod without a failing probe runs for 60 s`, async () => {
      await create(`liveness-${number}`, `pod-pod-liveness-${number}`);
      const pod = `liveness-${number}/pod-liveness-${number}`;
      await pods.waitUntilReady(pod);
      await delay(quietMs);
      assertQuiet(pod);
    });
  }

  it("liveness 3: a probe that answers 404 restarts the pod every 30 s, at last with CrashLoopBackOff", async () => {
    await create("liveness-3", "pod-pod-liveness-3");
    const pod = "liveness-3/pod-liveness-3";
    const { atMs } = await pods.waitUntilReady(pod);
    const [restartedMs] = await restartTimes(pod, 1);
    const seconds = (restartedMs! - atMs) / 1000;
    console.log(`liveness-3 was restarted after ${seconds.toFixed(1)} s`);
    assert.ok(seconds > 19 && seconds < 36, `${seconds} s`);
    const events = await kubectl.events("liveness-3", "pod-liveness-3");
    const said = (reason: string) => events.find((event) => event.reason === reason)?.message;
    assert.equal(said("Unhealthy"), "Liveness probe failed: HTTP probe failed with statuscode: 404");
    assert.equal(said("Killing"), "Container pod-liveness-3-container failed liveness probe, will be restarted");
    await pods.waitFor(pod, "in CrashLoopBackOff", ({ waiting }) => waiting === "CrashLoopBackOff", longMs);
  });

  it("startup: without the file the probe fails after 30 s and the container restarts", async () => {
    await create("startup-without", "pod-pod-startup");
    const pod = "startup-without/pod-startup";
    const started = await pods.waitFor(pod, "Running", ({ phase }) => phase === "Running");
    const [restartedMs] = await restartTimes(pod, 1);
    const seconds = (restartedMs! - started.atMs) / 1000;
    // `sleep` as the first process takes no notice of the stop signal: the grace period of 30 s follows the three failures.
    console.log(`startup without the files was restarted after ${seconds.toFixed(1)} s`);
    assert.ok(seconds > 19 && seconds < 70, `${seconds} s`);
    assert.ok(pods.of(pod).every(({ ready }) => !ready));
    const events = await kubectl.events("startup-without", "pod-startup");
    assert.ok(
      events.some(({ reason, message }) => reason === "Unhealthy" && message.startsWith("Startup probe failed:")),
    );
    const message = "Container pod-startup-container failed startup probe, will be restarted";
    assert.ok(events.some((event) => event.reason === "Killing" && event.message === message));
  });

  it("startup: with both files in time the pod is ready and stays so", async () => {
    await create("startup-with", "pod-pod-startup");
    const pod = "startup-with/pod-startup";
    await pods.waitFor(pod, "Running", ({ phase }) => phase === "Running");
    for (const file of ["/tmp/test1", "/tmp/test2"]) {
      await kubectl.run(`-n startup-with exec pod-startup -- touch ${file}`);
    }
    await pods.waitUntilReady(pod);
    await delay(quietMs);
    assertQuiet(pod);
  });

  it("startup: the files of the notes' slip, /etc/test1 and /etc/test2, don't help", async () => {
    await create("startup-slip", "pod-pod-startup");
    const pod = "startup-slip/pod-startup";
    await pods.waitFor(pod, "Running", ({ phase }) => phase === "Running");
    for (const file of ["/etc/test1", "/etc/test2"]) {
      await kubectl.run(`-n startup-slip exec pod-startup -- touch ${file}`);
    }
    await restartTimes(pod, 1);
    assert.ok(pods.of(pod).every(({ ready }) => !ready));
  });
});
