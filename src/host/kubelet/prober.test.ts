// Probes against servers of the test's own, and Go's words for their failures. May import node.
import assert from "node:assert/strict";
import { Server as GrpcServer, ServerCredentials, status } from "@grpc/grpc-js";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createCodec } from "../cri/codec.ts";
import { dialErrorText, goDuration } from "./go-errors.ts";
import { hostProber } from "./prober.ts";

const bodyBytesMax = 10_240;

describe("hostProber", () => {
  let server: Server;
  let port: number;
  const seen: IncomingMessage[] = [];
  const answers: Record<string, (response: ServerResponse) => void> = {
    "/ok": (response) => response.end("fine"),
    "/404": (response) => response.writeHead(404).end("no"),
    "/hop": (response) => response.writeHead(302, { location: "/ok" }).end(),
    "/away": (response) => response.writeHead(302, { location: "http://other.example/" }).end("bye"),
    "/loop": (response) => response.writeHead(302, { location: "/loop" }).end(),
    "/large": (response) => response.end("x".repeat(100_000)),
    "/hang": () => {},
    "/half": (response) => void response.writeHead(200, { "content-length": 10 }).write("ab"),
    "/cut": (response) => response.destroy(),
  };
  before(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      answers[request.url!]!(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const http = (path: string, timeoutMs = 2000, headers: { name: string; value: string }[] = []) =>
    hostProber.http({ url: `http://127.0.0.1:${port}${path}`, headers, timeoutMs, bodyBytesMax });

  test("http answers status and body, with headers as given and no keep-alive", async () => {
    const headers = [
      { name: "x-two", value: "a" },
      { name: "X-Two", value: "b" },
      { name: "Host", value: "named.example" },
    ];
    assert.deepEqual(await http("/ok", 2000, headers), { status: 200, body: "fine" });
    const request = seen.at(-1)!;
    assert.equal(request.headers.host, "named.example");
    assert.equal(request.headers.connection, "close");
    assert.deepEqual(request.rawHeaders.filter((name) => name === "X-Two").length, 2);
    assert.deepEqual(await http("/404"), { status: 404, body: "no" });
  });

  test("http follows redirects of the same host, and gives others as they are", async () => {
    assert.deepEqual(await http("/hop"), { status: 200, body: "fine" });
    assert.deepEqual(await http("/away"), { status: 302, body: "bye" });
    await assert.rejects(http("/loop"), { message: `Get "http://127.0.0.1:${port}/loop": stopped after 10 redirects` });
  });

  test("http reads no more of the body than asked", async () => {
    assert.equal((await http("/large")).body.length, bodyBytesMax);
  });

  test("http words failures as Go does", async () => {
    const url = `http://127.0.0.1:${port}`;
    const timeout = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    await assert.rejects(http("/hang", 100), { message: `Get "${url}/hang": ${timeout}` });
    await assert.rejects(http("/half", 100), {
      message: "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
    });
    await assert.rejects(http("/cut"), { message: `Get "${url}/cut": EOF` });
    const closed = hostProber.http({ url: "http://127.0.0.1:1/x", headers: [], timeoutMs: 1000, bodyBytesMax });
    await assert.rejects(closed, {
      message: 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
    });
    const secure = hostProber.http({ url: `https://127.0.0.1:${port}/`, headers: [], timeoutMs: 1000, bodyBytesMax });
    await assert.rejects(secure, {
      message: `Get "https://127.0.0.1:${port}/": http: server gave HTTP response to HTTPS client`,
    });
  });

  test("tcp connects, or tells why not", async () => {
    const listener = createTcpServer((socket) => socket.resume());
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    await hostProber.tcp("127.0.0.1", (listener.address() as AddressInfo).port, 1000);
    listener.close();
    await assert.rejects(hostProber.tcp("127.0.0.1", 1, 1000), {
      message: "dial tcp 127.0.0.1:1: connect: connection refused",
    });
  });

  test("grpc tells the health status, and failures in upstream's words", async () => {
    const codec = createCodec({ Q: [[1, "service", "string"]], R: [[1, "status", "int32"]] }, {});
    const grpc = new GrpcServer();
    const same = (bytes: Buffer): Buffer => bytes;
    const path = "/grpc.health.v1.Health/Check";
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    let agent = "";
    grpc.addService(
      { Check: method },
      {
        Check: (call: { request: Buffer; metadata: { get(name: string): unknown[] } }, done: Function) => {
          agent = String(call.metadata.get("user-agent")[0]);
          const service = codec.decode("Q", call.request)["service"] as string;
          if (service === "unknown") done({ code: status.NOT_FOUND, details: "unknown service" });
          else done(null, Buffer.from(codec.encode("R", { status: service === "sick" ? 2 : 1 })));
        },
      },
    );
    const credentials = ServerCredentials.createInsecure();
    const grpcPort = await new Promise<number>((resolve, reject) => {
      grpc.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    assert.equal(await hostProber.grpc("127.0.0.1", grpcPort, "", 1000), "SERVING");
    assert.match(agent, /^kube-probe\/1\.36/);
    assert.equal(await hostProber.grpc("127.0.0.1", grpcPort, "sick", 1000), "NOT_SERVING");
    await assert.rejects(hostProber.grpc("127.0.0.1", grpcPort, "unknown", 1000), {
      message: "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service",
    });
    await assert.rejects(hostProber.grpc("127.0.0.1", 1, "", 200), {
      message: 'timeout: failed to connect service "127.0.0.1:1" within 200ms: context deadline exceeded',
    });
    grpc.forceShutdown();
  });
});

test("goDuration prints as Go's time.Duration", () => {
  const cases: [number, string][] = [
    [200, "200ms"],
    [1000, "1s"],
    [1500, "1.5s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
  ];
  for (const [ms, text] of cases) assert.equal(goDuration(ms), text);
});

test("dialErrorText names addresses and lookups as Go does", () => {
  const error = (code: string, syscall = "connect"): Error => Object.assign(new Error("x"), { code, syscall });
  assert.equal(dialErrorText(error("EHOSTUNREACH"), "fd00::1", 80), "dial tcp [fd00::1]:80: connect: no route to host");
  assert.equal(dialErrorText(error("ENOTFOUND", "getaddrinfo"), "a.b", 80), "dial tcp: lookup a.b: no such host");
});
