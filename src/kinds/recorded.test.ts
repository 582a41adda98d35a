// What kinds default and refuse, against the recorded answers of a real 1.36.3 API server: every POST of the recorded
// cases goes through default → prepareForCreate → validate. What decoding, admission and the server add is left out.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { errors } from "../base/errors.ts";
import type { FieldError } from "../base/field-error.ts";
import { canonicalQuantity } from "../base/quantity.ts";
import { goFields } from "./codec/go-fields.gen.ts";
import { initFamilies, keepAllocated, normalizeClusterIPs } from "./core/service-families.ts";
import { needsHealthCheck, needsNodePort } from "./core/service.ts";
import { builtInDefinitions } from "./definitions/all.gen.ts";
import { builtInKinds, laterKinds } from "./index.ts";
import type { Kind } from "./kind.ts";
import { semanticEqual } from "./meta/equality.ts";
import { invalidKind, validateCreate, validateUpdate } from "./meta/validate-write.ts";
import type { Draft, KubernetesObject } from "./object.ts";
import type { Field } from "./schema.ts";
import type { Service } from "./types/core-v1.gen.ts";

const reference = process.env["PROA_REFERENCE"] ?? "../shared/reference";
const behaviour = `${reference}/../behaviour`;
const namespaceName = "bhv-ns-0123456789";
const uid = "uid-1-uid";

interface Step {
  do?: string;
  b?: Record<string, unknown>;
  ct?: string;
  as?: string;
  from?: string;
  set?: unknown;
}
interface Answer {
  s: number;
  w?: string[];
  b?: Record<string, unknown>;
}

type Json = Record<string, unknown>;

const readLines = <T>(path: string): T[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);

/** An object as it would be served: Go's rules of what is left out and what is always there. */
function normalize(value: unknown, definitionName: string, decoding = false): unknown {
  const definition = builtInDefinitions[definitionName];
  if (!definition?.fields) return value;
  const go = goFields[definitionName] ?? {};
  const from = (value ?? {}) as Json;
  const to: Json = {};
  for (const [key, field] of Object.entries(definition.fields)) {
    const text = go[key] ?? "string?";
    const type = text.replace(/[?!]$/, "").split("/").pop()!;
    const part = normalizeField(from[key], field, type, decoding);
    const empty = part === undefined || part === null || part === "" || part === 0 || part === false || isEmpty(part);
    const struct = field.type === "struct" && !type.startsWith("*");
    if (decoding && (part === undefined || part === null)) continue;
    if (decoding && typeof part === "object") {
      to[key] = part;
      continue;
    }
    const time = (type === "v1.Time" || type === "v1.MicroTime") && !text.endsWith("!");
    if (time && empty) {
      to[key] = null;
      continue;
    }
    if (struct ? text.endsWith("!") && isEmpty(part) : empty && text.endsWith("?") && !keeps(part, type)) continue;
    if (part === undefined && type.startsWith("*") && text.endsWith("?")) continue;
    to[key] = part ?? zeroOf(field, type);
  }
  return to;
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
const keeps = (value: unknown, type: string): boolean =>
  type.startsWith("*") && value !== undefined && value !== null ? true : type === "v1.Time" && value === null;

function zeroOf(field: Field, type: string): unknown {
  if (type.startsWith("*")) return null;
  if (field.type === "string") return "";
  if (field.type === "boolean") return false;
  return field.type === "int32" || field.type === "int64" ? 0 : null;
}

function normalizeField(value: unknown, field: Field, type: string, decoding: boolean): unknown {
  if (field.type === "struct") {
    if (value === undefined && type.startsWith("*")) return undefined;
    return normalize(value, field.ref!, decoding);
  }
  if (value === null && field.type === "bytes") return "";
  if (value === undefined || value === null) return value;
  if (field.type === "quantity" || field.ref === "resource.Quantity") return canonicalQuantity(String(value));
  if (field.type === "list" && field.items) {
    return (value as unknown[]).map((item) => normalizeField(item, field.items!, "", decoding));
  }
  if (field.type === "map" && field.items) {
    const entries = Object.entries(value).map(([key, item]) => [key, normalizeField(item, field.items!, "", decoding)]);
    return Object.fromEntries(entries);
  }
  return value;
}

/** Takes away what admission and the server set. */
function strip(object: Json): Json {
  const copy = structuredClone(object);
  const meta = copy["metadata"] as Json;
  for (const key of ["uid", "creationTimestamp", "resourceVersion", "managedFields", "selfLink"]) delete meta[key];
  if (meta["name"] === "<ns>" || meta["generateName"]) delete meta["name"];
  const protectedKinds = ["PersistentVolume", "PersistentVolumeClaim", "VolumeAttributesClass"];
  if (protectedKinds.includes(String(copy["kind"]))) delete meta["finalizers"];
  if (copy["kind"] === "Node") {
    const spec = copy["spec"] as Json;
    const taints = ((spec["taints"] ?? []) as Json[]).filter((one) => one["key"] !== "node.kubernetes.io/not-ready");
    if (taints.length === 0) delete spec["taints"];
    else spec["taints"] = taints;
  }
  return copy;
}

const anonymous = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null)
      .replaceAll(namespaceName, "<ns>")
      .replaceAll(uid, "<uid:1>")
      .replaceAll(clusterIP, "<ip>")
      .replaceAll(String(nodePort), '"<nodePort>"')
      .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"<time>"'),
  );

const clusterIP = "10.96.77.77";
const nodePort = 31_777;
const families = { primary: "IPv4", configured: ["IPv4"] } as const;

/** What the server does of a Service's allocation, with one address and one port for all. */
function allocate(draft: Draft<Service>, old: Service | undefined): FieldError[] {
  if (old) keepAllocated(draft, old);
  normalizeClusterIPs(draft, old);
  const causes = initFamilies(draft, old, families);
  const spec = draft.spec!;
  if (causes.length > 0) return causes;
  if (spec.type !== "ExternalName" && !spec.clusterIP) Object.assign(spec, { clusterIP, clusterIPs: [clusterIP] });
  if (needsNodePort(spec as never)) for (const port of spec.ports ?? []) port.nodePort ||= nodePort;
  if (needsHealthCheck(spec as never)) spec.healthCheckNodePort ||= nodePort;
  return [];
}

interface Result {
  readonly s: number;
  readonly b: Json;
  readonly w: string[];
}

function create(kind: Kind, body: Json, query: string): Result {
  const draft = structuredClone(body) as never as KubernetesObject & Json;
  const metadata = { ...(draft.metadata as object) } as Json;
  if (kind.namespaced) metadata["namespace"] ??= namespaceName;
  else delete metadata["namespace"];
  if (!metadata["name"] && metadata["generateName"]) metadata["name"] = `${metadata["generateName"]}x`;
  // The server gives uids before anything else is prepared.
  if (!kind.virtual) metadata["uid"] = uid;
  Object.assign(draft, { metadata });
  const decoded = normalize(draft, kind.definition, true) as never;
  const context = { now: "2020-01-01T00:00:00Z", dryRun: query.includes("dryRun"), user: admin };
  kind.strategy.default?.(decoded);
  kind.strategy.prepareForCreate?.(decoded, context);
  if (kind.strategy.generationOf) (decoded as { metadata: Json }).metadata["generation"] = 1;
  const allocation = kind.kind === "Service" ? allocate(decoded as never, undefined) : [];
  const causes = allocation.length > 0 ? allocation : validateCreate(kind, decoded, context);
  if (causes.length > 0) {
    const name = (metadata["name"] as string | undefined) ?? "";
    const named = invalidKind(kind);
    return { s: 422, b: errors.invalid(named.group, named.kind, name, causes).status as never, w: [] };
  }
  const warnings = kind.strategy.warnings?.(decoded, undefined) ?? [];
  kind.strategy.canonicalize?.(decoded);
  const served = { ...(normalize(decoded, kind.definition) as Json), kind: kind.kind, apiVersion: body["apiVersion"] };
  return { s: 201, b: served, w: warnings };
}

const admin = { username: "admin", groups: ["system:masters"] };

const sortCauses = (status: Json): Json => {
  const details = status["details"] as Json | undefined;
  const causes = (details?.["causes"] ?? []) as Json[];
  const sorted = causes.map((cause) => JSON.stringify(cause, ["reason", "message", "field"])).sort();
  return { ...status, details: { ...details, causes: sorted } };
};

/** Writes a PUT of `body` over the object that is there. */
function update(kind: Kind, stored: Json, body: Json): Result {
  const metadata = { ...(body["metadata"] as Json), namespace: (stored["metadata"] as Json)["namespace"] };
  for (const key of ["uid", "creationTimestamp", "generation"]) {
    const value = (stored["metadata"] as Json)[key];
    if (value !== undefined) (metadata as Json)[key] = value;
  }
  (metadata as Json)["resourceVersion"] ??= "1";
  const draft = normalize({ ...body, metadata }, kind.definition, true) as never;
  const old = normalize(stored, kind.definition, true) as never;
  const context = { now: "2020-01-01T00:00:00Z", dryRun: true, user: admin };
  const { strategy } = kind;
  strategy.default?.(draft);
  strategy.default?.(old);
  const allocation = kind.kind === "Service" ? allocate(draft as never, old as never) : [];
  strategy.prepareForUpdate?.(draft, old, context);
  if (strategy.generationOf) {
    const [now, before] = [strategy.generationOf(draft), strategy.generationOf(old)];
    if (!semanticEqual(now, before)) ((draft as { metadata: Json }).metadata["generation"] as number) += 1;
  }
  const causes = allocation.length > 0 ? allocation : validateUpdate(kind, strategy, draft, old, context);
  if (causes.length > 0) {
    const named = invalidKind(kind);
    const name = (metadata as Json)["name"] as string;
    return { s: 422, b: errors.invalid(named.group, named.kind, name, causes).status as never, w: [] };
  }
  const warnings = strategy.warnings?.(draft, old) ?? [];
  strategy.canonicalize?.(draft);
  const served = { ...(normalize(draft, kind.definition) as Json), kind: kind.kind, apiVersion: body["apiVersion"] };
  return { s: 200, b: served, w: warnings };
}

/** Sets values at paths, as the cases write changes down; "~del" takes away. */
function change(object: Json, set: Readonly<Record<string, unknown>>): Json {
  const copy = structuredClone(object);
  for (const [path, value] of Object.entries(set)) {
    const names = path.split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop()!;
    let target: Json = copy;
    for (const name of names) target = (target[name] ??= {}) as Json;
    if (value === "~del") delete target[last];
    else target[last] = value;
  }
  return copy;
}

function compare(kind: Kind, result: Result, answer: Answer): string | undefined {
  const expectedWarnings = (answer.w ?? [])
    .map((text) => JSON.parse(text.replace(/^299 - /, "")) as string)
    .filter((text) => text !== kind.deprecation && !/^(unknown|duplicate) field/.test(text));
  const [short, expected] = [result.b, answer.b].map((one) => JSON.stringify(one).slice(0, 600));
  try {
    assert.equal(result.s, answer.s, `${short} / ${expected}`);
    if (answer.s === 422) assert.deepEqual(anonymous(sortCauses(result.b)), sortCauses(answer.b!));
    else if (!kind.virtual) {
      const [own, theirs] = [result.b, answer.b].map((one) =>
        strip(normalize(anonymous(one), kind.definition) as Json),
      );
      // Recorded answers but a create's leave out what controllers write.
      if (answer.s === 200) for (const one of [own, theirs]) delete (one as Json)["status"];
      assert.deepEqual(own, theirs);
      assert.deepEqual(anonymous(result.w), expectedWarnings);
    }
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
}

/** Kinds' floors: how many of the recorded writes must match at least, so that none gets lost unseen. All must match. */
const floors: Readonly<Record<string, number>> = {
  "apps/v1/controllerrevisions": 3,
  "apps/v1/daemonsets": 31,
  "apps/v1/deployments": 42,
  "apps/v1/replicasets": 26,
  "apps/v1/statefulsets": 47,
  "authentication.k8s.io/v1/selfsubjectreviews": 2,
  "authentication.k8s.io/v1/tokenreviews": 2,
  "authorization.k8s.io/v1/localsubjectaccessreviews": 3,
  "authorization.k8s.io/v1/selfsubjectaccessreviews": 1,
  "authorization.k8s.io/v1/selfsubjectrulesreviews": 1,
  "authorization.k8s.io/v1/subjectaccessreviews": 4,
  "autoscaling/v1/horizontalpodautoscalers": 6,
  "autoscaling/v2/horizontalpodautoscalers": 31,
  "batch/v1/cronjobs": 36,
  "batch/v1/jobs": 47,
  "certificates.k8s.io/v1/certificatesigningrequests": 7,
  "coordination.k8s.io/v1/leases": 6,
  "core/v1/configmaps": 14,
  "core/v1/endpoints": 14,
  "core/v1/events": 5,
  "core/v1/limitranges": 10,
  "core/v1/namespaces": 8,
  "core/v1/nodes": 11,
  "core/v1/persistentvolumeclaims": 25,
  "core/v1/persistentvolumes": 30,
  "core/v1/podtemplates": 2,
  "core/v1/replicationcontrollers": 23,
  "core/v1/resourcequotas": 13,
  "core/v1/secrets": 17,
  "core/v1/serviceaccounts": 4,
  "core/v1/services": 68,
  "discovery.k8s.io/v1/endpointslices": 14,
  "events.k8s.io/v1/events": 11,
  "networking.k8s.io/v1/ingressclasses": 10,
  "networking.k8s.io/v1/ingresses": 35,
  "networking.k8s.io/v1/ipaddresses": 6,
  "networking.k8s.io/v1/networkpolicies": 20,
  "networking.k8s.io/v1/servicecidrs": 6,
  "node.k8s.io/v1/runtimeclasses": 6,
  "policy/v1/poddisruptionbudgets": 7,
  "rbac.authorization.k8s.io/v1/clusterrolebindings": 5,
  "rbac.authorization.k8s.io/v1/clusterroles": 7,
  "rbac.authorization.k8s.io/v1/rolebindings": 15,
  "rbac.authorization.k8s.io/v1/roles": 10,
  "resource.k8s.io/v1/deviceclasses": 3,
  "resource.k8s.io/v1/resourceclaims": 13,
  "resource.k8s.io/v1/resourceclaimtemplates": 3,
  "resource.k8s.io/v1/resourceslices": 9,
  "scheduling.k8s.io/v1/priorityclasses": 8,
  "storage.k8s.io/v1/csidrivers": 7,
  "storage.k8s.io/v1/csinodes": 5,
  "storage.k8s.io/v1/csistoragecapacities": 3,
  "storage.k8s.io/v1/storageclasses": 12,
  "storage.k8s.io/v1/volumeattachments": 5,
  "storage.k8s.io/v1/volumeattributesclasses": 6,
};

interface Count {
  matched: number;
  total: number;
  readonly differences: string[];
}

const pathPattern = /^\/(?:api|apis\/([^/]+))\/([^/]+)\/(?:namespaces\/[^/]+\/)?([^/?]+)(\/[^/?]+)?(\?.*)?$/;

/** What a step must be answered, and what it is; undefined where the step is not one for a kind alone. */
function runStep(
  kinds: readonly Kind[],
  step: Step,
  answer: Answer,
  kept: Map<string, Json>,
): [Kind, Result] | undefined {
  const [method, url = ""] = (step.do ?? "").replaceAll("${ns}", namespaceName).split(" ");
  const match = pathPattern.exec(url);
  const kind = kinds.find(
    (one) => one.group === (match?.[1] ?? "") && one.version === match?.[2] && one.plural === match[3],
  );
  // Pods have tests of their own.
  if (!kind || kind.kind === "Pod" || (step.ct ?? "json") !== "json") return undefined;
  const literal = JSON.stringify(step.b ?? null).replaceAll("${ns}", namespaceName);
  if (method === "POST" && step.b && !match?.[4]) {
    const result = create(kind, JSON.parse(literal) as Json, match?.[5] ?? "");
    if (step.as) kept.set(step.as, result.b);
    return answer.b === undefined ? undefined : [kind, result];
  }
  const stored = [...kept.values()].at(-1);
  if (method !== "PUT" || !match?.[4] || !stored || answer.b === undefined || stored["kind"] !== kind.kind)
    return undefined;
  const set = JSON.parse(JSON.stringify(step.set ?? {}).replaceAll("${ns}", namespaceName)) as Json;
  const body = step.from ? change(kept.get(step.from) ?? {}, set) : (JSON.parse(literal) as Json);
  return [kind, update(kind, stored, body)];
}

function replay(kinds: readonly Kind[], areas: readonly string[]): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const area of areas) {
    const answers = new Map(
      readLines<{ id: string; steps: Answer[] }>(`${behaviour}/recorded/${area}.jsonl`).map((one) => [
        one.id,
        one.steps,
      ]),
    );
    for (const { id, steps } of readLines<{ id: string; steps: Step[] }>(`${behaviour}/cases/${area}.jsonl`)) {
      const kept = new Map<string, Json>();
      for (const [index, step] of steps.entries()) {
        const answer = answers.get(id)?.[index];
        if (otherCases.has(id) || !answer || ![200, 201, 422].includes(answer.s)) continue;
        const done = runStep(kinds, step, answer, kept);
        if (!done) continue;
        const [kind, result] = done;
        const name = `${kind.group || "core"}/${kind.version}/${kind.plural}`;
        const count = counts.get(name) ?? { matched: 0, total: 0, differences: [] };
        counts.set(name, count);
        count.total += 1;
        const difference = compare(kind, result, answer);
        if (difference === undefined) count.matched += 1;
        else count.differences.push(`${id}: ${difference}`);
      }
    }
  }
  return counts;
}

/** Refused by admission or by the server's preconditions, not by the kind. */
const otherCases = new Set([
  "validation-core/deviceclass/cel-bad",
  "validation-core/namespace/podsecurity-bad-warns",
  "validation-core/runtimeclass-update/handler",
  "validation-core/service/clusterip-outside",
  "validation-core/service/nodeport-duplicate",
]);

const hpaAnnotations = "autoscaling.alpha.kubernetes.io/";

test("autoscalers keep what they say when they are read in the other version", { skip: !existsSync(behaviour) }, () => {
  const recorded = readLines<{ id: string; steps: Answer[] }>(`${behaviour}/recorded/defaults.jsonl`);
  const cases = readLines<{ id: string; steps: Step[] }>(`${behaviour}/cases/defaults.jsonl`);
  for (const id of ["defaults/hpa/v2-seen-as-v1", "defaults/hpa/v1-seen-as-v2"]) {
    const body = cases.find((one) => one.id === id)!.steps[0]!.b!;
    const answer = recorded.find((one) => one.id === id)!.steps[1]!.b!;
    const [v1, v2] = ["v1", "v2"].map((version) =>
      laterKinds.find((kind) => kind.group === "autoscaling" && kind.version === version),
    ) as [Kind, Kind];
    const kind = body["apiVersion"] === "autoscaling/v2" ? v2 : v1;
    const made = create(kind, body, "").b as never;
    const { toStored, fromStored } = v1.storedAs!;
    const seen = (kind === v2 ? fromStored(made) : toStored(made)) as never as Json;
    assert.deepEqual(seen["spec"], answer["spec"]);
    const annotations = (object: Json): object =>
      Object.fromEntries(
        Object.entries(((object["metadata"] as Json)["annotations"] ?? {}) as Json)
          .filter(([name]) => name.startsWith(hpaAnnotations))
          .map(([name, text]) => [name, JSON.parse(text as string)]),
      );
    assert.deepEqual(annotations(seen), annotations(answer));
  }
});

const skip = existsSync(behaviour) ? false : `no recordings at ${behaviour}`;

test("kinds answer POSTs as recorded when bodies are well-formed", { skip }, (t) => {
  const counts = replay([...builtInKinds, ...laterKinds], ["defaults", "validation-core", "validation-workloads"]);
  let [matched, total] = [0, 0];
  const shown = Number(process.env["PROA_DIFFERENCES"] ?? 1);
  for (const [name, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    matched += count.matched;
    total += count.total;
    t.diagnostic(`${name} ${count.matched}/${count.total}`);
    for (const difference of count.differences.slice(0, shown)) t.diagnostic(difference);
  }
  const wrong = [...counts].filter(([, { matched: right, total: all }]) => right < all).map(([name]) => name);
  assert.deepEqual(wrong, []);
  for (const [name, floor] of Object.entries(floors)) {
    const right = counts.get(name)?.matched ?? 0;
    assert.ok(right >= floor, `${name}: ${right} of at least ${floor} matched`);
  }
  t.diagnostic(`${matched}/${total}`);
});
