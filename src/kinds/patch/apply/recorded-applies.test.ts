// The applies and updates that were recorded of a real API server, step by step: the live object of a step is what was
// answered before it. Compared are managedFields, the errors of apply itself, and the merged object where there was one.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "../../../base/errors.ts";
import { builtInDefinitions } from "../../definitions/all.gen.ts";
import { deepFreeze } from "../../object.ts";
import type { Definitions, Json } from "../../schema.ts";
import { isMap, type JsonMap } from "../json-value.ts";
import {
  count,
  readCases,
  type RecordedAnswer,
  type RecordedStep,
  settle,
  sortEntries,
  type Tally,
  targetOf,
  withoutRecordings,
} from "../recordings.test.ts";
import { applyPatch } from "./apply-patch.ts";
import type { OwnershipTarget } from "./target.ts";
import { managedFieldsOf, trackUpdate, withManagedFields } from "./track-update.ts";

const now = "<time>";
/** Kinds by the last part of their resource's path. */
const kinds: Readonly<Record<string, readonly [string, string]>> = {
  configmaps: ["v1", "ConfigMap"],
  deployments: ["apps/v1", "Deployment"],
  services: ["v1", "Service"],
  networkpolicies: ["networking.k8s.io/v1", "NetworkPolicy"],
  pods: ["v1", "Pod"],
  ingresses: ["networking.k8s.io/v1", "Ingress"],
  namespaces: ["v1", "Namespace"],
  secrets: ["v1", "Secret"],
  things: ["<ns>.example.com/v1", "Thing"],
};

const text = { type: "string" } as const;
const texts = { type: "list", items: text } as const;
/** The CustomResourceDefinition that the cases make, in the form of definitions. */
const things: Definitions = {
  ...builtInDefinitions,
  Thing: {
    fields: {
      apiVersion: text,
      kind: text,
      metadata: { type: "struct", ref: "meta.v1.ObjectMeta" },
      spec: { type: "struct", ref: "Thing.spec" },
      status: { type: "struct", ref: "Thing.status" },
    },
  },
  "Thing.spec": {
    fields: {
      a: text,
      d: { ...text, default: "dd" },
      atomic: texts,
      set: { ...texts, listType: "set" },
      map: { type: "list", items: { type: "struct", ref: "Thing.item" }, listType: "map", mapKeys: ["k"] },
      am: { type: "map", items: text, mapType: "atomic" },
      gm: { type: "map", items: text },
      any: { type: "struct", ref: "Thing.any" },
    },
  },
  "Thing.item": { fields: { k: text, v: text }, required: ["k"] },
  "Thing.any": { fields: {}, preserveUnknownFields: true },
  "Thing.status": { fields: { s: text } },
};

function targetFor({ resource, subresource }: Asked): OwnershipTarget {
  const [apiVersion, kind] = kinds[resource]!;
  if (resource !== "things") {
    const target = targetOf(apiVersion, kind, subresource);
    assert.ok(target);
    return target;
  }
  const resetFields = subresource === "status" ? [["metadata"], ["spec"]] : [["status"]];
  return { definitions: things, definition: "Thing", apiVersion, kind, subresource, resetFields, custom: true };
}

interface Asked {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
}

function parse(step: RecordedStep): Asked | undefined {
  const [verb = "", url = ""] = step.do?.split(" ") ?? [];
  const { pathname, searchParams: query } = new URL(url, "http://server");
  const parts = pathname.split("/").slice(pathname.startsWith("/apis/") ? 4 : 3);
  if (parts[0] === "namespaces" && parts.length > 3) parts.splice(0, 2);
  else if (parts[0] === "namespaces" && parts.length === 3 && kinds[parts[2]!]) parts.splice(0, 2);
  const [resource = "", , subresource = ""] = parts;
  return verb === "" ? undefined : { verb, resource, subresource, query };
}

/** The errors of apply itself; others come from what is around it. */
const ownErrors = /^(Apply failed|failed to create typed|invalid object type|metadata\.managedFields must)/;

function applyStep(live: JsonMap | undefined, asked: Asked, body: JsonMap): JsonMap | StatusError {
  const target = targetFor(asked);
  const manager = asked.query.get("fieldManager") ?? "";
  const force = asked.query.get("force") === "true";
  try {
    return applyPatch(live && deepFreeze(live), deepFreeze(body), { ...target, manager, force, now }).object;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

/** Without what the server keeps of each write. */
function withoutBookkeeping(object: JsonMap): JsonMap {
  const { metadata, status: _, ...rest } = object;
  const { resourceVersion: __, generation: ___, managedFields: ____, ...meta } = (metadata ?? {}) as JsonMap;
  return { ...rest, metadata: meta };
}

interface Tallies {
  readonly owners: Tally;
  readonly errors: Tally;
  readonly objects: Tally;
}

function compareApply(
  id: string,
  live: JsonMap | undefined,
  asked: Asked,
  body: JsonMap,
  answer: RecordedAnswer,
  tallies: Tallies,
): void {
  const recorded = answer.b!;
  if (answer.s >= 400 && !ownErrors.test(String(recorded.message))) return;
  const found = applyStep(live, asked, body);
  if (answer.s >= 400) {
    const status = found instanceof StatusError ? (found.status as unknown as Json) : null;
    return count(tallies.errors, id, status, recorded);
  }
  const object = found instanceof StatusError ? ({ error: found.message } as JsonMap) : found;
  count(tallies.owners, id, sortEntries(managedFieldsOf(object)), sortEntries(managedFieldsOf(recorded)));
  if (live !== undefined) count(tallies.objects, id, withoutBookkeeping(object), withoutBookkeeping(recorded));
}

/** What a PUT said of managedFields: what it was made from has them, unless the case sets them. */
function sentManagedFields(step: RecordedStep, live: JsonMap): Json | undefined {
  const set = step.set?.["metadata/managedFields"];
  if (set !== undefined) return set === "~del" ? undefined : set;
  return step.from === undefined && isMap(step.b) ? managedFieldsOf(step.b) : managedFieldsOf(live);
}

function comparePut(id: string, live: JsonMap, asked: Asked, step: RecordedStep, answer: JsonMap, tally: Tally): void {
  const target = targetFor(asked);
  const updated = withManagedFields(answer, sentManagedFields(step, live));
  const manager = asked.query.get("fieldManager") ?? "bhv";
  const tracked = trackUpdate(live, updated, { ...target, manager, now });
  count(tally, `${id}: PUT`, sortEntries(managedFieldsOf(tracked)), sortEntries(managedFieldsOf(answer)));
}

describe("applyPatch", { skip: withoutRecordings }, () => {
  it("answers recorded applies and updates as recorded", () => {
    const tally = (): Tally => ({ matched: 0, different: [] });
    const tallies: Tallies = { owners: tally(), errors: tally(), objects: tally() };
    for (const { id, steps } of readCases("apply")) {
      let live: JsonMap | undefined;
      for (const { asked: step, answer } of steps) {
        const asked = parse(step);
        const body = answer.b;
        const ours = asked !== undefined && kinds[asked.resource] !== undefined && asked.subresource !== "scale";
        const config = step.b;
        if (ours && isMap(body)) {
          const absent = live === undefined && answer.s === 200;
          if (step.ct === "apply" && isMap(config) && !absent) {
            compareApply(`${id} ${step.do}`, live, asked, config, answer, tallies);
          }
          if (asked.verb === "PUT" && answer.s === 200 && live !== undefined) {
            comparePut(id, live, asked, step, body, tallies.owners);
          }
          if (answer.s < 300 && body.kind !== "Status" && asked.query.get("dryRun") === null) live = body;
        }
      }
    }
    settle("errors of applies", tallies.errors, 38);
    settle("owners after applies and updates", tallies.owners, 108);
    // The others differ in what the server defaults or resets after the merge.
    settle("objects after applies", tallies.objects, 43);
  });
});
