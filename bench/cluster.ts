// Measures of the whole program, as users run it: start, idle cost, durable creates, reads and watches over HTTPS, and how soon
// a pod runs. Each prints one JSON line {name, value, unit, budget}. Imports node and src/.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";

interface Access {
  readonly url: string;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}
interface RunningProgram {
  readonly child: ChildProcess;
  readonly access: Access;
  readonly startMs: number;
  stop(): Promise<void>;
}

const report = (name: string, value: number, unit: string, budget: number): void =>
  console.log(JSON.stringify({ name, value: Number(value.toPrecision(4)), unit, budget }));

const program = join(import.meta.dirname, "../dist/proa.mjs");
const idleSeconds = Number(process.env["PROA_BENCH_IDLE_SECONDS"] ?? 20);

function readAccess(kubeconfig: string): Access | undefined {
  try {
    const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as {
      clusters: { cluster: Record<string, string> }[];
      users: { user: Record<string, string> }[];
    };
    const cluster = clusters[0]!.cluster;
    const user = users[0]!.user;
    const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64");
    return {
      url: cluster["server"]!,
      ca: bytes(cluster["certificate-authority-data"]),
      cert: bytes(user["client-certificate-data"]),
      key: bytes(user["client-key-data"]),
    };
  } catch {
    return undefined;
  }
}

const open = ({ url, ca, cert, key }: Access): ClientHttp2Session => {
  const session = connect(url, { ca, cert, key });
  session.on("error", () => {});
  return session;
};

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function ask(session: ClientHttp2Session, method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ":method": method, ":path": path, ...(body ? { "content-type": "application/json" } : {}) };
    const stream = session.request(headers);
    const pieces: Buffer[] = [];
    let status = 0;
    stream.on("response", (answer) => (status = Number(answer[":status"])));
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.on("end", () => resolve({ status, body: Buffer.concat(pieces) }));
    stream.on("error", reject);
    stream.end(body ? JSON.stringify(body) : undefined);
  });
}

/** Starts the program in the foreground and waits until its API answers. */
async function start(folder: string, name: string): Promise<RunningProgram> {
  const kubeconfig = join(folder, `${name}.kubeconfig`);
  const args = ["up", "--name", name, "--runtime", "simulated", "--foreground"];
  const begunMs = performance.now();
  const child = spawn(
    process.execPath,
    [program, ...args, "--data-dir", join(folder, name), "--kubeconfig", kubeconfig],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let startMs = 0;
  child.stdout!.on("data", (text: Buffer) => {
    if (startMs === 0 && text.includes("API server answers")) startMs = performance.now() - begunMs;
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout!.on("data", (text: Buffer) => {
      if (text.includes("next:")) resolve();
    });
  });
  await Promise.race([ready, delay(20_000).then(() => Promise.reject(new Error("the program did not start")))]);
  const access = readAccess(kubeconfig);
  if (!access) throw new Error("no kubeconfig was written");
  const stop = async (): Promise<void> => {
    child.kill("SIGINT");
    await new Promise((resolve) => child.once("exit", resolve));
  };
  return { child, access, startMs, stop };
}

const ticksPerSecond = 100;

function usageOf(pid: number): { cpuSeconds: number; residentMebibytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentMebibytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
  };
}

const podOf = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "bench" } },
  spec: {
    schedulerName: "nobody",
    containers: [
      { name: "web", image: "web", resources: { requests: { cpu: "10m" } }, env: [{ name: "A", value: "b" }] },
    ],
  },
});

async function inParallel(count: number, clients: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await task(index);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
}

const percentile = (values: number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

async function measureLoad({ access, child }: RunningProgram): Promise<void> {
  const sessions = [open(access), open(access)];
  const pods = "/api/v1/namespaces/default/pods";
  const count = 10_000;
  const times: number[] = [];
  const cpuOf = (): number => usageOf(child.pid!).cpuSeconds;
  const beforeCpu = cpuOf();
  const beganMs = performance.now();
  await inParallel(count, 64, async (index) => {
    const sentMs = performance.now();
    const { status, body } = await ask(sessions[index % 2]!, "POST", pods, podOf(`bench-${index}`));
    if (status !== 201) throw new Error(`a create was answered ${status}: ${body.toString("utf8").slice(0, 200)}`);
    times.push(performance.now() - sentMs);
  });
  const seconds = (performance.now() - beganMs) / 1000;
  report("durable creates over HTTPS, 64 clients", count / seconds, "1/s", 3_000);
  report("durable creates, p99", percentile(times, 0.99), "ms", 50);
  report("CPU of a create, whole process", ((cpuOf() - beforeCpu) / count) * 1e6, "µs", 380);
  const getCpu = cpuOf();
  await inParallel(20_000, 64, async (index) => {
    await ask(sessions[index % 2]!, "GET", `${pods}/bench-${index % count}`);
  });
  report("CPU of a GET, whole process", ((cpuOf() - getCpu) / 20_000) * 1e6, "µs", 45);
  const listCpu = cpuOf();
  let sizeBytes = 0;
  for (let round = 0; round < 5; round += 1) sizeBytes += (await ask(sessions[0]!, "GET", pods)).body.length;
  report("CPU of a LIST of 10,000 pods", ((cpuOf() - listCpu) / (sizeBytes / 1024 / 1024)) * 1e3, "ms/MiB", 2.5);
  report("memory with 10,000 pods", usageOf(child.pid!).residentMebibytes, "MiB", 400);
  for (const session of sessions) session.close();
}

/** From one write to the last of many watchers. */
async function measureWatch({ access }: RunningProgram): Promise<void> {
  const sessions = Array.from({ length: 5 }, () => open(access));
  const path = "/api/v1/namespaces/default/configmaps";
  const watchers = 1_000;
  let waiting = 0;
  let allSeen: () => void = () => {};
  for (let index = 0; index < watchers; index += 1) {
    const stream = sessions[index % sessions.length]!.request({ ":path": `${path}?watch=1&resourceVersion=0` });
    stream.on("error", () => {});
    stream.on("data", (piece: Buffer) => {
      if (!piece.includes('"marker"')) return;
      waiting -= 1;
      if (waiting === 0) allSeen();
    });
  }
  await delay(2_000);
  const times: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    waiting = watchers;
    const done = new Promise<void>((resolve) => (allSeen = resolve));
    const beganMs = performance.now();
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `m${round}` }, data: { marker: "x" } };
    await ask(sessions[0]!, "POST", path, object);
    await done;
    times.push(performance.now() - beganMs);
    await delay(100);
  }
  report("one change to 1,000 watchers", percentile(times, 0.5), "ms", 50);
  for (const session of sessions) session.destroy();
}

const folder = mkdtempSync(join(tmpdir(), "proa-bench-"));
try {
  const starts: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const again = await start(folder, "bench-start");
    starts.push(again.startMs);
    await again.stop();
  }
  report("start to API answering", percentile(starts, 0.5), "ms", 400);
  const first = await start(folder, "bench");
  await delay(5_000);
  report(
    "idle memory of the very first start, which makes certificates",
    usageOf(first.child.pid!).residentMebibytes,
    "MiB",
    120,
  );
  await first.stop();
  const running = await start(folder, "bench");
  await delay(5_000);
  const before = usageOf(running.child.pid!);
  await delay(idleSeconds * 1000);
  const after = usageOf(running.child.pid!);
  report("idle memory", after.residentMebibytes, "MiB", 120);
  report("idle CPU", ((after.cpuSeconds - before.cpuSeconds) / idleSeconds) * 100, "% of a core", 0.5);
  await measureLoad(running);
  await measureWatch(running);
  await running.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
