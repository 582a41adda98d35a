// A kind: the one record from which discovery, OpenAPI, validation, defaulting, Tables, explain, RBAC verbs and kubectl's
// printers are derived. Each kind is one file that exports such a record; index.ts lists them all. May import src/base.
import type { FieldError } from "../base/field-error.ts";
import type { Draft, KubernetesObject } from "./object.ts";
import type { UserInfo } from "./request.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** Reads a text from an object. Written so that a Kind<Pod> is a Kind: readers are only given objects of their kind. */
export type FieldReader<T> = { bivariant(object: T): string }["bivariant"];

/** A column of a Table. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  /** 0: always shown; 1: with `-o wide`. */
  readonly priority: number;
}
export type Cell = string | number | boolean | null;

/** What a strategy's function may know besides the objects. */
export interface WriteContext {
  /** The time of the request, RFC 3339 with seconds. */
  readonly now: string;
  readonly user?: UserInfo;
  readonly subresource?: string;
  /** The names of feature gates that are not at their default, for tests and experiments. */
  readonly dryRun: boolean;
}

/**
 * What a schema cannot say about writing a kind. All functions are pure; a draft may be changed in place, an `old` or a
 * plain object may not. Order of a create: default → prepareForCreate → (admission) → validate → warnings. Of an
 * update: default → prepareForUpdate → (admission) → validate and validateUpdate → warnings. canonicalize comes last.
 */
export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  /** PUT on an absent name creates it. */
  readonly allowCreateOnUpdate?: boolean;
  /** PUT without resourceVersion is allowed (upstream's AllowUnconditionalUpdate). */
  readonly allowUnconditionalUpdate?: boolean;
  /** Fills in what the API defaults, on everything that is decoded. */
  default?(draft: Draft<T>): void;
  prepareForCreate?(draft: Draft<T>, context: WriteContext): void;
  prepareForUpdate?(draft: Draft<T>, old: T, context: WriteContext): void;
  validate?(object: T, context: WriteContext): FieldError[];
  /** Only what an update adds; validate() runs too, unless `validateOnUpdate` is false. */
  validateUpdate?(object: T, old: T, context: WriteContext): FieldError[];
  readonly validateOnUpdate?: boolean;
  /** The texts of `Warning: 299` headers. */
  warnings?(object: T, old: T | undefined): string[];
  /** Metadata.generation begins at 1 and grows when what this selects changes. Absent: the kind has no generation. */
  generationOf?(object: T): unknown;
  /** The last change, after validation and before the store. */
  canonicalize?(draft: Draft<T>): void;
  /**
   * How often the kind's own rules check metadata besides what every write does: as a create and as an update does.
   * Upstream's causes repeat themselves accordingly (meta/validate-write.ts). Absent: a create once, an update once.
   */
  readonly metadataChecks?: { readonly create?: number; readonly updateAsCreate?: number; readonly update?: number };
  /** Fields that this (sub)resource's writes never own (server-side apply), as paths: [["status"]]. */
  readonly resetFields?: readonly (readonly string[])[];
}

export interface Subresource<T extends KubernetesObject = KubernetesObject> {
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** The kind of body, where it isn't the object itself: policy/v1 Eviction, autoscaling/v1 Scale … */
  readonly body?: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    readonly definition: string;
  };
  /** For those that write the object itself (status, resize, ephemeralcontainers, finalize, approval). */
  readonly strategy?: Strategy<T>;
}

export interface Kind<T extends KubernetesObject = KubernetesObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The kind's list; "PodList". */
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** In definitions: "core.v1.Pod". */
  readonly definition: string;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource<T>[];
  /** The first part of its keys in the store, after /registry/: "pods", "services/specs". */
  readonly storageKey: string;
  /** Errors of a name that is not allowed (upstream's words, no field); an empty list: it is. */
  checkName(name: string, prefix: boolean): string[];
  readonly columns: readonly Column[];
  /** One object's row of a Table; one cell a column. */
  cells(object: T, nowMs: number): Cell[];
  /** Field selectors beyond metadata.name and metadata.namespace; what a selector's value is compared with. */
  readonly selectableFields: Readonly<Record<string, FieldReader<T>>>;
  readonly strategy: Strategy<T>;
  /** Objects expire this long after their last write (events). */
  readonly timeToLiveSeconds?: number;
  /**
   * The objects are stored in another kind's form, under the same keys: events.k8s.io/v1 Event as v1 Event. This kind's
   * own functions see its own form. Neither conversion changes what it is given, and nothing is lost.
   */
  readonly storedAs?: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    toStored(object: T): KubernetesObject;
    fromStored(object: KubernetesObject): T;
  };
  /** The text of a `Warning: 299` header of every answer to a request for this version of the kind. */
  readonly deprecation?: string;
  /** Deleted without a propagation policy, it leaves its dependents without an owner (ReplicationController, Job). */
  readonly orphansByDefault?: boolean;
  /** A virtual kind has no objects in the store: reviews, bindings. */
  readonly virtual?: boolean;
}

export const standardVerbs: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

export const apiVersionOf = (kind: { group: string; version: string }): string =>
  kind.group ? `${kind.group}/${kind.version}` : kind.version;
