// How the values of a definition merge: the form in which structured-merge-diff sees a schema (kube-openapi's schemaconv).
// A shape says of each sort of value that may stand at a place (scalar, list, map) how it is merged. Imports kinds/schema.
import type { Definition, Definitions, Field, FieldType, Json } from "../../../schema.ts";
import { isList, isMap } from "../../json-value.ts";

export type ScalarShape = "numeric" | "string" | "boolean" | "untyped";

export interface ListShape {
  readonly element: Shape;
  /** Replaced as a whole. Else items are merged by their keys, or by their value where there are no keys. */
  readonly atomic: boolean;
  readonly keys: readonly string[];
}

export interface MapShape {
  /** Named fields; undefined where every key is free. */
  readonly fields: ReadonlyMap<string, Shape> | undefined;
  /** The values of keys that are not named; undefined: there may be none. */
  readonly element: Shape | undefined;
  readonly atomic: boolean;
  /** Published defaults of the named fields: they stand for keys that an item of a keyed list leaves out. */
  readonly defaults: ReadonlyMap<string, Json>;
}

export interface Shape {
  readonly scalar: ScalarShape | undefined;
  readonly list: ListShape | undefined;
  readonly map: MapShape | undefined;
  /** Never compared or owned: metadata.managedFields itself. */
  readonly ignored: boolean;
}

export type Sort = "map" | "scalar" | "list";

/** The sort of value as which a shape takes `value`; null and what does not fit: the first that the shape allows. */
export function sortOf(shape: Shape, value: Json | undefined): Sort {
  if (isList(value)) {
    if (shape.list !== undefined) return "list";
  } else if (isMap(value)) {
    if (shape.map !== undefined) return "map";
  } else if (value !== null && value !== undefined && shape.scalar !== undefined) return "scalar";
  if (shape.map !== undefined) return "map";
  return shape.scalar !== undefined ? "scalar" : "list";
}

const scalar = (kind: ScalarShape): Shape => ({ scalar: kind, list: undefined, map: undefined, ignored: false });
const noDefaults: ReadonlyMap<string, Json> = new Map();

function anyShape(atomicMap: boolean): Shape {
  const shape = { scalar: "untyped" as const, list: undefined, map: undefined, ignored: false };
  const list: ListShape = { element: atomicMap ? shape : untypedAtomic, atomic: true, keys: [] };
  const map: MapShape = { fields: undefined, element: shape, atomic: atomicMap, defaults: noDefaults };
  return Object.assign(shape, { list, map });
}

/** Anything, replaced as a whole. */
const untypedAtomic: Shape = anyShape(true);
/** Anything; objects are merged key by key. What no schema describes is merged so. */
export const deduced: Shape = anyShape(false);

const freeMap = (element: Shape, atomic: boolean): Shape => ({
  scalar: undefined,
  list: undefined,
  map: { fields: undefined, element, atomic, defaults: noDefaults },
  ignored: false,
});

/** The child of a map by its key. undefined: the schema knows no such field. */
export const childShape = (map: MapShape, key: string): Shape | undefined => map.fields?.get(key) ?? map.element;

const scalarShapes: Partial<Record<FieldType, Shape>> = {
  string: scalar("string"),
  bytes: scalar("string"),
  boolean: scalar("boolean"),
  int32: scalar("numeric"),
  int64: scalar("numeric"),
  double: scalar("numeric"),
  quantity: scalar("untyped"),
  "int-or-string": scalar("untyped"),
  time: scalar("untyped"),
  "micro-time": scalar("untyped"),
  "fields-v1": freeMap(deduced, false),
};

const ignoredShape: Shape = { ...scalar("untyped"), ignored: true };
const cache = new WeakMap<Definitions, Map<string, Shape>>();

/** The shape of a named definition; made once for each set of definitions. A name that is not defined: anything. */
export function shapeOf(definitions: Definitions, name: string): Shape {
  let shapes = cache.get(definitions);
  if (shapes === undefined) cache.set(definitions, (shapes = new Map()));
  const known = shapes.get(name);
  if (known !== undefined) return known;
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (definition?.fields === undefined) {
    const leaf = definition === undefined ? deduced : scalarOf(definition.scalar ?? "any", name);
    shapes.set(name, leaf);
    return leaf;
  }
  // Definitions refer to themselves: the shape is known before its fields are.
  const shape = { scalar: undefined, list: undefined, map: undefined, ignored: false };
  shapes.set(name, shape);
  return Object.assign(shape, { map: structOf(definitions, name, definition) });
}

function scalarOf(type: FieldType, ref: string | undefined): Shape {
  if (type === "any") return ref === "runtime.RawExtension" ? untypedAtomic : deduced;
  return scalarShapes[type] ?? deduced;
}

function structOf(definitions: Definitions, name: string, definition: Definition): MapShape {
  const fields = new Map<string, Shape>();
  const defaults = new Map<string, Json>();
  for (const [key, field] of Object.entries(definition.fields ?? {})) {
    const owned = name !== "meta.v1.ObjectMeta" || key !== "managedFields";
    fields.set(key, owned ? fieldShape(definitions, field) : ignoredShape);
    if (field.default !== undefined) defaults.set(key, field.default);
  }
  const free = fields.size === 0 || definition.preserveUnknownFields === true;
  return { fields, element: free ? deduced : undefined, atomic: definition.mapType === "atomic", defaults };
}

function fieldShape(definitions: Definitions, field: Field): Shape {
  switch (field.type) {
    case "struct":
      return withMapType(shapeOf(definitions, field.ref ?? ""), field.mapType, definitions, field.ref);
    case "map":
      return freeMap(field.items ? fieldShape(definitions, field.items) : deduced, field.mapType === "atomic");
    case "list":
      return listOf(definitions, field);
    default:
      return scalarOf(field.type, field.ref);
  }
}

/** A field may say otherwise than the definition that it refers to. */
function withMapType(shape: Shape, mapType: Field["mapType"], definitions: Definitions, ref = ""): Shape {
  if (mapType === undefined || definitions[ref]?.mapType === mapType) return shape;
  // The referred shape may be unfinished now: its map is read when it is used.
  const map: MapShape = {
    atomic: mapType === "atomic",
    get fields() {
      return shape.map?.fields;
    },
    get element() {
      return shape.map?.element;
    },
    get defaults() {
      return shape.map?.defaults ?? noDefaults;
    },
  };
  return { scalar: undefined, list: undefined, map, ignored: false };
}

/** A list's type, where it isn't said, follows from its patch strategy. */
function listOf(definitions: Definitions, field: Field): Shape {
  const merges = field.patchStrategy === "merge" || field.patchStrategy === "merge,retainKeys";
  const byMergeKey = field.mergeKey === undefined ? [] : [field.mergeKey];
  const keys = field.listType === "map" ? (field.mapKeys ?? []) : field.listType === undefined ? byMergeKey : [];
  const atomic = field.listType === undefined ? !merges : field.listType === "atomic";
  const element = field.items ? fieldShape(definitions, field.items) : untypedAtomic;
  return { scalar: undefined, list: { element, atomic, keys: atomic ? [] : keys }, map: undefined, ignored: false };
}
