// The node agent over the simulated runtime, in virtual time: pods from their creation to their end.
import assert from "node:assert/strict";
import test from "node:test";
import { condition, container, createNodeFixture as createFixture, kinds } from "./node-fixture.suite.ts";
import type { RuntimeScript } from "./script.ts";

/** Promises of all depths have run when the event loop has gone round twice. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const createNodeFixture = (script?: RuntimeScript) => createFixture(settle, script);

test("a node registers, is ready, and renews its lease", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const node = await fixture.api.get(kinds.nodes, "node-1");
  assert.equal(node.metadata.labels?.["kubernetes.io/hostname"], "node-1");
  assert.equal(node.status?.allocatable?.["cpu"], "8");
  assert.equal(node.status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
  const first = await fixture.api.get(kinds.leases, "node-1", "kube-node-lease");
  await fixture.clock.advance(11_000);
  const second = await fixture.api.get(kinds.leases, "node-1", "kube-node-lease");
  assert.notEqual(first.spec.renewTime, second.spec.renewTime);
  assert.deepEqual(fixture.failures, []);
});

test("a pod runs at once, with its addresses, conditions and events", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  await fixture.createPod("web", { containers: [container("web")] });
  const pod = await fixture.pod("web");
  assert.equal(pod.status?.phase, "Running");
  assert.equal(condition(pod, "Ready"), "True");
  assert.equal(condition(pod, "PodReadyToStartContainers"), "True");
  assert.match(pod.status?.podIP ?? "", /^10\.244\./);
  assert.equal(pod.status?.hostIP, "192.0.2.1");
  const [status] = pod.status?.containerStatuses ?? [];
  assert.equal(status?.ready, true);
  assert.equal(status?.started, true);
  assert.match(status?.containerID ?? "", /^containerd:\/\/container/);
  assert.deepEqual(fixture.reasons("web"), ["Pulling", "Pulled", "Created", "Started"]);
  assert.equal(fixture.events.find(({ reason }) => reason === "Started")?.message, "Container started");
  assert.deepEqual(fixture.failures, []);
});

test("a crashing container backs off 10 s, doubled up to 5 min", async () => {
  const fixture = createNodeFixture({ container: () => ({ exitAfterMs: 100, exitCode: 1 }) });
  await fixture.start();
  const startMs = fixture.clock.now();
  const starts: number[] = [];
  const start = fixture.runtime.startContainer.bind(fixture.runtime);
  fixture.runtime.startContainer = (id) => {
    starts.push(Math.round((fixture.clock.now() - startMs) / 100) / 10);
    return start(id);
  };
  await fixture.createPod("crash", { containers: [container("app")] });
  await fixture.clock.advance(1_500_000);
  const gaps = starts.slice(1).map((at, index) => Math.round(at - starts[index]!));
  assert.deepEqual(gaps.slice(0, 9), [0, 10, 20, 40, 80, 160, 300, 300, 300]);
  const pod = await fixture.pod("crash");
  const [status] = pod.status?.containerStatuses ?? [];
  assert.equal(pod.status?.phase, "Running");
  assert.equal(status?.state?.waiting?.reason, "CrashLoopBackOff");
  assert.match(
    status?.state?.waiting?.message ?? "",
    /^back-off 5m0s restarting failed container=app pod=crash_default\(uid-/,
  );
  assert.equal(status?.lastState?.terminated?.reason, "Error");
  assert.equal(status?.restartCount, starts.length - 1);
  assert.deepEqual(fixture.failures, []);
});

test("init containers run in order, and sidecars before the rest", async () => {
  const fixture = createNodeFixture({
    container: (name) => (name.startsWith("init") ? { exitAfterMs: 1000 } : undefined),
  });
  await fixture.start();
  await fixture.createPod("ordered", {
    initContainers: [container("init-1"), container("sidecar", { restartPolicy: "Always" }), container("init-2")],
    containers: [container("main")],
  });
  assert.equal((await fixture.pod("ordered")).status?.phase, "Pending");
  await fixture.clock.advance(3000);
  const starts = fixture.runtime.calls.filter((call) => call.startsWith("start "));
  assert.deepEqual(starts, ["start init-1", "start sidecar", "start init-2", "start main"]);
  const pod = await fixture.pod("ordered");
  assert.equal(pod.status?.phase, "Running");
  assert.equal(condition(pod, "Initialized"), "True");
  assert.equal(condition(pod, "Ready"), "True");
  assert.deepEqual(fixture.failures, []);
});

test("a pod of restartPolicy Never succeeds or fails by its exit code, with its last words", async () => {
  const fixture = createNodeFixture({
    container: (name) => ({
      exitAfterMs: 500,
      exitCode: name === "bad" ? 3 : 0,
      terminationMessage: `${name} is done`,
    }),
  });
  await fixture.start();
  await fixture.createPod("good", { restartPolicy: "Never", containers: [container("good")] });
  await fixture.createPod("bad", { restartPolicy: "Never", containers: [container("bad")] });
  await fixture.clock.advance(1000);
  const good = await fixture.pod("good");
  const bad = await fixture.pod("bad");
  assert.equal(good.status?.phase, "Succeeded");
  assert.equal(good.status?.conditions?.find(({ type }) => type === "Ready")?.reason, "PodCompleted");
  assert.equal(bad.status?.phase, "Failed");
  const ended = bad.status?.containerStatuses?.[0]?.state?.terminated;
  assert.deepEqual([ended?.exitCode, ended?.reason, ended?.message], [3, "Error", "bad is done"]);
  assert.match(good.status?.podIP ?? "", /^10\.244\./);
  assert.deepEqual(fixture.failures, []);
});

test("a deleted pod stops gracefully: hook, signal, sidecars last, then it is gone", async () => {
  const fixture = createNodeFixture({ container: (name) => (name === "slow" ? { stopAfterMs: 5000 } : undefined) });
  await fixture.start();
  const lifecycle = { preStop: { exec: { command: ["bye"] } } };
  await fixture.createPod("leaving", {
    initContainers: [container("first", { restartPolicy: "Always" }), container("second", { restartPolicy: "Always" })],
    containers: [container("slow", { lifecycle })],
  });
  fixture.runtime.calls.length = 0;
  await fixture.api.delete(kinds.pods, "leaving", "default");
  await fixture.clock.settle();
  assert.equal((await fixture.pod("leaving")).status?.phase, "Running");
  await fixture.clock.advance(6000);
  await assert.rejects(fixture.pod("leaving"), /not found/);
  const order = fixture.runtime.calls.filter((call) => /^(exec|stop) /.test(call)).map((call) => call.split(" ")[1]);
  assert.deepEqual(order, ["slow", "slow", "second", "first"]);
  assert.equal(fixture.runtime.calls.at(-1), "remove-sandbox leaving");
  assert.deepEqual(await fixture.runtime.listContainers(), []);
  assert.equal(fixture.cgroups.pods.size, 0);
  assert.ok(fixture.reasons("leaving").includes("Killing"));
  assert.deepEqual(fixture.failures, []);
});

test("a shorter grace period takes effect while a pod is being stopped", async () => {
  const fixture = createNodeFixture({ container: () => ({ stopAfterMs: Infinity }) });
  await fixture.start();
  await fixture.createPod("stubborn", { containers: [container("app")], terminationGracePeriodSeconds: 600 });
  await fixture.api.delete(kinds.pods, "stubborn", "default");
  await fixture.clock.advance(1000);
  await fixture.api.delete(kinds.pods, "stubborn", "default", { gracePeriodSeconds: 3 });
  await fixture.clock.advance(4000);
  await assert.rejects(fixture.pod("stubborn"), /not found/);
});

test("a failing image shows ErrImagePull, then ImagePullBackOff", async () => {
  const fixture = createNodeFixture({ image: () => ({ failPull: "not found" }) });
  await fixture.start();
  await fixture.createPod("missing", { containers: [container("app")] });
  const waiting = async () => (await fixture.pod("missing")).status?.containerStatuses?.[0]?.state?.waiting;
  assert.deepEqual(await waiting(), { reason: "ErrImagePull", message: "not found" });
  await fixture.clock.advance(3000);
  assert.equal((await waiting())?.reason, "ImagePullBackOff");
  assert.equal((await waiting())?.message, 'Back-off pulling image "app:1": ErrImagePull: not found');
  assert.deepEqual(fixture.reasons("missing").slice(0, 4), ["Pulling", "Failed", "Failed", "BackOff"]);
});

test("liveness failures restart a container, readiness failures take it out of service", async () => {
  let healthy = true;
  let ready = false;
  const fixture = createNodeFixture({
    container: () => ({
      http: (_port, path) => ({ status: (path === "/live" ? healthy : ready) ? 200 : 500 }),
    }),
  });
  await fixture.start();
  const probe = (path: string) => ({
    httpGet: { path, port: 8080 },
    periodSeconds: 2,
    failureThreshold: 3,
    successThreshold: 1,
  });
  await fixture.createPod("probed", {
    containers: [container("app", { livenessProbe: probe("/live"), readinessProbe: probe("/ready") })],
  });
  assert.equal((await fixture.pod("probed")).status?.containerStatuses?.[0]?.ready, false);
  ready = true;
  await fixture.clock.advance(2100);
  assert.equal(condition(await fixture.pod("probed"), "Ready"), "True");
  healthy = false;
  await fixture.clock.advance(4100);
  assert.equal((await fixture.pod("probed")).status?.containerStatuses?.[0]?.restartCount, 0);
  await fixture.clock.advance(2100);
  healthy = true;
  await fixture.clock.advance(1000);
  const [status] = (await fixture.pod("probed")).status?.containerStatuses ?? [];
  assert.equal(status?.restartCount, 1);
  const unhealthy = fixture.events.filter(({ reason }) => reason === "Unhealthy").map(({ message }) => message);
  assert.ok(unhealthy.includes("Liveness probe failed: HTTP probe failed with statuscode: 500"));
  const killing = fixture.events.find(({ reason }) => reason === "Killing");
  assert.equal(killing?.message, "Container app failed liveness probe, will be restarted");
  assert.deepEqual(fixture.failures, []);
});

test("an agent that starts anew leaves running containers alone and goes on where it was", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  await fixture.createPod("steady", { containers: [container("app")] });
  await fixture.clock.advance(60_000);
  const before = await fixture.pod("steady");
  fixture.runtime.calls.length = 0;
  await fixture.restart();
  await fixture.clock.advance(60_000);
  assert.deepEqual(fixture.runtime.calls, []);
  const after = await fixture.pod("steady");
  assert.deepEqual(after.status, before.status);
  const [running] = await fixture.runtime.listContainers();
  fixture.runtime.crash(running!.id, 1);
  await fixture.clock.advance(100);
  assert.equal((await fixture.pod("steady")).status?.containerStatuses?.[0]?.restartCount, 1);
  assert.deepEqual(fixture.failures, []);
});

test("what is left of a pod that was deleted while no agent ran is removed", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  await fixture.createPod("orphan", { containers: [container("app")] });
  fixture.kubelet.stop();
  await fixture.api.delete(kinds.pods, "orphan", "default", { gracePeriodSeconds: 0 });
  await fixture.restart();
  await fixture.clock.advance(60_000);
  assert.deepEqual(await fixture.runtime.listSandboxes(), []);
});

test("files of ConfigMaps follow their objects, and a missing one holds the pod back", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const volumes = [{ name: "config", configMap: { name: "settings", defaultMode: 0o644 } }];
  const volumeMounts = [{ name: "config", mountPath: "/etc/config" }];
  const pod = await fixture.createPod("configured", { volumes, containers: [container("app", { volumeMounts })] });
  assert.equal(
    (await fixture.pod("configured")).status?.containerStatuses?.[0]?.state?.waiting?.reason,
    "ContainerCreating",
  );
  const told = fixture.events.find(({ reason }) => reason === "FailedMount");
  assert.equal(told?.message, 'MountVolume.SetUp failed for volume "config" : configmap "settings" not found');
  const metadata = { name: "settings", namespace: "default" };
  const created = await fixture.api.create(kinds.configMaps, { metadata, data: { color: "blue" } });
  await fixture.clock.settle();
  assert.equal((await fixture.pod("configured")).status?.phase, "Running");
  const path = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~configmap/config/color`;
  assert.equal(fixture.files.text(path), "blue");
  await fixture.api.update(kinds.configMaps, { ...created, data: { color: "green" } });
  await fixture.clock.settle();
  assert.equal(fixture.files.text(path), "green");
});

test("a pod that asks for more than the node has is refused", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const resources = { requests: { cpu: "100" } };
  await fixture.createPod("big", { containers: [container("app", { resources })] });
  const { status } = await fixture.pod("big");
  assert.equal(status?.phase, "Failed");
  assert.equal(status?.reason, "OutOfcpu");
  assert.equal(
    status?.message,
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 100000, used: 0, capacity: 8000",
  );
});

test("activeDeadlineSeconds fails a pod", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  await fixture.createPod("limited", { activeDeadlineSeconds: 30, containers: [container("app")] });
  await fixture.clock.advance(31_000);
  const { status } = await fixture.pod("limited");
  assert.deepEqual([status?.phase, status?.reason], ["Failed", "DeadlineExceeded"]);
});
