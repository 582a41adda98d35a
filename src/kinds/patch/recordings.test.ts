// The recorded answers of a real API server, for the tests beside this: cases and answers by area. May use Node.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import type { Json } from "../schema.ts";
import type { OwnershipTarget } from "./apply/target.ts";
import { equalJson, isList, isMap, type JsonDraft, type JsonMap } from "./json-value.ts";

export interface RecordedStep {
  readonly do?: string;
  readonly b?: Json;
  readonly ct?: string;
  readonly as?: string;
  readonly from?: string;
  readonly set?: Readonly<Record<string, Json>>;
  readonly q?: number;
}
export interface RecordedAnswer {
  readonly s: number;
  readonly b?: JsonMap;
}
export interface RecordedCase {
  readonly id: string;
  readonly steps: readonly { readonly asked: RecordedStep; readonly answer: RecordedAnswer }[];
}

const root = path.resolve(import.meta.dirname, "../../..");
const folder = path.resolve(root, process.env.PROA_REFERENCE ?? "../shared/reference", "../behaviour");

/** Why the recordings cannot be read here; false when they can. */
export const withoutRecordings: string | false = fs.existsSync(folder) ? false : `no recordings in ${folder}`;

const readLines = (file: string): JsonMap[] =>
  fs
    .readFileSync(path.join(folder, file), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonMap);

/** The cases of an area with what was answered. `${ns}` is the placeholder that answers have for it. */
export function readCases(area: string): RecordedCase[] {
  const answers = new Map(readLines(`recorded/${area}.jsonl`).map((line) => [line.id, line.steps]));
  return readLines(`cases/${area}.jsonl`).flatMap((line) => {
    const asked = JSON.parse(JSON.stringify(line.steps).replaceAll("${ns}", "<ns>")) as RecordedStep[];
    const answered = answers.get(line.id!) as unknown as RecordedAnswer[] | undefined;
    if (answered === undefined) return [];
    return [{ id: line.id as string, steps: asked.map((one, index) => ({ asked: one, answer: answered[index]! })) }];
  });
}

/** The definition of a kind; undefined: it isn't a built-in one. */
export function definitionOf(apiVersion: string, kind: string): string | undefined {
  const [version, group = ""] = apiVersion.split("/").toReversed();
  return Object.entries(builtInDefinitions).find(([, definition]) =>
    definition.kinds?.some((one) => one[0] === group && one[1] === version && one[2] === kind),
  )?.[0];
}

/** What was counted, and how what is found here differs from what was recorded. */
export interface Tally {
  matched: number;
  readonly different: string[];
}

/** Counts one comparison. */
export function count(tally: Tally, id: string, found: Json, recorded: Json): void {
  if (equalJson(found, recorded)) tally.matched++;
  else tally.different.push([id, ...listDifferences("", found, recorded)].join("\n  "));
}

const isObject = (value: Json | undefined): value is JsonMap => typeof value === "object" && value !== null;

/** Each place where the two differ: what was found, what was recorded. */
function listDifferences(path: string, found: Json | undefined, recorded: Json | undefined): string[] {
  if (equalJson(found, recorded)) return [];
  if (!isObject(found) || !isObject(recorded) || Array.isArray(found) !== Array.isArray(recorded)) {
    return [`${path}: ${JSON.stringify(found)} recorded ${JSON.stringify(recorded)}`.slice(0, 300)];
  }
  const keys = new Set([...Object.keys(found), ...Object.keys(recorded)]);
  return [...keys].flatMap((key) => listDifferences(`${path}/${key}`, found[key], recorded[key]));
}

/** Prints the tally and fails below the floor. */
export function settle(title: string, tally: Tally, floor: number): void {
  console.log([`${title}: ${tally.matched}/${tally.matched + tally.different.length}`, ...tally.different].join("\n"));
  assert.ok(tally.matched >= floor, `${title}: ${tally.matched} of at least ${floor}`);
}

/** What decoding leaves of a value: no nulls, and no empty lists and maps, which come and go with defaults. */
export function decoded(value: Json): Json {
  if (isList(value)) return value.map(decoded);
  if (!isMap(value)) return value;
  const kept: JsonDraft = {};
  for (const [key, inner] of Object.entries(value)) {
    const rest = decoded(inner);
    const isEmpty = rest === null || (typeof rest === "object" && Object.keys(rest).length === 0);
    if (!isEmpty) kept[key] = rest;
  }
  return kept;
}

/** managedFields in the order of the recordings, which is not the server's. */
export const sortEntries = (entries: Json | undefined): Json[] =>
  [...((entries ?? []) as Json[])].sort((left, right) => (entryKey(left) < entryKey(right) ? -1 : 1));

function entryKey(entry: Json): string {
  const { manager, operation, subresource = "", apiVersion } = entry as JsonMap;
  return JSON.stringify([manager, operation, subresource, apiVersion]);
}

const statusFields = [["status"]];
const allButStatus = [["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]];

/** How writes of a built-in kind are tracked; undefined: it isn't one. */
export function targetOf(apiVersion: string, kind: string, subresource = ""): OwnershipTarget | undefined {
  const definition = definitionOf(apiVersion, kind);
  if (definition === undefined) return undefined;
  const hasStatus = builtInDefinitions[definition]?.fields?.status !== undefined;
  const resetFields = subresource === "status" ? allButStatus : hasStatus ? statusFields : [];
  return { definitions: builtInDefinitions, definition, apiVersion, kind, subresource, resetFields };
}

describe("readCases", { skip: withoutRecordings }, () => {
  it("pairs the steps of a case with their answers", () => {
    const found = readCases("patch").find(({ id }) => id === "patch/json/add-key");
    assert.deepEqual(
      found?.steps.map(({ answer }) => answer.s),
      [201, 200, 200],
    );
  });
});
