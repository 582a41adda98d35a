// TokenReview and SelfSubjectReview: who somebody is. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import type { JsonObject } from "../../kinds/object.ts";
import type { UserInfo } from "../../kinds/request.ts";
import type { ResourceContext } from "../server.ts";
import type { DraftObject } from "../write/write.ts";

function printUser({ username, uid, groups, extra }: UserInfo): JsonObject {
  const extras = Object.entries(extra ?? {});
  return {
    username,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups: [...groups] } : {}),
    ...(extras.length > 0 ? { extra: Object.fromEntries(extras.map(([key, values]) => [key, [...values]])) } : {}),
  };
}

/** Whose a token is. Throws 400 without one. */
export async function reviewToken(context: ResourceContext, draft: DraftObject): Promise<JsonObject> {
  const { token = "", audiences = [] } = (draft["spec"] ?? {}) as { token?: string; audiences?: readonly string[] };
  if (token === "") throw errors.badRequest("token is required for TokenReview in authentication");
  const { authenticator } = context.server.ports;
  try {
    const found = await authenticator.authenticateToken?.(token, audiences);
    if (!found) return { user: {}, error: "invalid bearer token" };
    return { authenticated: true, user: printUser(found.user), audiences: [...found.audiences] };
  } catch (error) {
    return { user: {}, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Who the client is. */
export function reviewSelf(context: ResourceContext): Promise<JsonObject> {
  return Promise.resolve({ userInfo: printUser(context.user) });
}
