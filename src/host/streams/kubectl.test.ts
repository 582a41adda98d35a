// exec, attach and port-forward with real kubectls: KUBECTLS is a glob of programs (SPDY before 1.30 and 1.31, WebSocket
// since). Without any the tests are skipped. May import what tests may.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { text } from "node:stream/consumers";
import { commands, startFakePod, type FakePod } from "./fake-pod.suite.ts";

const kubectls = globSync((process.env["KUBECTLS"] ?? "").split(/\s+/).filter(Boolean)).sort();
const mebibyte = 1024 * 1024;

function versionOf(program: string): string {
  const out = execFileSync(program, ["version", "--client", "-o", "json"], { encoding: "utf8" });
  return (JSON.parse(out) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
}

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

function begin(fake: FakePod, program: string, parameters: readonly string[]): ChildProcess {
  const environment = { ...process.env, KUBECONFIG: fake.kubeconfig, KUBECACHEDIR: `${fake.folder}/cache` };
  return spawn(program, [...parameters, "--cache-dir", `${fake.folder}/cache`], { env: environment });
}

async function run(fake: FakePod, program: string, words: readonly string[], input?: Buffer): Promise<Result> {
  const split = words.indexOf("--");
  const own = split < 0 ? words : words.slice(0, split);
  const rest = split < 0 ? [] : words.slice(split);
  const environment = { ...process.env, KUBECONFIG: fake.kubeconfig };
  const child = spawn(program, [...own, "--cache-dir", `${fake.folder}/cache`, ...rest], { env: environment });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [out, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  return { code, out, errors };
}

/** What a TCP client gets from `port` for `input`, which it half-closes. */
function exchange(port: number, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.end(input));
    socket.on("data", (piece) => pieces.push(piece));
    socket.on("end", () => resolve(Buffer.concat(pieces)));
    socket.on("error", reject);
  });
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

if (kubectls.length === 0) {
  test("kubectl", { skip: "KUBECTLS names no program" }, () => {});
}

for (const program of kubectls) {
  const version = versionOf(program);
  console.log(`${program}: ${version}`);
  describe(`kubectl ${version}`, { timeout: 60_000 }, () => {
    let fake: FakePod;
    before(async () => {
      fake = await startFakePod({
        command: (streams, words, request) =>
          (commands[words[0] ?? (request.path.endsWith("attach") ? "cat" : "")] ?? commands["exit"]!)(
            streams,
            words,
            request,
          ),
        async connection({ port, data, fail }) {
          if (port === 7) for await (const piece of data.readable) await data.write(piece);
          else if (port === 9) {
            for (let sent = 0; sent < 20; sent += 1) await data.write(Buffer.alloc(mebibyte, sent));
          } else {
            fail("nobody listens on this port");
            return;
          }
          data.end();
        },
      });
    });
    after(() => fake.close());

    test("exec passes both outputs and the exit code", async () => {
      const both = await run(fake, program, ["exec", "p", "--", "both"]);
      assert.deepEqual([both.code, both.out], [0, "to stdout\n"]);
      assert.match(both.errors, /^to stderr$/m);
      const failed = await run(fake, program, ["exec", "p", "--", "exit", "37"]);
      assert.equal(failed.code, 37);
      assert.match(failed.errors, /command terminated with exit code 37/);
      console.log(`${version} exec: ${fake.offers[0]}`);
    });

    test("exec -i ends the command's input when its own ends", async () => {
      const result = await run(fake, program, ["exec", "-i", "p", "--", "cat"], Buffer.from("over and back\n"));
      assert.deepEqual([result.code, result.out], [0, "over and back\n"]);
    });

    test("exec carries much, both ways", async () => {
      const input = Buffer.alloc(20 * mebibyte, 7);
      const counted = await run(fake, program, ["exec", "-i", "p", "--", "count"], input);
      assert.deepEqual([counted.code, counted.out], [0, `${input.length}\n`]);
      const flood = await run(fake, program, ["exec", "p", "--", "flood", "20"]);
      assert.equal(flood.code, 0);
      assert.equal(flood.out.length > 15 * mebibyte, true);
    });

    test("attach passes input and output", async () => {
      const result = await run(fake, program, ["attach", "-i", "p"], Buffer.from("hello\n"));
      assert.equal(result.code, 0, result.errors);
      assert.match(result.out, /hello\n$/);
    });

    test("port-forward serves connections side by side, in both directions, and tells of failures", async () => {
      const child = begin(fake, program, ["port-forward", "p", ":7", ":9", ":11"]);
      const errors = text(child.stderr!);
      try {
        const ports = await forwardedPorts(child, 3);
        const [echo, source, nobody] = [ports.get(7)!, ports.get(9)!, ports.get(11)!];
        const inputs = [1, 2, 3, 4].map((value) => Buffer.alloc(3 * mebibyte, value));
        const answers = await Promise.all([
          ...inputs.map((input) => exchange(echo, input)),
          exchange(source, Buffer.alloc(0)),
        ]);
        assert.deepEqual(answers.slice(0, 4).map(digest), inputs.map(digest));
        assert.equal(answers[4]!.length, 20 * mebibyte);
        await exchange(nobody, Buffer.from("x")).catch(() => {});
        console.log(`${version} port-forward: ${fake.offers.at(-1)}`);
      } finally {
        child.kill();
      }
      assert.match(await errors, /nobody listens on this port/);
    });
  });
}

/** The local ports that kubectl chose, by the pod's ports. */
function forwardedPorts(child: ChildProcess, count: number): Promise<ReadonlyMap<number, number>> {
  const ports = new Map<number, number>();
  return new Promise((resolve, reject) => {
    let out = "";
    child.stdout!.on("data", (piece: Buffer) => {
      out += piece.toString();
      for (const [, local, remote] of out.matchAll(/127\.0\.0\.1:(\d+) -> (\d+)/g))
        ports.set(Number(remote), Number(local));
      if (ports.size === count) resolve(ports);
    });
    child.on("close", () => reject(new Error(`kubectl ended: ${out}`)));
  });
}
