// What tracking and applying must know of a request besides the objects, and an object in one of its versions. Imports
// kinds/schema, and what is beside it.
import type { Definitions } from "../../schema.ts";
import type { JsonMap } from "../json-value.ts";
import { emptyObject } from "./empty-object.ts";
import { anyElement, type FieldSet, onlyMatching, recursiveDifference, setOfPaths } from "./fields/field-set.ts";
import { fieldElement } from "./fields/path-element.ts";
import { type Shape, shapeOf } from "./fields/shape.ts";

export interface OwnershipTarget {
  readonly definitions: Definitions;
  /** The definition of the request's kind and version: "apps.v1.Deployment". */
  readonly definition: string;
  /** The version that the request speaks: "apps/v1". */
  readonly apiVersion: string;
  readonly kind: string;
  readonly subresource?: string | undefined;
  /** Fields that this resource's writes never own, as paths: [["status"]]. */
  readonly resetFields?: readonly (readonly string[])[] | undefined;
  /** The only fields that this resource's writes may own, with what is below them; "*" is any field or item. */
  readonly onlyFields?: readonly (readonly string[])[] | undefined;
  /** An object of a CustomResourceDefinition: a new one is empty, and nulls are kept. */
  readonly custom?: boolean | undefined;
  /**
   * The object in another version that an owner speaks. undefined: there is no such version (any more). Without this,
   * owners that speak another version of the kind keep what they own.
   */
  readonly convert?: ((object: JsonMap, apiVersion: string) => ConvertedObject | undefined) | undefined;
}

export interface ConvertedObject {
  readonly object: JsonMap;
  /** The name of its definition, in the same definitions. */
  readonly definition: string;
}

/** An object in the version that owners' fields are written in. */
export interface Versioned {
  readonly object: JsonMap;
  readonly shape: Shape;
  readonly apiVersion: string;
}

/** The object in a version; undefined when there is none such. */
export function inVersion(target: OwnershipTarget, object: JsonMap, apiVersion: string): Versioned | undefined {
  if (apiVersion === target.apiVersion) {
    return { object, shape: shapeOf(target.definitions, target.definition), apiVersion };
  }
  const converted = target.convert?.(object, apiVersion);
  if (converted === undefined) return undefined;
  return { object: converted.object, shape: shapeOf(target.definitions, converted.definition), apiVersion };
}

const served = new WeakMap<Definitions, Set<string>>();

/** Whether an owner's version is one of the kind's, though nothing converts to it. */
export function isKnownVersion({ definitions, kind, convert }: OwnershipTarget, apiVersion: string): boolean {
  if (convert !== undefined) return false;
  let known = served.get(definitions);
  if (known === undefined) {
    known = new Set();
    for (const definition of Object.values(definitions)) {
      for (const [group, version, name] of definition.kinds ?? []) {
        known.add(`${group === "" ? "" : `${group}/`}${version}/${name}`);
      }
    }
    served.set(definitions, known);
  }
  return known.has(`${apiVersion}/${kind}`);
}

/** A new object before anything is set in it. */
export function newObject({ definitions, definition, custom, apiVersion, kind }: OwnershipTarget): JsonMap {
  return custom ? { apiVersion, kind } : { ...emptyObject(definitions, definition), apiVersion, kind };
}

const resetSets = new WeakMap<readonly (readonly string[])[], FieldSet>();

/** What of a set this resource's writes may own. */
export function withoutResetFields({ resetFields, onlyFields }: OwnershipTarget, set: FieldSet): FieldSet {
  if (onlyFields !== undefined) {
    return onlyMatching(
      set,
      onlyFields.map((path) => path.map((name) => (name === anyElement ? name : fieldElement(name)))),
    );
  }
  if (resetFields === undefined || resetFields.length === 0) return set;
  let reset = resetSets.get(resetFields);
  if (reset === undefined) {
    reset = setOfPaths(resetFields.map((path) => path.map(fieldElement)));
    resetSets.set(resetFields, reset);
  }
  return recursiveDifference(set, reset);
}

/** Identity and bookkeeping: fields that nobody owns. */
export const neverOwnedFields: FieldSet = setOfPaths([
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata"],
  ...["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields"].map(
    (field) => ["f:metadata", fieldElement(field)],
  ),
  ["f:metadata", "f:resourceVersion"],
]);
