// Binding a pod to a node: what the scheduler writes. After upstream's registry/core/pod/storage BindingREST. May import
// src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import { errors } from "../../base/errors.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { writeOptions } from "../request/query.ts";
import type { WriteOptions } from "../request/query.ts";
import { plainError, statusReply } from "../reply.ts";
import type { ResourceContext } from "../server.ts";
import { admissionContext, mutate, validate } from "../write/admit.ts";
import { readBodyAs } from "../write/decode-body.ts";
import { trackManagedFields } from "../write/managed-fields.ts";
import { updateStored } from "../write/update-stored.ts";
import { copyJson, matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject } from "../write/write.ts";

const bindingKind = { group: "", version: "v1", kind: "Binding" };

interface Target {
  readonly kind: string;
  readonly name: string;
}

interface PodParts {
  readonly spec?: { readonly nodeName?: string; readonly schedulingGates?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly JsonObject[] };
}

function targetOf(binding: JsonObject): Target {
  const target = (binding["target"] ?? {}) as { kind?: string; name?: string };
  const found: string[] = [];
  if (target.kind !== undefined && target.kind !== "" && target.kind !== "Node") {
    found.push(`target.kind: Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`);
  }
  if (!target.name) found.push("target.name: Required value");
  if (found.length > 0) throw plainError(found.length === 1 ? found[0]! : `[${found.join(", ")}]`);
  return { kind: "Node", name: target.name! };
}

/** POST of pods/binding, and of bindings with the pod's name in the body. Throws 400, 404, 409, 500. */
export async function bindPod(context: ResourceContext, nameInPath: string | undefined): Promise<ApiReply> {
  const options = writeOptions(context.request.query, "CreateOptions");
  const binding = await readBodyAs(context, bindingKind, "core.v1.Binding", options);
  const write = writeOf(context, options, "CreateOptions", "binding");
  matchNamespace(write, binding);
  const name = nameInPath ?? String(binding.metadata["name"] ?? "");
  const uid = binding.metadata["uid"];
  await admitBinding(context, name, binding, options, () => {
    if (nameInPath !== undefined && binding.metadata["name"] !== nameInPath) {
      throw errors.badRequest("name in URL does not match name in Binding object");
    }
    targetOf(binding);
  });
  const pods = podContext(context);
  const podWrite = {
    ...write,
    context: pods,
    strategy: { ...pods.resource.kind.subresources.find(({ name: sub }) => sub === "binding")?.strategy },
  };
  await updateStored(
    { ...podWrite, strategy: { ...podWrite.strategy, allowUnconditionalUpdate: true, ...unchecked } },
    name,
    {
      uid: typeof uid === "string" ? uid : undefined,
      forceAllowCreate: false,
      make(current) {
        const draft = boundPod(current!, binding, toTime(context.nowMs));
        trackManagedFields(podWrite, current, draft);
        return draft;
      },
    },
  );
  return statusReply({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }, context.media);
}

/**
 * The pod's own update rules don't apply: nodeName may not change in any other way. Nor does the generation grow, since
 * upstream writes the node past the strategy (BindingREST.assignPod).
 */
const unchecked = { validateOnUpdate: false, generationOf: () => undefined };

async function admitBinding(
  context: ResourceContext,
  name: string,
  binding: DraftObject,
  options: WriteOptions,
  check: () => void,
): Promise<void> {
  const admission = admissionContext(context, {
    operation: "CREATE",
    name,
    object: binding,
    oldObject: undefined,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", ...(options.dryRun ? { dryRun: ["All"] } : {}) },
    dryRun: options.dryRun,
    subresource: context.resource.kind.plural === "pods" ? "binding" : "",
    objectKind: bindingKind,
  });
  await mutate(context, admission);
  check();
  (await validate(context, admission))(true);
}

/** POST of `bindings` is one of `pods/binding`. */
function podContext(context: ResourceContext): ResourceContext {
  if (context.resource.kind.plural === "pods") return context;
  const pods = context.server.registry.find("", "v1", "pods");
  if (!pods) throw errors.notFound({ group: "", resource: "pods" }, "");
  return { ...context, resource: pods };
}

function boundPod(pod: KubernetesObject, binding: JsonObject, now: string): DraftObject {
  const { name } = targetOf(binding);
  const { spec, status } = pod as KubernetesObject & PodParts;
  const resource = { group: "", resource: "pods/binding" };
  const podName = pod.metadata.name ?? "";
  const refuse = (why: string): never => {
    throw errors.conflict(resource, podName, why);
  };
  if (pod.metadata.deletionTimestamp) refuse(`pod ${podName} is being deleted, cannot be assigned to a host`);
  if (spec?.nodeName) refuse(`pod ${podName} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  if ((spec?.schedulingGates?.length ?? 0) > 0) refuse(`pod ${podName} has non-empty .spec.schedulingGates`);
  const draft = copyJson(pod) as unknown as DraftObject & { spec: JsonObject; status?: JsonObject };
  draft.spec["nodeName"] = name;
  const annotations = (binding["metadata"] as JsonObject)["annotations"] as JsonObject | undefined;
  if (annotations) {
    draft.metadata["annotations"] = { ...(draft.metadata["annotations"] as JsonObject | undefined), ...annotations };
  }
  draft.status = { ...draft.status, conditions: scheduledConditions(status?.conditions ?? [], now) };
  return draft;
}

function scheduledConditions(conditions: readonly JsonObject[], now: string): JsonObject[] {
  const before = conditions.find((condition) => condition["type"] === "PodScheduled");
  if (before?.["status"] === "True") return [...conditions];
  const scheduled: JsonObject = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
  return before
    ? conditions.map((condition) => (condition === before ? scheduled : condition))
    : [...conditions, scheduled];
}
