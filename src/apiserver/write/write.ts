// What the steps of one write share. May import src/base and src/kinds.
import { toTime } from "../../base/clock.ts";
import { errors } from "../../base/errors.ts";
import type { Kind, Strategy, WriteContext } from "../../kinds/kind.ts";
import type { JsonObject, KubernetesObject } from "../../kinds/object.ts";
import type { WriteOptions } from "../request/query.ts";
import type { ResourceContext } from "../server.ts";
import type { StoredObject } from "../storage.ts";

/** An object that is being made: plain JSON that the steps may change. */
export type DraftObject = JsonObject & { metadata: JsonObject };

export interface Write {
  readonly context: ResourceContext;
  readonly options: WriteOptions;
  /** CreateOptions, UpdateOptions, PatchOptions, as admission sees them. */
  readonly optionsObject: JsonObject;
  /** Who is recorded as the owner of what the write sets. */
  readonly fieldManager: string;
  /** The kind's strategy, or its subresource's. */
  readonly strategy: Strategy;
  readonly subresource: string;
  readonly strategyContext: WriteContext;
}

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const managerBytesMax = 128;

/** The field manager of a request that names none: the program in its User-Agent. */
function managerOfUserAgent(userAgent: string): string {
  const slash = userAgent.indexOf("/");
  const program = slash < 0 ? userAgent : userAgent.slice(0, slash);
  let manager = "";
  let size = 0;
  for (const letter of program) {
    if (!printable.test(letter)) continue;
    size += new TextEncoder().encode(letter).length;
    if (size > managerBytesMax) break;
    manager += letter;
  }
  return manager === "" ? "unknown" : manager;
}

const remembered = new Map<string, string>();
const rememberedMax = 1_000;

function managerOf(context: ResourceContext, options: WriteOptions): string {
  if (options.fieldManager !== "") return options.fieldManager;
  const userAgent = context.request.headers["user-agent"] ?? "";
  let manager = remembered.get(userAgent);
  if (manager === undefined) {
    manager = managerOfUserAgent(userAgent);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(userAgent, manager);
  }
  return manager;
}

/** Begins a write of the kind itself, or of a subresource that writes it. */
export function writeOf(context: ResourceContext, options: WriteOptions, optionsKind: string, subresource = ""): Write {
  const { resource, user, nowMs } = context;
  const strategy = subresource === "" ? resource.kind.strategy : resource.subresources.get(subresource)?.strategy;
  return {
    context,
    options,
    optionsObject: {
      kind: optionsKind,
      apiVersion: "meta.k8s.io/v1",
      ...(options.dryRun ? { dryRun: ["All"] } : {}),
      fieldManager: options.fieldManager,
      fieldValidation: options.fieldValidation,
    },
    fieldManager: managerOf(context, options),
    strategy: strategy ?? {},
    subresource,
    strategyContext: {
      now: toTime(nowMs),
      user,
      ...(subresource === "" ? {} : { subresource }),
      dryRun: options.dryRun,
    },
  };
}

/** The namespace that an object of the resource must have. */
function expectedNamespace(write: Write): string {
  const { resource, info } = write.context;
  return resource.kind.namespaced ? info.namespace : "";
}

/** Fills in the request's namespace; one that contradicts it is an error. Throws 400. */
export function matchNamespace(write: Write, draft: DraftObject): void {
  const expected = expectedNamespace(write);
  const actual = draft.metadata["namespace"] ?? "";
  if (actual === expected) return;
  if (expected === "") delete draft.metadata["namespace"];
  else if (actual === "") draft.metadata["namespace"] = expected;
  else {
    throw errors.badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

/** Owners named twice are merged, with a warning. */
export function dedupOwners(write: Write, draft: DraftObject, afterAdmission: boolean): void {
  const owners = draft.metadata["ownerReferences"];
  if (!Array.isArray(owners) || owners.length < 2) return;
  const seen = new Map<unknown, string[]>();
  const kept: JsonObject[] = [];
  const doubled: string[] = [];
  for (const owner of owners as JsonObject[]) {
    const uid = String(owner["uid"] ?? "");
    const text = JSON.stringify(owner);
    const texts = seen.get(uid) ?? [];
    seen.set(uid, texts);
    if (texts.includes(text)) {
      if (!doubled.includes(uid)) doubled.push(uid);
      continue;
    }
    texts.push(text);
    kept.push(owner);
  }
  if (doubled.length === 0) return;
  draft.metadata["ownerReferences"] = kept;
  const where = afterAdmission ? "entries after mutating admission happens" : "entries";
  write.context.warnings.add(
    `.metadata.ownerReferences contains duplicate ${where}; API server dedups owner references in 1.20+, and may ` +
      `reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${doubled.join(", ")}`,
  );
}

/** The group in "… is invalid": that of the form in which the object is stored. */
export const groupOfErrors = (kind: Kind): string => kind.storedAs?.group ?? kind.group;

/** A deep copy of JSON that may be changed. */
export function copyJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) list[index] = copyJson(value[index] as unknown);
    return list as T;
  }
  const copy: Record<string, unknown> = {};
  for (const key in value) {
    if (key === "__proto__") Object.defineProperty(copy, key, own(copyJson(value[key])));
    else copy[key] = copyJson(value[key]);
  }
  return copy as T;
}
const own = (value: unknown): PropertyDescriptor => ({ value, writable: true, enumerable: true, configurable: true });

/** What a write ended in. */
export interface WriteResult {
  readonly object: KubernetesObject;
  /** The stored version; undefined for dry runs and for objects that the write deleted. */
  readonly stored: StoredObject | undefined;
  readonly created: boolean;
}
