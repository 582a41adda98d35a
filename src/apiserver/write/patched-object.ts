// JSON, merge and strategic merge patches: read once, applied to the object as it is, and the result decoded as any new
// object. The errors are those of upstream's endpoints/handlers/patch.go. May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { invalid } from "../../base/field-error.ts";
import { JsonSyntaxError, toPlainJson } from "../../base/json/json-exact.ts";
import type { JsonNode } from "../../base/json/json-exact.ts";
import { parseJsonBytes } from "../../base/json/json-scanner.ts";
import { DecodeError, decodeValue } from "../../kinds/codec/decode-value.ts";
import { definitionOfKind, findDuplicateFields } from "../../kinds/codec/decode.ts";
import type { Draft, JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { goPrint } from "../../kinds/patch/go-print.ts";
import { applyJsonPatch, checkJsonPatch, findUnknownMembers } from "../../kinds/patch/json-patch.ts";
import type { JsonMap } from "../../kinds/patch/json-value.ts";
import { applyMergePatch } from "../../kinds/patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../../kinds/patch/strategic-merge.ts";
import type { Json } from "../../kinds/schema.ts";
import type { WriteOptions } from "../request/query.ts";
import { goPackage } from "../registry.ts";
import type { ResourceContext } from "../server.ts";
import { copyJson } from "./write.ts";
import type { DraftObject, Write } from "./write.ts";

export type PatchType = "json" | "merge" | "strategic";

export interface ReadPatch {
  readonly type: PatchType;
  readonly patch: Json;
  /** What strict decoding of the patch itself finds. */
  readonly strictErrors: readonly string[];
  readonly bytes: Uint8Array;
}

const isStrict = (options: WriteOptions): boolean => options.fieldValidation !== "Ignore";

/** Parses a patch. Throws 400. */
export function readPatch(
  _context: ResourceContext,
  type: PatchType,
  bytes: Uint8Array,
  options: WriteOptions,
): ReadPatch {
  const strict = isStrict(options);
  let value: unknown;
  try {
    value = parseJsonBytes(bytes).value;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const prefix = type === "strategic" || !strict ? "" : "error decoding patch: ";
    throw errors.badRequest(prefix + error.message);
  }
  const patch = toPlainJson(value as JsonNode) as Json;
  const duplicates = strict ? findDuplicateFields(value) : [];
  if (type !== "json") return { type, patch, strictErrors: duplicates, bytes };
  checkJsonPatch(patch, strict);
  const unknown = strict ? findUnknownMembers(patch) : [];
  return { type, patch, strictErrors: [...duplicates.map((text) => `json patch ${text}`), ...unknown], bytes };
}

function applyTo(write: Write, current: JsonMap, read: ReadPatch, definition: string): Json {
  const strict = isStrict(write.options);
  if (read.type === "json") return applyJsonPatch(current, read.patch, strict);
  if (read.type === "merge") return applyMergePatch(current, read.patch, strict);
  return applyStrategicMergePatch(current, read.patch, write.context.resource.definitions, definition);
}

/** A patch may not make another kind of the object. Throws DecodeError as the decoder of that kind would. */
function checkKind(write: Write, patched: Json): void {
  const { resource } = write.context;
  const { kind = "", apiVersion = "" } = (patched ?? {}) as { kind?: string; apiVersion?: string };
  if ((kind === "" || kind === resource.kind.kind) && (apiVersion === "" || apiVersion === resource.apiVersion)) return;
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  const gvk = { group: group!, version: version!, kind: kind || resource.kind.kind };
  const named = definitionOfKind(resource.definitions, gvk);
  if (named === undefined) {
    const what = `no kind ${JSON.stringify(gvk.kind)} is registered for version ${JSON.stringify(apiVersion)}`;
    throw new DecodeError(`${what} in scheme "pkg/runtime/scheme.go:111"`);
  }
  decodeValue(resource.definitions, named, patched);
  const own = `${goPackage(resource.kind.group)}.${resource.kind.kind}`;
  throw new DecodeError(`converting (${gvk.version}.${gvk.kind}) to (${own}): unknown conversion`);
}

/** What the error of an unreadable result shows: the result for JSON and merge patches, the patch for strategic ones. */
function shown(read: ReadPatch, patched: Json): string {
  if (read.type === "strategic") return goPrint(read.patch);
  // Go prints the members of the outermost object in order.
  const entries = Object.entries((patched ?? {}) as object).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}

const jsonTypes: Readonly<Record<string, string>> = { array: "slice", object: "map", number: "int64" };

/** A strategic patch's result goes another way into its type, whose words for what doesn't fit are its own. */
function wordsOfStrategic(message: string): string {
  const match = /^json: cannot unmarshal (\w+) into Go struct field \S+ of type (.+)$/.exec(message);
  if (!match) return message;
  const given = jsonTypes[match[1]!] ?? match[1]!;
  const type = match[2]!;
  if (type.startsWith("[]")) return `cannot restore slice from ${given}`;
  if (type.startsWith("map[")) return `cannot restore map from ${given}`;
  return type.includes(".") ? `cannot restore struct from: ${given}` : `unrecognized type: ${type}`;
}

function unreadable(read: ReadPatch, patched: Json, message: string): Error {
  const words = read.type === "strategic" ? wordsOfStrategic(message) : message;
  return errors.invalid("", "", "", [invalid("patch", shown(read, patched), words)]);
}

/**
 * The object after the patch, decoded and defaulted; a fresh draft. `definition` is the resource's own unless the patch is
 * for a body of another kind. Throws 400, 413, 422, 500.
 */
export function patchedObject(
  write: Write,
  current: KubernetesObject,
  read: ReadPatch,
  definition = write.context.resource.kind.definition,
): DraftObject {
  const { resource, warnings } = write.context;
  const patched = applyTo(write, current as unknown as JsonMap, read, definition);
  const own = definition === resource.kind.definition;
  let decoded: { readonly object: JsonObject; readonly strictErrors: readonly string[] };
  try {
    if (own && read.type !== "strategic") checkKind(write, patched);
    decoded =
      own && resource.codec
        ? resource.codec.normalize(copyJson(patched) as JsonObject)
        : decodeValue(resource.definitions, definition, patched);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw unreadable(read, patched, error.message);
  }
  const strictErrors = [...read.strictErrors, ...decoded.strictErrors];
  if (strictErrors.length > 0 && write.options.fieldValidation === "Strict") {
    throw unreadable(read, patched, `strict decoding error: ${strictErrors.join(", ")}`);
  }
  if (write.options.fieldValidation === "Warn") for (const text of strictErrors) warnings.add(text);
  return finishDraft(write, decoded.object, own);
}

function finishDraft(write: Write, object: JsonObject, own: boolean): DraftObject {
  const { resource } = write.context;
  const { metadata, kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  const isMap = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  const identity = own
    ? { kind: resource.kind.kind, apiVersion: resource.apiVersion }
    : { kind: object["kind"] ?? "", apiVersion: object["apiVersion"] ?? "" };
  const draft = { ...identity, metadata: isMap ? metadata : {}, ...rest } as DraftObject;
  if (own) resource.kind.strategy.default?.(draft as Draft<KubernetesObject>);
  return draft;
}
