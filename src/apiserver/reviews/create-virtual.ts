// POST of kinds that are not stored: reviews and bindings. May import src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import { errors } from "../../base/errors.ts";
import { validateCreate } from "../../kinds/meta/validate-write.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { writeOptions } from "../request/query.ts";
import { methodNotAllowed } from "../reply.ts";
import { otherReply } from "../represent.ts";
import type { ResourceContext } from "../server.ts";
import { bindPod } from "../subresources/binding.ts";
import { admissionContext, mutate, validate } from "../write/admit.ts";
import { wipeSystemFields } from "../write/create-stored.ts";
import { readObject } from "../write/decode-body.ts";
import { trackManagedFields } from "../write/managed-fields.ts";
import { matchNamespace, writeOf } from "../write/write.ts";
import type { DraftObject } from "../write/write.ts";
import { reviewAccess, reviewOwnAccess } from "./access-review.ts";
import { reviewRules } from "./rules-review.ts";
import { reviewSelf, reviewToken } from "./identity-review.ts";

type Review = (context: ResourceContext, draft: DraftObject) => Promise<JsonObject>;

const reviews = new Map<string, Review>([
  ["subjectaccessreviews", reviewAccess],
  ["localsubjectaccessreviews", reviewAccess],
  ["selfsubjectaccessreviews", reviewOwnAccess],
  ["selfsubjectrulesreviews", reviewRules],
  ["tokenreviews", reviewToken],
  ["selfsubjectreviews", reviewSelf],
]);

/** Upstream answers these with an object of its own, not with the question's. */
const freshAnswers = new Map<string, (nowMs: number) => JsonObject>([
  ["selfsubjectrulesreviews", () => ({ metadata: {}, spec: {} })],
  ["selfsubjectreviews", (nowMs) => ({ metadata: { creationTimestamp: toTime(nowMs) } })],
]);

/** Answers a question, or binds a pod. Throws 400, 422 and what admission refuses with. */
export async function createVirtual(context: ResourceContext): Promise<ApiReply> {
  const { resource, request } = context;
  if (resource.kind.plural === "bindings") return bindPod(context, undefined);
  const review = reviews.get(resource.kind.plural);
  if (!review) throw methodNotAllowed();
  const draft = await readObject(context, () => writeOptions(request.query, "CreateOptions"));
  const options = writeOptions(request.query, "CreateOptions");
  const write = writeOf(context, options, "CreateOptions");
  wipeSystemFields(draft);
  matchNamespace(write, draft);
  trackManagedFields(write, undefined, draft);
  const admission = admissionContext(context, {
    operation: "CREATE",
    name: "",
    object: draft,
    oldObject: undefined,
    options: write.optionsObject,
    dryRun: options.dryRun,
    subresource: "",
  });
  await mutate(context, admission);
  const admitted = (admission.object ?? draft) as DraftObject;
  checkReview(context, admitted, write.strategyContext);
  (await validate(context, admission))(true);
  const status = await review(context, admitted);
  const { kind, apiVersion } = admitted;
  const fresh = freshAnswers.get(resource.kind.plural);
  const answer = fresh ? { kind, apiVersion, ...fresh(context.nowMs), status } : { ...admitted, status };
  return otherReply(201, answer, context.media, resource.kind.definition, resource);
}

/** Upstream's Invalid answers to access reviews name no kind. */
function checkReview(
  context: ResourceContext,
  draft: DraftObject,
  strategyContext: Parameters<typeof validateCreate>[2],
): void {
  const { kind } = context.resource;
  const { strategy } = kind;
  const found = strategy.validate?.(draft as unknown as KubernetesObject, strategyContext) ?? [];
  if (found.length === 0) return;
  throw errors.invalid(kind.group, kind.group === "authorization.k8s.io" ? "" : kind.kind, "", found);
}
