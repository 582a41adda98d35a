// What users get wrong, and what machines lack: each ends in words that say what to do. Where a case needs root, kubectl or
// containerd that aren't there, it says so. May import node.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Kubectl } from "./kubectl.ts";
import { PodHistory } from "./pod-history.ts";
import { proa, proaCommand, run, waitFor } from "./program.ts";
import { skipContainers, skipWithoutKubectl, TestCluster } from "./test-cluster.ts";
import { Acknowledged, ApiUser, readAccess } from "./writer.ts";

const isRoot = process.getuid?.() === 0;
const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/** One sentence on standard error, and exit status 1. */
function assertSentence({ code, stderr }: { code: number; stderr: string }, wanted: RegExp): void {
  assert.match(stderr, /^proa: .*\n$/, "one line");
  assert.match(stderr, wanted);
  assert.equal(code, 1);
}

describe("commands that can't be done", () => {
  let cluster: TestCluster;
  before(() => {
    cluster = new TestCluster("wrong");
  });
  after(() => cluster.remove());

  for (const [args, wanted] of [
    [["up", "--colour", "red"], /^proa: unknown flag: --colour\n$/],
    [["up", "--name"], /^proa: flag needs an argument: --name\n$/],
    [["up", "--name", "Not/A/Name"], /--name Not\/A\/Name: must be lower-case letters, digits and '-'/],
    [["up", "--port", "99999"], /--port 99999: must be 1 to 65535/],
    [["up", "--runtime", "magic"], /--runtime magic: must be containerd or simulated/],
    [["down", "--delet"], /unknown flag: --delet/],
  ] as const) {
    it(`proa ${args.join(" ")} is refused in one sentence`, async () => assertSentence(await proa(args), wanted));
  }

  it("an unknown command is refused with the usage", async () => {
    const { code, stderr } = await proa(["upp"]);
    assert.equal(code, 1);
    assert.match(stderr, /^proa: unknown command: upp\n\nProa: /);
  });

  it("a port in use is told in one sentence", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    try {
      const result = await cluster.tryUp(["--runtime", "simulated", "--port", String(port)]);
      assertSentence(result, new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use: give another with --port`));
    } finally {
      other.close();
    }
  });

  it("a file that is no store is told in one sentence, and stays as it is", async () => {
    mkdirSync(cluster.dataFolder, { recursive: true });
    const file = join(cluster.dataFolder, "store.db");
    writeFileSync(file, "no store at all, ".repeat(1000));
    assertSentence(
      await cluster.tryUp(["--runtime", "simulated"]),
      /store\.db is not a Proa store .*move this one away/,
    );
    rmSync(file);
    await cluster.up("--runtime", "simulated");
    await cluster.down();
  });

  it("a store that is cut off is told in one sentence", async () => {
    truncateSync(join(cluster.dataFolder, "store.db"), 10_000);
    assertSentence(await cluster.tryUp(["--runtime", "simulated"]), /store\.db/);
  });
});

describe("machines that can't run containers", { skip: isRoot ? false : "needs root, to be without it" }, () => {
  it("without root, up says so", async (context) => {
    const [program, ...args] = await proaCommand();
    const readable = await run("setpriv", [...nobody, program, "--version"]).catch(() => ({ code: -1 }));
    if (readable.code !== 0) {
      context.skip("nobody may not run this machine's node, or there is no setpriv");
      return;
    }
    const result = await run("setpriv", [...nobody, program, ...args, "up", "--name", "e2e-nobody"], {
      env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    });
    assertSentence(result, /real containers need root: run proa with sudo, or ask for --runtime simulated/);
  });

  it("without containerd, up names what is missing and the command that brings it", async (context) => {
    const cluster = new TestCluster("bare");
    try {
      const [program, ...args] = await proaCommand();
      const empty = join(cluster.folder, "empty");
      writeFileSync(empty, "");
      // In a mount namespace of its own, an empty file hides each containerd.
      const script = `for folder in $(echo "$PATH" | tr : " ") /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin \
        /usr/libexec/docker /usr/lib/docker /snap/docker/current/bin; do
        [ ! -x "$folder/containerd" ] || mount --bind "$0" "$folder/containerd"; done; exec "$@"`;
      const command = [empty, program, ...args, ...cluster.upArguments];
      const result = await run("unshare", ["--mount", "sh", "-c", script, ...command]);
      if (/unshare failed/.test(result.stderr)) {
        context.skip("this machine allows no mount namespaces");
        return;
      }
      assertSentence(result, /this machine lacks (?:.*, )?containerd.*: run `apt-get install .*containerd/);
    } finally {
      await cluster.remove();
    }
  });
});

const diskBytes = 32 * 1024 * 1024;
const spareBytes = 3 * 1024 * 1024;
const [bigBytes, writesMax] = [100_000, 1000];

describe("a full disk", { skip: isRoot ? false : "needs root, to mount a small disk" }, () => {
  it("refuses writes, goes on reading, loses nothing, and takes writes again when there is space", async () => {
    const disk = new TestCluster("disk").folder;
    await run("mount", ["-t", "tmpfs", "-o", `size=${diskBytes}`, "tmpfs", disk]);
    const cluster = new TestCluster("full", undefined, join(disk, "data"));
    const filler = join(disk, "filler");
    const acknowledged = new Acknowledged();
    const removeFiller = (): void => rmSync(filler, { force: true });
    try {
      await cluster.up("--runtime", "simulated");
      const user = new ApiUser(readAccess(cluster.kubeconfig));
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - spareBytes));
      let refused;
      for (let count = 0; count < writesMax && !refused; count += 1)
        refused = await acknowledged.create(user, bigBytes);
      assert.ok(refused, "the disk is full");
      console.log(`a full disk after ${acknowledged.size} writes: ${refused.status} ${refused.body.slice(0, 300)}`);
      assert.ok(refused.status >= 500, String(refused.status));
      assert.equal((JSON.parse(refused.body) as { kind: string }).kind, "Status");
      await acknowledged.check(user);
      assert.ok(((await acknowledged.create(user, bigBytes))?.status ?? 0) >= 500, "writes are still refused");
      removeFiller();
      await waitFor("writes are taken again", 10_000, async () => (await acknowledged.create(user)) === undefined);
      await acknowledged.check(user);
      process.kill(await cluster.processId(), "SIGKILL");
      user.close();
      await waitFor("the process is gone", 5000, async () => (await cluster.command("status")).code === 1);
      await cluster.up("--runtime", "simulated");
      const again = new ApiUser(readAccess(cluster.kubeconfig));
      await acknowledged.check(again);
      again.close();
    } finally {
      removeFiller();
      await cluster.remove();
      await run("umount", [disk]);
      rmSync(disk, { recursive: true });
    }
  });
});

describe("a simulated cluster", { skip: skipWithoutKubectl }, () => {
  it("runs pods that are not real, and says so everywhere", async () => {
    const cluster = new TestCluster("simulated");
    try {
      await cluster.up("--runtime", "simulated");
      assert.equal(await cluster.status("runtime"), "simulated: no container is real");
      const kubectl = cluster.kubectl();
      const pods = new PodHistory(kubectl);
      await waitFor(
        "the pod is created",
        5000,
        async () => (await kubectl.try(["run", "one", "--image=example.com/any:1"])).code === 0,
      );
      await pods.waitUntilReady("default/one");
      pods.close();
      assert.match(await kubectl.run("get nodes -L proa.dev/runtime --no-headers"), / simulated\n$/);
      assert.match(await cluster.up("--runtime", "simulated"), /runs already: .* simulated containers/);
    } finally {
      await cluster.remove();
    }
  });

  it("comes up although the command that started it is killed", async () => {
    const cluster = new TestCluster("orphan");
    try {
      const [program, ...args] = await proaCommand();
      const child = spawn(program, [...args, ...cluster.upArguments, "--runtime", "simulated"], { stdio: "pipe" });
      await waitFor("the cluster's process is there", 10_000, async () =>
        existsSync(join(cluster.dataFolder, "store.db")),
      );
      child.kill("SIGKILL");
      await waitFor("the cluster runs", 10_000, async () => (await cluster.command("status")).code === 0);
      assert.match(await cluster.up("--runtime", "simulated"), /runs already/);
    } finally {
      await cluster.remove();
    }
  });
});

describe("manifests that can't be taken", { skip: skipContainers }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;
  before(async () => {
    cluster = await TestCluster.start("manifests");
    kubectl = cluster.kubectl();
    await waitFor(
      "the default service account",
      5000,
      async () => (await kubectl.try(["get", "serviceaccount", "default"])).code === 0,
    );
  });
  after(() => cluster.remove());

  const pod = (change: string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: bad\n${change}`;
  const rows: readonly (readonly [what: string, manifest: string, wanted: RegExp])[] = [
    [
      "text that is no YAML",
      "apiVersion: v1\nkind: Pod\nmetadata: [\n",
      /^error: error parsing .*: error converting YAML to JSON/,
    ],
    [
      "an unknown field",
      pod("spec:\n  containers:\n  - name: main\n    image: busybox\n    imagee: x\n"),
      /strict decoding error: unknown field "spec\.containers\[0\]\.imagee"\n$/,
    ],
    [
      "a pod without containers",
      pod("spec:\n  containers: []\n"),
      /^The Pod "bad" is invalid: spec\.containers: Required value\n$/,
    ],
    [
      "a field of the wrong type",
      pod("spec:\n  containers: yes please\n"),
      /^Error from server \(BadRequest\): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec\.spec\.containers of type \[\]v1\.Container\n$/,
    ],
  ];
  for (const [what, manifest, wanted] of rows) {
    it(`${what} is refused in upstream's words`, async () => {
      assert.match(await kubectl.refused("apply -f -", { stdin: manifest }), wanted);
    });
  }

  it("an unknown kind is refused in upstream's words", async () => {
    const stdin = "apiVersion: v1\nkind: Podd\nmetadata:\n  name: bad\n";
    // Where validation is on, kubectl lists the CustomResourceDefinitions first, and needs them to be served.
    assert.equal(
      await kubectl.refused("apply --validate=ignore -f -", { stdin }),
      'error: resource mapping not found for name: "bad" namespace: "" from "STDIN": ' +
        'no matches for kind "Podd" in version "v1"\nensure CRDs are installed first\n',
    );
    assert.equal(await kubectl.refused("get podds"), `error: the server doesn't have a resource type "podds"\n`);
  });

  it("an image that doesn't exist is ErrImagePull, then ImagePullBackOff", async () => {
    const pods = new PodHistory(kubectl);
    await kubectl.run("run ghost --image=nobody/ghost:1");
    await pods.waitFor("default/ghost", "in ErrImagePull", ({ waiting }) => waiting === "ErrImagePull");
    await pods.waitFor("default/ghost", "in ImagePullBackOff", ({ waiting }) => waiting === "ImagePullBackOff");
    pods.close();
    const events = await waitFor("events of both", 5000, async () => {
      const found = await kubectl.events("default", "ghost");
      return found.some(({ reason }) => reason === "BackOff") && found;
    });
    assert.ok(events.some(({ message }) => message.startsWith('Failed to pull image "nobody/ghost:1": ')));
    const wanted = ['Pulling image "nobody/ghost:1"', "Error: ErrImagePull", 'Back-off pulling image "nobody/ghost:1"'];
    for (const message of wanted)
      assert.ok(
        events.some((event) => event.message === message),
        message,
      );
  });
});
