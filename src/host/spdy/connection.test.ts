// SPDY between our own client and server over a pair of sockets: streams, half-closes, resets, back-pressure, hostile bytes;
// and exec with a terminal through the whole HTTP server. May import what tests may.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestHttps } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { commands, startFakePod } from "../streams/fake-pod.suite.ts";
import { SpdyConnection, type SpdyStream } from "./connection.ts";

const mebibyte = 1024 * 1024;

async function socketPair(context: TestContext): Promise<[Socket, Socket]> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const near = connect((listener.address() as { port: number }).port, "127.0.0.1");
  const [far] = (await once(listener, "connection")) as [Socket];
  listener.close();
  context.after(() => {
    near.destroy();
    far.destroy();
  });
  return [near, far];
}

interface Pair {
  readonly client: SpdyConnection;
  readonly server: SpdyConnection;
  readonly sockets: readonly [Socket, Socket];
  accepted(): Promise<SpdyStream>;
  readonly closed: Promise<Error | undefined>;
}

async function startPair(context: TestContext): Promise<Pair> {
  const sockets = await socketPair(context);
  const streams: SpdyStream[] = [];
  let arrived: () => void = () => {};
  const closed = Promise.withResolvers<Error | undefined>();
  const server = new SpdyConnection(sockets[1], {
    role: "server",
    onStream(stream) {
      streams.push(stream);
      arrived();
    },
    onClose: (error) => closed.resolve(error),
  });
  const client = new SpdyConnection(sockets[0], { role: "client" });
  return {
    client,
    server,
    sockets,
    closed: closed.promise,
    async accepted() {
      if (streams.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
      return streams.shift()!;
    },
  };
}

test("SpdyConnection opens streams with their headers, and half-closes each side for itself", async (context) => {
  const { client, accepted } = await startPair(context);
  const near = await client.openStream({ streamType: "data", port: "80", "x-long": "y".repeat(2000) });
  const far = await accepted();
  assert.deepEqual({ ...far.headers }, { streamtype: "data", port: "80", "x-long": "y".repeat(2000) });
  await near.write(Buffer.from("question"));
  near.end();
  assert.equal(await text(far.readable), "question");
  await far.write(Buffer.from("answer"));
  far.end();
  assert.equal(await text(near.readable), "answer");
  await assert.rejects(near.write(Buffer.from("more")), /ended/);
});

test("SpdyConnection carries many streams at once without mixing them", async (context) => {
  const { client, accepted } = await startPair(context);
  const streams = await Promise.all(Array.from({ length: 20 }, (_, index) => client.openStream({ n: String(index) })));
  const serving = streams.map(async () => {
    const far = await accepted();
    for await (const piece of far.readable) await far.write(piece);
    far.end();
  });
  const echoes = streams.map(async (stream, index) => {
    const sent = Buffer.alloc(300_000, index);
    const [echo] = await Promise.all([buffer(stream.readable), stream.write(sent).then(() => stream.end())]);
    assert.ok(echo.equals(sent), `stream ${index}`);
  });
  await Promise.all([...echoes, ...serving]);
});

test("SpdyConnection makes a writer wait for a reader who does not read", async (context) => {
  const { client, accepted } = await startPair(context);
  const near = await client.openStream({});
  const far = await accepted();
  let written = 0;
  const writing = (async () => {
    for (; written < 64; written += 1) await near.write(Buffer.alloc(mebibyte));
    near.end();
  })();
  await wait(300);
  assert.ok(written < 32, `${written} MiB were taken`);
  let read = 0;
  for await (const piece of far.readable) read += piece.length;
  await writing;
  assert.equal(read, 64 * mebibyte);
});

test("SpdyConnection ends a stream that is reset, and no other", async (context) => {
  const { client, accepted } = await startPair(context);
  const [first, second] = [await client.openStream({}), await client.openStream({})];
  const [far, other] = [await accepted(), await accepted()];
  first.destroy();
  assert.equal(await text(far.readable), "");
  await second.write(Buffer.from("still here"));
  second.end();
  assert.equal(await text(other.readable), "still here");
});

test("SpdyConnection ends all its streams with the connection", async (context) => {
  const { client, accepted, sockets, closed } = await startPair(context);
  const near = await client.openStream({});
  const far = await accepted();
  sockets[0].destroy();
  assert.equal(await text(far.readable), "");
  await closed;
  await assert.rejects(near.write(Buffer.from("x")), /closed/);
  await assert.rejects(client.openStream({}), /closed/);
});

test("SpdyConnection ends a connection whose bytes are not SPDY", async (context) => {
  const frames: Readonly<Record<string, Buffer>> = {
    "a frame of 16 MiB": Buffer.from("8003000100ffffff", "hex"),
    "a header block that is no zlib": Buffer.concat([
      Buffer.from("800300010000001400000001000000000000", "hex"),
      Buffer.alloc(10, 7),
    ]),
    "a frame cut short": Buffer.from("8003000100000002aaaa", "hex"),
  };
  for (const [name, bytes] of Object.entries(frames)) {
    const [near, far] = await socketPair(context);
    const closed = new Promise<Error | undefined>((resolve) => {
      void new SpdyConnection(far, { role: "server", onClose: resolve });
    });
    near.on("error", () => {});
    near.write(bytes);
    assert.ok((await closed) instanceof Error, name);
  }
});

test("exec over SPDY passes terminal sizes, and tells the exit code on the error stream", async (context) => {
  const fake = await startFakePod({
    command: (streams, words, request) => commands[words[0]!]!(streams, words, request),
  });
  context.after(() => fake.close());
  const outgoing = requestHttps({
    port: fake.port,
    host: "127.0.0.1",
    ca: fake.keys.authority.certificatePem,
    agent: false,
    method: "POST",
    path: "/api/v1/namespaces/default/pods/p/exec?command=size&stdout=true&stdin=true&tty=true",
    headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" },
  });
  outgoing.end();
  const [answer, socket, head] = (await once(outgoing, "upgrade")) as [
    { headers: Record<string, string> },
    Socket,
    Buffer,
  ];
  assert.equal(answer.headers["x-stream-protocol-version"], "v4.channel.k8s.io");
  const connection = new SpdyConnection(socket, { role: "client" }, head);
  const open = (streamType: string): Promise<SpdyStream> => connection.openStream({ streamType });
  const [error, stdin, stdout, resize] = [
    await open("error"),
    await open("stdin"),
    await open("stdout"),
    await open("resize"),
  ];
  await resize.write(Buffer.from('{"Width":120,'));
  await resize.write(Buffer.from('"Height":40}\n'));
  assert.equal(await text(stdout.readable), "120x40\n");
  assert.deepEqual(JSON.parse(await text(error.readable)), { metadata: {}, status: "Success" });
  stdin.end();
  connection.destroy();
});
