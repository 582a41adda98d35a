// Pods and pod templates against the recorded answers of a real API server: decode, default, prepare, admit (as the
// default admission plugins do), validate, warn; then what comes out is compared with what was recorded.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { errors, StatusError } from "../../base/errors.ts";
import { decodeObject } from "../codec/decode.ts";
import { pod as podKind } from "../core/pod.ts";
import { podTemplate as podTemplateKind } from "../core/pod-template.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import type { Kind, Strategy, WriteContext } from "../kind.ts";
import { validateCreate, validateUpdate } from "../meta/validate-write.ts";
import { applyMergePatch } from "../patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../patch/strategic-merge.ts";
import { deepFreeze, type KubernetesObject } from "../object.ts";

interface Step {
  readonly do: string;
  readonly b?: unknown;
  readonly raw?: string;
  readonly from?: string;
  readonly set?: Record<string, unknown>;
  readonly as?: string;
  readonly ct?: string;
  readonly q?: number;
}
interface Answer {
  readonly s: number;
  readonly b?: Record<string, any>;
  readonly w?: string[];
}
interface Case {
  readonly id: string;
  readonly steps: readonly Step[];
}

const reference = process.env["PROA_REFERENCE"] ?? join(import.meta.dirname, "../../../../shared/reference");
const behaviour = join(reference, "../behaviour");
/** The share of comparable cases that must match, lest a change break what worked. */
const matchedFloor = 1;
const context: WriteContext = { now: "2026-01-01T00:00:00Z", dryRun: false };
const namespace = "bhv-test";
const tokenVolume = "kube-api-access-abcde";
const notMine = "answered before or after what is tested here";

function readLines<T>(file: string): T[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

function applySet(object: any, set: Record<string, unknown>): any {
  const result = structuredClone(object);
  for (const [pointer, value] of Object.entries(set)) {
    const keys = pointer.split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop()!;
    let at = result;
    for (const [index, key] of keys.entries()) {
      at[key] ??= /^\d+$/.test(keys[index + 1] ?? last) ? [] : {};
      at = at[key];
    }
    if (value === "~del") {
      if (Array.isArray(at)) at.splice(Number(last), 1);
      else delete at[last];
    } else at[last] = value;
  }
  return result;
}

const tolerationFor = (key: string) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });

function admitTolerations(spec: any): void {
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const has = (spec.tolerations ?? []).some(
      (one: any) => (!one.key || one.key === key) && (!one.effect || one.effect === "NoExecute"),
    );
    if (!has) spec.tolerations = [...(spec.tolerations ?? []), tolerationFor(key)];
  }
}

function admitToken(spec: any): void {
  if (spec.automountServiceAccountToken === false) return;
  const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  const name = tokenVolume;
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(
    (one: any) => !(one.volumeMounts ?? []).some((mount: any) => mount.mountPath === mountPath),
  );
  if (containers.length === 0) return;
  for (const one of containers) one.volumeMounts = [...(one.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  const fieldRef = { apiVersion: "v1", fieldPath: "metadata.namespace" };
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef }] } },
  ];
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources, defaultMode: 420 } }];
}

/** What ServiceAccount, DefaultTolerationSeconds and Priority do to a pod on its creation. */
function admit(pod: any): void {
  const { spec } = pod;
  if (!spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount = "default";
  admitToken(spec);
  admitTolerations(spec);
  const priorities: Record<string, number> = { "system-node-critical": 2000001000, "system-cluster-critical": 2e9 };
  spec.priority = priorities[spec.priorityClassName ?? ""] ?? 0;
  spec.preemptionPolicy ??= "PreemptLowerPriority";
}

function decode(kind: Kind<any>, body: unknown): { object: any; warnings: readonly string[] } {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const { object, strictErrors } = decodeObject(bytes, "application/json", {
    definitions: builtInDefinitions,
    definitionName: kind.definition,
    expected: { group: kind.group, version: kind.version, kind: kind.kind },
    fieldValidation: "Warn",
  });
  return { object, warnings: strictErrors };
}

interface Result {
  readonly status: number;
  readonly body: any;
  readonly warnings: readonly string[];
}

function invalidResult(kind: Kind<any>, name: string, causes: any[], warnings: readonly string[] = []): Result {
  return { status: 422, body: errors.invalid(kind.group, kind.kind, name, causes).status, warnings };
}

function create(kind: Kind<any>, body: unknown): Result {
  const { object, warnings } = decode(kind, body);
  const { strategy } = kind;
  strategy.default?.(object);
  object.metadata ??= {};
  // What the server does to metadata before a kind's own functions see it.
  delete object.metadata.managedFields;
  const owners: { uid: string }[] | undefined = object.metadata.ownerReferences;
  if (owners) object.metadata.ownerReferences = [...new Map(owners.map((one) => [one.uid, one])).values()];
  Object.assign(object.metadata, { namespace, uid: "<uid:1>", creationTimestamp: context.now, generation: 1 });
  object.metadata.name ??= object.metadata.generateName && `${object.metadata.generateName}<rand>`;
  strategy.prepareForCreate?.(object, context);
  if (kind.kind === "Pod") admit(object);
  const frozen = deepFreeze(object) as KubernetesObject;
  const causes = validateCreate(kind, frozen, context);
  if (causes.length > 0) return invalidResult(kind, object.metadata.name ?? "", causes);
  return { status: 201, body: frozen, warnings: [...warnings, ...(strategy.warnings?.(frozen, undefined) ?? [])] };
}

function update(kind: Kind<any>, body: unknown, old: any, strategy: Strategy<any> = kind.strategy): Result {
  const { object, warnings } = decode(kind, body);
  strategy.default?.(object);
  const { uid, creationTimestamp, generation } = old.metadata;
  Object.assign(object.metadata, { creationTimestamp, generation, namespace, resourceVersion: "1" });
  object.metadata.uid ??= uid;
  delete object.metadata.managedFields;
  strategy.prepareForUpdate?.(object, old, context);
  if (kind.kind === "Pod" && strategy === kind.strategy) admitTolerations(object.spec);
  const selected = strategy.generationOf;
  if (selected && JSON.stringify(sortKeys(selected(object))) !== JSON.stringify(sortKeys(selected(old)))) {
    object.metadata.generation = generation + 1;
  }
  const frozen = deepFreeze(object) as KubernetesObject;
  const causes = validateUpdate(
    kind,
    strategy,
    frozen,
    deepFreeze({ ...old, metadata: { ...old.metadata, resourceVersion: "1" } }),
    context,
  );
  if (causes.length > 0) return invalidResult(kind, old.metadata.name, causes);
  return { status: 200, body: frozen, warnings: [...warnings, ...(strategy.warnings?.(frozen, old) ?? [])] };
}

function sortKeys(value: any): any {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}

const serverOwned = ["uid", "creationTimestamp", "managedFields", "namespace", "resourceVersion"];

/** The answer with what isn't compared left out, in an order that doesn't matter. */
function comparable(body: any): any {
  const text = JSON.stringify(body ?? {})
    .replaceAll(namespace, "<ns>")
    .replaceAll(tokenVolume, "kube-api-access-<rand>");
  const copy = JSON.parse(text);
  if (copy.kind === "Status") {
    // Upstream walks maps in any order, which shows in the list of causes and in the text.
    const causes = (copy.details?.causes ?? []).map((one: any) => JSON.stringify(sortKeys(one))).sort();
    const message = causes.length > 1 ? "" : copy.message;
    return { reason: copy.reason, name: copy.details?.name, kind: copy.details?.kind, message, causes };
  }
  for (const name of serverOwned) delete copy.metadata?.[name];
  for (const one of copy.status?.conditions ?? []) delete one.lastTransitionTime;
  return sortKeys(copy);
}

function firstDifference(got: any, want: any, path = ""): string | undefined {
  if (JSON.stringify(got) === JSON.stringify(want)) return undefined;
  const objects = [got, want].every((one) => typeof one === "object" && one !== null);
  if (!objects)
    return `${path || "/"}: got ${JSON.stringify(got)?.slice(0, 900)}, want ${JSON.stringify(want)?.slice(0, 900)}`;
  for (const key of new Set([...Object.keys(got), ...Object.keys(want)])) {
    const difference = firstDifference(got[key], want[key], `${path}/${key}`);
    if (difference) return difference;
  }
  return undefined;
}

/** A patch of the pod or of one of its subresources: what it makes is then an update. */
function patch(kind: Kind<any>, target: string, step: Step, stored: any): Result {
  const name = target.split("?")[0]!.split("/pods/p/")[1];
  const subresource = kind.subresources.find((one) => one.name === name);
  const document = { ...stored, metadata: { ...stored.metadata, resourceVersion: "1" } };
  const body = step.b as any;
  const patched =
    step.ct === "smp"
      ? applyStrategicMergePatch(document, body, builtInDefinitions, kind.definition)
      : applyMergePatch(document, body);
  return update(kind, patched, stored, subresource?.strategy ?? kind.strategy);
}

function perform(one: Case): { result: Result; index: number } | undefined {
  let stored: any;
  const variables = new Map<string, any>();
  for (const [index, step] of one.steps.entries()) {
    const [method, target = ""] = step.do.split(" ");
    const kind: Kind<any> = target.includes("podtemplates") ? podTemplateKind : podKind;
    const body = step.raw ?? step.b ?? applySet(variables.get(step.from ?? "") ?? stored ?? {}, step.set ?? {});
    const text = (typeof body === "string" ? body : JSON.stringify(body)).replaceAll("${ns}", namespace);
    let result: Result;
    try {
      if (method === "POST") result = create(kind, text);
      else if (method === "PUT") result = update(kind, text, stored);
      else if (method === "PATCH") result = patch(kind, target, step, stored);
      else if (method === "GET") result = { status: 200, body: stored, warnings: [] };
      else return undefined;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      result = { status: error.status.code ?? 0, body: error.status, warnings: [] };
    }
    if (result.status === 201 || (method === "PATCH" && result.status === 200)) stored = structuredClone(result.body);
    if (step.as)
      variables.set(step.as, { ...result.body, metadata: { ...result.body?.metadata, resourceVersion: "1" } });
    if (index === one.steps.length - 1) return { result, index };
  }
  return undefined;
}

/** What the server itself decides, around the functions that are tested here. */
const serversOwn = new Set([
  "validation-pod/pod/ownerrefs/duplicate-warns",
  "validation-pod/pod-update/name",
  "subresources/resize/garbage",
]);

function checkCase(one: Case, answers: readonly Answer[]): string | undefined {
  const want = answers.at(-1)!;
  if ([403, 409, 404].includes(want.s) || serversOwn.has(one.id)) return notMine;
  const done = perform(one);
  if (!done) return notMine;
  const { result } = done;
  if (result.status !== want.s) {
    const message: string = result.body?.message ?? want.b?.["message"] ?? "";
    return `status ${result.status}, want ${want.s}: ${message.slice(0, 600)}`;
  }
  const difference = firstDifference(comparable(result.body), comparable(want.b));
  if (difference) return difference;
  const warnings = result.warnings.map((text) => `299 - ${JSON.stringify(text)}`).sort();
  return firstDifference(warnings, [...(want.w ?? [])].sort(), "warnings");
}

for (const { area, prefix } of [
  { area: "validation-pod", prefix: "" },
  { area: "defaults", prefix: "defaults/pod/" },
  { area: "defaults", prefix: "defaults/podtemplate/" },
  { area: "subresources", prefix: "subresources/status-pod/" },
  { area: "subresources", prefix: "subresources/ephemeral/" },
  { area: "subresources", prefix: "subresources/resize/" },
]) {
  const missing = !existsSync(behaviour) && `no recordings at ${behaviour}`;
  test(`pods answer as recorded in ${prefix || area}`, { skip: missing }, (t) => {
    const answers = new Map(
      readLines<{ id: string; steps: Answer[] }>(join(behaviour, "recorded", `${area}.jsonl`)).map((one) => [
        one.id,
        one.steps,
      ]),
    );
    const cases = readLines<Case>(join(behaviour, "cases", `${area}.jsonl`)).filter(({ id }) => id.startsWith(prefix));
    let [matched, total] = [0, 0];
    for (const one of cases) {
      const difference = checkCase(one, answers.get(one.id) ?? []);
      if (difference === notMine) continue;
      total += 1;
      if (difference === undefined) matched += 1;
      else t.diagnostic(`${one.id}: ${difference}`);
    }
    t.diagnostic(`${matched}/${total} (${cases.length - total} ${notMine})`);
    assert.ok(matched >= total * matchedFloor, `${matched} of ${total} cases match`);
  });
}
