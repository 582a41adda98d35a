// The patches that were recorded of a real API server: objects and errors. The object before a patch is what the same
// POST was answered with in some case of the recordings; for kinds without defaults it is made of the POST's body.
import { describe, it } from "node:test";
import { StatusError } from "../../base/errors.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { deepFreeze } from "../object.ts";
import type { Json } from "../schema.ts";
import { managedFieldsOf, trackUpdate, withManagedFields } from "./apply/track-update.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { isMap, type JsonMap } from "./json-value.ts";
import { applyMergePatch } from "./merge-patch.ts";
import {
  count,
  decoded,
  readCases,
  type RecordedCase,
  type RecordedStep,
  settle,
  sortEntries,
  type Tally,
  targetOf,
  withoutRecordings,
} from "./recordings.test.ts";
import { applyStrategicMergePatch } from "./strategic-merge.ts";

const now = "<time>";

/** Kinds of which a small object is served as it was sent. */
const plainKinds = new Set(["ConfigMap", "Secret", "Role", "ServiceAccount"]);

function asCreated(body: JsonMap): JsonMap | undefined {
  if (!plainKinds.has(String(body.kind)) || body.stringData !== undefined) return undefined;
  const server = { namespace: "<ns>", uid: "<uid:1>", resourceVersion: "<rv:1>", creationTimestamp: "<time>" };
  const object = { ...body, metadata: { ...(body.metadata as JsonMap), ...server } };
  const target = targetOf(String(body.apiVersion), String(body.kind));
  return target && trackUpdate(undefined, object, { ...target, manager: "bhv", now });
}

/** Objects as they are before any patch, by the body of their POST. */
function baseObjects(cases: readonly RecordedCase[]): Map<string, JsonMap> {
  const bases = new Map<string, JsonMap>();
  for (const { steps } of cases) {
    const [first, second, third] = steps;
    if (!first?.asked.do?.startsWith("POST") || !isMap(first.asked.b)) continue;
    const key = JSON.stringify(first.asked.b);
    const created = isMap(first.answer.b) ? first.answer.b : asCreated(first.asked.b);
    const isNoop = (second?.answer.s ?? 0) >= 400 && third?.asked.do?.startsWith("GET");
    const emptyPatch = second?.answer.s === 200 && JSON.stringify(second.asked.b) === "{}";
    const unchanged = emptyPatch ? second.answer.b : isNoop ? third?.answer.b : undefined;
    if (created !== undefined) bases.set(key, created);
    else if (isMap(unchanged) && !bases.has(key)) bases.set(key, unchanged);
  }
  return bases;
}

function patch(before: JsonMap, step: RecordedStep): Json {
  const body = step.b ?? null;
  if (step.ct === "jp") return applyJsonPatch(before, body);
  if (step.ct === "merge") return applyMergePatch(before, body);
  const target = targetOf(String(before.apiVersion), String(before.kind))!;
  return applyStrategicMergePatch(before, body, builtInDefinitions, target.definition);
}

function comparable(object: JsonMap): Json {
  const { metadata, status: _, ...rest } = object;
  const { resourceVersion: __, generation: ___, managedFields: ____, ...meta } = (metadata ?? {}) as JsonMap;
  return decoded({ ...rest, metadata: meta });
}

function tryPatch(before: JsonMap, step: RecordedStep): Json | StatusError {
  try {
    return patch(before, step);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

/** Errors that are not of the patch but of what is done with the patched object. */
const laterErrors =
  /is invalid:|name of the object|namespace of the provided|has been modified|not found|strconv|Unsupported Media|fieldManager/;

interface Tallies {
  readonly errors: Tally;
  readonly objects: Tally;
  readonly owners: Tally;
}

function compare({ id, steps }: RecordedCase, before: JsonMap, tallies: Tallies): void {
  const { asked: step, answer } = steps[1]!;
  const recorded = answer.b;
  if (step.b === undefined || !isMap(recorded) || !["jp", "merge", "smp"].includes(step.ct ?? "")) return;
  if (answer.s >= 400 && laterErrors.test(String(recorded.message))) return;
  const found = tryPatch(deepFreeze(before), step);
  if (answer.s >= 400 || found instanceof StatusError) {
    const status = found instanceof StatusError ? (found.status as unknown as Json) : found;
    return count(tallies.errors, id, status, recorded);
  }
  count(tallies.objects, id, comparable(found as JsonMap), comparable(recorded));
  const target = targetOf(String(recorded.apiVersion), String(recorded.kind))!;
  const updated = withManagedFields(recorded, managedFieldsOf(found as JsonMap));
  const manager = new URL(step.do!.split(" ")[1]!, "http://server").searchParams.get("fieldManager") ?? "bhv";
  const tracked = trackUpdate(before, updated, { ...target, manager, now });
  count(tallies.owners, id, sortEntries(managedFieldsOf(tracked)), sortEntries(managedFieldsOf(recorded)));
}

describe("patches", { skip: withoutRecordings }, () => {
  it("answer as recorded", () => {
    const cases = readCases("patch");
    const bases = baseObjects(cases);
    const tally = (): Tally => ({ matched: 0, different: [] });
    const tallies: Tallies = { errors: tally(), objects: tally(), owners: tally() };
    for (const one of cases) {
      const before = bases.get(JSON.stringify(one.steps[0]?.asked.b));
      if (before !== undefined && one.steps.length > 1) compare(one, before, tallies);
    }
    settle("errors of patches", tallies.errors, 24);
    // The others differ in what decoding and defaulting make of the patched object.
    settle("patched objects", tallies.objects, 59);
    settle("owners after patches", tallies.owners, 79);
  });
});
