// The body of a write as an object: decoded by its kind, warned about or refused as fieldValidation says, defaulted. May
// import src/base and src/kinds.
import { decodeObject } from "../../kinds/codec/decode.ts";
import type { GroupVersionKind } from "../../kinds/codec/decode.ts";
import { apiVersionOf } from "../../kinds/kind.ts";
import type { Draft, JsonObject, KubernetesObject } from "../../kinds/object.ts";
import { requestBodyBytesMax } from "../limits.ts";
import { contentTypes, inputEncoding } from "../request/negotiate.ts";
import type { Encoding } from "../request/negotiate.ts";
import type { FieldValidation, WriteOptions } from "../request/query.ts";
import type { ResourceContext } from "../server.ts";
import type { DraftObject } from "./write.ts";

type BodyMediaType = Parameters<typeof decodeObject>[1];
const mediaTypeOf = (encoding: Encoding): BodyMediaType => contentTypes[encoding] as BodyMediaType;

const gvkOf = ({ resource }: ResourceContext): GroupVersionKind => resource.kind;

/** An object always has metadata while it is made. */
function withMetadata(object: JsonObject): DraftObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  if (typeof metadata === "object" && metadata !== null && !Array.isArray(metadata)) return object as DraftObject;
  return { kind: kind ?? "", apiVersion: apiVersion ?? "", metadata: {}, ...rest };
}

/**
 * The object in the body of a create or update. `options` is asked after the body was read, since its errors come after
 * those of the body's type. Throws 400, 413, 415, 422.
 */
export async function readObject(
  context: ResourceContext,
  options: () => WriteOptions,
  bodyFirst = false,
): Promise<DraftObject> {
  const { request, resource } = context;
  const contentType = request.headers["content-type"];
  const before = bodyFirst ? undefined : inputEncoding(contentType, resource.custom);
  const bytes = await request.body(requestBodyBytesMax);
  const { fieldValidation } = options();
  const encoding = before ?? inputEncoding(contentType, resource.custom);
  return decodeAndDefault(context, bytes, encoding, fieldValidation);
}

function decodeAndDefault(
  context: ResourceContext,
  bytes: Uint8Array,
  encoding: Encoding,
  fieldValidation: FieldValidation,
): DraftObject {
  const { resource, warnings } = context;
  const decoded = resource.codec
    ? resource.codec.decode(bytes, encoding, fieldValidation)
    : decodeObject(bytes, mediaTypeOf(encoding), {
        definitions: resource.definitions,
        definitionName: resource.kind.definition,
        expected: gvkOf(context),
        fieldValidation,
      });
  for (const text of decoded.strictErrors) warnings.add(text);
  const draft = withMetadata(decoded.object);
  resource.kind.strategy.default?.(draft as Draft<KubernetesObject>);
  return draft;
}

/** A body of another kind than the resource's: Scale, Binding, Eviction, TokenRequest. Throws 400, 413, 415. */
export async function readBodyAs(
  context: ResourceContext,
  expected: GroupVersionKind,
  definitionName: string,
  options: WriteOptions,
  alsoAccepted: readonly string[] = [],
): Promise<DraftObject> {
  const { request, resource, warnings } = context;
  const encoding = inputEncoding(request.headers["content-type"]);
  const bytes = await request.body(requestBodyBytesMax);
  const decoded = decodeObject(replaceVersion(bytes, encoding, expected, alsoAccepted), mediaTypeOf(encoding), {
    definitions: resource.definitions,
    definitionName,
    expected,
    fieldValidation: options.fieldValidation,
  });
  for (const text of decoded.strictErrors) warnings.add(text);
  return withMetadata(decoded.object);
}

/** Older versions of a body that mean the same are read as the newest. */
export function replaceVersion(
  bytes: Uint8Array,
  encoding: Encoding,
  expected: GroupVersionKind,
  alsoAccepted: readonly string[],
): Uint8Array {
  if (alsoAccepted.length === 0 || encoding !== "json") return bytes;
  const text = new TextDecoder().decode(bytes);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The decoder proper says what is wrong with it.
    return bytes;
  }
  const { apiVersion } = (parsed ?? {}) as { apiVersion?: unknown };
  if (typeof apiVersion !== "string" || !alsoAccepted.includes(apiVersion)) return bytes;
  const current = { ...(parsed as object), apiVersion: apiVersionOf(expected) };
  return new TextEncoder().encode(JSON.stringify(current));
}
