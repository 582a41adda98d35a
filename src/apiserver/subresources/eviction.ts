// Evicting a pod: a deletion that its disruption budget must allow. After upstream's registry/core/pod/storage/eviction.go.
// May import src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import { StatusError, errors } from "../../base/errors.ts";
import { matcherOfSelector, matchesLabels } from "../../base/labels.ts";
import type { LabelSelectorShape } from "../../base/labels.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { writeAttemptsMax } from "../limits.ts";
import { checkDeleteOptions, writeOptions } from "../request/query.ts";
import type { DeleteOptions, RawDeleteOptions } from "../request/query.ts";
import { plainError, statusReply } from "../reply.ts";
import type { Resource } from "../registry.ts";
import type { ResourceContext } from "../server.ts";
import type { StoredObject } from "../storage.ts";
import { findObject } from "../verbs/get.ts";
import { admissionContext, mutate, validate } from "../write/admit.ts";
import { readBodyAs } from "../write/decode-body.ts";
import { deleteStored } from "../write/delete-stored.ts";
import { copyJson, matchNamespace, writeOf } from "../write/write.ts";

const evictionKind = { group: "policy", version: "v1", kind: "Eviction" };
const blocked = "Cannot evict pod as it would violate the pod's disruption budget.";
/** Evicted pods that a budget's controller has not seen go yet. Upstream: MaxDisruptedPodSize. */
const disruptedPodsMax = 2000;

interface Pod extends KubernetesObject {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}
interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
interface Budget extends KubernetesObject {
  readonly spec?: { readonly selector?: LabelSelectorShape; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly disruptedPods?: Readonly<Record<string, string>>;
    readonly conditions?: readonly Condition[];
  };
}

const ready = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

function ignoresBudgets(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return (
    phase === "Succeeded" || phase === "Failed" || phase === "Pending" || pod.metadata.deletionTimestamp !== undefined
  );
}

/** POST of pods/eviction. Throws 400, 404, 409, 429, 500. */
export async function evictPod(context: ResourceContext, name: string): Promise<ApiReply> {
  const requested = writeOptions(context.request.query, "CreateOptions");
  const eviction = await readBodyAs(context, evictionKind, "policy.v1.Eviction", requested, ["policy/v1beta1"]);
  matchNamespace(writeOf(context, requested, "CreateOptions", "eviction"), eviction);
  const admission = admissionContext(context, {
    operation: "CREATE",
    name,
    object: eviction,
    oldObject: undefined,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", ...(requested.dryRun ? { dryRun: ["All"] } : {}) },
    dryRun: requested.dryRun,
    subresource: "eviction",
    objectKind: evictionKind,
  });
  await mutate(context, admission);
  if (eviction.metadata["name"] !== name) {
    throw errors.badRequest("name in URL does not match name in Eviction object");
  }
  const raw = (eviction["deleteOptions"] ?? {}) as RawDeleteOptions & { dryRun?: readonly string[] };
  const options = checkDeleteOptions(raw, raw.dryRun ?? (requested.dryRun ? ["All"] : []));
  (await validate(context, admission))(true);
  const pod = findObject(context, name).ref.object() as Pod;
  if (!ignoresBudgets(pod)) await takeDisruption(context, pod, options);
  await deleteEvicted(context, name, options);
  return statusReply({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }, context.media);
}

/** Says in the pod's status why it goes, then deletes it. */
async function deleteEvicted(context: ResourceContext, name: string, options: DeleteOptions): Promise<void> {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const current = findObject(context, name);
  const { metadata } = current.ref.object();
  const matches = (uid ?? metadata.uid) === metadata.uid;
  const same = (resourceVersion ?? metadata.resourceVersion) === metadata.resourceVersion;
  if (options.dryRun || !matches || !same) {
    await deleteStored(context, name, options);
    return;
  }
  const marked = await markDisrupted(context, name);
  const next = marked?.ref.object().metadata.resourceVersion;
  // The client's version is the one before the mark.
  const moved = resourceVersion !== undefined && next !== undefined;
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...(moved ? { resourceVersion: next } : {}) };
  await deleteStored(context, name, { ...options, preconditions });
}

async function markDisrupted(context: ResourceContext, name: string): Promise<StoredObject | undefined> {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
    lastProbeTime: null,
    lastTransitionTime: toTime(context.nowMs),
  };
  return changeStored(context, context.resource, context.info.namespace, name, (object) => {
    const draft = copyJson(object) as unknown as { status?: { conditions?: JsonObject[] } };
    const conditions = draft.status?.conditions ?? [];
    const others = conditions.filter(({ type }) => type !== "DisruptionTarget");
    draft.status = { ...draft.status, conditions: [...others, condition] };
    return draft as unknown as KubernetesObject;
  });
}

/** A change by the system itself: no admission, no ownership of fields. */
async function changeStored(
  context: ResourceContext,
  resource: Resource,
  namespace: string,
  name: string,
  change: (object: KubernetesObject) => KubernetesObject,
): Promise<StoredObject | undefined> {
  const { storage } = context.server;
  for (let attempt = 0; attempt < writeAttemptsMax; attempt += 1) {
    const current = storage.get(resource, namespace, name);
    if (!current) return undefined;
    const { resourceVersion: _revision, ...metadata } = current.ref.object().metadata;
    const changed = change(current.ref.object());
    const { resourceVersion: _own, ...changedMetadata } = changed.metadata ?? metadata;
    const bytes = storage.encode(resource, { ...changed, metadata: changedMetadata } as KubernetesObject);
    const stored = await storage.put(resource, current.key, bytes, current);
    if (stored) return stored;
  }
  throw errors.modified(resource.groupResource, name);
}

function budgetsOf(context: ResourceContext, resource: Resource, pod: Pod): Budget[] {
  const page = context.server.storage.list(resource, { namespace: pod.metadata.namespace ?? "" });
  if (page instanceof Promise) return [];
  const budgets = page.items.map(({ ref }) => ref.object() as Budget);
  return budgets.filter(({ spec }) => matchesLabels(matcherOfSelector(spec?.selector), pod.metadata.labels));
}

function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  const causes = [{ reason: "DisruptionBudget", message }];
  const details = retryAfterSeconds > 0 ? { causes, retryAfterSeconds } : { causes };
  return errors.failure(429, "TooManyRequests", blocked, details);
}

/** Takes one of the budget's allowed disruptions. Throws 429 where there is none. */
async function takeDisruption(context: ResourceContext, pod: Pod, options: DeleteOptions): Promise<void> {
  const resource = context.server.registry.find("policy", "v1", "poddisruptionbudgets");
  if (!resource) return;
  const budgets = budgetsOf(context, resource, pod);
  if (budgets.length > 1) {
    const why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    throw plainError(why);
  }
  const budget = budgets[0];
  if (!budget) return;
  if (!ready(pod)) {
    if (budget.spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return;
    const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return;
  }
  checkBudget(budget);
  if (options.dryRun) return;
  const podName = pod.metadata.name ?? "";
  await changeStored(context, resource, budget.metadata.namespace ?? "", budget.metadata.name ?? "", (object) => {
    checkBudget(object as Budget);
    return decremented(object as Budget, podName, toTime(context.nowMs));
  });
}

function checkBudget({ metadata, status = {} }: Budget): void {
  const name = metadata.name ?? "";
  const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0, disruptedPods = {} } = status;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  const resource = { group: "policy", resource: "poddisruptionbudget" };
  if (disruptionsAllowed < 0) throw errors.forbidden(resource, name, "pdb disruptions allowed is negative");
  if (Object.keys(disruptedPods).length > disruptedPodsMax) {
    const why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
    throw errors.forbidden(resource, name, why);
  }
  if (disruptionsAllowed > 0) return;
  const condition = status.conditions?.find(({ type }) => type === "DisruptionAllowed");
  const refused = condition?.status === "False" && condition.message;
  let message = `The disruption budget ${name} does not allow evicting pods currently`;
  if (refused && condition.reason === "SyncFailed") message += ` because it failed sync: ${condition.message}`;
  else if (currentHealthy <= desiredHealthy) {
    message = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  } else if (refused) message += ` (${condition.reason ?? ""}): ${condition.message}`;
  throw tooManyRequests(message, 0);
}

function decremented(budget: Budget, podName: string, now: string): KubernetesObject {
  const status = budget.status ?? {};
  const allowed = (status.disruptionsAllowed ?? 0) - 1;
  const changed: Record<string, unknown> = {
    ...status,
    disruptionsAllowed: allowed,
    disruptedPods: { ...status.disruptedPods, [podName]: now },
  };
  if (allowed === 0) changed["conditions"] = withoutDisruptions(budget, now);
  return { ...budget, status: changed } as KubernetesObject;
}

function withoutDisruptions(budget: Budget, now: string): object[] {
  const conditions = budget.status?.conditions ?? [];
  const condition = {
    type: "DisruptionAllowed",
    status: "False",
    observedGeneration: budget.status?.observedGeneration ?? 0,
    lastTransitionTime: now,
    reason: "InsufficientPods",
    message: "",
  };
  return [...conditions.filter(({ type }) => type !== "DisruptionAllowed"), condition];
}
