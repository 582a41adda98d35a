// The Client over any Transport: the API server in the same process, or one across the network. May import src/base and
// src/kinds.
import { errors } from "../base/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import type { JsonObject, KubernetesObject } from "../kinds/object.ts";
import type { ApiReply, ApiRequest, Transport, UserInfo } from "../kinds/request.ts";
import type { Client, ListOptions } from "./client.ts";
import { pathOf } from "./path.ts";
import { readList, readObject, readWatch, throwIfFailed } from "./reply.ts";

export interface ClientIdentity {
  /** Who asks, in process. Over a network the transport's credentials say it. */
  readonly user?: UserInfo;
  /** The part before "/" names the field manager. */
  readonly userAgent: string;
}

const patchTypes = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

const never = new AbortController().signal;
const encoder = new TextEncoder();

type Query = Record<string, string | number | boolean | undefined>;

function toQuery(values: Query): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  return query;
}

const listQuery = (options: ListOptions): Query => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  limit: options.limit,
  continue: options.continue,
  resourceVersion: options.resourceVersion,
  resourceVersionMatch: options.resourceVersionMatch,
});

export interface SendOptions {
  readonly query?: URLSearchParams;
  readonly body?: object;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** Sends one request as `identity`. */
export function sendRequest(
  transport: Transport,
  identity: ClientIdentity,
  method: string,
  path: string,
  options: SendOptions = {},
): Promise<ApiReply> {
  const { body, contentType = "application/json" } = options;
  const bytes = body === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(body));
  const request: ApiRequest = {
    method,
    path,
    query: options.query ?? new URLSearchParams(),
    headers: {
      accept: "application/json",
      "user-agent": identity.userAgent,
      ...(body === undefined ? {} : { "content-type": contentType }),
    },
    body(limitBytes) {
      if (bytes.length > limitBytes) return Promise.reject(errors.requestEntityTooLarge("limit is " + limitBytes));
      return Promise.resolve(bytes);
    },
    peer: { address: "local", user: identity.user },
    signal: options.signal ?? never,
  };
  return transport(request);
}

export function createClient(transport: Transport, identity: ClientIdentity): Client {
  const send = (method: string, path: string, options?: SendOptions): Promise<ApiReply> =>
    sendRequest(transport, identity, method, path, options);
  const namespaceOf = (object: { metadata?: { namespace?: string } }): string | undefined => object.metadata?.namespace;
  const withType = (kind: Kind, object: object): object => ({
    apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
    kind: kind.kind,
    ...object,
  });
  return {
    async get(kind, name, namespace) {
      return readObject(await send("GET", pathOf(kind, namespace, name)));
    },
    async list(kind, options = {}) {
      return readList(await send("GET", pathOf(kind, options.namespace), { query: toQuery(listQuery(options)) }));
    },
    async *watch(kind, options) {
      const query = toQuery({
        ...listQuery(options),
        watch: true,
        allowWatchBookmarks: options.allowWatchBookmarks,
        sendInitialEvents: options.sendInitialEvents,
      });
      yield* readWatch(await send("GET", pathOf(kind, options.namespace), { query, signal: options.signal }));
    },
    async create(kind, object, options = {}) {
      const draft = object as { metadata?: { namespace?: string; name?: string } };
      const name = options.subresource ? draft.metadata?.name : undefined;
      const path = pathOf(kind, namespaceOf(draft), name, options.subresource);
      const query = toQuery({ fieldManager: options.fieldManager });
      return readObject(await send("POST", path, { body: withType(kind as Kind, object as object), query }));
    },
    async update(kind, object, options = {}) {
      const { metadata } = object as KubernetesObject;
      const path = pathOf(kind, metadata.namespace, metadata.name, options.subresource);
      const query = toQuery({ fieldManager: options.fieldManager });
      return readObject(await send("PUT", path, { body: withType(kind as Kind, object as object), query }));
    },
    async patch(kind, name, namespace, patch, options) {
      const query = toQuery({ fieldManager: options.fieldManager, force: options.force });
      const path = pathOf(kind, namespace, name, options.subresource);
      return readObject(await send("PATCH", path, { body: patch, query, contentType: patchTypes[options.type] }));
    },
    async delete(kind, name, namespace, options = {}) {
      const reply = await send("DELETE", pathOf(kind, namespace, name), { body: deleteBody(options) });
      return remaining(await readObject(reply));
    },
    async deleteCollection(kind, options) {
      const query = toQuery(listQuery(options));
      const { gracePeriodSeconds, propagationPolicy, preconditions } = options;
      const body = deleteBody({ gracePeriodSeconds, propagationPolicy, preconditions });
      await throwIfFailed(await send("DELETE", pathOf(kind, options.namespace), { body, query }));
    },
    async post(path, body) {
      return readObject<JsonObject>(await send("POST", path, { body }));
    },
  };
}

/** What a deletion's answer says to be left: a Status, or an object that nothing holds back, is gone. */
function remaining<T extends KubernetesObject>(answer: T): T | undefined {
  if (answer.kind === "Status" || !answer.metadata.deletionTimestamp) return undefined;
  const { deletionGracePeriodSeconds, finalizers } = answer.metadata;
  return deletionGracePeriodSeconds === 0 && !finalizers?.length ? undefined : answer;
}

const deleteBody = (options: object): object => ({ apiVersion: "v1", kind: "DeleteOptions", ...options });
