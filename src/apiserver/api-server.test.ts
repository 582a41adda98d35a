// The API server as a whole: handle() in process over the memory store.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Clock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { seededRandom } from "../base/random.ts";
import { builtInDefinitions } from "../kinds/definitions/all.gen.ts";
import { builtInKinds } from "../kinds/index.ts";
import type { ApiReply, ApiRequest } from "../kinds/request.ts";
import { createMemoryStore } from "../store/memory-store.ts";
import { createApiServer } from "./api-server.ts";
import type { ApiServer } from "./api-server.ts";
import type { AdmissionPlugin, Authorizer } from "./ports.ts";

const clock: Clock = {
  now: () => Date.UTC(2026, 0, 1),
  monotonic: () => 0,
  after: () => ({ cancel() {} }),
};

/** system:masters may do everything, others nothing; as upstream's privileged-group authorizer. */
const mastersOnly: Authorizer = {
  authorize: ({ user }) => ({ allowed: user.groups.includes("system:masters"), reason: "" }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

function startServer(admission: readonly AdmissionPlugin[] = []): Promise<ApiServer> {
  return createApiServer({
    kinds: builtInKinds,
    definitions: builtInDefinitions,
    ports: {
      store: createMemoryStore({ clock }),
      clock,
      random: seededRandom(1),
      crypto: {
        uuid: () => randomUUID(),
        randomBytes: (length) => new Uint8Array(length),
        sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
      },
      log: silentLog,
    },
    access: () => ({
      authenticator: { authenticate: ({ peer }) => peer.user },
      authorizer: mastersOnly,
      admission,
    }),
  });
}

interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly groups?: readonly string[];
}

function requestOf(line: string, { body, headers, groups = ["system:masters"] }: Call): ApiRequest {
  const [method = "", url = ""] = line.split(" ");
  const [path = "", query = ""] = url.split("?");
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers: { "content-type": "application/json", "user-agent": "tester/1", ...headers },
    body: () => Promise.resolve(new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body))),
    peer: { address: "127.0.0.1", user: { username: "tester", groups } },
    signal: new AbortController().signal,
  };
}

type Json = { [key: string]: any };

async function read(reply: ApiReply): Promise<Json> {
  const { body } = reply;
  if (body.kind === "object") return JSON.parse(new TextDecoder().decode(body.ref.bytes)) as Json;
  if (body.kind === "list") return JSON.parse(Buffer.concat([...body.chunks()]).toString()) as Json;
  if (body.kind === "bytes") return { text: new TextDecoder().decode(body.bytes) };
  return {};
}

async function ask(server: ApiServer, line: string, call: Call = {}): Promise<Json> {
  const reply = await server.handle(requestOf(line, call));
  return { status: reply.status, headers: reply.headers, body: await read(reply) };
}

const maps = "/api/v1/namespaces/a/configmaps";
const mapOf = (name: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...more },
  data: { k: "v" },
});

test("handle creates, reads, changes and deletes an object", async () => {
  const server = await startServer();
  const created = await ask(server, `POST ${maps}`, { body: mapOf("one") });
  assert.equal(created.status, 201);
  assert.equal(created.body.metadata.namespace, "a");
  assert.equal(created.body.metadata.managedFields[0].manager, "tester");
  const got = await ask(server, `GET ${maps}/one`);
  assert.deepEqual(got.body, created.body);
  const changed = await ask(server, `PUT ${maps}/one`, { body: { ...got.body, data: { k: "w" } } });
  assert.equal(changed.body.data.k, "w");
  assert.notEqual(changed.body.metadata.resourceVersion, got.body.metadata.resourceVersion);
  const stale = await ask(server, `PUT ${maps}/one`, { body: got.body });
  assert.equal(stale.status, 409);
  assert.equal(stale.body.reason, "Conflict");
  const deleted = await ask(server, `DELETE ${maps}/one`);
  assert.equal(deleted.body.status, "Success");
  assert.equal((await ask(server, `GET ${maps}/one`)).status, 404);
  server.close();
});

test("handle writes nothing when an update changes nothing", async () => {
  const server = await startServer();
  const { body } = await ask(server, `POST ${maps}`, { body: mapOf("one") });
  const again = await ask(server, `PUT ${maps}/one`, { body });
  assert.equal(again.body.metadata.resourceVersion, body.metadata.resourceVersion);
  server.close();
});

test("handle patches in all four ways", async () => {
  const server = await startServer();
  await ask(server, `POST ${maps}`, { body: mapOf("one") });
  const patch = (type: string, body: unknown, query = ""): Promise<Json> =>
    ask(server, `PATCH ${maps}/one${query}`, { body, headers: { "content-type": type } });
  const json = await patch("application/json-patch+json", [{ op: "add", path: "/data/j", value: "1" }]);
  assert.equal(json.body.data.j, "1");
  const merge = await patch("application/merge-patch+json", { data: { j: null, m: "2" } });
  assert.deepEqual(merge.body.data, { k: "v", m: "2" });
  const strategic = await patch("application/strategic-merge-patch+json", { metadata: { labels: { l: "3" } } });
  assert.deepEqual(strategic.body.metadata.labels, { l: "3" });
  const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one" }, data: { k: "mine" } };
  const conflict = await patch("application/apply-patch+yaml", config, "?fieldManager=other");
  assert.equal(conflict.status, 409);
  const forced = await patch("application/apply-patch+yaml", config, "?fieldManager=other&force=true");
  assert.equal(forced.body.data.k, "mine");
  assert.equal((await patch("text/plain", {})).status, 415);
  server.close();
});

test("handle lists by pages that all bear one revision", async () => {
  const server = await startServer();
  for (const name of ["a", "b", "c"]) await ask(server, `POST ${maps}`, { body: mapOf(name) });
  const first = await ask(server, `GET ${maps}?limit=2`);
  assert.equal(first.body.kind, "ConfigMapList");
  assert.equal(first.body.items.length, 2);
  assert.equal(first.body.items[0].kind, undefined);
  assert.equal(first.body.metadata.remainingItemCount, 1);
  await ask(server, `POST ${maps}`, { body: mapOf("d") });
  const second = await ask(server, `GET ${maps}?limit=2&continue=${first.body.metadata.continue}`);
  assert.deepEqual(
    second.body.items.map((item: Json) => item["metadata"].name),
    ["c"],
  );
  assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
  server.close();
});

test("handle watches what is there and what comes, in and out of a selection", async () => {
  const server = await startServer();
  await ask(server, `POST ${maps}`, { body: mapOf("one", { labels: { app: "x" } }) });
  const reply = await server.handle(requestOf(`GET ${maps}?watch=true&labelSelector=app%3Dx`, {}));
  assert.equal(reply.body.kind, "watch");
  if (reply.body.kind !== "watch") return;
  const { stream } = reply.body;
  const types = async (): Promise<string[]> => (await stream.next()).map(({ type }) => type);
  assert.deepEqual(await types(), ["ADDED"]);
  const headers = { "content-type": "application/merge-patch+json" };
  await ask(server, `PATCH ${maps}/one`, { body: { data: { k: "2" } }, headers });
  assert.deepEqual(await types(), ["MODIFIED"]);
  await ask(server, `PATCH ${maps}/one`, { body: { metadata: { labels: { app: "y" } } }, headers });
  assert.deepEqual(await types(), ["DELETED"]);
  stream.close();
  server.close();
});

test("handle keeps an object with finalizers until they are gone", async () => {
  const server = await startServer();
  await ask(server, `POST ${maps}`, { body: mapOf("one", { finalizers: ["example.com/f"] }) });
  const deleted = await ask(server, `DELETE ${maps}/one`);
  assert.equal(deleted.body.metadata.deletionTimestamp, "2026-01-01T00:00:00Z");
  const headers = { "content-type": "application/merge-patch+json" };
  await ask(server, `PATCH ${maps}/one`, { body: { metadata: { finalizers: null } }, headers });
  assert.equal((await ask(server, `GET ${maps}/one`)).status, 404);
  server.close();
});

test("handle writes nothing on a dry run", async () => {
  const server = await startServer();
  assert.equal((await ask(server, `POST ${maps}?dryRun=All`, { body: mapOf("one") })).status, 201);
  assert.equal((await ask(server, `GET ${maps}/one`)).status, 404);
  server.close();
});

test("handle refuses whom the authorizer refuses", async () => {
  const server = await startServer();
  const { status, body } = await ask(server, `GET ${maps}/one`, { groups: [] });
  assert.equal(status, 403);
  const why = 'User "tester" cannot get resource "configmaps" in API group "" in the namespace "a"';
  assert.equal(body.message, `configmaps "one" is forbidden: ${why}`);
  server.close();
});

test("handle runs admission: mutation is stored, refusal is answered", async () => {
  const label: AdmissionPlugin = {
    name: "Label",
    operations: ["CREATE"],
    mutate({ object }) {
      if (object) object["metadata"] = { ...(object["metadata"] as object), labels: { by: "admission" } };
    },
    validate({ name }) {
      if (name === "bad") throw new Error("refused");
    },
  };
  const server = await startServer([label]);
  const { body } = await ask(server, `POST ${maps}`, { body: mapOf("one") });
  assert.deepEqual(body.metadata.labels, { by: "admission" });
  assert.equal((await ask(server, `POST ${maps}`, { body: mapOf("bad") })).status, 500);
  server.close();
});

test("handle answers paths that nobody serves as upstream does", async () => {
  const server = await startServer();
  const cases: readonly (readonly [string, number, string])[] = [
    ["GET /zap", 404, "text/plain; charset=utf-8"],
    ["GET /api/v2", 404, "application/json"],
    ["GET /apis/zap.example.com/v1/zaps", 404, "text/plain; charset=utf-8"],
    ["GET /api/v1/zaps", 404, "application/json"],
    ["PUT /api/v1/namespaces/a/configmaps", 405, "application/json"],
    ["GET /api/v1/namespaces/a/configmaps/%zz", 400, "text/plain; charset=utf-8"],
    ["GET /healthz", 200, "text/plain; charset=utf-8"],
    ["GET /version", 200, "application/json"],
  ];
  for (const [line, status, contentType] of cases) {
    const reply = await ask(server, line);
    assert.deepEqual([reply.status, reply.headers["content-type"]], [status, contentType], line);
  }
  server.close();
});

test("handle generates names and warns of unknown fields", async () => {
  const server = await startServer();
  const body = { ...mapOf(""), metadata: { generateName: "gen-" }, zap: 1 };
  const reply = await ask(server, `POST ${maps}`, { body });
  assert.match(reply.body.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.deepEqual(reply.headers.warning, ['299 - "unknown field \\"zap\\""']);
  assert.equal((await ask(server, `POST ${maps}?fieldValidation=Strict`, { body })).status, 400);
  server.close();
});
