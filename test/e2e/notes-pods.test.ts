// The notes' rows on pods, labels, selectors, annotations and namespaces, and what streams, with every kubectl given.
// Needs root, containerd and kubectl; says so where it has to skip. May import node, src/host.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createInterface } from "node:readline";
import { findProgram } from "../../src/host/install/programs.ts";
import { type Kubectl, kubectls } from "./kubectl.ts";
import { manifest, skipNotes } from "./notes.ts";
import { PodHistory } from "./pod-history.ts";
import { run, waitFor } from "./program.ts";
import { TestCluster } from "./test-cluster.ts";

/** Asks the pod's port 8080 through `kubectl port-forward`. */
async function askThroughPortForward(kubectl: Kubectl, namespace: string, pod: string): Promise<string> {
  const child = spawn(kubectl.path, ["-n", namespace, "port-forward", pod, ":8080"], { env: kubectl.env });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/.exec(line)?.[1];
    assert.ok(port, line);
    const answers: string[] = [];
    for (let index = 0; index < 3; index += 1) answers.push(await (await fetch(`http://127.0.0.1:${port}/`)).text());
    assert.ok(answers.every((answer) => answer === answers[0]));
    return answers[0]!.trim();
  } finally {
    child.kill();
  }
}

/** A program that runs another on a terminal of its own (util-linux); undefined where the machine lacks it. */
const terminal = await findProgram("script");

/** Pods that no node takes: for what needs objects and no containers. */
const waitingPod = (name: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels },
  spec: { nodeSelector: { "example.com/none": "here" }, containers: [{ name: "main", image: "busybox" }] },
});

describe("the notes' pods", { skip: skipNotes, concurrency: true }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;
  let pods: PodHistory;
  before(async () => {
    cluster = await TestCluster.start("pods");
    kubectl = cluster.kubectl();
    pods = new PodHistory(kubectl);
    for (const path of kubectls) console.log(`${path} ${await cluster.kubectl(path).version()}`);
  });
  after(async () => {
    pods.close();
    await cluster.remove();
  });

  it("a pod is created, listed, described, explained, read and reached", async () => {
    await kubectl.makeNamespace("one");
    const from = performance.now();
    assert.equal(await kubectl.run(`-n one create -f ${manifest("pod-test-pod")}`), "pod/test-pod created\n");
    const { ip, atMs } = await pods.waitUntilReady("one/test-pod");
    console.log(`created to Running, image pulled from loopback: ${(atMs - from).toFixed(0)} ms`);
    assert.match(
      await kubectl.run("-n one get pod"),
      /^NAME +READY +STATUS +RESTARTS +AGE\ntest-pod +1\/1 +Running +0 +\d+s\n$/,
    );
    const wide = await kubectl.run("-n one get pod -o wide");
    const [node] = (await kubectl.run("get nodes -o name")).trim().split("/").slice(1);
    assert.ok(wide.includes(` ${ip} `) && wide.includes(` ${node} `), wide);
    const yaml = await kubectl.run("-n one get pod test-pod -o yaml");
    const defaults = [
      "imagePullPolicy: Always",
      "terminationMessagePath: /dev/termination-log",
      "dnsPolicy: ClusterFirst",
      "restartPolicy: Always",
      "schedulerName: default-scheduler",
      "serviceAccountName: default",
      "terminationGracePeriodSeconds: 30",
      "qosClass: BestEffort",
    ];
    for (const line of defaults) assert.ok(yaml.includes(`${line}\n`), line);
    const described = await kubectl.run("-n one describe pod test-pod");
    const order = ["Scheduled", "Pulling", "Pulled", "Created", "Started"].map((reason) =>
      described.search(new RegExp(`^ +Normal +${reason} `, "m")),
    );
    assert.ok(
      order.every((at, index) => at > 0 && (index === 0 || at > order[index - 1]!)),
      described,
    );
    const explained = await kubectl.run("explain pod.spec.containers");
    assert.match(explained, /^KIND: +Pod\nVERSION: +v1\n\nFIELD: containers <\[\]Container>\n/);
    assert.match(explained, /^ +image\t<string>$/m);
    assert.match(explained, /Docker ENTRYPOINT|List of containers/, "the fields' descriptions are there");
    assert.match(await kubectl.run("-n one logs test-pod"), /listening on 8080/);
    assert.equal(await askThroughPortForward(kubectl, "one", "test-pod"), "test-pod");
    assert.equal((await (await fetch(`http://${ip}:8080/`)).text()).trim(), "test-pod");
    const again = performance.now();
    await kubectl.run("-n one run again --image=c1t1d0s7/myweb --image-pull-policy=IfNotPresent");
    const second = await pods.waitUntilReady("one/again");
    console.log(`created to Running, image present: ${(second.atMs - again).toFixed(0)} ms, with kubectl's own start`);
  });

  for (const path of kubectls) {
    it(`${path} streams: exec, cp, port-forward, logs`, async () => {
      const client = cluster.kubectl(path);
      const namespace = `stream-${kubectls.indexOf(path)}`;
      await kubectl.makeNamespace(namespace);
      await client.run(`-n ${namespace} create -f ${manifest("pod-test-pod")}`);
      await pods.waitUntilReady(`${namespace}/test-pod`);
      const exec = ["-n", namespace, "exec", "-i", "test-pod", "--"];
      const bytes = randomBytes(300_000).toString("base64");
      assert.equal((await client.try([...exec, "cat"], { stdin: bytes })).stdout, bytes);
      const failed = await client.try([...exec, "sh", "-c", "echo out; echo err >&2; exit 7"]);
      assert.equal(failed.code, 7);
      assert.equal(failed.stdout, "out\n");
      assert.match(failed.stderr, /^err\ncommand terminated with exit code 7\n$/);
      const missing = await client.try([...exec, "no-such-program"]);
      assert.notEqual(missing.code, 0);
      assert.match(missing.stderr, /no-such-program.*executable file not found/);
      if (terminal) {
        const inner = [
          path,
          "-n",
          namespace,
          "exec",
          "-it",
          "test-pod",
          "--",
          "sh",
          "-c",
          `'tty; sleep 1; stty size; read x; echo "<$x>"'`,
        ];
        const { stdout } = await run(terminal, ["-qec", `stty rows 33 cols 77; ${inner.join(" ")}`, "/dev/null"], {
          stdin: "typed\n",
          env: client.env,
        });
        assert.match(stdout, /\/dev\/pts\/0\r\n/);
        assert.match(stdout, /33 77\r\n/);
        assert.match(stdout, /<typed>\r\n/);
      }
      const local = join(cluster.folder, `${namespace}.bin`);
      writeFileSync(local, bytes);
      await client.run(`-n ${namespace} cp ${local} test-pod:/tmp/copied`);
      await client.run(`-n ${namespace} cp test-pod:/tmp/copied ${local}.back`);
      assert.ok(readFileSync(`${local}.back`, "utf8") === bytes);
      assert.equal(await askThroughPortForward(client, namespace, "test-pod"), "test-pod");
      assert.equal(await client.run(`-n ${namespace} logs --tail=1 test-pod`), "listening on 8080\n");
      const script = ["sh", "-c", "sleep 1; echo said"];
      await client.try(["-n", namespace, "run", "echo", "--image=busybox", "--restart=Never", "--", ...script]);
      await pods.waitFor(`${namespace}/echo`, "started", ({ phase }) => phase !== "Pending");
      assert.equal(await client.run(`-n ${namespace} logs -f echo`), "said\n");
    });
  }

  it("labels change, and the last change is refused without --overwrite", async () => {
    await kubectl.makeNamespace("labels");
    await kubectl.run(`-n labels apply -f ${manifest("pod-test-pod2")}`);
    const shown = async (): Promise<string> =>
      (await kubectl.run("-n labels get pod --show-labels --no-headers")).trim().split(/\s+/).at(-1)!;
    assert.equal(await shown(), "release=beta,tier=web");
    assert.equal(await kubectl.run("-n labels label pod test-pod2 env=prod"), "pod/test-pod2 labeled\n");
    assert.equal(await shown(), "env=prod,release=beta,tier=web");
    await kubectl.run("-n labels label pod test-pod2 release=stable --overwrite");
    await kubectl.run("-n labels label pod test-pod2 flag=");
    assert.equal(await shown(), "env=prod,flag=,release=stable,tier=web");
    assert.equal(await kubectl.run("-n labels label pod test-pod2 tier-"), "pod/test-pod2 unlabeled\n");
    assert.equal(await shown(), "env=prod,flag=,release=stable");
    assert.equal(
      await kubectl.refused("-n labels label pod test-pod2 release=beta"),
      "error: 'release' already has a value (stable), and --overwrite is false\n",
    );
    assert.equal(await shown(), "env=prod,flag=,release=stable");
  });

  it("selectors find the right pods in each form", async () => {
    await kubectl.makeNamespace("selectors");
    const objects = [
      waitingPod("a", { env: "prod", tier: "web" }),
      waitingPod("b", { env: "dev", tier: "db" }),
      waitingPod("c", { env: "test" }),
      waitingPod("d", {}),
    ];
    const stdin = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    await kubectl.run("-n selectors create -f -", { stdin });
    const rows: readonly (readonly [selector: string, names: string])[] = [
      ["env", "a b c"],
      ["!tier", "c d"],
      ["env=prod", "a"],
      ["env==dev", "b"],
      ["env!=prod", "b c d"],
      ["env in (prod,test)", "a c"],
      ["env notin (prod,dev)", "c d"],
      ["env in (prod,dev),tier=db", "b"],
      ["env,tier!=web", "b c"],
    ];
    for (const [selector, names] of rows) {
      const { stdout } = await kubectl.try(["-n", "selectors", "get", "pod", "-l", selector, "-o", "name"]);
      assert.equal(stdout.trim().replaceAll("pod/", "").replaceAll("\n", " "), names, selector);
    }
  });

  it("annotations are in what describe prints", async () => {
    await kubectl.makeNamespace("annotations");
    await kubectl.run(`-n annotations create -f ${manifest("pod-test-pod3")}`);
    const described = await kubectl.run("-n annotations describe pod test-pod3");
    assert.match(described, /^Annotations: +developer: Michael Jackson\n +manager: Bill Gates\n/m);
  });

  it("a namespace of one's own lies beside the four, and holds its pods alone", async () => {
    await kubectl.run(`create -f ${manifest("ns-my-private-namespace")}`);
    await kubectl.makeNamespace("other");
    const names = await kubectl.run("get namespaces -o name");
    for (const name of ["default", "kube-node-lease", "kube-public", "kube-system", "my-private-namespace", "other"]) {
      assert.ok(names.includes(`namespace/${name}\n`), name);
    }
    await kubectl.run(`create -f ${manifest("pod-test-pod")} --namespace my-private-namespace`);
    await pods.waitUntilReady("my-private-namespace/test-pod");
    assert.equal((await kubectl.try(["get", "pod"])).stderr, "No resources found in default namespace.\n");
    assert.match(await kubectl.run("get pod -n my-private-namespace"), /^test-pod /m);
    const text = readFileSync(manifest("pod-test-pod"), "utf8");
    await kubectl.run("create -f -", { stdin: text.replace("metadata:\n", "metadata:\n  namespace: other\n") });
    assert.match(await kubectl.run("get pod -n other -o name"), /^pod\/test-pod\n$/);
    assert.match(
      await kubectl.refused("create -n default -f -", {
        stdin: text.replace("metadata:\n", "metadata:\n  namespace: other\n"),
      }),
      /the namespace from the provided object "other" does not match the namespace "default"/,
    );
    await kubectl.run("delete namespace other my-private-namespace --timeout=50s");
    await waitFor(
      "the namespaces are gone",
      5000,
      async () => !/other|private/.test(await kubectl.run("get ns -o name")),
    );
    assert.match(await kubectl.run("get pods -A -o name"), /^(?:pod\/.*\n)*$/);
  });
});
