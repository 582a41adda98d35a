// The client over a transport that answers in bytes, as one across a network does. May import what tests may.
import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../base/errors.ts";
import { configMap } from "../kinds/core/config-map.ts";
import { namespace } from "../kinds/core/namespace.ts";
import { pod } from "../kinds/core/pod.ts";
import type { ApiReply, ApiRequest } from "../kinds/request.ts";
import { createClient } from "./api-client.ts";
import type { Client } from "./client.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A client whose requests are kept, and answered with `text` in pieces of `pieceBytes`. */
function answering(text: string, status = 200, pieceBytes = 7): { client: Client; requests: ApiRequest[] } {
  const requests: ApiRequest[] = [];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const bytes = encode(text);
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
  }
  const client = createClient(
    (request): Promise<ApiReply> => {
      requests.push(request);
      return Promise.resolve({ status, headers: {}, body: { kind: "stream", chunks: chunks() } });
    },
    { userAgent: "test/1" },
  );
  return { client, requests };
}

const statusText = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code });

async function sent(request: ApiRequest): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await request.body(1024)));
}

test("client names paths, queries and bodies as the API wants them", async () => {
  const { client, requests } = answering('{"kind":"X","metadata":{"name":"a"}}');
  await client.get(configMap, "a/b", "n");
  await client.list(pod, { labelSelector: "a=b", limit: 5 }).catch(() => {});
  await client.create(configMap, { metadata: { name: "a", namespace: "n" } }, { fieldManager: "f" });
  await client.patch(namespace, "x", undefined, { a: 1 }, { type: "apply", fieldManager: "f", force: true });
  await client.deleteCollection(pod, { namespace: "n", labelSelector: "a", propagationPolicy: "Background" });
  assert.deepEqual(
    requests.map(({ method, path, query }) => `${method} ${path} ${query}`),
    [
      "GET /api/v1/namespaces/n/configmaps/a%2Fb ",
      "GET /api/v1/pods labelSelector=a%3Db&limit=5",
      "POST /api/v1/namespaces/n/configmaps fieldManager=f",
      "PATCH /api/v1/namespaces/x fieldManager=f&force=true",
      "DELETE /api/v1/namespaces/n/pods labelSelector=a",
    ],
  );
  assert.deepEqual(await sent(requests[2]!), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace: "n" },
  });
  assert.equal(requests[3]!.headers["content-type"], "application/apply-patch+yaml");
  assert.deepEqual(await sent(requests[4]!), {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: "Background",
  });
});

test("client reads an object, frozen", async () => {
  const { client } = answering('{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"ü"}}');
  const object = await client.get(configMap, "a", "n");
  assert.equal(object.data?.["k"], "ü");
  assert.ok(Object.isFrozen(object.data));
});

test("client gives a list's items the kind that the list says", async () => {
  const list = { apiVersion: "v1", kind: "ConfigMapList", metadata: { resourceVersion: "8", continue: "c" } };
  const { client } = answering(JSON.stringify({ ...list, items: [{ metadata: { name: "a" } }] }));
  const read = await client.list(configMap);
  assert.equal(read.resourceVersion, "8");
  assert.equal(read.continue, "c");
  assert.deepEqual(read.items[0]!.object(), { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } });
  const empty = await answering(JSON.stringify({ ...list, items: null })).client.list(configMap);
  assert.deepEqual(empty.items, []);
});

test("client throws the Status of a failure, and makes one of other answers", async () => {
  const refused = answering(statusText(403, "Forbidden", "no"), 403).client;
  await assert.rejects(refused.get(configMap, "a", "n"), (error: StatusError) => {
    assert.ok(error instanceof StatusError);
    assert.deepEqual([error.code, error.reason, error.message], [403, "Forbidden", "no"]);
    return true;
  });
  await assert.rejects(answering("upstream is down", 502).client.get(configMap, "a", "n"), (error: StatusError) => {
    assert.deepEqual([error.code, error.message], [502, "upstream is down"]);
    return true;
  });
});

const events = async (client: Client): Promise<string[]> => {
  const read: string[] = [];
  const { signal } = new AbortController();
  for await (const batch of client.watch(configMap, { signal })) {
    for (const { type, ref } of batch) read.push(`${type} ${ref.object().metadata.name}`);
  }
  return read;
};
const line = (type: string, name: string): string => `${JSON.stringify({ type, object: { metadata: { name } } })}\n`;

test("client reads a watch's lines wherever they are cut", async () => {
  const text = line("ADDED", "a") + line("MODIFIED", "bü") + line("DELETED", "c");
  for (const pieceBytes of [1, 7, 64, 4096]) {
    assert.deepEqual(await events(answering(text, 200, pieceBytes).client), ["ADDED a", "MODIFIED bü", "DELETED c"]);
  }
});

test("client leaves out a watch's last line when it is cut short", async () => {
  assert.deepEqual(await events(answering(line("ADDED", "a") + '{"type":"ADD').client), ["ADDED a"]);
});

test("client throws the Status of an ERROR event, after the events before it", async () => {
  const text = line("ADDED", "a") + `{"type":"ERROR","object":${statusText(410, "Expired", "too old")}}\n`;
  const read: string[] = [];
  const watching = async (): Promise<void> => {
    const { signal } = new AbortController();
    for await (const batch of answering(text, 200, 4096).client.watch(configMap, { signal })) read.push(batch[0]!.type);
  };
  await assert.rejects(watching, (error: StatusError) => error.code === 410 && error.reason === "Expired");
  assert.deepEqual(read, ["ADDED"]);
});

test("client tells what a deletion leaves", async () => {
  const cases: readonly [object, boolean][] = [
    [{ kind: "Status", status: "Success", metadata: {} }, false],
    [{ metadata: { name: "a" } }, false],
    [{ metadata: { name: "a", deletionTimestamp: "t", deletionGracePeriodSeconds: 30 } }, true],
    [{ metadata: { name: "a", deletionTimestamp: "t", deletionGracePeriodSeconds: 0 } }, false],
    [{ metadata: { name: "a", deletionTimestamp: "t", deletionGracePeriodSeconds: 0, finalizers: ["f"] } }, true],
  ];
  for (const [answer, left] of cases) {
    const { client } = answering(JSON.stringify(answer));
    assert.equal((await client.delete(configMap, "a", "n")) !== undefined, left, JSON.stringify(answer));
  }
});
