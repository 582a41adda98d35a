// The node agent over the simulated runtime, in virtual time: pods from their creation to their end.
import assert from "node:assert/strict";
import test from "node:test";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { silentLog } from "../../base/log.ts";
import { ensureMirror, readStaticPods } from "../../kubelet/node/static-pods.ts";
import { createNodeApi } from "../../kubelet/node-api.ts";
import { createNodeFixture as createFixture, kinds } from "./node-fixture.suite.ts";
import type { RuntimeScript } from "./script.ts";

/** Promises of all depths have run when the event loop has gone round twice. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const createNodeFixture = (script?: RuntimeScript) => createFixture(settle, script);

const container = (name: string, more: object = {}) => ({
  name,
  image: `${name}:1`,
  imagePullPolicy: "IfNotPresent" as const,
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File" as const,
  resources: {},
  ...more,
});
const condition = (pod: Pod, type: string): string | undefined =>
  pod.status?.conditions?.find((one) => one.type === type)?.status;

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

const collect = async (pieces: AsyncIterable<Uint8Array>): Promise<string> => {
  let text = "";
  for await (const piece of pieces) text += new TextDecoder().decode(piece);
  return text;
};
const logOptions = { container: "app", follow: false, previous: false, timestamps: false };

test("logs are read with a tail, followed to the container's end, and of the instance before", async () => {
  const fixture = createNodeFixture({
    container: (_name, _image, attempt) => ({ logs: [`run ${attempt}`, "two", "three"] }),
  });
  await fixture.start();
  const pod = await fixture.createPod("talker", { containers: [container("app")] });
  const nodeApi = createNodeApi(fixture.kubelet);
  const { signal } = new AbortController();
  assert.equal(await collect(await nodeApi.logs(pod, logOptions, signal)), "run 0\ntwo\nthree\n");
  assert.equal(await collect(await nodeApi.logs(pod, { ...logOptions, tailLines: 1 }, signal)), "three\n");
  assert.equal(await collect(await nodeApi.logs(pod, { ...logOptions, limitBytes: 4 }, signal)), "run ");
  const stamped = await collect(await nodeApi.logs(pod, { ...logOptions, tailLines: 1, timestamps: true }, signal));
  assert.equal(stamped, "2026-01-02T03:04:05.000000000Z three\n");
  const followed = collect(await nodeApi.logs(pod, { ...logOptions, follow: true, tailLines: 0 }, signal));
  const [running] = await fixture.runtime.listContainers();
  fixture.runtime.writeLog(running!.id, "four");
  await fixture.clock.settle();
  fixture.runtime.crash(running!.id, 1);
  await fixture.clock.settle();
  assert.equal(await followed, "four\n");
  const before = await collect(await nodeApi.logs(pod, { ...logOptions, previous: true }, signal));
  assert.equal(before, "run 0\ntwo\nthree\nfour\n");
  await assert.rejects(
    nodeApi.logs(pod, { ...logOptions, container: "none" }, signal),
    /container "none" in pod "talker" is not available/,
  );
});

test("a command's exit code reaches the client as upstream's Status", async () => {
  const fixture = createNodeFixture({ container: () => ({ exec: () => ({ exitCode: 7, stdout: "out" }) }) });
  await fixture.start();
  const pod = await fixture.createPod("shell", { containers: [container("app")] });
  const options = { container: "app", command: ["sh"], stdin: false, stdout: true, stderr: true, tty: false };
  const upgrade = await createNodeApi(fixture.kubelet).exec(pod, options);
  assert.equal(upgrade.kind, "remote-command");
  let ended: object = {};
  const finish = async (status: object): Promise<void> => void (ended = status);
  if (upgrade.kind === "remote-command") await upgrade.serve({ finish, signal: new AbortController().signal });
  assert.deepEqual(ended, {
    metadata: {},
    status: "Failure",
    message: "command terminated with non-zero exit code: exit code 7",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "7" }] },
  });
});

test("environment variables come from ConfigMaps, Secrets, fields and resources", async () => {
  let environment: Record<string, string> = {};
  const fixture = createNodeFixture({
    container: (_name, _image, _attempt, config) => {
      environment = Object.fromEntries(config.envs.map(({ key, value }) => [key, value]));
      return undefined;
    },
  });
  await fixture.start();
  await fixture.api.create(kinds.configMaps, { metadata: { name: "c", namespace: "default" }, data: { A: "1" } });
  await fixture.api.create(kinds.secrets, { metadata: { name: "s", namespace: "default" }, data: { B: btoa("2") } });
  const env = [
    { name: "SUM", value: "$(PRE_A)+$(B)=$$(B) $(NONE)" },
    { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
    { name: "MAYBE", valueFrom: { configMapKeyRef: { name: "c", key: "none", optional: true } } },
  ];
  const envFrom = [{ prefix: "PRE_", configMapRef: { name: "c" } }, { secretRef: { name: "s" } }];
  const resources = { limits: { memory: "64Mi" } };
  await fixture.createPod("env", { containers: [container("app", { env, envFrom, resources })] });
  assert.deepEqual(environment, { PRE_A: "1", B: "2", SUM: "1+2=$(B) $(NONE)", NAME: "env", LIMIT: "64" });
});

test("a missing ConfigMap in the environment is a CreateContainerConfigError until it is there", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  await fixture.createPod("waits", {
    containers: [container("app", { envFrom: [{ configMapRef: { name: "late" } }] })],
  });
  const waiting = (await fixture.pod("waits")).status?.containerStatuses?.[0]?.state?.waiting;
  assert.deepEqual(waiting, { reason: "CreateContainerConfigError", message: 'configmap "late" not found' });
  await fixture.api.create(kinds.configMaps, { metadata: { name: "late", namespace: "default" }, data: {} });
  await fixture.clock.settle();
  assert.equal((await fixture.pod("waits")).status?.phase, "Running");
});

test("a postStart hook that fails kills its container", async () => {
  const fixture = createNodeFixture({ container: () => ({ exec: () => ({ exitCode: 1, stderr: "no" }) }) });
  await fixture.start();
  const lifecycle = { postStart: { exec: { command: ["setup"] } } };
  await fixture.createPod("hooked", { containers: [container("app", { lifecycle })] });
  // The container is tried again at once, and only then does its back-off begin: the first reason passes quickly.
  const told = fixture.api.patches
    .map(({ patch }) => JSON.stringify(patch))
    .find((text) => text.includes("PostStartHookError"));
  const why = /Exec lifecycle hook \(\[setup\]\) for Container \\"app\\" in Pod \\"hooked_default\(uid-\d+\)\\" failed/;
  assert.match(told ?? "", why);
  assert.match(told ?? "", /error: command 'setup' exited with 1: no, message: \\"no\\"/);
  assert.equal(
    (await fixture.pod("hooked")).status?.containerStatuses?.[0]?.state?.waiting?.reason,
    "CrashLoopBackOff",
  );
  assert.ok(fixture.reasons("hooked").includes("FailedPostStartHook"));
});

test("a pod that asks for it restarts all its containers in place", async () => {
  let runs = 0;
  const fixture = createNodeFixture({
    container: (name) => (name === "trigger" && (runs += 1) === 1 ? { exitAfterMs: 1000, exitCode: 42 } : undefined),
  });
  await fixture.start();
  const rules = [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } }];
  await fixture.createPod("again", {
    containers: [container("main"), container("trigger", { restartPolicy: "Never", restartPolicyRules: rules })],
  });
  const before = (await fixture.pod("again")).status?.containerStatuses?.map(({ containerID }) => containerID);
  await fixture.clock.advance(2000);
  const pod = await fixture.pod("again");
  assert.equal(pod.status?.phase, "Running");
  assert.equal(condition(pod, "Ready"), "True");
  assert.deepEqual(
    pod.status?.containerStatuses?.map(({ restartCount }) => restartCount),
    [1, 1],
  );
  assert.notDeepEqual(
    pod.status?.containerStatuses?.map(({ containerID }) => containerID),
    before,
  );
  assert.deepEqual(fixture.failures, []);
});

test("an OOM kill is the reason that a status tells", async () => {
  const fixture = createNodeFixture({ container: () => ({ exitAfterMs: 10, exitCode: 137, reason: "OOMKilled" }) });
  await fixture.start();
  await fixture.createPod("greedy", { restartPolicy: "Never", containers: [container("app")] });
  await fixture.clock.advance(100);
  const ended = (await fixture.pod("greedy")).status?.containerStatuses?.[0]?.state?.terminated;
  assert.deepEqual([ended?.reason, ended?.exitCode], ["OOMKilled", 137]);
});

test("a pod is evicted when an emptyDir outgrows its limit", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const volumes = [{ name: "cache", emptyDir: { sizeLimit: "1Ki" } }];
  const volumeMounts = [{ name: "cache", mountPath: "/cache" }];
  const pod = await fixture.createPod("hoarder", { volumes, containers: [container("app", { volumeMounts })] });
  const path = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~empty-dir/cache/file`;
  fixture.files.put(path, new Uint8Array(2000));
  await fixture.clock.advance(15_000);
  const { status } = await fixture.pod("hoarder");
  assert.deepEqual([status?.phase, status?.reason], ["Failed", "Evicted"]);
  assert.equal(status?.message, 'Usage of EmptyDir volume "cache" exceeds the limit "1Ki". ');
});

test("a resize changes a running container's resources without a restart", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const resources = (cpu: string) => ({ limits: { cpu, memory: "1Gi" }, requests: { cpu, memory: "1Gi" } });
  const pod = await fixture.createPod("grows", { containers: [container("app", { resources: resources("1") })] });
  const current = await fixture.pod("grows");
  const spec = { ...current.spec, containers: [container("app", { resources: resources("2") })] };
  await fixture.api.update(kinds.pods, { ...current, metadata: { ...current.metadata, generation: 2 }, spec });
  await fixture.clock.settle();
  const [running] = await fixture.runtime.listContainers();
  assert.equal((await fixture.runtime.containerStatus(running!.id)).resources?.cpuQuota, 200_000);
  const status = (await fixture.pod("grows")).status?.containerStatuses?.[0];
  assert.equal(status?.restartCount, 0);
  assert.equal(status?.resources?.limits?.["cpu"], "2");
  assert.equal((await fixture.pod("grows")).status?.observedGeneration, 2);
  assert.equal(fixture.cgroups.pods.get(pod.metadata.uid!)?.cpuQuotaMicros, 200_000);
  assert.ok(fixture.reasons("grows").includes("ResizeCompleted"));
});

test("a hundred pods run at a small price", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const beganMs = performance.now();
  const pods = Array.from({ length: 100 }, (_, index) =>
    fixture.api.create(kinds.pods, {
      metadata: { name: `p${index}`, namespace: "default" },
      spec: { nodeName: "node-1", restartPolicy: "Always", containers: [container("app")] },
      status: { phase: "Pending" },
    }),
  );
  await Promise.all(pods);
  await fixture.clock.advance(1000);
  const listed = await fixture.api.list(kinds.pods);
  assert.equal(listed.items.filter((ref) => (ref.object() as Pod).status?.phase === "Running").length, 100);
  assert.ok(performance.now() - beganMs < 5000);
});

for (const stopAtMs of [0, 10, 50, 60, 120, 160, 200, 1060, 1200, 2500]) {
  test(`an agent that dies ${stopAtMs} ms after a pod's creation leaves nothing that the next one cannot finish`, async () => {
    const fixture = createNodeFixture({
      sandbox: () => ({ delayMs: 50 }),
      image: () => ({ pullMs: 100 }),
      container: (name) => (name === "init" ? { exitAfterMs: 1000 } : undefined),
    });
    await fixture.start();
    const volumes = [{ name: "scratch", emptyDir: {} }];
    const volumeMounts = [{ name: "scratch", mountPath: "/scratch" }];
    const created = fixture.createPod("survivor", {
      volumes,
      initContainers: [container("init")],
      containers: [container("app", { volumeMounts })],
    });
    await created;
    await fixture.clock.advance(stopAtMs);
    await fixture.restart();
    await fixture.clock.advance(130_000);
    const pod = await fixture.pod("survivor");
    assert.equal(pod.status?.phase, "Running");
    assert.equal(condition(pod, "Ready"), "True");
    const running = (await fixture.runtime.listContainers()).filter(({ state }) => state === "running");
    assert.deepEqual(
      running.map(({ metadata }) => metadata.name),
      ["app"],
    );
    assert.equal((await fixture.runtime.listSandboxes()).filter(({ ready }) => ready).length, 1);
    await fixture.api.delete(kinds.pods, "survivor", "default");
    await fixture.clock.settle();
    await fixture.restart();
    await fixture.clock.advance(70_000);
    await assert.rejects(fixture.pod("survivor"), /not found/);
    assert.deepEqual(await fixture.runtime.listSandboxes(), []);
    assert.equal(fixture.files.paths.filter((path) => path.startsWith("/var/lib/kubelet/pods/")).length, 0);
  });
}

test("static pods run without the API and are shown in it", async () => {
  const fixture = createNodeFixture();
  await fixture.start();
  const manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "static" },
    spec: { containers: [{ name: "app", image: "app:1" }] },
  };
  const options = {
    folder: "/etc/manifests",
    nodeName: "node-1",
    host: fixture.files,
    parse: (text: string): unknown => JSON.parse(text),
    hash: (text: string) => String(text.length).padStart(32, "0"),
    log: silentLog,
  };
  fixture.files.put("/etc/manifests/static.json", new TextEncoder().encode(JSON.stringify(manifest)));
  await fixture.files.makeDirectory("/etc/manifests", 0o755);
  const [pod] = await readStaticPods(options);
  assert.equal(pod?.metadata.name, "static-node-1");
  assert.equal(pod?.metadata.annotations?.["kubernetes.io/config.source"], "file");
  assert.equal(pod?.spec.restartPolicy, "Always");
  const node = await fixture.api.get(kinds.nodes, "node-1");
  const mirror = await ensureMirror(fixture.api, kinds.pods, pod!, node, "now");
  assert.equal(mirror?.metadata.annotations?.["kubernetes.io/config.mirror"], pod?.metadata.uid);
  assert.deepEqual(await ensureMirror(fixture.api, kinds.pods, pod!, node, "later"), mirror);
});

test("pods wait for the node's network, and run when it has its addresses", async () => {
  const fixture = createNodeFixture();
  fixture.runtime.networkReady = false;
  await fixture.start();
  const ready = async () => {
    const node = await fixture.api.get(kinds.nodes, "node-1");
    return node.status?.conditions?.find(({ type }) => type === "Ready")?.status;
  };
  assert.equal(await ready(), "False");
  await fixture.createPod("early", { containers: [container("app")] });
  assert.equal((await fixture.pod("early")).status?.phase, "Pending");
  assert.ok(fixture.reasons("early").includes("NetworkNotReady"));
  const node = await fixture.api.get(kinds.nodes, "node-1");
  await fixture.api.update(kinds.nodes, { ...node, spec: { ...node.spec, podCIDR: "10.244.0.0/24" } });
  await fixture.clock.settle();
  assert.equal(await ready(), "True");
  assert.equal((await fixture.pod("early")).status?.phase, "Running");
});
