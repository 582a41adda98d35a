// The one serialisation of an object: its fields in the order of its definition, without empty ones, and without the
// resourceVersion, which the store's revision gives. May import src/kinds.
import { canonicalObject } from "../kinds/codec/canonical.ts";
import type { JsonObject, KubernetesObject } from "../kinds/object.ts";
import type { Resource } from "./registry.ts";

const encoder = new TextEncoder();
/** Upstream stores the objects of these groups as JSON, all others as protobuf. */
const storedAsJson = new Set(["apiextensions.k8s.io", "apiregistration.k8s.io"]);

/** The object as it is stored: what its definition knows, in order. A fresh object. */
export function normalizeStored(resource: Resource, object: KubernetesObject): JsonObject {
  const plain = resource.codec
    ? (object as unknown as JsonObject)
    : canonicalObject(resource.definitions, resource.kind.definition, object, !storedAsJson.has(resource.kind.group));
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = plain;
  const { resourceVersion: _resourceVersion, selfLink: _selfLink, ...others } = (metadata ?? {}) as JsonObject;
  return { kind: resource.kind.kind, apiVersion: resource.apiVersion, metadata: others, ...rest };
}

export const encodeJson = (object: object): Uint8Array => encoder.encode(JSON.stringify(object));
