// SelfSubjectRulesReview: all that the client may do in a namespace. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import type { JsonObject } from "../../kinds/object.ts";
import type { ResourceContext } from "../server.ts";
import type { DraftObject } from "../write/write.ts";

/** Throws 400 without a namespace. */
export async function reviewRules(context: ResourceContext, draft: DraftObject): Promise<JsonObject> {
  const { namespace = "" } = (draft["spec"] ?? {}) as { readonly namespace?: string };
  if (namespace === "") throw errors.badRequest("no namespace on request");
  const rules = await context.server.ports.authorizer.rulesFor(context.user, namespace);
  return {
    resourceRules: rules.resourceRules.map((rule) => ({ ...rule })) as JsonObject["x"] & object,
    nonResourceRules: rules.nonResourceRules.map((rule) => ({ ...rule })) as JsonObject["x"] & object,
    incomplete: rules.incomplete,
    ...(rules.evaluationError ? { evaluationError: rules.evaluationError } : {}),
  };
}
