// The scale subresource: how many replicas an object wants and has, in autoscaling/v1 Scale. May import src/base and
// src/kinds.
import { errors } from "../../base/errors.ts";
import { invalid } from "../../base/field-error.ts";
import { printLabels, matcherOfLabels, matcherOfSelector } from "../../base/labels.ts";
import type { LabelSelectorShape, Labels } from "../../base/labels.ts";
import type { Subresource, Verb } from "../../kinds/kind.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { writeOptions } from "../request/query.ts";
import { otherReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { findObject } from "../verbs/get.ts";
import { checkName } from "../verbs/update.ts";
import { patchBody } from "../verbs/patch.ts";
import { readBodyAs } from "../write/decode-body.ts";
import { trackManagedFields } from "../write/managed-fields.ts";
import { updateStored } from "../write/update-stored.ts";
import { copyJson, matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject, Write } from "../write/write.ts";

const definition = "autoscaling.v1.Scale";
const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale" };

/** Where a kind keeps its replicas. Custom resources say it in their definition. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** Text of the selector; absent: it is made of spec.selector. */
  readonly labelSelector?: readonly string[];
}
const builtInPaths: ScalePaths = { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"] };

function pathsOf(context: ResourceContext): ScalePaths {
  const subresource = context.resource.subresources.get("scale") as (Subresource & { scale?: ScalePaths }) | undefined;
  return subresource?.scale ?? builtInPaths;
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object as Record<string, unknown> | undefined;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = value[name] as Record<string, unknown>;
  }
  return value;
}

function selectorOf(context: ResourceContext, object: KubernetesObject, paths: ScalePaths): string {
  if (paths.labelSelector) return String(valueAt(object, paths.labelSelector) ?? "");
  if (context.resource.custom) return "";
  const selector = valueAt(object, ["spec", "selector"]);
  if (selector === undefined) return "";
  if (context.resource.kind.plural === "replicationcontrollers")
    return printLabels(matcherOfLabels(selector as Labels));
  return printLabels(matcherOfSelector(selector as LabelSelectorShape));
}

function scaleOf(context: ResourceContext, object: KubernetesObject): JsonObject & { metadata: JsonObject } {
  const paths = pathsOf(context);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorOf(context, object, paths);
  const wanted = valueAt(object, paths.specReplicas);
  const replicas = typeof wanted === "number" ? wanted : context.resource.custom ? 0 : 1;
  const actual = valueAt(object, paths.statusReplicas);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name: name ?? "",
      ...(namespace === undefined ? {} : { namespace }),
      uid: uid ?? "",
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: typeof actual === "number" ? actual : 0, ...(selector === "" ? {} : { selector }) },
  };
}

const answer = (context: ResourceContext, status: number, object: KubernetesObject): ApiReply =>
  otherReply(status, scaleOf(context, object), context.media, definition, context.resource);

function replicasOf(scale: JsonObject): number {
  const spec = scale["spec"] as { replicas?: unknown } | undefined;
  return typeof spec?.replicas === "number" ? spec.replicas : 0;
}

function checkScale(scale: JsonObject & { metadata: JsonObject }): void {
  const replicas = replicasOf(scale);
  if (replicas >= 0) return;
  const why = invalid("spec.replicas", replicas, "must be greater than or equal to 0");
  throw errors.invalid("autoscaling", "Scale", String(scale.metadata["name"] ?? ""), [why]);
}

function withReplicas(context: ResourceContext, current: KubernetesObject, scale: JsonObject): DraftObject {
  const draft = copyJson(current) as unknown as DraftObject;
  const path = [...pathsOf(context).specReplicas];
  const last = path.pop()!;
  let target: JsonObject = draft;
  for (const name of path) target = (target[name] ??= {}) as JsonObject;
  target[last] = replicasOf(scale);
  const revision = (scale["metadata"] as JsonObject)["resourceVersion"];
  if (typeof revision === "string" && revision !== "") draft.metadata["resourceVersion"] = revision;
  return draft;
}

/** Answers GET, PUT and PATCH of a scale. Throws as those do. */
export async function serveScale(context: ResourceContext, verb: Verb, name: string): Promise<ApiReply> {
  if (verb === "get") return answer(context, 200, findObject(context, name).ref.object());
  if (verb === "update") return updateScale(context, name);
  return patchScale(context, name);
}

async function updateScale(context: ResourceContext, name: string): Promise<ApiReply> {
  const options = writeOptions(context.request.query, "UpdateOptions");
  const scale = await readBodyAs(context, scaleKind, definition, options);
  const write = writeOf(context, options, "UpdateOptions", "scale");
  matchNamespace(write, scale);
  checkName(scale, name);
  const uid = scale.metadata["uid"];
  return change(write, name, typeof uid === "string" ? uid : undefined, () => scale);
}

async function patchScale(context: ResourceContext, name: string): Promise<ApiReply> {
  const patch = await patchBody(context);
  const write = writeOf(context, patch.options, "PatchOptions", "scale");
  return change(write, name, undefined, (current) =>
    patch.apply(scaleOf(context, current), definition, context.resource.definitions),
  );
}

async function change(
  write: Write,
  name: string,
  uid: string | undefined,
  scaleFrom: (current: KubernetesObject) => JsonObject,
): Promise<ApiReply> {
  const { context } = write;
  // The kind's own strategy writes it: only replicas change, the generation grows as with any change of the spec.
  const whole = { ...write, strategy: { ...context.resource.kind.strategy, allowUnconditionalUpdate: true } };
  const result = await updateStored(whole, name, {
    uid,
    forceAllowCreate: false,
    make(current) {
      if (!current) throw errors.notFound(context.resource.groupResource, name);
      const scale = scaleFrom(current) as JsonObject & { metadata: JsonObject };
      checkScale(scale);
      const draft = withReplicas(context, current, scale);
      trackManagedFields(whole, current, draft);
      return draft;
    },
  });
  return answer(context, 200, result.object);
}
