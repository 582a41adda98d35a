// What a real 1.36.3 API server answered where LimitRanges and ResourceQuotas are in force (area admission of the
// recorded behaviour), asked of ours. Pods are compared in what admission does to them.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { ApiReply } from "../../kinds/request.ts";
import { masters, type QuotaFixture, startQuotas } from "./quota-fixture.suite.ts";

const reference = process.env["PROA_REFERENCE"] ?? "../shared/reference";
const behaviour = `${reference}/../behaviour`;
const skip = existsSync(`${behaviour}/cases/admission.jsonl`) ? false : `no recorded behaviour at ${behaviour}`;

type Json = { [key: string]: any };
interface Case {
  readonly id: string;
  readonly steps: readonly Json[];
}

const read = (folder: string): Case[] =>
  readFileSync(`${behaviour}/${folder}/admission.jsonl`, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Case)
    .filter(({ id }) => /^admission\/(quota|limitrange)\//.test(id));

function bodyOf({ body }: ApiReply): Json {
  if (body.kind === "object") return JSON.parse(new TextDecoder().decode(body.ref.bytes)) as Json;
  if (body.kind === "bytes") return JSON.parse(new TextDecoder().decode(body.bytes)) as Json;
  return {};
}

async function ask({ handle }: QuotaFixture, line: string, body: unknown): Promise<ApiReply> {
  const [method = "", url = ""] = line.split(" ");
  const [path = "", query = ""] = url.split("?");
  return handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: { "content-type": "application/json", "user-agent": "bhv/1" },
    body: () => Promise.resolve(new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body))),
    peer: { address: "127.0.0.1", user: masters },
    signal: new AbortController().signal,
  });
}

/** What of an answer admission decides. */
function judged(body: Json): Json {
  if (body["kind"] === "Status") return body;
  const resources = (list: Json[] = []): unknown => list.map(({ name, resources: own }) => ({ name, resources: own }));
  return {
    kind: body["kind"],
    annotations: body["metadata"]?.annotations,
    containers: resources(body["spec"]?.containers),
    initContainers: resources(body["spec"]?.initContainers),
    qosClass: body["status"]?.qosClass,
    ...(body["kind"] === "ResourceQuota" ? { spec: body["spec"], status: body["status"] } : {}),
  };
}

async function replay(fixture: QuotaFixture, namespace: string, steps: readonly Json[], recorded: readonly Json[]) {
  for (const [index, step] of steps.entries()) {
    if (step["sleep"]) await fixture.clock.advance(step["sleep"]);
    await fixture.clock.settle();
    const line = String(step["do"]).replaceAll("${ns}", namespace);
    const reply = await ask(fixture, line, step["b"]);
    const wanted = recorded[index]!;
    const body = bodyOf(reply);
    assert.equal(reply.status, wanted["s"], `${line}: ${JSON.stringify(body)}`);
    const [[pointer, expected] = []] = Object.entries(step["until"] ?? {});
    if (pointer) {
      const found = pointer.split("/").reduce((value: Json | undefined, part) => value?.[part], body);
      assert.deepEqual(found, expected, line);
    }
    if (!step["q"]) assert.deepEqual(judged(body), judged(wanted["b"]), line);
  }
}

test("recorded cases of LimitRanges and ResourceQuotas are answered alike", { skip }, async (t) => {
  const cases = read("cases");
  const recorded = new Map(read("recorded").map((one) => [one.id, one.steps]));
  const namespaces = cases.map((_one, index) => `case-${index}`);
  const fixture = await startQuotas(namespaces);
  try {
    assert.equal(cases.length, 14);
    for (const [index, { id, steps }] of cases.entries()) {
      await t.test(id, () => replay(fixture, namespaces[index]!, steps, recorded.get(id)!));
    }
    assert.deepEqual(fixture.failures, []);
  } finally {
    fixture.stop();
  }
});
