// An API server that knows one pod, whose commands and ports the test's own code serves: what kubectl needs for exec,
// attach and port-forward, over the real HTTP server. May import node, src/base, src/kinds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errors } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import type {
  ApiReply,
  ApiRequest,
  PortForwardConnection,
  RemoteCommandStreams,
  Upgrade,
} from "../../kinds/request.ts";
import { startHttpServer } from "../http/server.ts";
import { openClusterKeys, type ClusterKeys } from "../pki/cluster-keys.ts";
import { mergeKubeconfig } from "../pki/kubeconfig.ts";

const json = (value: object, status = 200): ApiReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: { kind: "bytes", bytes: Buffer.from(JSON.stringify(value)) },
});
const upgradeReply = (upgrade: Upgrade): ApiReply => ({ status: 101, headers: {}, body: { kind: "upgrade", upgrade } });

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "default", uid: "u", resourceVersion: "1" },
  spec: { nodeName: "n", containers: [{ name: "c", image: "i", stdin: true, tty: true }] },
  status: { phase: "Running" },
};
const verbs = ["get", "create"];
const resource = (name: string, kind = "Pod"): object => ({ name, singularName: "", namespaced: true, kind, verbs });
const documents: Readonly<Record<string, object>> = {
  "/version": { major: "1", minor: "36", gitVersion: "v1.36.3" },
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [resource("pods"), ...["exec", "attach", "portforward"].map((name) => resource(`pods/${name}`))],
  },
  "/api/v1/namespaces/default/pods/p": pod,
};

/** How a command ends: its exit code. */
export type Command = (streams: RemoteCommandStreams, words: readonly string[], request: ApiRequest) => Promise<number>;

function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

function remoteCommand(request: ApiRequest, command: Command): ApiReply {
  const { query } = request;
  const on = (name: string): boolean => query.get(name) === "true" || query.get(name) === "1";
  return upgradeReply({
    kind: "remote-command",
    stdin: on("stdin"),
    stdout: on("stdout"),
    stderr: on("stderr"),
    tty: on("tty"),
    async serve(streams) {
      const code = await command(streams, query.getAll("command"), request);
      await streams.finish(exitStatus(code));
    },
  });
}

export interface FakePod {
  readonly port: number;
  readonly keys: ClusterKeys;
  readonly kubeconfig: string;
  readonly folder: string;
  /** What clients asked for an upgrade with, in order: "websocket v5.channel.k8s.io", "spdy v4.channel.k8s.io …". */
  readonly offers: string[];
  close(): Promise<void>;
}

export interface FakePodOptions {
  readonly command?: Command;
  connection?(connection: PortForwardConnection): Promise<void>;
}

/** Connections are served side by side. */
async function servePorts(
  connections: AsyncIterable<PortForwardConnection>,
  serve: (connection: PortForwardConnection) => Promise<void>,
): Promise<void> {
  const running: Promise<void>[] = [];
  for await (const connection of connections) {
    running.push(serve(connection).catch((error: unknown) => connection.fail(String(error))));
  }
  await Promise.all(running);
}

export async function startFakePod(options: FakePodOptions): Promise<FakePod> {
  const folder = mkdtempSync(join(tmpdir(), "proa-streams-"));
  const nowMs = Date.now();
  const keys = await openClusterKeys({ folder, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], nowMs });
  const offers: string[] = [];
  const answer = (request: ApiRequest): ApiReply => {
    if (request.upgrade) offers.push([request.upgrade.protocol, ...request.upgrade.subprotocols].join(" "));
    const last = request.path.split("/").at(-1);
    if (last === "exec" || last === "attach") return remoteCommand(request, options.command!);
    if (last === "portforward") {
      const ports = request.query.getAll("ports").flatMap((one) => one.split(",").map(Number));
      const serve = (connections: AsyncIterable<PortForwardConnection>): Promise<void> =>
        servePorts(connections, options.connection!);
      return upgradeReply({ kind: "port-forward", ports, serve });
    }
    const document = documents[request.path];
    return document ? json(document) : json(errors.notFound({ group: "", resource: "x" }, request.path).status, 404);
  };
  const server = await startHttpServer({
    transport: (request) => Promise.resolve(answer(request)),
    host: "127.0.0.1",
    port: 0,
    certificatePem: keys.serving.certificatePem,
    keyPem: keys.serving.keyPem,
    clientCaPem: keys.authority.certificatePem,
    log: silentLog,
  });
  const kubeconfig = join(folder, "config");
  mergeKubeconfig(kubeconfig, {
    name: "proa",
    server: `https://127.0.0.1:${server.port}`,
    authorityPem: keys.authority.certificatePem,
    certificatePem: keys.admin.certificatePem,
    keyPem: keys.admin.keyPem,
  });
  return {
    port: server.port,
    keys,
    kubeconfig,
    folder,
    offers,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The commands that the tests' pod knows. */
export const commands: Readonly<Record<string, Command>> = {
  /** Echoes its input until that ends. */
  async cat(streams) {
    for await (const piece of streams.stdin!) await streams.stdout!.write(piece);
    return 0;
  },
  /** Counts its input's bytes, slowly at first. */
  async count(streams) {
    let bytes = 0;
    for await (const piece of streams.stdin!) bytes += piece.length;
    await streams.stdout!.write(Buffer.from(`${bytes}\n`));
    return 0;
  },
  /** Writes so many MiB, each byte its place modulo 251. */
  async flood(streams, [, mebibytes]) {
    const block = Buffer.from(Array.from({ length: 251 * 256 }, (_, index) => index % 251));
    let left = Number(mebibytes) * 1024 * 1024;
    for (; left > 0; left -= block.length) await streams.stdout!.write(block.subarray(0, Math.min(left, block.length)));
    return 0;
  },
  async both(streams) {
    await streams.stdout!.write(Buffer.from("to stdout\n"));
    await streams.stderr!.write(Buffer.from("to stderr\n"));
    return 0;
  },
  async exit(_streams, [, code]) {
    return Number(code);
  },
  /** Tells the first terminal size that it hears of. */
  async size(streams) {
    for await (const { width, height } of streams.resize!) {
      await streams.stdout!.write(Buffer.from(`${width}x${height}\n`));
      break;
    }
    return 0;
  },
};
