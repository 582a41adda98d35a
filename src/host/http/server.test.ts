// The HTTP server in front of a transport of the test's own: both versions of HTTP, certificates, limits, compression, slow
// and vanishing clients. May import what tests may.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { request as requestHttps, type RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { gunzipSync } from "node:zlib";
import { StatusError } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import type { ApiReply, ApiRequest, Transport, WatchStream } from "../../kinds/request.ts";
import { createAuthority, issueCertificate } from "../pki/certificates.ts";
import { openClusterKeys, type ClusterKeys } from "../pki/cluster-keys.ts";
import { type HttpServer, startHttpServer } from "./server.ts";

const mebibyte = 1024 * 1024;
const bytesReply = (bytes: Uint8Array, headers = {}, status = 200): ApiReply => ({
  status,
  headers,
  body: { kind: "bytes", bytes },
});
const jsonReply = (value: unknown, status = 200): ApiReply =>
  bytesReply(Buffer.from(JSON.stringify(value)), { "content-type": "application/json" }, status);

let keys: ClusterKeys;
let folder: string;
let server: HttpServer;
let transport: Transport;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "proa-http-"));
  keys = await openClusterKeys({ folder, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], nowMs: Date.now() });
  server = await startHttpServer({
    transport: (request) => transport(request),
    host: "127.0.0.1",
    port: 0,
    certificatePem: keys.serving.certificatePem,
    keyPem: keys.serving.keyPem,
    clientCaPem: keys.authority.certificatePem,
    log: silentLog,
  });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  readonly certificate?: { readonly certificatePem: string; readonly keyPem: string };
}

function tlsOptions({ certificate }: Asked): object {
  const { certificatePem: cert, keyPem: key } = certificate ?? {};
  return { ca: keys.authority.certificatePem, cert, key };
}

function askHttp1(path: string, asked: Asked = {}): Promise<Answer> {
  const options: RequestOptions = { port: server.port, host: "127.0.0.1", path, agent: false, ...tlsOptions(asked) };
  return new Promise((resolve, reject) => {
    const outgoing = requestHttps({ ...options, method: asked.method, headers: asked.headers }, (incoming) => {
      buffer(incoming).then(
        (body) => resolve({ status: incoming.statusCode!, headers: incoming.headers, body }),
        (error: unknown) => reject(error as Error),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(asked.body);
  });
}

const openSession = (asked: Asked = {}): ClientHttp2Session =>
  connectHttp2(`https://127.0.0.1:${server.port}`, tlsOptions(asked));

async function askHttp2(path: string, asked: Asked = {}, session = openSession(asked)): Promise<Answer> {
  try {
    const stream = session.request({ ":path": path, ":method": asked.method ?? "GET", ...asked.headers });
    stream.end(asked.body);
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
    return { status: headers[":status"], headers, body: await buffer(stream) };
  } finally {
    session.close();
  }
}
const versions = { "HTTP/1.1": askHttp1, "HTTP/2": askHttp2 };

for (const [version, ask] of Object.entries(versions)) {
  test(`${version}: the transport sees the request as it was on the wire, and its reply comes back`, async () => {
    let seen: ApiRequest | undefined;
    transport = async (request) => {
      seen = request;
      const body = Buffer.from(await request.body(100)).toString();
      return {
        ...jsonReply({ body }, 201),
        headers: { "content-type": "application/json", warning: ["299 - a", "299 - b"] },
      };
    };
    const body = Buffer.from("hello");
    const answer = await ask("/api/a%2Fb?x=1&x=2&y=%20", { method: "POST", headers: { "x-a": "b" }, body });
    assert.equal(answer.status, 201);
    assert.deepEqual(JSON.parse(answer.body.toString()), { body: "hello" });
    assert.equal(answer.headers["warning"], "299 - a, 299 - b");
    assert.deepEqual([seen!.method, seen!.path, `${seen!.query}`], ["POST", "/api/a%2Fb", "x=1&x=2&y=+"]);
    assert.equal(seen!.headers["x-a"], "b");
    assert.match(seen!.headers["host"]!, /^127\.0\.0\.1/);
    assert.equal(seen!.peer.certificate, undefined);
  });

  test(`${version}: a client certificate names its user; a stranger's is told as wrong`, async () => {
    transport = (request) => Promise.resolve(jsonReply(request.peer));
    const peer = async (certificate?: Asked["certificate"]): Promise<Record<string, any>> =>
      JSON.parse((await ask("/", { certificate })).body.toString());
    const nowMs = Date.now();
    const subject = { commonName: "jane", organizations: ["devs", "ops"] };
    const validForMs = 86_400_000;
    const jane = await issueCertificate(keys.authority, { subject, usage: "client", nowMs, validForMs });
    const found = (await peer(jane))["certificate"];
    assert.deepEqual([found.commonName, found.organizations], ["jane", ["devs", "ops"]]);
    assert.match(found.fingerprint, /^[0-9a-f]{64}$/);
    const strangers = await createAuthority("kubernetes", nowMs);
    const stranger = await peer(await issueCertificate(strangers, { subject, usage: "client", nowMs, validForMs }));
    assert.equal(stranger["certificate"], undefined);
    assert.ok(stranger["certificateError"]);
    const past = nowMs - 10 * validForMs;
    const expired = await peer(
      await issueCertificate(keys.authority, { subject, usage: "client", nowMs: past, validForMs }),
    );
    assert.equal(expired["certificateError"], "CERT_HAS_EXPIRED");
    const serving = await peer(keys.serving);
    assert.equal(serving["certificate"], undefined, "a certificate for servers is none for clients");
  });

  test(`${version}: a body over the limit is answered, not cut off`, async () => {
    transport = async (request) => {
      try {
        return jsonReply({ length: (await request.body(3 * mebibyte)).length });
      } catch (error) {
        const { status, code } = error as StatusError;
        return jsonReply(status, code);
      }
    };
    const fits = await ask("/", { method: "POST", body: Buffer.alloc(3 * mebibyte) });
    assert.deepEqual(JSON.parse(fits.body.toString()), { length: 3 * mebibyte });
    const answer = await ask("/", { method: "POST", body: Buffer.alloc(8 * mebibyte) });
    assert.equal(answer.status, 413);
    assert.equal(JSON.parse(answer.body.toString()).reason, "RequestEntityTooLarge");
  });

  test(`${version}: large answers are compressed for those who ask, small ones never`, async () => {
    const large = Buffer.alloc(200 * 1024, "proa ");
    transport = ({ path }) => Promise.resolve(bytesReply(path === "/large" ? large : Buffer.from("small")));
    const headers = { "accept-encoding": "gzip" };
    const packed = await ask("/large", { headers });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.equal(packed.headers["vary"], "Accept-Encoding");
    assert.ok(gunzipSync(packed.body).equals(large));
    assert.ok((await ask("/large")).body.equals(large));
    const small = await ask("/small", { headers });
    assert.deepEqual([small.headers["content-encoding"], small.body.toString()], [undefined, "small"]);
  });

  test(`${version}: HEAD has the length and no body`, async () => {
    transport = () => Promise.resolve(bytesReply(Buffer.from("four")));
    const answer = await ask("/", { method: "HEAD" });
    assert.deepEqual([answer.status, answer.headers["content-length"], answer.body.length], [200, "4", 0]);
  });

  test(`${version}: a list of many pieces comes whole`, async () => {
    const pieces = Array.from({ length: 300 }, (_, index) => Buffer.alloc(10_000, index % 256));
    transport = () =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: { kind: "list", resourceVersion: "1", items: [], chunks: () => pieces },
      });
    assert.ok((await ask("/")).body.equals(Buffer.concat(pieces)));
  });

  test(`${version}: a stream that breaks leaves no whole answer`, async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("begun");
      throw new Error("broken");
    }
    transport = () => Promise.resolve({ status: 200, headers: {}, body: { kind: "stream", chunks: chunks() } });
    await assert.rejects(ask("/"));
  });
}

/** A watch that always has another 64 KiB to tell; it counts what was taken. */
function endlessWatch(): { stream: WatchStream; taken: () => number; closed: Promise<void> } {
  let taken = 0;
  let close: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  let ended = false;
  const stream: WatchStream = {
    next: () => Promise.resolve([]),
    async nextBytes() {
      if (ended) return undefined;
      taken += 64 * 1024;
      return new Uint8Array(64 * 1024);
    },
    close() {
      ended = true;
      close();
    },
  };
  return { stream, taken: () => taken, closed };
}

test("HTTP/2: a watch of which 10 MB lie unread blocks no other stream of its session", async () => {
  const watches = Array.from({ length: 4 }, endlessWatch);
  let next = 0;
  transport = ({ path }) => {
    if (path !== "/watch") return Promise.resolve(bytesReply(Buffer.from("here")));
    const { stream } = watches[next]!;
    next += 1;
    return Promise.resolve({ status: 200, headers: {}, body: { kind: "watch", stream } });
  };
  const session = connectHttp2(`https://127.0.0.1:${server.port}`, {
    ...tlsOptions({}),
    settings: { initialWindowSize: 16 * mebibyte },
  });
  await once(session, "connect");
  session.setLocalWindowSize(128 * mebibyte);
  const slow = watches.map(() => session.request({ ":path": "/watch" }));
  for (const stream of slow) {
    await once(stream, "response");
    stream.pause();
  }
  await wait(300);
  for (const { taken } of watches) {
    assert.ok(taken() >= 10 * mebibyte, `${taken()} bytes were written`);
    assert.ok(taken() <= 24 * mebibyte, `a client that does not read is not written to without bound: ${taken()}`);
  }
  const stream = session.request({ ":path": "/other" });
  assert.equal((await buffer(stream)).toString(), "here");
  session.destroy();
  await Promise.all(watches.map(({ closed }) => closed));
});

test("HTTP/1.1: a watch waits for its reader, and ends when the reader goes", async () => {
  const watch = endlessWatch();
  transport = () => Promise.resolve({ status: 200, headers: {}, body: { kind: "watch", stream: watch.stream } });
  const socket = connectTls({ port: server.port, host: "127.0.0.1", ca: keys.authority.certificatePem });
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await wait(200);
  const before = watch.taken();
  await wait(100);
  assert.equal(watch.taken(), before);
  socket.destroy();
  await watch.closed;
});

test("a request whose client is gone is told to whoever works on it", async () => {
  for (const version of [1, 2]) {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    transport = async (request) => {
      request.signal.addEventListener("abort", () => gone.resolve());
      begun.resolve();
      await gone.promise;
      return jsonReply({});
    };
    if (version === 1) {
      const outgoing = requestHttps({ port: server.port, host: "127.0.0.1", agent: false, ...tlsOptions({}) });
      outgoing.on("error", () => {});
      outgoing.end();
      await begun.promise;
      outgoing.destroy();
    } else {
      const session = openSession();
      const stream = session.request({ ":path": "/" });
      stream.on("error", () => {});
      await begun.promise;
      stream.close();
      await gone.promise;
      session.close();
    }
    await gone.promise;
  }
});

test("an upgrade that is refused is an ordinary answer", async () => {
  transport = () => Promise.resolve(jsonReply({ kind: "Status", message: "no" }, 403));
  const headers = { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" };
  const answer = await askHttp1("/exec", { method: "POST", headers });
  assert.equal(answer.status, 403);
  assert.equal(JSON.parse(answer.body.toString()).message, "no");
});

test("an upgrade to a protocol that nobody speaks is refused with upstream's words", async () => {
  const serve = (): Promise<void> => Promise.resolve();
  const upgrade = { kind: "remote-command", stdin: false, stdout: true, stderr: true, tty: false, serve } as const;
  transport = () => Promise.resolve({ status: 101, headers: {}, body: { kind: "upgrade", upgrade } });
  const headers = { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v9.channel.k8s.io" };
  const answer = await askHttp1("/exec", { method: "POST", headers });
  assert.equal(answer.status, 403);
  assert.match(answer.body.toString(), /client supports \[v9\.channel\.k8s\.io\], server accepts \[/);
  const plain = await askHttp1("/exec", { method: "POST" });
  assert.equal(plain.status, 400);
  assert.match(plain.body.toString(), /[Uu]pgrade/);
});
