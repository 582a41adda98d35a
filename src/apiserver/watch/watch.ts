// GET of a collection or an object as a watch. After upstream's endpoints/handlers/watch.go and storage/cacher. May import
// src/base, src/kinds and src/store.
import { errors } from "../../base/errors.ts";
import type { StatusError } from "../../base/errors.ts";
import type { ApiReply, WatchStream } from "../../kinds/request.ts";
import { CompactedError } from "../../store/store.ts";
import { watchTimeoutMinMs } from "../limits.ts";
import { contentTypes, notAcceptableStream } from "../request/negotiate.ts";
import { listOptions } from "../request/query.ts";
import type { ListOptions } from "../request/query.ts";
import { baseHeaders, refOf } from "../reply.ts";
import { selectionOf } from "../request/selectors.ts";
import type { ResourceContext } from "../server.ts";
import type { EventForm, WatchQuery } from "../storage.ts";
import { parseRevision, revisionError } from "../verbs/get.ts";
import { eventForm } from "./event-form.ts";

/** How long a watch lasts that doesn't say: between one and two times the minimum. */
function timeoutOf(context: ResourceContext, options: ListOptions): number {
  if (options.timeoutSeconds) return Math.max(options.timeoutSeconds, 0) * 1000;
  return watchTimeoutMinMs * (1 + context.server.ports.random.next());
}

/** Where a watch begins: after a revision, or (undefined) with all that is there. */
function startOf(options: ListOptions): { readonly after: number | undefined; readonly waitFor: number } {
  const text = options.resourceVersion;
  const revision = text === "" ? 0 : parseRevision(text);
  if (revision === undefined) throw errors.badRequest(`invalid resource version: ${revisionError(text)}`);
  if (options.sendInitialEvents === true) return { after: undefined, waitFor: revision };
  if (revision > 0) return { after: revision, waitFor: 0 };
  return { after: undefined, waitFor: 0 };
}

/** Answers with a watch; `name` is that of the path, where a single object is watched. Throws 400, 406, 422, 504. */
export async function watchObjects(context: ResourceContext, name: string): Promise<ApiReply> {
  const { request, resource, info, media, server } = context;
  const options = listOptions(request.query, true);
  const selection = selectionOf(resource, options.labelSelector, options.fieldSelector, name);
  if (media.encoding === "yaml") throw notAcceptableStream(resource.custom);
  const { after, waitFor } = startOf(options);
  if (waitFor > server.storage.revision(resource)) await server.storage.waitFor(resource, waitFor);
  else if (after === undefined) await server.storage.fresh(resource);
  const initial = options.sendInitialEvents;
  const form = eventForm(context);
  const stream = openWatch(context, {
    namespace: info.namespace,
    name: selection.name,
    selection,
    afterRevision: initial === false && after === undefined ? server.storage.revision(resource) : after,
    initialEventsEnd: initial === true && options.allowWatchBookmarks,
    bookmarks: options.allowWatchBookmarks,
    timeoutMs: timeoutOf(context, options),
    form,
  });
  server.counters.watchers += 1;
  return watchReply(context, counted(context, stream));
}

function counted(context: ResourceContext, stream: WatchStream): WatchStream {
  const { counters } = context.server;
  const { signal } = context.request;
  let open = true;
  const ended = (): void => {
    if (open) counters.watchers -= 1;
    open = false;
    signal.removeEventListener("abort", close);
  };
  const close = (): void => {
    ended();
    stream.close();
  };
  signal.addEventListener("abort", close, { once: true });
  return {
    async next() {
      const events = await stream.next();
      if (events.length === 0) ended();
      return events;
    },
    async nextBytes() {
      const bytes = await stream.nextBytes();
      if (bytes === undefined) ended();
      return bytes;
    },
    close,
  };
}

/** The revision of an empty store. Upstream's has many writes behind it before it serves, so nobody can watch from it. */
const firstRevision = 1;

function openWatch(context: ResourceContext, query: WatchQuery): WatchStream {
  const newest = context.server.storage.revision(context.resource);
  if (query.afterRevision === firstRevision && newest > firstRevision) {
    return failedStream(errors.expired(`too old resource version: ${firstRevision} (${newest})`), query.form);
  }
  try {
    return context.server.storage.watch(context.resource, query);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    const message = `too old resource version: ${error.revision} (${error.compactedRevision})`;
    return failedStream(errors.expired(message), query.form);
  }
}

/** A watch of one ERROR. */
function failedStream(error: StatusError, form: EventForm): WatchStream {
  let told = false;
  return {
    next() {
      if (told) return Promise.resolve([]);
      told = true;
      return Promise.resolve([{ type: "ERROR", ref: refOf(error.status) }]);
    },
    nextBytes() {
      if (told) return Promise.resolve(undefined);
      told = true;
      return Promise.resolve(form.encode("ERROR", refOf(error.status)));
    },
    close() {
      told = true;
    },
  };
}

function watchReply(context: ResourceContext, stream: WatchStream): ApiReply {
  const { media, request } = context;
  const binary = media.encoding === "protobuf";
  const headers = {
    ...baseHeaders,
    "content-type": binary ? `${contentTypes.protobuf};stream=watch` : contentTypes.json,
  };
  if (request.upgrade?.protocol === "websocket") {
    const upgrade = { kind: "stream" as const, body: pieces(stream), text: !binary };
    return { status: 101, headers, body: { kind: "upgrade", upgrade } };
  }
  return { status: 200, headers, body: { kind: "watch", stream } };
}

/** Over WebSocket each event is a message of its own. */
async function* pieces(stream: WatchStream): AsyncGenerator<Uint8Array> {
  try {
    for (let bytes = await stream.nextBytes(); bytes !== undefined; bytes = await stream.nextBytes()) {
      for (let from = 0; from < bytes.length;) {
        const end = bytes.indexOf(10, from);
        const to = end < 0 ? bytes.length : end + 1;
        yield bytes.subarray(from, to);
        from = to;
      }
    }
  } finally {
    stream.close();
  }
}
