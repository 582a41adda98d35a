// The kinds that are served, found by the parts of a path. It changes while the server runs: custom resources come and
// go. May import src/base and src/kinds.
import type { GroupResource } from "../base/errors.ts";
import { apiVersionOf } from "../kinds/kind.ts";
import type { Kind, Subresource, Verb } from "../kinds/kind.ts";
import type { JsonObject } from "../kinds/object.ts";
import type { Definitions } from "../kinds/schema.ts";

/** How objects of a custom resource are read: by a schema that came at run time, not by definitions. */
export interface ResourceCodec {
  /** A request's body as a fresh object; what strict decoding finds. Throws StatusError (400, 422). */
  decode(
    bytes: Uint8Array,
    encoding: "json" | "yaml" | "protobuf",
    fieldValidation: "Ignore" | "Warn" | "Strict",
  ): { readonly object: JsonObject; readonly strictErrors: readonly string[] };
  /** Prunes and defaults an object that a patch made. It may change it in place. */
  normalize(object: JsonObject): { readonly object: JsonObject; readonly strictErrors: readonly string[] };
}

/** A kind as it is served, with what every request needs of it. */
export interface Resource {
  readonly kind: Kind;
  readonly groupResource: GroupResource;
  readonly apiVersion: string;
  readonly verbs: ReadonlySet<Verb>;
  readonly subresources: ReadonlyMap<string, Subresource>;
  /** Where its objects lie: "/registry/pods/". */
  readonly prefix: string;
  /** A custom resource: list items keep their kind, no protobuf, no strategic merge. */
  readonly custom: boolean;
  /** The definitions that `kind.definition` refers into. */
  readonly definitions: Definitions;
  readonly codec: ResourceCodec | undefined;
  /** Every request is answered with this Warning: the version is deprecated. */
  readonly deprecation: string | undefined;
}

export interface Registration {
  readonly kind: Kind;
  readonly custom?: boolean;
  readonly codec?: ResourceCodec;
  readonly definitions: Definitions;
}

const deprecations = new Map([
  ["v1/Endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
  ["v1/ComponentStatus", "v1 ComponentStatus is deprecated in v1.19+"],
]);

function resourceOf({ kind, custom, codec, definitions }: Registration): Resource {
  const apiVersion = apiVersionOf(kind);
  return {
    kind,
    groupResource: { group: kind.group, resource: kind.plural },
    apiVersion,
    verbs: new Set(kind.verbs),
    subresources: new Map(kind.subresources.map((subresource) => [subresource.name, subresource])),
    prefix: `/registry/${kind.storageKey}/`,
    custom: custom === true,
    definitions,
    codec,
    deprecation: deprecations.get(`${apiVersion}/${kind.kind}`),
  };
}

/** All that is served now. */
export class Registry {
  /** group → version → plural → resource */
  readonly #groups = new Map<string, Map<string, Map<string, Resource>>>();
  #kinds: readonly Kind[] | undefined;
  #changes = 0;

  add(registration: Registration): Resource {
    const resource = resourceOf(registration);
    const { group, version, plural } = registration.kind;
    const versions = this.#groups.get(group) ?? new Map<string, Map<string, Resource>>();
    this.#groups.set(group, versions);
    const resources = versions.get(version) ?? new Map<string, Resource>();
    versions.set(version, resources);
    resources.set(plural, resource);
    this.#changed();
    return resource;
  }

  remove(group: string, version: string, plural: string): void {
    const versions = this.#groups.get(group);
    const resources = versions?.get(version);
    if (!versions || !resources?.delete(plural)) return;
    if (resources.size === 0) versions.delete(version);
    if (versions.size === 0) this.#groups.delete(group);
    this.#changed();
  }

  #changed(): void {
    this.#kinds = undefined;
    this.#changes += 1;
  }

  /** Grows with every change: what is derived from the kinds is made anew then. */
  get changes(): number {
    return this.#changes;
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  hasVersion(group: string, version: string): boolean {
    return this.#groups.get(group)?.has(version) === true;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#groups.get(group)?.get(version)?.get(plural);
  }

  /** The resource of a kind's name. */
  findKind(group: string, version: string, kind: string): Resource | undefined {
    for (const resource of this.#groups.get(group)?.get(version)?.values() ?? []) {
      if (resource.kind.kind === kind) return resource;
    }
    return undefined;
  }

  *resources(): IterableIterator<Resource> {
    for (const versions of this.#groups.values()) {
      for (const resources of versions.values()) yield* resources.values();
    }
  }

  kinds(): readonly Kind[] {
    this.#kinds ??= [...this.resources()].map((resource) => resource.kind);
    return this.#kinds;
  }
}

/** Where an object lies in the store. */
export function keyOf(resource: Resource, namespace: string, name: string): string {
  return resource.kind.namespaced ? `${resource.prefix}${namespace}/${name}` : `${resource.prefix}${name}`;
}

/** The keys of a list begin with it. */
export function prefixOf(resource: Resource, namespace: string): string {
  return resource.kind.namespaced && namespace !== "" ? `${resource.prefix}${namespace}/` : resource.prefix;
}

/**
 * The Go type that upstream prints for a kind's internal form, in the few errors that name it: "*core.ConfigMap".
 */
export function goType(resource: Resource, list: boolean): string {
  if (resource.custom) return list ? "*unstructured.UnstructuredList" : "*unstructured.Unstructured";
  const { group, kind, listKind } = resource.kind;
  return `*${goPackage(group)}.${list ? listKind : kind}`;
}

export function goPackage(group: string): string {
  if (group === "" || group === "events.k8s.io") return "core";
  if (group === "internal.apiserver.k8s.io") return "apiserverinternal";
  const dot = group.indexOf(".");
  return dot < 0 ? group : group.slice(0, dot);
}
