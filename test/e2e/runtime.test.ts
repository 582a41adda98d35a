// The real containerd under the Runtime port: used in every way, killed, ended, and nothing may be left. Needs root,
// containerd and the CNI plugins; says so where it has to skip. May import node, src/kubelet, src/host.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeError, RuntimeNotFoundError } from "../../src/kubelet/runtime.ts";
import { startContainerd } from "../../src/host/containerd/containerd.ts";
import { packImage } from "../../src/host/images/build-image.ts";
import { listImages, loadImages } from "../../src/host/images/node-images.ts";
import { missingPrograms } from "../../src/host/install/programs.ts";
import { createCgroupHost } from "../../src/host/kubelet/cgroup-host.ts";
import { createImageMounts } from "../../src/host/kubelet/image-mounts.ts";
import { createVolumeHost } from "../../src/host/kubelet/volume-host.ts";
import { createControlGroup, findControlGroups } from "../../src/host/machine/cgroups.ts";
import { isAlive } from "../../src/host/machine/processes.ts";
import { buildStandIns } from "../images/stand-ins.ts";
import { collectCommand, containerOf, input, RuntimeMachine, type StartedPod } from "./runtime-machine.ts";

const missing = process.getuid?.() === 0 ? await missingPrograms() : ["root"];
const skip = missing.length > 0 ? `needs ${missing.join(", ")}` : false;

describe("containerd under the Runtime port", { skip }, () => {
  let machine: RuntimeMachine;
  before(async () => {
    machine = await RuntimeMachine.start();
  });
  after(() => machine.stop());

  it("conditions turn ready when the pod CIDR is known", async () => {
    assert.equal((await machine.runtime.conditions()).networkReady, false);
    await machine.runtime.setPodCidr(machine.addresses.podCidr.replace("/16", "/24"));
    for (let tries = 0; tries < 200 && !(await machine.runtime.conditions()).networkReady; tries += 1) await delay(10);
    // What containerd says of its handlers differs from version to version.
    const { runtimeReady, networkReady, message } = await machine.runtime.conditions();
    assert.deepEqual({ runtimeReady, networkReady, message }, { runtimeReady: true, networkReady: true, message: "" });
    assert.equal((await machine.runtime.version()).name, "containerd");
  });

  it("pullImage takes images from a mirror, and tells upstream's error of one that isn't there", async () => {
    const config = machine.sandboxOf("pull");
    for (const image of ["hello-world", "busybox", "ghcr.io/c1t1d0s7/go-myweb"]) {
      const reference = await machine.runtime.pullImage({ image }, undefined, config);
      assert.match(reference, /^sha256:[0-9a-f]{64}$/);
      const status = await machine.runtime.imageStatus({ image });
      assert.equal(status?.id, reference);
    }
    assert.equal(await machine.runtime.imageStatus({ image: "nosuch" }), undefined);
    await assert.rejects(
      machine.runtime.pullImage({ image: "ghcr.io/nosuch:latest" }, undefined, config),
      (error: unknown) => {
        assert.ok(error instanceof RuntimeError || error instanceof RuntimeNotFoundError);
        assert.match(
          error.message,
          /^failed to pull and unpack image "ghcr.io\/nosuch:latest": failed to resolve (reference|image)/,
        );
        return true;
      },
    );
    assert.ok((await machine.runtime.imageFilesystemBytes()).mountpoint.startsWith(machine.folder));
  });

  it("loadImages takes an archive, and removeImage removes it", async () => {
    const image = (await buildStandIns()).find(({ names }) => names[0]!.includes("ubuntu"))!;
    const file = join(machine.folder, "ubuntu.tar");
    await writeFile(file, await packImage(image));
    assert.deepEqual(await loadImages(machine.runtime.connection, file, machine.folder), [
      "docker.io/library/ubuntu:latest",
    ]);
    const listed = (await listImages(machine.runtime.connection)).flatMap(({ names }) => names);
    assert.ok(listed.includes("docker.io/library/ubuntu:latest"));
    await machine.runtime.removeImage({ image: "ubuntu" });
    assert.equal(await machine.runtime.imageStatus({ image: "ubuntu" }), undefined);
  });

  it("runSandbox and startContainer run a container with address, log, environment and hostname", async () => {
    const { sandboxId, id } = await machine.startPod("first", ["sh", "-c", "echo $COLOUR on $(hostname); exit 3"]);
    const status = await machine.waitForExit(id);
    assert.equal(status.exitCode, 3);
    assert.equal(status.reason, "Error");
    assert.equal(status.sandboxId, sandboxId);
    // containerd takes the start's time after the start: a short program has ended before.
    assert.ok(status.startedAtMs >= status.createdAtMs && status.finishedAtMs >= status.createdAtMs);
    const log = await readFile(join(machine.folder, "logs/first/main/0.log"), "utf8");
    assert.match(log, /^\S+ stdout F blue on first\n$/);
    const pod = (await machine.runtime.listSandboxes()).find((one) => one.id === sandboxId)!;
    assert.match(
      pod.ips[0]!,
      new RegExp(`^${machine.addresses.podCidr.replace(".0.0/16", "").replaceAll(".", "\\.")}\\.0\\.`),
    );
    assert.deepEqual({ ...pod.annotations }, { note: "kept" });
    assert.equal((await machine.runtime.listContainers()).find((one) => one.id === id)?.state, "exited");
    await machine.removePod({ sandboxId });
    await assert.rejects(machine.runtime.sandboxStatus(sandboxId), RuntimeNotFoundError);
    await assert.rejects(machine.runtime.containerStatus(id), RuntimeNotFoundError);
  });

  it("startContainer tells the runtime's own words when a program does not exist", async () => {
    const config = machine.sandboxOf("broken");
    const sandboxId = await machine.runtime.runSandbox(config);
    const id = await machine.runtime.createContainer(sandboxId, containerOf(["/nosuch"]), config);
    await assert.rejects(machine.runtime.startContainer(id), (error: unknown) => {
      assert.ok(error instanceof RuntimeError);
      assert.match(error.message, /exec: "\/nosuch": stat \/nosuch: no such file or directory/);
      return true;
    });
    const status = await machine.runtime.containerStatus(id);
    assert.deepEqual([status.exitCode, status.reason], [128, "StartError"]);
    await machine.removePod({ sandboxId });
  });

  it("a container past its memory limit ends as OOMKilled, with an event", async () => {
    const linux = { ...containerOf([]).linux, resources: { memoryLimitBytes: 16 * 1024 * 1024 } };
    // A shell variable that doubles until the limit is met.
    const { sandboxId, id } = await machine.startPod("oom", ["sh", "-c", "x=aaaaaaaa; while :; do x=$x$x; done"], {
      linux,
    });
    const status = await machine.waitForExit(id);
    assert.deepEqual([status.exitCode, status.reason], [137, "OOMKilled"]);
    assert.ok(machine.events.some((event) => event.kind === "oom" && event.id === id));
    await machine.removePod({ sandboxId });
  });

  it("stopContainer sends SIGTERM and then SIGKILL", async () => {
    const trap = "trap 'exit 7' TERM; while :; do sleep 0.05; done";
    const gentle = await machine.startPod("gentle", ["sh", "-c", trap]);
    const stubborn = await machine.startPod("stubborn", ["sleep", "1000"]);
    await delay(200);
    await machine.runtime.stopContainer(gentle.id, 30);
    assert.equal((await machine.waitForExit(gentle.id)).exitCode, 7);
    const from = performance.now();
    await machine.runtime.stopContainer(stubborn.id, 1);
    assert.ok(performance.now() - from > 900);
    assert.equal((await machine.waitForExit(stubborn.id)).exitCode, 137);
    for (const { sandboxId } of [gentle, stubborn]) {
      await machine.runtime.stopSandbox(sandboxId);
      await machine.waitForEvent("sandbox-exited", sandboxId);
      await machine.runtime.removeSandbox(sandboxId);
    }
  });

  describe("a running web server", () => {
    let pod: StartedPod;
    before(async () => {
      const image = { image: "ghcr.io/c1t1d0s7/go-myweb:latest" };
      pod = await machine.startPod("web", [], { image, stdin: true });
      await machine.waitForEvent("started", pod.id);
    });
    after(async () => {
      await machine.removePod(pod);
    });

    it("execSync gives output, error output and exit code", async () => {
      const result = await machine.runtime.execSync(pod.id, ["sh", "-c", "echo out; echo err >&2; exit 5"], 10);
      assert.equal(Buffer.from(result.stdout).toString(), "out\n");
      assert.equal(Buffer.from(result.stderr).toString(), "err\n");
      assert.equal(result.exitCode, 5);
    });

    it("execSync past its time fails with DeadlineExceeded", async () => {
      await assert.rejects(machine.runtime.execSync(pod.id, ["sleep", "30"], 1), { code: "DeadlineExceeded" });
    });

    it("exec serves input to its end, output and exit code", async () => {
      const { stdout, stderr, streams } = collectCommand();
      const request = { containerId: pod.id, stdin: true, stdout: true, stderr: true, tty: false };
      const script = "cat | tr a-z A-Z; echo done >&2; exit 4";
      const stdin = input("hello ", "there\n");
      const code = await machine.runtime.exec({ ...request, command: ["sh", "-c", script] }, { ...streams, stdin });
      assert.deepEqual([stdout.text(), stderr.text(), code], ["HELLO THERE\n", "done\n", 4]);
    });

    it("exec carries large output whole", async () => {
      const { stdout, streams } = collectCommand();
      const request = { containerId: pod.id, stdin: false, stdout: true, stderr: true, tty: false };
      const code = await machine.runtime.exec({ ...request, command: ["sh", "-c", "yes | head -c 5000000"] }, streams);
      assert.deepEqual([stdout.text().length, code], [5_000_000, 0]);
    });

    it("exec with a terminal takes its size", async () => {
      const { stdout, streams } = collectCommand();
      const resize = (async function* () {
        yield { width: 97, height: 31 };
      })();
      const request = { containerId: pod.id, stdin: false, stdout: true, stderr: true, tty: true };
      const script = "for i in 1 2 3 4 5 6 7 8 9 10; do stty size; sleep 0.1; done";
      const code = await machine.runtime.exec({ ...request, command: ["sh", "-c", script] }, { ...streams, resize });
      assert.equal(code, 0);
      assert.match(stdout.text(), /31 97\r\n/);
    });

    it("exec of a program that does not exist rejects with the runtime's words", async () => {
      const { streams } = collectCommand();
      const request = { containerId: pod.id, stdin: false, stdout: true, stderr: true, tty: false };
      await assert.rejects(
        machine.runtime.exec({ ...request, command: ["/nosuch"] }, streams),
        /no such file or directory/,
      );
    });

    it("dial reaches a port of the pod, one on its loopback, and fails on a closed one", async () => {
      const answer = async (port: number, sent: string): Promise<string> => {
        const stream = await machine.runtime.dial(pod.sandboxId, port);
        await stream.write(Buffer.from(sent));
        stream.end();
        let text = "";
        for await (const chunk of stream.readable) text += Buffer.from(chunk).toString();
        return text;
      };
      assert.match(await answer(8080, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 .*\r\n\r\nweb\n$/s);
      assert.match(await answer(8080, "GET /health?code=404 HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 404 /);
      const loopback = ["sh", "-c", "busybox httpd -p 127.0.0.1:9090 -h /etc"];
      assert.equal((await machine.runtime.execSync(pod.id, loopback, 10)).exitCode, 0);
      assert.match(await answer(9090, "GET /group HTTP/1.0\r\n\r\n"), /root:x:0:/);
      await assert.rejects(answer(9999, "x"), /connection refused|failed to dial|failed to connect/);
    });

    it("the pod answers on its address from the machine", async () => {
      const { ips } = await machine.runtime.sandboxStatus(pod.sandboxId);
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
      const stats = (await machine.runtime.containerStats()).find(({ id }) => id === pod.id)!;
      assert.ok(stats.memoryWorkingSetBytes > 0 && stats.cpuNanos > 0 && stats.timeMs > 1e12, JSON.stringify(stats));
    });

    it("reopenLog goes on in a new file", async () => {
      const path = join(machine.folder, "logs/web/main/0.log");
      assert.match(await readFile(path, "utf8"), /listening on 8080/);
      await rm(path);
      await machine.runtime.reopenLog(pod.id);
      assert.equal(await readFile(path, "utf8"), "");
    });

    it("updateResources changes a running container", async () => {
      await machine.runtime.updateResources(pod.id, { memoryLimitBytes: 64 * 1024 * 1024, cpuShares: 512 });
      assert.equal((await machine.runtime.containerStatus(pod.id)).state, "running");
    });

    it("a containerd that is started again is the one that runs", async () => {
      const again = await startContainerd(machine.options);
      assert.equal(again.found, true);
      await rm(join(machine.options.stateFolder, "containerd.json"));
      assert.deepEqual(await startContainerd(machine.options), again, "found by its command line, too");
      await writeFile(join(machine.options.stateFolder, "containerd.json"), JSON.stringify(again.mark));
      assert.equal((await machine.runtime.containerStatus(pod.id)).state, "running");
    });
  });

  it("attach carries input and output of a container's own process", async () => {
    const { sandboxId, id } = await machine.startPod("attach", ["sh", "-c", "read line; echo got $line; sleep 0.2"], {
      stdin: true,
      stdinOnce: true,
    });
    const { stdout, streams } = collectCommand();
    const request = { containerId: id, stdin: true, stdout: true, stderr: true, tty: false };
    await machine.runtime.exec(request, { ...streams, stdin: input("words\n") });
    assert.equal(stdout.text(), "got words\n");
    await machine.removePod({ sandboxId });
  });

  it("a host port leads to the pod", async () => {
    const port = 30_000 + (process.pid % 2000);
    const config = machine.sandboxOf("hostport", {
      portMappings: [{ protocol: "TCP", containerPort: 8080, hostPort: port }],
    });
    const sandboxId = await machine.runtime.runSandbox(config);
    const image = { image: "ghcr.io/c1t1d0s7/go-myweb:latest" };
    const id = await machine.runtime.createContainer(sandboxId, containerOf([], { image }), config);
    await machine.runtime.startContainer(id);
    await delay(200);
    const reply = await fetch(`http://127.0.0.1:${port}/health?code=201`);
    assert.equal(reply.status, 201);
    // Left running: ending containerd must take it away, rules and all.
  });

  it("an image's files are mounted as a volume, read-only, and released", async () => {
    const mounts = createImageMounts(machine.runtime.connection, "overlayfs");
    const host = createVolumeHost({
      rootPath: machine.folder,
      podLogsPath: join(machine.folder, "logs"),
      images: mounts,
    });
    const image = await machine.runtime.imageStatus({ image: "busybox" });
    const path = join(machine.folder, "image-volume");
    await host.makeDirectory(path, 0o755);
    await host.mountImage!(image!.id, path);
    assert.match(await readFile(join(path, "etc/passwd"), "utf8"), /^root:/);
    await assert.rejects(writeFile(join(path, "x"), ""), { code: "EROFS" });
    await host.unmount(path);
    await host.remove(path);
  });

  it("containers go on while containerd is killed and started again, and events are told again", async () => {
    const { id, sandboxId } = await machine.startPod("survivor", ["sleep", "1000"]);
    const { mark } = await startContainerd(machine.options);
    process.kill(mark.pid, "SIGKILL");
    while (await isAlive(mark)) await delay(10);
    const again = await startContainerd(machine.options);
    assert.equal(again.found, false);
    for (let tries = 0; ; tries += 1) {
      const status = await machine.runtime.containerStatus(id).catch((error: unknown) => {
        if (tries > 100) throw error;
      });
      if (status) {
        assert.equal(status.state, "running");
        break;
      }
      await delay(20);
    }
    await delay(500);
    await machine.runtime.stopContainer(id, 0);
    await machine.waitForExit(id);
    await machine.removePod({ sandboxId });
  });

  it("createCgroupHost makes, lists and removes pods' control groups", async () => {
    const host = createCgroupHost({ root: `/${machine.addresses.name}` });
    const pod = { podUid: "abc", cpuShares: 512, cpuQuotaMicros: 50_000, cpuPeriodMicros: 100_000, hugePages: [] };
    const group = { ...pod, serviceClass: "Burstable", memoryBytes: 64 * 1024 * 1024 } as const;
    const parent = await host.ensurePod(group);
    assert.equal(parent, `/${machine.addresses.name}/kubepods/burstable/podabc`);
    assert.equal(await host.ensurePod({ ...group, memoryBytes: undefined }), parent);
    assert.ok((await host.listPods()).includes("abc"));
    await host.removePod("abc");
    await host.removePod("abc");
    assert.ok(!(await host.listPods()).includes("abc"));
  });

  it("control groups of pods lie under the cluster's own", async () => {
    await createControlGroup(`/${machine.addresses.name}/kubepods/burstable`);
    const { folders } = findControlGroups();
    const memory = folders.get("memory") ?? folders.get("")!;
    assert.ok(existsSync(join(memory, machine.addresses.name, "kubepods/burstable")));
  });

  it("a containerd that was killed is cleared away as well: the next start finds nothing", async () => {
    // What is left to the end of this suite: pods with networks and a host port, and no containerd that knows of them.
    const { mark } = await startContainerd(machine.options);
    process.kill(mark.pid, "SIGKILL");
    while (await isAlive(mark)) await delay(10);
  });
});
