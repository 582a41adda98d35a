// The node agent over the simulated runtime, in virtual time: logs, commands, variables, hooks, resizes, evictions, and
// agents that die at any moment.
import assert from "node:assert/strict";
import test from "node:test";
import { silentLog } from "../../base/log.ts";
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { createNodeApi } from "../../kubelet/node-api.ts";
import { ensureMirror, readStaticPods } from "../../kubelet/node/static-pods.ts";
import { condition, container, createNodeFixture as createFixture, kinds } from "./node-fixture.suite.ts";
import type { RuntimeScript } from "./script.ts";

/** Promises of all depths have run when the event loop has gone round twice. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const createNodeFixture = (script?: RuntimeScript) => createFixture(settle, script);

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
