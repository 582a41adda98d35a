// The door: what happens to every request before and after it is served, in upstream's order (api-contract §3): panics
// become answers, who asks is found out, impersonation, whether he may, and then it is dispatched. May import src/base
// and src/kinds.
import { StatusError, errors } from "../base/errors.ts";
import type { ApiReply, ApiRequest, UserInfo } from "../kinds/request.ts";
import { dispatch } from "./dispatch.ts";
import { impersonate } from "./request/impersonate.ts";
import { negotiate } from "./request/negotiate.ts";
import type { MediaType } from "./request/negotiate.ts";
import type { Attributes } from "./ports.ts";
import { checkTimeout } from "./request/query.ts";
import { methodNotAllowed, statusOf, statusReply, textReply } from "./reply.ts";
import { decodePath, requestInfo } from "./request/request-info.ts";
import type { RequestInfo } from "./request/request-info.ts";
import { requirementsForAuthorizer } from "./request/selectors.ts";
import type { RequestContext, Server } from "./server.ts";
import { Warnings } from "./warnings.ts";

const plainJson: MediaType = { encoding: "json", pretty: false };

/** The encoding of an error: what was asked for where it can be had, else JSON. */
export function errorMedia(request: ApiRequest): MediaType {
  const { headers, query } = request;
  const found = negotiate(headers["accept"], query, headers["user-agent"] ?? "", { transforms: false });
  return found ? { encoding: found.encoding, pretty: found.pretty } : plainJson;
}

const longRunning = new Set(["exec", "attach", "portforward", "proxy", "log"]);
const isLongRunning = (info: RequestInfo): boolean =>
  info.verb === "watch" || info.verb === "proxy" || longRunning.has(info.subresource);

const unknownMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** Serves one request. It never rejects. */
export async function handle(server: Server, request: ApiRequest): Promise<ApiReply> {
  const warnings = new Warnings();
  let reply: ApiReply;
  server.counters.inFlight += 1;
  try {
    reply = await serve(server, request, warnings);
  } catch (error) {
    reply = failureReply(server, request, error);
  } finally {
    server.counters.inFlight -= 1;
  }
  const auditId = request.headers["audit-id"] ?? server.ports.crypto.uuid();
  const headers = warnings.empty
    ? { "audit-id": auditId, ...reply.headers }
    : { "audit-id": auditId, ...reply.headers, warning: warnings.headers() };
  if (request.method === "HEAD") return { status: reply.status, headers, body: { kind: "none" } };
  return { status: reply.status, headers, body: reply.body };
}

function failureReply(server: Server, request: ApiRequest, error: unknown): ApiReply {
  if (!(error instanceof StatusError)) {
    server.ports.log.error("request failed", { method: request.method, path: request.path, error });
  }
  return statusReply(statusOf(error), errorMedia(request));
}

async function serve(server: Server, request: ApiRequest, warnings: Warnings): Promise<ApiReply> {
  const path = decodePath(request.path);
  if (path === undefined) return textReply(400, "400 Bad Request");
  const info = requestInfo(request.method, path, request.query);
  if (request.query.size > 0 && request.query.has("timeout") && !isLongRunning(info)) checkTimeout(request.query);
  const authenticating = server.ports.authenticator.authenticate(request);
  let user = authenticating instanceof Promise ? await authenticating : authenticating;
  if (user === undefined) throw errors.unauthorized();
  if (hasImpersonation(request)) user = await impersonate(server, request, user);
  const denied = await authorize(server, request, info, user);
  if (denied !== undefined) throw denied;
  if (!unknownMethods.has(request.method) && info.resourceRequest) throw methodNotAllowed();
  const context: RequestContext = { server, request, info, user, warnings, nowMs: server.ports.clock.now() };
  const reply = await dispatch(context);
  count(server, info, reply.status);
  return reply;
}

function hasImpersonation(request: ApiRequest): boolean {
  for (const name in request.headers) if (name.startsWith("impersonate-")) return true;
  return false;
}

function count(server: Server, info: RequestInfo, status: number): void {
  const key = `${info.verb} ${info.resourceRequest ? info.resource : ""} ${status}`;
  const { requests } = server.counters;
  requests.set(key, (requests.get(key) ?? 0) + 1);
}

/** What a request wants, in the authorizer's terms. */
export function attributesOf(info: RequestInfo, user: UserInfo, query: URLSearchParams): Attributes {
  const selectable = info.verb === "list" || info.verb === "watch" || info.verb === "deletecollection";
  return {
    user,
    verb: info.verb,
    namespace: info.namespace,
    apiGroup: info.group,
    apiVersion: info.version,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    resourceRequest: info.resourceRequest,
    path: info.path,
    ...(selectable && query.size > 0 ? requirementsForAuthorizer(query) : undefined),
  };
}

/** The error for a request that is not allowed; undefined: it is. */
async function authorize(
  server: Server,
  request: ApiRequest,
  info: RequestInfo,
  user: UserInfo,
): Promise<StatusError | undefined> {
  const attributes = attributesOf(info, user, request.query);
  const deciding = server.ports.authorizer.authorize(attributes);
  const decision = deciding instanceof Promise ? await deciding : deciding;
  if (decision.allowed) return undefined;
  return forbiddenRequest(attributes, decision.reason);
}

/** 403 in upstream's words (responsewriters.Forbidden). */
export function forbiddenRequest(attributes: Attributes, reason: string): StatusError {
  const { user, verb, apiGroup, resource, subresource, namespace, name, path } = attributes;
  const because = reason === "" ? "" : `: ${reason}`;
  const who = `User ${JSON.stringify(user.username)} cannot`;
  if (!attributes.resourceRequest) {
    return errors.forbidden({ group: "", resource: "" }, "", `${who} ${verb} path ${JSON.stringify(path)}${because}`);
  }
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  const why = `${who} ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(apiGroup)} ${where}`;
  return errors.forbidden({ group: apiGroup, resource }, name, why + because);
}
