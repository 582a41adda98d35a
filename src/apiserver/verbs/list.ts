// GET of a collection: the newest, a certain revision, or pages of one. Semantics of resourceVersion and continue are
// those of k8s.io/apiserver/pkg/storage/cacher and etcd3. May import src/base, src/kinds and src/store.
import { errors } from "../../base/errors.ts";
import type { StatusError } from "../../base/errors.ts";
import type { KubernetesObject, ObjectRef } from "../../kinds/object.ts";
import type { ApiReply } from "../../kinds/request.ts";
import { CompactedError, FutureRevisionError } from "../../store/store.ts";
import { readToken, startAfter, writeToken } from "../list/continue-token.ts";
import type { ListMetadata } from "../list/list-body.ts";
import { listOptions } from "../request/query.ts";
import type { ListOptions } from "../request/query.ts";
import { prefixOf } from "../registry.ts";
import { listReply } from "../represent.ts";
import { selectionOf, selects } from "../request/selectors.ts";
import type { Selection } from "../request/selectors.ts";
import type { ResourceContext } from "../server.ts";
import type { ListPage, StoredObject } from "../storage.ts";
import { tooLarge } from "../too-large.ts";
import { parseRevision, revisionError } from "./get.ts";

const expiredContinue =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
  "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
  "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or " +
  "deleted between the time the first chunk was returned and now may show up in the list.";
const expiredRevision = "The resourceVersion for the provided list is too old.";

/** 410 for a page whose revision is gone, with a token that goes on with what is there now. */
function expiredPage(start: string): StatusError {
  const error = errors.expired(expiredContinue);
  const status = { ...error.status, metadata: { continue: writeToken({ revision: -1, start }) } };
  return Object.assign(error, { status });
}

interface Plan {
  /** Read as it was then; undefined: as it is now. */
  readonly atRevision: number | undefined;
  /** Wait until this revision is there. */
  readonly notBefore: number | undefined;
  readonly start: string;
  readonly continued: boolean;
  /** A list of whatever the cache has is never cut. */
  readonly whole: boolean;
}

function planOf(options: ListOptions): Plan {
  const text = options.resourceVersion;
  if (options.continue !== "") {
    if (text !== "" && text !== "0") {
      throw errors.badRequest("specifying resource version is not allowed when using continue");
    }
    const { revision, start } = readToken(options.continue);
    return {
      atRevision: revision > 0 ? revision : undefined,
      notBefore: undefined,
      start,
      continued: true,
      whole: text === "0",
    };
  }
  if (text === "") return { atRevision: undefined, notBefore: undefined, start: "", continued: false, whole: false };
  const revision = parseRevision(text);
  if (revision === undefined) throw errors.badRequest(`invalid resource version: ${revisionError(text)}`);
  if (revision === 0) return { atRevision: undefined, notBefore: 0, start: "", continued: false, whole: true };
  const exact = options.resourceVersionMatch === "Exact" || (options.limit > 0 && options.resourceVersionMatch === "");
  return { atRevision: exact ? revision : undefined, notBefore: revision, start: "", continued: false, whole: false };
}

/** Answers with the objects of a collection that the selectors select. */
export async function listObjects(context: ResourceContext): Promise<ApiReply> {
  const { request, resource, info } = context;
  const options = listOptions(request.query, false);
  const selection = selectionOf(resource, options.labelSelector, options.fieldSelector, "");
  const { items, metadata } = await readList(context, info.namespace, options, selection);
  return listReply(context, items, metadata);
}

/** The list that options ask for; deletecollection uses it too. */
export async function readList(
  context: ResourceContext,
  namespace: string,
  options: ListOptions,
  selection: Selection,
): Promise<{ items: readonly ObjectRef<KubernetesObject>[]; stored: readonly StoredObject[]; metadata: ListMetadata }> {
  const { storage } = context.server;
  const { resource } = context;
  const plan = planOf(options);
  if (plan.notBefore !== undefined && plan.notBefore > storage.revision(resource)) {
    await storage.waitFor(resource, plan.notBefore);
  } else if (plan.notBefore === undefined) await storage.fresh(resource);
  const prefix = prefixOf(resource, namespace);
  const from = plan.start === "" ? undefined : prefix + plan.start;
  try {
    const page = await readPage(context, namespace, { options, selection, plan, from });
    return finishPage(page, options, selection, prefix);
  } catch (error) {
    if (error instanceof CompactedError)
      throw plan.continued ? expiredPage(plan.start) : errors.expired(expiredRevision);
    if (error instanceof FutureRevisionError) throw tooLarge(error.revision, error.currentRevision);
    throw error;
  }
}

interface Reading {
  readonly options: ListOptions;
  readonly selection: Selection;
  readonly plan: Plan;
  /** The first key of the page. */
  readonly from: string | undefined;
}

interface SelectedPage {
  readonly stored: readonly StoredObject[];
  readonly revision: number;
  /** More objects lie behind the page. */
  readonly more: boolean;
  readonly remaining: number;
}

async function readPage(context: ResourceContext, namespace: string, reading: Reading): Promise<SelectedPage> {
  const { storage } = context.server;
  const { resource } = context;
  const { selection, plan, options, from } = reading;
  const limit = options.limit > 0 && !plan.whole ? options.limit : undefined;
  if (selection.name !== undefined && plan.atRevision === undefined && from === undefined) {
    const named = namedObject(context, namespace, selection);
    if (named !== undefined) return { stored: named, revision: storage.revision(resource), more: false, remaining: 0 };
  }
  const reply = storage.list(resource, {
    namespace,
    ...(from === undefined ? {} : { after: beforeKey(from) }),
    ...(plan.atRevision === undefined ? {} : { atRevision: plan.atRevision }),
    ...(limit === undefined ? {} : { limit }),
    ...(selection.all ? {} : { selection }),
  });
  const page: ListPage = reply instanceof Promise ? await reply : reply;
  const full = limit !== undefined && page.items.length === limit;
  const more = selection.all ? page.more : full && (await hasKeysAfter(context, namespace, page));
  return { stored: page.items, revision: page.revision, more, remaining: page.remaining };
}

/** A page that is full is followed by another as long as there are keys, whether they are selected or not. */
async function hasKeysAfter(context: ResourceContext, namespace: string, page: ListPage): Promise<boolean> {
  const { storage } = context.server;
  const after = page.items[page.items.length - 1]!.key;
  const atRevision = page.revision === storage.revision(context.resource) ? {} : { atRevision: page.revision };
  const rest = await storage.list(context.resource, { namespace, after, limit: 1, ...atRevision });
  return rest.items.length > 0;
}

/** The store's `after` is exclusive; a token's start is not: it is a key with a zero byte behind. */
const beforeKey = (key: string): string => (key.endsWith("\0") ? key.slice(0, -1) : key);

/** A list of one name in one namespace needs no scan. */
function namedObject(
  context: ResourceContext,
  namespace: string,
  selection: Selection,
): readonly StoredObject[] | undefined {
  const { resource, server } = context;
  if (resource.kind.namespaced && namespace === "") return undefined;
  const found = server.storage.get(resource, namespace, selection.name!);
  return found && selects(selection, resource, found.ref.object()) ? [found] : [];
}

function finishPage(
  page: SelectedPage,
  options: ListOptions,
  selection: Selection,
  prefix: string,
): { items: readonly ObjectRef<KubernetesObject>[]; stored: readonly StoredObject[]; metadata: ListMetadata } {
  const { stored, revision, more, remaining } = page;
  const items = stored.map(({ ref }) => ref);
  const metadata: ListMetadata = { resourceVersion: String(revision) };
  if (options.limit <= 0 || !more || stored.length === 0) return { items, stored, metadata };
  const start = startAfter(stored[stored.length - 1]!.key.slice(prefix.length));
  const token = writeToken({ revision, start });
  const counted = selection.all ? { remainingItemCount: remaining } : {};
  return { items, stored, metadata: { ...metadata, continue: token, ...counted } };
}
