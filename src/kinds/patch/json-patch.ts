// JSON patch (RFC 6902) as upstream's API server applies it, which is evanphx/json-patch v4: more lenient than the RFC
// (a replace or copy from a missing key succeeds, `test` null passes on a missing key, negative indices count from the
// end, a path's text before its first slash is ignored). Imports base/errors, and what is beside it.
import { errors, StatusError } from "../../base/errors.ts";
import type { Json } from "../schema.ts";
import { goJsonKind } from "./decode-words.ts";
import { cloneJson, equalJson, getField, isList, isMap, type JsonDraft, setField } from "./json-value.ts";
import { maxJsonPatchCopyBytes, maxJsonPatchOperations, maxPatchedDepth } from "./limits.ts";

type Operation = { readonly [key: string]: Json };
type Container = JsonDraft | Json[];

/** Why a patch does not apply. The client is told less, see `notApplicable`. */
class NotApplicable extends Error {
  override name = "NotApplicable";
}

/** 422 in the words that upstream answers whatever the reason was. */
const notApplicable = (cause: unknown): StatusError =>
  errors.failure(422, "Invalid", "the server rejected our request due to an error in our request", {}, { cause });

/** The document under change. Containers that were copied for it may be changed in place; all others are shared. */
interface Work {
  root: Container;
  readonly owned: Set<unknown>;
  copiedBytes: number;
}

/**
 * Checks a decoded JSON patch. `strict`: the request's fieldValidation is Strict or Warn (the default), which decodes more
 * narrowly. Throws 400 or 413.
 */
export function checkJsonPatch(patch: Json, strict: boolean): readonly Operation[] {
  if (patch === null) return [];
  const listType = strict ? "[]handlers.jsonPatchOp" : "jsonpatch.Patch";
  const itemType = strict ? "handlers.jsonPatchOp" : "jsonpatch.Operation";
  const fail = (what: Json, into: string): StatusError => {
    const words = `json: cannot unmarshal ${goJsonKind(what)} into Go ${into}`;
    return errors.badRequest(strict ? `error decoding patch: ${words}` : words);
  };
  if (!isList(patch)) throw fail(patch, `value of type ${listType}`);
  const operations = patch.map((item) => {
    if (item === null) return {};
    if (!isMap(item)) throw fail(item, `value of type ${itemType}`);
    if (strict) {
      for (const key of ["op", "path", "from"]) {
        const text = getField(item, key) ?? null;
        if (text !== null && typeof text !== "string") {
          throw fail(text, `struct field jsonPatchOp.${key} of type string`);
        }
      }
    }
    return item;
  });
  if (operations.length > maxJsonPatchOperations) {
    const words = `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}`;
    throw errors.requestEntityTooLarge(`Request entity too large: ${words}, got ${operations.length}`);
  }
  return operations;
}

const operationMembers = new Set(["op", "path", "from", "value"]);

/** What strict decoding finds in a JSON patch: the texts of warnings, or of the error under Strict. */
export function findUnknownMembers(patch: Json): string[] {
  if (!isList(patch)) return [];
  return patch.flatMap((item, index) =>
    isMap(item)
      ? Object.keys(item)
          .filter((key) => !operationMembers.has(key))
          .map((key) => `json patch unknown field "[${index}].${key}"`)
      : [],
  );
}

/**
 * Applies a decoded JSON patch; `document` stays as it is, and unchanged parts are shared with it. Throws 400 (not a
 * patch), 413 (too many operations), 422 (does not apply).
 */
export function applyJsonPatch(document: Json, patch: Json, strict = true): Json {
  const operations = checkJsonPatch(patch, strict);
  const work: Work = { root: document as Container, owned: new Set(), copiedBytes: 0 };
  try {
    for (const operation of operations) applyOperation(work, operation);
  } catch (error) {
    if (error instanceof NotApplicable) throw notApplicable(error);
    throw error;
  }
  return work.root as Json;
}

function applyOperation(work: Work, operation: Operation): void {
  const kind = operation.op;
  switch (kind) {
    case "add":
      return add(locate(work, pathOf(operation, "path")), valueOf(operation));
    case "remove":
      return remove(locate(work, pathOf(operation, "path")));
    case "replace":
      return replace(work, operation);
    case "move": {
      const from = locate(work, pathOf(operation, "from"));
      const value = get(from);
      remove(from);
      return add(locate(work, pathOf(operation, "path")), value ?? null);
    }
    case "test":
      return test(work, operation);
    case "copy":
      return copy(work, operation);
    default:
      throw new NotApplicable(`Unexpected kind: ${typeof kind === "string" ? kind : "unknown"}`);
  }
}

const valueOf = (operation: Operation): Json => getField(operation, "value") ?? null;

function pathOf(operation: Operation, member: "path" | "from"): string {
  const path = getField(operation, member);
  if (typeof path !== "string") throw new NotApplicable(`operation missing ${member} field: missing value`);
  return path;
}

interface Place {
  readonly container: Container;
  readonly key: string;
  readonly path: string;
}

/** `~1` is a slash and `~0` a tilde, replaced in one pass. */
const decodeKey = (part: string): string =>
  part.includes("~") ? part.replace(/~[01]/g, (escape) => (escape === "~1" ? "/" : "~")) : part;

/** The container that holds a path's last key, copied along the way so that it may be changed. */
function locate(work: Work, path: string): Place {
  const parts = path.split("/");
  const missing = (): NotApplicable => new NotApplicable(`doc is missing path: "${path}": missing value`);
  if (parts.length < 2) throw missing();
  if (parts.length > maxPatchedDepth) throw new NotApplicable("exceeded max depth");
  work.root = own(work, work.root);
  let container = work.root;
  for (let index = 1; index < parts.length - 1; index++) {
    const key = decodeKey(parts[index]!);
    const next = get({ container, key, path });
    if (typeof next !== "object" || next === null) throw missing();
    const copy = own(work, next as Container);
    if (copy !== next) put(container, key, copy as Json);
    container = copy;
  }
  return { container, key: decodeKey(parts.at(-1)!), path };
}

function own(work: Work, container: Container): Container {
  if (work.owned.has(container)) return container;
  const copy = Array.isArray(container) ? [...container] : { ...container };
  work.owned.add(copy);
  return copy;
}

function put(container: Container, key: string, value: Json): void {
  if (Array.isArray(container)) container[position(container.length, key)] = value;
  else setField(container, key, value);
}

/** An index of a list of `length` items: negative ones count from its end. */
function position(length: number, key: string): number {
  if (!/^[+-]?\d{1,15}$/.test(key)) throw new NotApplicable(`strconv.Atoi: parsing "${key}": invalid syntax`);
  const index = Number(key);
  if (index >= length || index < -length) {
    throw new NotApplicable(`Unable to access invalid index: ${index}: invalid index referenced`);
  }
  return index < 0 ? index + length : index;
}

function get({ container, key }: Place): Json | undefined {
  if (Array.isArray(container)) return container[position(container.length, key)];
  return getField(container, key);
}

function add({ container, key }: Place, value: Json): void {
  if (!Array.isArray(container)) return setField(container, key, value);
  if (key === "-") container.push(value);
  else container.splice(position(container.length + 1, key), 0, value);
}

function remove({ container, key }: Place): void {
  if (Array.isArray(container)) {
    container.splice(position(container.length, key), 1);
    return;
  }
  if (!Object.hasOwn(container, key))
    throw new NotApplicable(`Unable to remove nonexistent key: ${key}: missing value`);
  delete container[key];
}

function replace(work: Work, operation: Operation): void {
  const path = pathOf(operation, "path");
  const value = valueOf(operation);
  if (path === "") {
    if (typeof value !== "object" || value === null) {
      throw new NotApplicable("replace operation value must be object or array");
    }
    work.root = value as Container;
    return;
  }
  const place = locate(work, path);
  get(place);
  put(place.container, place.key, value);
}

function test(work: Work, operation: Operation): void {
  const path = pathOf(operation, "path");
  const found = path === "" ? (work.root as Json) : (get(locate(work, path)) ?? null);
  if (!equalJson(found, valueOf(operation))) throw new NotApplicable(`testing value ${path} failed: test failed`);
}

const encoder = new TextEncoder();

function copy(work: Work, operation: Operation): void {
  const value = get(locate(work, pathOf(operation, "from"))) ?? null;
  const target = locate(work, pathOf(operation, "path"));
  const depth = maxPatchedDepth - target.path.split("/").length;
  const duplicate = cloneJson(value, depth, () => new NotApplicable("exceeded max depth"));
  if (value !== null) work.copiedBytes += encoder.encode(JSON.stringify(value)).length;
  if (work.copiedBytes > maxJsonPatchCopyBytes) {
    const words = `the accumulated size increase of copy is ${work.copiedBytes}`;
    throw new NotApplicable(`Unable to complete the copy, ${words}, exceeding the limit ${maxJsonPatchCopyBytes}`);
  }
  add(target, duplicate);
}
