// Content negotiation: which form of the answer a client accepts, as upstream's negotiation package and go-restful
// before it decide. May import src/base.
import { errors } from "../../base/errors.ts";
import type { StatusError } from "../../base/errors.ts";

export type Encoding = "json" | "yaml" | "protobuf";

export interface MediaType {
  readonly encoding: Encoding;
  /** The object is to be answered as this kind: Table, PartialObjectMetadata … */
  readonly convert?: { readonly group: string; readonly version: string; readonly kind: string };
  readonly pretty: boolean;
}

export const contentTypes: Readonly<Record<Encoding, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

const plainJson: MediaType = { encoding: "json", pretty: false };
const prettyJson: MediaType = { encoding: "json", pretty: true };

/** How many parsed Accept headers are remembered; there are a handful of clients. */
const rememberedMax = 256;
const remembered = new Map<string, readonly Clause[]>();

/** The clauses of an Accept header, best first. */
function parseAccept(text: string): readonly Clause[] {
  const known = remembered.get(text);
  if (known) return known;
  const clauses = text.split(",").flatMap((part) => parseClause(part) ?? []);
  const ordered = clauses
    .map((clause, index) => ({ clause, index }))
    .sort((left, right) => compareClauses(left.clause, right.clause) || left.index - right.index)
    .map(({ clause }) => clause);
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(text, ordered);
  return ordered;
}

function parseClause(part: string): Clause | undefined {
  const [mime = "", ...rest] = part.split(";");
  let [type = "", subtype = ""] = mime
    .trim()
    .split("/")
    .map((piece) => piece.trim());
  if (mime.trim() === "*") [type, subtype] = ["*", "*"];
  if (type === "" || subtype === "" || mime.trim().split("/").length !== 2) {
    if (!(type === "*" && subtype === "*")) return undefined;
  }
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const piece of rest) {
    const at = piece.indexOf("=");
    if (at < 0) continue;
    const name = piece.slice(0, at).trim();
    const value = piece.slice(at + 1).trim();
    if (name === "q") {
      const parsed = Number(value);
      quality = Number.isNaN(parsed) ? 1 : parsed;
    } else parameters.set(name, value);
  }
  return { type, subtype, quality, parameters };
}

/** goautoneg: higher quality first, then the more specific. */
function compareClauses(left: Clause, right: Clause): number {
  if (left.quality !== right.quality) return right.quality - left.quality;
  const wild = (clause: Clause): number => (clause.type === "*" ? 2 : clause.subtype === "*" ? 1 : 0);
  return wild(left) - wild(right);
}

const all: readonly Encoding[] = ["json", "yaml", "protobuf"];
const notProtobuf: readonly Encoding[] = ["json", "yaml"];
const subtypes: Readonly<Record<Encoding, string>> = {
  json: "json",
  yaml: "yaml",
  protobuf: "vnd.kubernetes.protobuf",
};

export interface Restrictions {
  /** Whether Table and PartialObjectMetadata can be asked for here. */
  readonly transforms: boolean;
  /** Protobuf cannot be had (custom resources). */
  readonly noProtobuf?: boolean;
}

function acceptClause(clause: Clause, encoding: Encoding, restrictions: Restrictions): MediaType | undefined {
  let convert: { group: string; version: string; kind: string } | undefined;
  let pretty = false;
  for (const [name, value] of clause.parameters) {
    if (name === "as" || name === "g" || name === "v") {
      convert ??= { group: "", version: "", kind: "" };
      if (name === "as") convert.kind = value;
      else if (name === "g") convert.group = value;
      else convert.version = value;
    } else if (name === "stream") {
      if (value !== "" && (encoding === "yaml" || value !== "watch")) return undefined;
    } else if (name === "sv") {
      if (value !== "" && value !== "v1") return undefined;
    } else if (name === "pretty") pretty = value === "1";
  }
  if (convert === undefined) {
    if (encoding === "protobuf" && restrictions.noProtobuf === true) return undefined;
    return { encoding, pretty };
  }
  return allowsTransform(convert, encoding, restrictions) ? { encoding, pretty, convert } : undefined;
}

function allowsTransform(
  convert: { group: string; version: string; kind: string },
  encoding: Encoding,
  restrictions: Restrictions,
): boolean {
  if (!restrictions.transforms || convert.group !== "meta.k8s.io") return false;
  if (convert.version !== "v1" && convert.version !== "v1beta1") return false;
  if (convert.kind === "Table") return encoding !== "protobuf";
  return convert.kind === "PartialObjectMetadata" || convert.kind === "PartialObjectMetadataList";
}

/** Upstream prints more readably for people: `pretty`, and the usual tools' user agents. */
export function wantsPretty(query: URLSearchParams, userAgent: string): boolean {
  if (query.size > 0) {
    const pretty = query.get("pretty");
    if (pretty) return ["1", "t", "T", "TRUE", "true", "True"].includes(pretty);
  }
  return userAgent.startsWith("curl") || userAgent.startsWith("Wget") || userAgent.startsWith("Mozilla/5.0");
}

const acceptedTypes = (noProtobuf: boolean | undefined): string =>
  noProtobuf
    ? "application/json, application/yaml"
    : "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/** The error of a negotiation that found nothing. */
export const notAcceptable = (noProtobuf?: boolean): StatusError =>
  errors.failure(406, "NotAcceptable", `only the following media types are accepted: ${acceptedTypes(noProtobuf)}`);

export const notAcceptableStream = (noProtobuf?: boolean): StatusError => {
  const types = `application/json;stream=watch${noProtobuf ? "" : ", application/vnd.kubernetes.protobuf;stream=watch"}`;
  return errors.failure(406, "NotAcceptable", `only the following media types are accepted: ${types}`);
};

/** The form of an answer. undefined: none of what the client accepts can be had. */
export function negotiate(
  accept: string | undefined,
  query: URLSearchParams,
  userAgent: string,
  restrictions: Restrictions,
): MediaType | undefined {
  const pretty = wantsPretty(query, userAgent);
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") {
    return pretty ? prettyJson : plainJson;
  }
  for (const clause of parseAccept(accept)) {
    for (const encoding of restrictions.transforms && restrictions.noProtobuf === true ? all : offered(restrictions)) {
      if (clause.type !== "*" && clause.type !== "application") continue;
      if (clause.subtype !== "*" && clause.subtype !== subtypes[encoding]) continue;
      const found = acceptClause(clause, encoding, restrictions);
      if (found) return pretty && !found.pretty ? { ...found, pretty } : found;
    }
  }
  return undefined;
}

const offered = (restrictions: Restrictions): readonly Encoding[] => (restrictions.noProtobuf ? notProtobuf : all);

/**
 * go-restful's own check comes before: a route must produce one of the types, whatever their parameters, and only
 * "any" is a wildcard. Throws 406.
 */
export function checkProduces(accept: string | undefined, streams: boolean): void {
  if (accept === undefined || accept === "" || accept === "application/json") return;
  for (const part of accept.split(",")) {
    const at = part.indexOf(";");
    const mime = (at < 0 ? part : part.slice(0, at)).trim();
    if (mime === "*/*" || mime === "application/json" || mime === "application/yaml") return;
    if (mime === "application/vnd.kubernetes.protobuf") return;
  }
  const types = streams
    ? `${acceptedTypes(false)}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`
    : acceptedTypes(false);
  const message = `406: Not Acceptable\n\nAvailable representations: ${types}`;
  throw errors.failure(406, "NotAcceptable", message, {});
}

/** The encoding of a request's body. Throws 415. */
export function inputEncoding(contentType: string | undefined, noProtobuf?: boolean): Encoding {
  if (contentType === undefined || contentType === "" || contentType === "application/json") return "json";
  const at = contentType.indexOf(";");
  const mime = (at < 0 ? contentType : contentType.slice(0, at)).trim().toLowerCase();
  if (mime === "application/json") return "json";
  if (mime === "application/yaml") return "yaml";
  if (mime === "application/vnd.kubernetes.protobuf" && !noProtobuf) return "protobuf";
  throw unsupportedMediaType(acceptedTypes(noProtobuf));
}

export const unsupportedMediaType = (accepted: string): StatusError =>
  errors.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
