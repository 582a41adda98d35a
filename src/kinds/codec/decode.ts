// Request bodies into objects of built-in kinds: which kind the body says it is, strict checks, and the errors as the
// API server words them. Source: k8s.io/apimachinery runtime/serializer, k8s.io/apiserver endpoints/handlers.
// May import src/base.
import { errors } from "../../base/errors.ts";
import type { StatusError } from "../../base/errors.ts";
import { JsonEntries, JsonNumber, JsonSyntaxError } from "../../base/json/json-exact.ts";
import { parseJsonBytes } from "../../base/json/json-scanner.ts";
import { parseYaml, YamlError } from "../../base/yaml/yaml.ts";
import type { JsonObject } from "../object.ts";
import type { Definitions } from "../schema.ts";
import { decodeValue, DecodeError } from "./decode-value.ts";
import { decodeProtobuf, ProtobufError } from "./protobuf.ts";

export type FieldValidation = "Strict" | "Warn" | "Ignore";
export type BodyMediaType = "application/json" | "application/yaml" | "application/vnd.kubernetes.protobuf";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface DecodeOptions {
  readonly definitions: Definitions;
  /** "core.v1.Pod" */
  readonly definitionName: string;
  /** What the path asks for; a body without kind or apiVersion is taken for it. */
  readonly expected: GroupVersionKind;
  readonly fieldValidation: FieldValidation;
  /** False: other kinds of the group are refused by the caller (bodies such as DeleteOptions belong to any group). */
  readonly anyGroup?: boolean;
}

export interface DecodedObject {
  /** Fresh: the caller may change it. */
  readonly object: JsonObject;
  /** What `Warn` tells the client, each one a warning; always empty with `Ignore`. */
  readonly strictErrors: readonly string[];
}

/** A body that can't be read; `gvk` is what the body says it is, where that was readable. */
class BodyError extends Error {
  override name = "BodyError";
  readonly gvk: GroupVersionKind | undefined;
  constructor(message: string, gvk?: GroupVersionKind, options?: { cause?: unknown }) {
    super(message, options);
    this.gvk = gvk;
  }
}

/** The start of a body as errors show it: text where it looks like JSON, else hexadecimal. */
function summarize(bytes: Uint8Array): string {
  const lengthMax = 30;
  if (bytes.length === 0) return "<empty>";
  const start = bytes.subarray(0, lengthMax);
  const more = bytes.length > lengthMax ? " ..." : "";
  if (bytes[0] === 0x7b) return new TextDecoder().decode(start) + more;
  return [...start].map((byte) => byte.toString(16).padStart(2, "0")).join("") + more;
}

function toStatus(error: BodyError, bytes: Uint8Array, expected: GroupVersionKind): StatusError {
  const { gvk, message } = error;
  if (gvk?.kind) {
    const version = JSON.stringify(gvk.version);
    return errors.badRequest(`${gvk.kind} in version ${version} cannot be handled as a ${expected.kind}: ${message}`);
  }
  const what = `the object provided is unrecognized (must be of type ${expected.kind})`;
  return errors.badRequest(`${what}: ${message} (${summarize(bytes)})`);
}

const metaType =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function goKind(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" || value instanceof JsonNumber) return "number";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "array" : "object";
}

/** The kind and apiVersion that a body names, read as upstream does: whatever the case of the keys, the last wins. */
function interpret(value: unknown): { apiVersion: string; kind: string } {
  const meta = { apiVersion: "", kind: "" };
  const prefix = "couldn't get version/kind; json parse error: json: cannot unmarshal";
  if (value === null) return meta;
  if (typeof value !== "object" || Array.isArray(value) || value instanceof JsonNumber) {
    throw new BodyError(`${prefix} ${goKind(value)} into Go value of type ${metaType}`);
  }
  let wrong: string | undefined;
  for (const [key, part] of value instanceof JsonEntries ? value.entries : Object.entries(value)) {
    const lower = key.length <= 10 ? key.toLowerCase() : key;
    if ((lower !== "apiversion" && lower !== "kind") || part === null) continue;
    const name = lower === "kind" ? "kind" : "apiVersion";
    if (typeof part === "string") meta[name] = part;
    else wrong ??= `${prefix} ${goKind(part)} into Go struct field .${name} of type string`;
  }
  if (wrong !== undefined) throw new BodyError(wrong);
  return meta;
}

/** "apps/v1" → group and version. */
function parseGroupVersion(text: string): { group: string; version: string } {
  const parts = text.split("/");
  if (text === "" || text === "/") return { group: "", version: "" };
  if (parts.length > 2) throw new BodyError(`unexpected GroupVersion string: ${text}`);
  return parts.length === 2 ? { group: parts[0]!, version: parts[1]! } : { group: "", version: text };
}

function gvkOf(meta: { apiVersion: string; kind: string }, expected: GroupVersionKind): GroupVersionKind {
  const { group, version } = parseGroupVersion(meta.apiVersion);
  const kind = meta.kind || expected.kind;
  if (version === "" && (group === "" || group === expected.group)) {
    return { group: expected.group, version: expected.version, kind };
  }
  return { group, version, kind };
}

const kindIndexes = new WeakMap<Definitions, Map<string, string>>();

/** "group/version/kind" → definition name, of every kind that the definitions know. */
export function definitionOfKind(definitions: Definitions, gvk: GroupVersionKind): string | undefined {
  let index = kindIndexes.get(definitions);
  if (!index) {
    index = new Map();
    for (const [name, definition] of Object.entries(definitions)) {
      for (const [group, version, kind] of definition.kinds ?? []) index.set(`${group}/${version}/${kind}`, name);
    }
    kindIndexes.set(definitions, index);
  }
  return index.get(`${gvk.group}/${gvk.version}/${gvk.kind}`);
}

const groupVersions = new WeakMap<Definitions, ReadonlySet<string>>();

/** Whether kinds of that group and version are defined: then the bodies that belong to any group are, too. */
function isGroupVersion(definitions: Definitions, gvk: GroupVersionKind): boolean {
  let known = groupVersions.get(definitions);
  if (!known) {
    const all = Object.values(definitions).flatMap(({ kinds = [] }) => kinds);
    known = new Set(all.map(([group, version]) => `${group}/${version}`));
    groupVersions.set(definitions, known);
  }
  return known.has(`${gvk.group}/${gvk.version}`);
}

interface Body {
  /** Plain or exact. */
  readonly value: unknown;
  readonly strictErrors: readonly string[];
}

function parseBody(bytes: Uint8Array, mediaType: BodyMediaType): Body {
  if (mediaType === "application/yaml") {
    const { value, duplicates } = parseYaml(new TextDecoder().decode(bytes));
    return {
      value,
      strictErrors: duplicates.length > 0 ? [`yaml: unmarshal errors:\n  ${duplicates.join("\n  ")}`] : [],
    };
  }
  return { value: parseJsonBytes(bytes).value, strictErrors: [] };
}

/** Group versions that upstream's scheme still knows and no longer serves: their kinds are told by their version. */
const retiredGroupVersions = new Set([
  "admissionregistration.k8s.io/v1alpha1",
  "admissionregistration.k8s.io/v1beta1",
  "apiextensions.k8s.io/v1beta1",
  "apiregistration.k8s.io/v1beta1",
  "apps/v1beta1",
  "apps/v1beta2",
  "authentication.k8s.io/v1alpha1",
  "authentication.k8s.io/v1beta1",
  "authorization.k8s.io/v1beta1",
  "autoscaling/v2beta1",
  "autoscaling/v2beta2",
  "batch/v1beta1",
  "certificates.k8s.io/v1alpha1",
  "certificates.k8s.io/v1beta1",
  "coordination.k8s.io/v1beta1",
  "discovery.k8s.io/v1beta1",
  "events.k8s.io/v1beta1",
  "extensions/v1beta1",
  "flowcontrol.apiserver.k8s.io/v1beta1",
  "flowcontrol.apiserver.k8s.io/v1beta2",
  "flowcontrol.apiserver.k8s.io/v1beta3",
  "networking.k8s.io/v1beta1",
  "node.k8s.io/v1alpha1",
  "node.k8s.io/v1beta1",
  "policy/v1beta1",
  "rbac.authorization.k8s.io/v1alpha1",
  "rbac.authorization.k8s.io/v1beta1",
  "resource.k8s.io/v1alpha3",
  "resource.k8s.io/v1beta1",
  "resource.k8s.io/v1beta2",
  "scheduling.k8s.io/v1alpha1",
  "scheduling.k8s.io/v1beta1",
  "storage.k8s.io/v1alpha1",
  "storage.k8s.io/v1beta1",
]);

/** Upstream's list of any objects; it has no definition of its own in OpenAPI. */
const anyList = "v1/List";

/** Decides what the body is and decodes it as that; a kind that isn't the expected one can't be converted to it. */
function decodeAs(body: Body, gvk: GroupVersionKind, options: DecodeOptions): DecodedObject {
  const { definitions, expected, definitionName } = options;
  const sameKind = gvk.kind === expected.kind && gvk.group === expected.group && gvk.version === expected.version;
  const apiVersion = printApiVersion(gvk);
  const retired = gvk.kind === expected.kind && retiredGroupVersions.has(apiVersion);
  const shared = options.anyGroup === true && gvk.kind === expected.kind && isGroupVersion(definitions, gvk);
  const named = sameKind || retired || shared ? definitionName : definitionOfKind(definitions, gvk);
  if (named === undefined && `${apiVersion}/${gvk.kind}` !== anyList) {
    throw new BodyError(
      `no kind ${JSON.stringify(gvk.kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme ` +
        '"pkg/runtime/scheme.go:111"',
      gvk,
    );
  }
  const decoded = named === undefined ? { object: {}, strictErrors: [] } : decodeValue(definitions, named, body.value);
  if (!sameKind && gvk.kind !== expected.kind) {
    const internal = `${definitionName.split(".")[0]}.${expected.kind}`;
    throw new BodyError(`converting (${gvk.version}.${gvk.kind}) to (${internal}): unknown conversion`, gvk);
  }
  return { object: decoded.object, strictErrors: [...body.strictErrors, ...decoded.strictErrors] };
}

/** What upstream's decoders throw as plain errors, told apart from faults of ours. */
function isDataError(error: unknown): error is Error {
  return error instanceof DecodeError || error instanceof ProtobufError;
}

function decodeText(
  bytes: Uint8Array,
  mediaType: BodyMediaType,
  options: DecodeOptions,
): [GroupVersionKind, DecodedObject] {
  let body: Body;
  try {
    body = parseBody(bytes, mediaType);
  } catch (cause) {
    if (cause instanceof YamlError) throw new BodyError(cause.message, undefined, { cause });
    if (!(cause instanceof JsonSyntaxError)) throw cause;
    throw new BodyError(`couldn't get version/kind; json parse error: ${cause.message}`, undefined, { cause });
  }
  const gvk = gvkOf(interpret(body.value), options.expected);
  try {
    return [gvk, decodeAs(body, gvk, options)];
  } catch (cause) {
    if (isDataError(cause)) throw new BodyError(cause.message, gvk, { cause });
    throw cause;
  }
}

function decodeBinary(bytes: Uint8Array, options: DecodeOptions): [GroupVersionKind, DecodedObject] {
  try {
    const { object, apiVersion, kind } = decodeProtobuf(bytes, options.definitions, options);
    const gvk = gvkOf({ apiVersion, kind }, options.expected);
    if (gvk.kind !== options.expected.kind) return [gvk, decodeAs({ value: {}, strictErrors: [] }, gvk, options)];
    return [gvk, { object, strictErrors: [] }];
  } catch (cause) {
    if (cause instanceof ProtobufError) throw new BodyError(cause.message, cause.gvk, { cause });
    throw cause;
  }
}

/**
 * Decodes a request's body into a fresh object of the expected kind. With `Strict`, unknown and duplicate fields are an
 * error; with `Warn` they come back as warnings. Throws StatusError (400) in upstream's words.
 */
export function decodeObject(bytes: Uint8Array, mediaType: BodyMediaType, options: DecodeOptions): DecodedObject {
  const { expected, fieldValidation } = options;
  try {
    const isProtobuf = mediaType === "application/vnd.kubernetes.protobuf";
    const [gvk, decoded] = isProtobuf ? decodeBinary(bytes, options) : decodeText(bytes, mediaType, options);
    if (fieldValidation === "Strict" && decoded.strictErrors.length > 0) {
      throw new BodyError(`strict decoding error: ${decoded.strictErrors.join(", ")}`, gvk);
    }
    if (options.anyGroup !== true && (gvk.group !== expected.group || gvk.version !== expected.version)) {
      throw errors.badRequest(
        `the API version in the data (${printApiVersion(gvk)}) does not match the expected API version ` +
          `(${printApiVersion(expected)})`,
      );
    }
    const object = { ...decoded.object, kind: expected.kind, apiVersion: printApiVersion(expected) };
    return { object, strictErrors: fieldValidation === "Warn" ? decoded.strictErrors.flatMap(toWarnings) : [] };
  } catch (error) {
    if (error instanceof BodyError) throw toStatus(error, bytes, expected);
    throw error;
  }
}

const printApiVersion = ({ group, version }: GroupVersionKind): string => (group ? `${group}/${version}` : version);

/** Each duplicate key of YAML is a warning of its own. */
function toWarnings(strictError: string): string[] {
  const header = "yaml: unmarshal errors:\n";
  if (!strictError.startsWith(header)) return [strictError];
  return strictError
    .slice(header.length)
    .split("\n")
    .map((line) => line.trim());
}

/** Finds the duplicate members of an exact value, as strict decoding of custom resources tells them. */
export function findDuplicateFields(value: unknown): string[] {
  const found = new Set<string>();
  const open: [unknown, string][] = [[value, ""]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, path] = next;
    const children: [unknown, string][] = [];
    if (Array.isArray(node)) node.forEach((item, index) => children.push([item, `${path}[${index}]`]));
    if (node instanceof JsonEntries) {
      const seen = new Set<string>();
      for (const [key, part] of node.entries) {
        const at = path === "" ? key : `${path}.${key}`;
        if (seen.has(key)) found.add(`duplicate field ${JSON.stringify(at)}`);
        seen.add(key);
        children.push([part, at]);
      }
    }
    open.push(...children.toReversed());
  }
  return [...found];
}
