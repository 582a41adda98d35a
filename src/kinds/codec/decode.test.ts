// Tests of decoding: each recorded request of a real API server whose answer the decoder decides must give that answer.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { decodeObject } from "./decode.ts";
import type { BodyMediaType, FieldValidation } from "./decode.ts";

interface Step {
  do?: string;
  b?: unknown;
  raw?: string;
  ct?: string;
  gen?: { kind: string; bytes?: number; depth?: number };
}
interface Answer {
  s: number;
  b?: { message?: string; reason?: string };
  w?: string[];
}

const behaviour = join(process.env["PROA_REFERENCE"] ?? "../shared/reference", "../behaviour");
const readLines = (file: string): { id: string; steps: unknown[] }[] =>
  readFileSync(join(behaviour, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** [definition, group, version, kind] by the path's last part. */
const kinds = new Map<string, [string, string, string, string]>();
for (const [name, definition] of Object.entries(builtInDefinitions)) {
  for (const [group, version, kind] of definition.kinds ?? []) {
    const plural =
      kind
        .toLowerCase()
        .replace(/(s|ss)$/, "$1e")
        .replace(/y$/, "ie") + "s";
    kinds.set(`${group}/${version}/${plural}`, [name, group, version, kind]);
  }
}

function targetOf(path: string): [string, string, string, string] | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const [group, version, rest] =
    parts[0] === "api" ? ["", parts[1]!, parts.slice(2)] : [parts[1]!, parts[2]!, parts.slice(3)];
  const [resource, ...more] = rest[0] === "namespaces" && rest.length > 2 ? rest.slice(2) : rest;
  return more.length > 1 ? undefined : kinds.get(`${group}/${version}/${resource}`);
}

const mediaTypes: Record<string, BodyMediaType> = {
  json: "application/json",
  yaml: "application/yaml",
  pb: "application/vnd.kubernetes.protobuf",
  "application/vnd.kubernetes.protobuf": "application/vnd.kubernetes.protobuf",
};

const ofDecoder = /cannot be handled as a|^the object provided is unrecognized|does not match the expected API version/;

function bodyOf(step: Step): string | undefined {
  if (step.gen?.kind === "deep") {
    const { depth = 1 } = step.gen;
    const nested = `${"[".repeat(depth)}1${"]".repeat(depth)}`;
    return `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"deep","annotations":${nested}}}`;
  }
  if (step.gen) return undefined;
  return step.raw ?? (step.b === undefined ? undefined : JSON.stringify(step.b));
}

function decodeStep(
  step: Step,
  text: string,
  target: [string, string, string, string],
): { message?: string; warnings: string[] } {
  const [definitionName, group, version, kind] = target;
  const asked = /fieldValidation=(\w+)(?:&|$)/.exec(step.do!)?.[1] ?? "Warn";
  try {
    const { strictErrors } = decodeObject(new TextEncoder().encode(text), mediaTypes[step.ct ?? "json"]!, {
      definitions: builtInDefinitions,
      definitionName,
      expected: { group, version, kind },
      fieldValidation: asked as FieldValidation,
    });
    return { warnings: [...strictErrors] };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { message: error.message, warnings: [] };
  }
}

function checkCase(id: string, step: Step, answer: Answer): boolean {
  const match = /^(POST|PUT) ([^?]*)/.exec(step.do ?? "");
  if (!match || (step.ct !== undefined && !mediaTypes[step.ct])) return false;
  const target = targetOf(match[2]!);
  const text = bodyOf(step)?.replaceAll("${ns}", "<ns>");
  if (!target || text === undefined || ![200, 201, 400, 422].includes(answer.s)) return false;
  const { message, warnings } = decodeStep(step, text, target);
  const expected = answer.b?.message;
  if (answer.s === 400 && expected !== undefined && ofDecoder.test(expected)) {
    assert.equal(message, expected, id);
    return true;
  }
  if (answer.s === 400) return false;
  assert.equal(message, undefined, id);
  if (!answer.w) return true;
  const told = answer.w.map((text) => JSON.parse(text.slice(6)) as string);
  const strict = told.filter((text) => /^(unknown field|duplicate field|line )/.test(text));
  assert.deepEqual(warnings, strict, id);
  return true;
}

const areas = [
  "fieldvalidation",
  "errors",
  "validation-core",
  "validation-pod",
  "validation-workloads",
  "defaults",
  "write",
];
const skip = existsSync(behaviour) ? false : `no folder ${behaviour}`;
for (const area of areas) {
  test(`decodeObject answers the recorded ${area} requests as upstream does`, { skip }, () => {
    const recorded = new Map(readLines(`recorded/${area}.jsonl`).map((one) => [one.id, one.steps as Answer[]]));
    let checked = 0;
    for (const { id, steps } of readLines(`cases/${area}.jsonl`)) {
      (steps as Step[]).forEach((step, index) => {
        const answer = recorded.get(id)?.[index];
        if (answer && checkCase(id, step, answer)) checked += 1;
      });
    }
    assert.ok(checked > 20, `${checked} checked`);
  });
}
