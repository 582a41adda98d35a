// An object or a list in the form that the client accepts: as it is, as metadata alone, as a Table; in JSON, YAML or
// protobuf. What is stored is handed over without touching it. May import src/base and src/kinds.
import { errors } from "../base/errors.ts";
import type { StatusError } from "../base/errors.ts";
import { printYaml } from "../base/yaml/yaml.ts";
import { canonicalObject } from "../kinds/codec/canonical.ts";
import { encodeMessage, encodeProtobuf, encodeProtobufList } from "../kinds/codec/protobuf.ts";
import type { JsonObject, KubernetesObject, ObjectRef } from "../kinds/object.ts";
import type { ApiReply } from "../kinds/request.ts";
import { listBody } from "./list/list-body.ts";
import type { ListMetadata } from "./list/list-body.ts";
import { contentTypes } from "./request/negotiate.ts";
import type { MediaType } from "./request/negotiate.ts";
import { baseHeaders, encodedReply } from "./reply.ts";
import { goType } from "./registry.ts";
import type { Resource } from "./registry.ts";
import type { ResourceContext } from "./server.ts";
import { tableOf, tableOptions } from "./table.ts";

const encoder = new TextEncoder();
const jsonHeaders: Readonly<Record<string, string>> = { ...baseHeaders, "content-type": "application/json" };

const unrepresentable = (message: string): StatusError => errors.failure(406, "NotAcceptable", message);

/** The metadata of an object as an object of its own. */
export function partialOf(object: KubernetesObject, apiVersion: string): KubernetesObject {
  return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
}

/** Answers with one object. */
export function objectReply(context: ResourceContext, status: number, ref: ObjectRef<KubernetesObject>): ApiReply {
  const { media } = context;
  if (media.convert === undefined) return plainReply(context.resource, status, ref, media);
  return encodedReply(status, media, convertedObject(context, ref.object(), media.convert));
}

/** Answers with an object of another kind than the resource's (Scale, Status …): never converted, only encoded. */
export function otherReply(
  status: number,
  object: object,
  media: MediaType,
  definition: string,
  resource: Resource,
): ApiReply {
  if (media.encoding !== "protobuf") {
    const own = definition === resource.kind.definition && !resource.kind.virtual;
    const whole = own ? object : withKind(object, canonicalObject(resource.definitions, definition, object));
    return encodedReply(status, media, whole);
  }
  const bytes = encodeProtobuf(object, resource.definitions, definition);
  const headers = { ...baseHeaders, "content-type": contentTypes.protobuf };
  return { status, headers, body: { kind: "bytes", bytes } };
}

/** What upstream prints of an object that is not stored. */
function withKind(object: object, { kind: _kind, apiVersion: _apiVersion, ...rest }: object & JsonObject): object {
  const { kind, apiVersion } = object as { kind?: string; apiVersion?: string };
  return { kind, apiVersion, ...rest };
}

function plainReply(resource: Resource, status: number, ref: ObjectRef<KubernetesObject>, media: MediaType): ApiReply {
  if (media.encoding === "json" && !media.pretty) {
    return { status, headers: jsonHeaders, body: { kind: "object", ref } };
  }
  return otherReply(status, ref.object(), media, resource.kind.definition, resource);
}

/** The object as Table or PartialObjectMetadata. Throws 406 where that cannot be. */
export function convertedObject(
  context: ResourceContext,
  object: KubernetesObject,
  convert: NonNullable<MediaType["convert"]>,
): object {
  const apiVersion = `${convert.group}/${convert.version}`;
  if (convert.kind === "PartialObjectMetadata") return partialOf(object, apiVersion);
  if (convert.kind === "Table") {
    const { resourceVersion } = object.metadata;
    const metadata = resourceVersion ? { resourceVersion } : {};
    return tableOf(context, [object], metadata, apiVersion, tableOptions(context.request.query));
  }
  const type = goType(context.resource, false);
  throw unrepresentable(`you requested PartialObjectMetadataList, but the requested object is not a list (${type})`);
}

/** Answers with a list. */
export function listReply(
  context: ResourceContext,
  items: readonly ObjectRef<KubernetesObject>[],
  metadata: ListMetadata,
): ApiReply {
  const { media, resource } = context;
  const { convert } = media;
  if (convert === undefined && media.encoding === "json" && !media.pretty) {
    return { status: 200, headers: jsonHeaders, body: listBody(resource, items, metadata) };
  }
  if (convert === undefined) return encodedList(resource, items, metadata, media);
  const apiVersion = `${convert.group}/${convert.version}`;
  if (convert.kind === "PartialObjectMetadata") {
    const type = goType(resource, true);
    throw unrepresentable(`you requested PartialObjectMetadata, but the requested object is a list (${type})`);
  }
  if (convert.kind === "Table") {
    const objects = items.map((ref) => ref.object());
    return encodedReply(
      200,
      media,
      tableOf(context, objects, metadata, apiVersion, tableOptions(context.request.query)),
    );
  }
  const partials = items.map((ref) => partialOf(ref.object(), apiVersion));
  const list = {
    kind: "PartialObjectMetadataList",
    apiVersion,
    metadata,
    items: partials.length > 0 ? partials : null,
  };
  return encodedReply(200, media, list);
}

function encodedList(
  resource: Resource,
  items: readonly ObjectRef<KubernetesObject>[],
  metadata: ListMetadata,
  media: MediaType,
): ApiReply {
  const objects = items.map((ref) => (resource.custom ? ref.object() : withoutKind(ref.object())));
  const list = { kind: resource.kind.listKind, apiVersion: resource.apiVersion, metadata, items: objects };
  const headers = { ...baseHeaders, "content-type": contentTypes[media.encoding] };
  if (media.encoding === "yaml") {
    return { status: 200, headers, body: { kind: "bytes", bytes: encoder.encode(printYaml(list)) } };
  }
  if (media.encoding === "json") return encodedReply(200, media, list);
  const { definitions, kind } = resource;
  const messages = items.map((ref) => encodeMessage(ref.object(), definitions, kind.definition));
  const bytes = encodeProtobufList({ kind: list.kind, apiVersion: list.apiVersion, metadata }, messages, definitions);
  return { status: 200, headers, body: { kind: "bytes", bytes } };
}

/** Items of a list bear no kind where the list's says it. */
export function withoutKind(object: KubernetesObject): object {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
