// The one form in which the shape of every object is known: named definitions that refer to one another. Built-in kinds'
// definitions are generated from facts (definitions/*.gen.ts); a CustomResourceDefinition's schema compiles into the same
// form. Decoding, defaulting, pruning, patches, apply, OpenAPI, explain and protobuf are all driven by it.
// May import src/base.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type FieldType =
  | "string"
  | "boolean"
  | "int32"
  | "int64"
  | "double"
  /** base64 text in JSON. */
  | "bytes"
  | "quantity"
  | "int-or-string"
  /** RFC 3339 with seconds. */
  | "time"
  /** RFC 3339 with six fractional digits. */
  | "micro-time"
  | "fields-v1"
  /** Any JSON value, kept as it is. */
  | "any"
  /** An object of the definition named by `ref`. */
  | "struct"
  /** A list of `items`. */
  | "list"
  /** An object with free keys whose values are `items`. */
  | "map";

export interface Field {
  readonly type: FieldType;
  readonly ref?: string;
  readonly items?: Field;
  /** The protobuf field number in its definition. */
  readonly proto?: number;
  /** What OpenAPI publishes as default. Not what the server fills in: that is the kind's own function. */
  readonly default?: Json;
  readonly enum?: readonly string[];
  readonly listType?: "atomic" | "set" | "map";
  readonly mapKeys?: readonly string[];
  readonly mapType?: "atomic" | "granular";
  readonly patchStrategy?: string;
  readonly mergeKey?: string;
  readonly embedded?: boolean;
}

export interface Definition {
  /** The fields of a struct; absent for a scalar definition (Quantity, Time …), which has `scalar`. */
  readonly fields?: Readonly<Record<string, Field>>;
  readonly scalar?: FieldType;
  readonly required?: readonly string[];
  /** [group, version, kind] of the objects that have this shape. */
  readonly kinds?: readonly (readonly [string, string, string])[];
  readonly mapType?: "atomic" | "granular";
  /** A CRD's object keeps fields that `fields` doesn't name (x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknownFields?: boolean;
  /** Discriminated unions, as OpenAPI publishes them. */
  readonly unions?: Json;
}

export type Definitions = Readonly<Record<string, Definition>>;
