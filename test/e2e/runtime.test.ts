// The real containerd under the Runtime port: started in folders of its own with a network of its own, used in every way,
// ended, and nothing may be left. Needs root, containerd and the CNI plugins; says so where it has to skip. May import
// node, src/base, src/kubelet, src/host.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { silentLog } from "../../src/base/log.ts";
import type { ByteStream, RemoteCommandStreams } from "../../src/kinds/request.ts";
import {
  RuntimeError,
  RuntimeNotFoundError,
  type ContainerConfig,
  type ContainerStatus,
  type RuntimeEvent,
  type SandboxConfig,
} from "../../src/kubelet/runtime.ts";
import { addressesOf, claimIndex, releaseIndex, type ClusterAddresses } from "../../src/host/cni/cluster-addresses.ts";
import {
  cniConfigFolder,
  prepareNodeNetwork,
  removeNodeNetwork,
  writePodNetwork,
} from "../../src/host/cni/node-network.ts";
import { startContainerd, stopContainerd, type ContainerdOptions } from "../../src/host/containerd/containerd.ts";
import { CriRuntime } from "../../src/host/cri/runtime.ts";
import { packImage } from "../../src/host/images/build-image.ts";
import { ensureImage } from "../../src/host/images/import-image.ts";
import { listImages, loadImages } from "../../src/host/images/node-images.ts";
import { buildPauseImage, pauseImageName } from "../../src/host/images/pause-image.ts";
import { missingPrograms, requirePrograms } from "../../src/host/install/programs.ts";
import { createControlGroup, findControlGroups } from "../../src/host/machine/cgroups.ts";
import { createCgroupHost } from "../../src/host/kubelet/cgroup-host.ts";
import { createImageMounts } from "../../src/host/kubelet/image-mounts.ts";
import { createVolumeHost } from "../../src/host/kubelet/volume-host.ts";
import { isUnder, listMounts } from "../../src/host/machine/mounts.ts";
import { commandLine, isAlive, listProcessIds } from "../../src/host/machine/processes.ts";
import { runProgram } from "../../src/host/machine/run-program.ts";
import { startRegistry, type RunningRegistry } from "../images/registry.ts";
import { buildStandIns } from "../images/stand-ins.ts";

const missing = process.getuid?.() === 0 ? await missingPrograms() : ["root"];
const skip = missing.length > 0 ? `needs ${missing.join(", ")}` : false;

/** A stream that collects what is written to it. */
function collect(): ByteStream & { text(): string } {
  const chunks: Uint8Array[] = [];
  return {
    readable: (async function* () {})(),
    write: async (bytes) => void chunks.push(bytes),
    end: () => {},
    destroy: () => {},
    text: () => Buffer.concat(chunks).toString(),
  };
}

async function* input(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const noSecurity = { network: "pod", pid: "container", ipc: "pod" } as const;

describe("containerd under the Runtime port", { skip }, () => {
  let folder: string;
  let addresses: ClusterAddresses;
  let options: ContainerdOptions;
  let runtime: CriRuntime;
  let registry: RunningRegistry;
  let network: Parameters<typeof prepareNodeNetwork>[0];
  let machineBefore: { links: string; rules: string; nat: string; forward: string };
  const events: RuntimeEvent[] = [];
  const following = new AbortController();
  const sandbox = (name: string, change: Partial<SandboxConfig> = {}): SandboxConfig => ({
    metadata: { name, namespace: "default", uid: `uid-${name}`, attempt: 0 },
    hostname: name,
    logDirectory: join(folder, "logs", name),
    portMappings: [],
    labels: { name },
    annotations: { note: "kept" },
    linux: {
      cgroupParent: `/${addresses.name}/kubepods/besteffort/pod${name}`,
      sysctls: {},
      namespaces: noSecurity,
      readonlyRootfs: false,
      supplementalGroups: [],
      privileged: false,
    },
    runtimeHandler: "",
    ...change,
  });
  const container = (command: string[], change: Partial<ContainerConfig> = {}): ContainerConfig => ({
    metadata: { name: "main", attempt: 0 },
    image: { image: "docker.io/library/busybox:latest" },
    command,
    args: [],
    workingDir: "",
    envs: [{ key: "COLOUR", value: "blue" }],
    mounts: [],
    devices: [],
    labels: { role: "test" },
    annotations: {},
    logPath: "main/0.log",
    stdin: false,
    stdinOnce: false,
    tty: false,
    linux: {
      resources: {},
      privileged: false,
      namespaces: noSecurity,
      readonlyRootfs: false,
      supplementalGroups: [],
      noNewPrivs: false,
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { type: "RuntimeDefault" },
    },
    ...change,
  });
  /** Runs a pod of one container. */
  async function start(name: string, command: string[], change: Partial<ContainerConfig> = {}) {
    const config = sandbox(name);
    const sandboxId = await runtime.runSandbox(config);
    const id = await runtime.createContainer(sandboxId, container(command, change), config);
    await runtime.startContainer(id);
    return { sandboxId, id, config };
  }
  async function waitForEvent(kind: RuntimeEvent["kind"], id: string): Promise<void> {
    for (let waited = 0; waited < 500; waited += 1) {
      if (events.some((event) => event.kind === kind && event.id === id)) return;
      await delay(20);
    }
    assert.fail(`no event ${kind} of ${id}`);
  }
  async function waitForExit(id: string): Promise<ContainerStatus> {
    await waitForEvent("exited", id);
    const status = await runtime.containerStatus(id);
    assert.equal(status.state, "exited");
    return status;
  }
  const command = (signal = new AbortController().signal) => {
    const stdout = collect();
    const stderr = collect();
    const streams: RemoteCommandStreams = { stdout, stderr, finish: async () => {}, signal };
    return { stdout, stderr, streams };
  };
  async function stateOfMachine() {
    const { stdout: links } = await runProgram("ip", ["-o", "link"]);
    const { stdout: rules } = await runProgram("nft", ["list", "tables"]);
    const { stdout: nat } = await runProgram("iptables", ["-t", "nat", "-S"]);
    const { stdout: forward } = await runProgram("cat", ["/proc/sys/net/ipv4/ip_forward"]);
    const names = links.split("\n").map((line) => line.split(":")[1]?.split("@")[0]?.trim());
    return { links: names.join(" "), rules, nat, forward };
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "proa-runtime-"));
    await runProgram("chmod", ["711", folder]);
    // iptables makes its tables on first use: they are there before the comparison begins.
    await runProgram("iptables", ["-t", "nat", "-S"]);
    machineBefore = await stateOfMachine();
    addresses = await claimIndex(folder);
    network = {
      name: addresses.name,
      bridge: addresses.bridge,
      clusterPodCidr: addresses.podCidr,
      folder: join(folder, "cni"),
      foldersBeside: [],
    };
    await prepareNodeNetwork(network);
    registry = await startRegistry(await buildStandIns());
    options = {
      rootFolder: join(folder, "root"),
      stateFolder: `/run/proa/test-${process.pid}`,
      logFile: join(folder, "containerd.log"),
      programs: await requirePrograms(),
      cniConfigFolder: cniConfigFolder(network.folder),
      pauseImage: pauseImageName,
      mirrors: ["docker.io", "ghcr.io"].map((name) => ({ registry: name, url: registry.url })),
      log: silentLog,
    };
    const { socketPath } = await startContainerd(options);
    const setPodCidr = (cidr: string): Promise<void> => writePodNetwork(network, cidr);
    runtime = new CriRuntime({ socketPath, log: silentLog, setPodCidr });
    runtime.events(following.signal, (event) => events.push(event));
    await ensureImage(runtime.connection, await buildPauseImage(), { pinned: true });
  });

  after(async () => {
    following.abort();
    runtime?.close();
    await stopContainerd({ ...options, removeRoot: true, cgroup: `/${addresses.name}` });
    await removeNodeNetwork(network);
    await registry.close();
    await releaseIndex(folder);
    await rm(folder, { recursive: true, force: true });
    const machine = await stateOfMachine();
    assert.deepEqual(machine, machineBefore, "network devices, tables and settings are as they were");
    const own = [folder, options.stateFolder];
    const mounts = (await listMounts()).filter(({ mountPoint }) => own.some((place) => isUnder(mountPoint, place)));
    assert.deepEqual(mounts, [], "no mount is left");
    for (const pid of await listProcessIds()) {
      assert.ok(!(await commandLine(pid)).join(" ").includes(options.stateFolder), `process ${pid} is left`);
    }
    for (const group of findControlGroups().folders.values()) {
      assert.ok(!existsSync(join(group, addresses.name)), `${group} has a group of ours`);
    }
  });

  it("conditions turn ready when the pod CIDR is known", async () => {
    assert.equal((await runtime.conditions()).networkReady, false);
    await runtime.setPodCidr(addresses.podCidr.replace("/16", "/24"));
    for (let tries = 0; tries < 200 && !(await runtime.conditions()).networkReady; tries += 1) await delay(10);
    assert.deepEqual(await runtime.conditions(), { runtimeReady: true, networkReady: true, message: "" });
    assert.equal((await runtime.version()).name, "containerd");
  });

  it("pullImage takes images from a mirror, and tells upstream's error of one that isn't there", async () => {
    const config = sandbox("pull");
    for (const image of ["hello-world", "busybox", "ghcr.io/c1t1d0s7/go-myweb"]) {
      const reference = await runtime.pullImage({ image }, undefined, config);
      assert.match(reference, /^sha256:[0-9a-f]{64}$/);
      const status = await runtime.imageStatus({ image });
      assert.equal(status?.id, reference);
    }
    assert.equal(await runtime.imageStatus({ image: "nosuch" }), undefined);
    await assert.rejects(runtime.pullImage({ image: "ghcr.io/nosuch:latest" }, undefined, config), (error: unknown) => {
      assert.ok(error instanceof RuntimeError || error instanceof RuntimeNotFoundError);
      assert.match(
        error.message,
        /^failed to pull and unpack image "ghcr.io\/nosuch:latest": failed to resolve (reference|image)/,
      );
      return true;
    });
    assert.ok((await runtime.imageFilesystemBytes()).mountpoint.startsWith(folder));
  });

  it("loadImages takes an archive, and removeImage removes it", async () => {
    const image = (await buildStandIns()).find(({ names }) => names[0]!.includes("ubuntu"))!;
    const file = join(folder, "ubuntu.tar");
    await writeFile(file, await packImage(image));
    assert.deepEqual(await loadImages(runtime.connection, file, folder), ["docker.io/library/ubuntu:latest"]);
    const listed = (await listImages(runtime.connection)).flatMap(({ names }) => names);
    assert.ok(listed.includes("docker.io/library/ubuntu:latest"));
    await runtime.removeImage({ image: "ubuntu" });
    assert.equal(await runtime.imageStatus({ image: "ubuntu" }), undefined);
  });

  it("runSandbox and startContainer run a container with address, log, environment and hostname", async () => {
    const { sandboxId, id } = await start("first", ["sh", "-c", "echo $COLOUR on $(hostname); exit 3"]);
    const status = await waitForExit(id);
    assert.equal(status.exitCode, 3);
    assert.equal(status.reason, "Error");
    assert.equal(status.sandboxId, sandboxId);
    // containerd takes the start's time after the start: a short program has ended before.
    assert.ok(status.startedAtMs >= status.createdAtMs && status.finishedAtMs >= status.createdAtMs);
    const log = await readFile(join(folder, "logs/first/main/0.log"), "utf8");
    assert.match(log, /^\S+ stdout F blue on first\n$/);
    const pod = (await runtime.listSandboxes()).find((one) => one.id === sandboxId)!;
    assert.match(pod.ips[0]!, new RegExp(`^${addresses.podCidr.replace(".0.0/16", "").replaceAll(".", "\\.")}\\.0\\.`));
    assert.deepEqual({ ...pod.annotations }, { note: "kept" });
    assert.equal((await runtime.listContainers()).find((one) => one.id === id)?.state, "exited");
    await runtime.stopSandbox(sandboxId);
    await runtime.removeSandbox(sandboxId);
    await assert.rejects(runtime.sandboxStatus(sandboxId), RuntimeNotFoundError);
    await assert.rejects(runtime.containerStatus(id), RuntimeNotFoundError);
  });

  it("startContainer tells the runtime's own words when a program does not exist", async () => {
    const config = sandbox("broken");
    const sandboxId = await runtime.runSandbox(config);
    const id = await runtime.createContainer(sandboxId, container(["/nosuch"]), config);
    await assert.rejects(runtime.startContainer(id), (error: unknown) => {
      assert.ok(error instanceof RuntimeError);
      assert.match(error.message, /exec: "\/nosuch": stat \/nosuch: no such file or directory/);
      return true;
    });
    const status = await runtime.containerStatus(id);
    assert.deepEqual([status.exitCode, status.reason], [128, "StartError"]);
    await runtime.stopSandbox(sandboxId);
    await runtime.removeSandbox(sandboxId);
  });

  it("a container past its memory limit ends as OOMKilled, with an event", async () => {
    const linux = { ...container([]).linux, resources: { memoryLimitBytes: 16 * 1024 * 1024 } };
    // A shell variable that doubles until the limit is met.
    const { sandboxId, id } = await start("oom", ["sh", "-c", "x=aaaaaaaa; while :; do x=$x$x; done"], { linux });
    const status = await waitForExit(id);
    assert.deepEqual([status.exitCode, status.reason], [137, "OOMKilled"]);
    assert.ok(events.some((event) => event.kind === "oom" && event.id === id));
    await runtime.stopSandbox(sandboxId);
    await runtime.removeSandbox(sandboxId);
  });

  it("stopContainer sends SIGTERM and then SIGKILL", async () => {
    const trap = "trap 'exit 7' TERM; while :; do sleep 0.05; done";
    const gentle = await start("gentle", ["sh", "-c", trap]);
    const stubborn = await start("stubborn", ["sleep", "1000"]);
    await delay(200);
    await runtime.stopContainer(gentle.id, 30);
    assert.equal((await waitForExit(gentle.id)).exitCode, 7);
    const from = performance.now();
    await runtime.stopContainer(stubborn.id, 1);
    assert.ok(performance.now() - from > 900);
    assert.equal((await waitForExit(stubborn.id)).exitCode, 137);
    for (const { sandboxId } of [gentle, stubborn]) {
      await runtime.stopSandbox(sandboxId);
      await waitForEvent("sandbox-exited", sandboxId);
      await runtime.removeSandbox(sandboxId);
    }
  });

  describe("a running web server", () => {
    let pod: Awaited<ReturnType<typeof start>>;
    before(async () => {
      const image = { image: "ghcr.io/c1t1d0s7/go-myweb:latest" };
      pod = await start("web", [], { image, stdin: true });
      await waitForEvent("started", pod.id);
    });
    after(async () => {
      await runtime.stopSandbox(pod.sandboxId);
      await runtime.removeSandbox(pod.sandboxId);
    });

    it("execSync gives output, error output and exit code", async () => {
      const result = await runtime.execSync(pod.id, ["sh", "-c", "echo out; echo err >&2; exit 5"], 10);
      assert.equal(Buffer.from(result.stdout).toString(), "out\n");
      assert.equal(Buffer.from(result.stderr).toString(), "err\n");
      assert.equal(result.exitCode, 5);
    });

    it("execSync past its time fails with DeadlineExceeded", async () => {
      await assert.rejects(runtime.execSync(pod.id, ["sleep", "30"], 1), { code: "DeadlineExceeded" });
    });

    it("exec serves input to its end, output and exit code", async () => {
      const { stdout, stderr, streams } = command();
      const request = { containerId: pod.id, stdin: true, stdout: true, stderr: true, tty: false };
      const script = "cat | tr a-z A-Z; echo done >&2; exit 4";
      const stdin = input("hello ", "there\n");
      const code = await runtime.exec({ ...request, command: ["sh", "-c", script] }, { ...streams, stdin });
      assert.deepEqual([stdout.text(), stderr.text(), code], ["HELLO THERE\n", "done\n", 4]);
    });

    it("exec carries large output whole", async () => {
      const { stdout, streams } = command();
      const request = { containerId: pod.id, stdin: false, stdout: true, stderr: true, tty: false };
      const code = await runtime.exec({ ...request, command: ["sh", "-c", "yes | head -c 5000000"] }, streams);
      assert.deepEqual([stdout.text().length, code], [5_000_000, 0]);
    });

    it("exec with a terminal takes its size", async () => {
      const { stdout, streams } = command();
      const resize = (async function* () {
        yield { width: 97, height: 31 };
      })();
      const request = { containerId: pod.id, stdin: false, stdout: true, stderr: true, tty: true };
      const script = "for i in 1 2 3 4 5 6 7 8 9 10; do stty size; sleep 0.1; done";
      const code = await runtime.exec({ ...request, command: ["sh", "-c", script] }, { ...streams, resize });
      assert.equal(code, 0);
      assert.match(stdout.text(), /31 97\r\n/);
    });

    it("exec of a program that does not exist rejects with the runtime's words", async () => {
      const { streams } = command();
      const request = { containerId: pod.id, stdin: false, stdout: true, stderr: true, tty: false };
      await assert.rejects(runtime.exec({ ...request, command: ["/nosuch"] }, streams), /no such file or directory/);
    });

    it("dial reaches a port of the pod, one on its loopback, and fails on a closed one", async () => {
      const answer = async (port: number, sent: string): Promise<string> => {
        const stream = await runtime.dial(pod.sandboxId, port);
        await stream.write(Buffer.from(sent));
        stream.end();
        let text = "";
        for await (const chunk of stream.readable) text += Buffer.from(chunk).toString();
        return text;
      };
      assert.match(await answer(8080, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 .*\r\n\r\nweb\n$/s);
      assert.match(await answer(8080, "GET /health?code=404 HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 404 /);
      const loopback = ["sh", "-c", "busybox httpd -p 127.0.0.1:9090 -h /etc"];
      assert.equal((await runtime.execSync(pod.id, loopback, 10)).exitCode, 0);
      assert.match(await answer(9090, "GET /group HTTP/1.0\r\n\r\n"), /root:x:0:/);
      await assert.rejects(answer(9999, "x"), /connection refused|failed to dial|failed to connect/);
    });

    it("the pod answers on its address from the machine", async () => {
      const { ips } = await runtime.sandboxStatus(pod.sandboxId);
      const text = await new Promise<string>((resolve, reject) => {
        const socket = connect(8080, ips[0]);
        let received = "";
        socket.on("data", (chunk) => (received += chunk.toString()));
        socket.on("end", () => resolve(received));
        socket.on("error", reject);
        socket.write("GET / HTTP/1.0\r\n\r\n");
      });
      assert.match(text, /web\n$/);
    });

    it("containerStats counts memory and processor time", async () => {
      const stats = (await runtime.containerStats()).find(({ id }) => id === pod.id)!;
      assert.ok(stats.memoryWorkingSetBytes > 0 && stats.cpuNanos > 0 && stats.timeMs > 1e12, JSON.stringify(stats));
    });

    it("reopenLog goes on in a new file", async () => {
      const path = join(folder, "logs/web/main/0.log");
      assert.match(await readFile(path, "utf8"), /listening on 8080/);
      await rm(path);
      await runtime.reopenLog(pod.id);
      assert.equal(await readFile(path, "utf8"), "");
    });

    it("updateResources changes a running container", async () => {
      await runtime.updateResources(pod.id, { memoryLimitBytes: 64 * 1024 * 1024, cpuShares: 512 });
      assert.equal((await runtime.containerStatus(pod.id)).state, "running");
    });

    it("a containerd that is started again is the one that runs", async () => {
      const again = await startContainerd(options);
      assert.equal(again.found, true);
      assert.equal((await runtime.containerStatus(pod.id)).state, "running");
    });
  });

  it("attach carries input and output of a container's own process", async () => {
    const { sandboxId, id } = await start("attach", ["sh", "-c", "read line; echo got $line; sleep 0.2"], {
      stdin: true,
      stdinOnce: true,
    });
    const { stdout, streams } = command();
    const request = { containerId: id, stdin: true, stdout: true, stderr: true, tty: false };
    await runtime.exec(request, { ...streams, stdin: input("words\n") });
    assert.equal(stdout.text(), "got words\n");
    await runtime.stopSandbox(sandboxId);
    await runtime.removeSandbox(sandboxId);
  });

  it("a host port leads to the pod", async () => {
    const port = 30_000 + (process.pid % 2000);
    const config = sandbox("hostport", { portMappings: [{ protocol: "TCP", containerPort: 8080, hostPort: port }] });
    const sandboxId = await runtime.runSandbox(config);
    const image = { image: "ghcr.io/c1t1d0s7/go-myweb:latest" };
    const id = await runtime.createContainer(sandboxId, container([], { image }), config);
    await runtime.startContainer(id);
    await delay(200);
    const reply = await fetch(`http://127.0.0.1:${port}/health?code=201`);
    assert.equal(reply.status, 201);
    // Left running: ending containerd must take it away, rules and all.
  });

  it("an image's files are mounted as a volume, read-only, and released", async () => {
    const mounts = createImageMounts(runtime.connection, "overlayfs");
    const host = createVolumeHost({ rootPath: folder, podLogsPath: join(folder, "logs"), images: mounts });
    const image = await runtime.imageStatus({ image: "busybox" });
    const path = join(folder, "image-volume");
    await host.makeDirectory(path, 0o755);
    await host.mountImage!(image!.id, path);
    assert.match(await readFile(join(path, "etc/passwd"), "utf8"), /^root:/);
    await assert.rejects(writeFile(join(path, "x"), ""), { code: "EROFS" });
    await host.unmount(path);
    await host.remove(path);
  });

  it("containers go on while containerd is killed and started again, and events are told again", async () => {
    const { id, sandboxId } = await start("survivor", ["sleep", "1000"]);
    const { mark } = await startContainerd(options);
    process.kill(mark.pid, "SIGKILL");
    while (await isAlive(mark)) await delay(10);
    const again = await startContainerd(options);
    assert.equal(again.found, false);
    for (let tries = 0; ; tries += 1) {
      const status = await runtime.containerStatus(id).catch((error: unknown) => {
        if (tries > 100) throw error;
      });
      if (status) {
        assert.equal(status.state, "running");
        break;
      }
      await delay(20);
    }
    await delay(500);
    await runtime.stopContainer(id, 0);
    await waitForExit(id);
    await runtime.stopSandbox(sandboxId);
    await runtime.removeSandbox(sandboxId);
  });

  it("createCgroupHost makes, lists and removes pods' control groups", async () => {
    const host = createCgroupHost({ root: `/${addresses.name}` });
    const pod = { podUid: "abc", cpuShares: 512, cpuQuotaMicros: 50_000, cpuPeriodMicros: 100_000, hugePages: [] };
    const group = { ...pod, serviceClass: "Burstable", memoryBytes: 64 * 1024 * 1024 } as const;
    const parent = await host.ensurePod(group);
    assert.equal(parent, `/${addresses.name}/kubepods/burstable/podabc`);
    assert.equal(await host.ensurePod({ ...group, memoryBytes: undefined }), parent);
    assert.ok((await host.listPods()).includes("abc"));
    await host.removePod("abc");
    await host.removePod("abc");
    assert.ok(!(await host.listPods()).includes("abc"));
  });

  it("control groups of pods lie under the cluster's own", async () => {
    await createControlGroup(`/${addresses.name}/kubepods/burstable`);
    const { folders } = findControlGroups();
    const memory = folders.get("memory") ?? folders.get("")!;
    assert.ok(existsSync(join(memory, addresses.name, "kubepods/burstable")));
  });

  it("addresses of all indexes are apart", () => {
    const names = Array.from({ length: 12 }, (_none, index) => addressesOf(index).podCidr);
    assert.equal(new Set(names).size, 12);
  });

  it("a containerd that was killed is cleared away as well: the next start finds nothing", async () => {
    // What is left to the end of this suite: pods with networks and a host port, and no containerd that knows of them.
    const { mark } = await startContainerd(options);
    process.kill(mark.pid, "SIGKILL");
    while (await isAlive(mark)) await delay(10);
  });
});
