// What a strategic merge patch asks of a kind's definitions: a field's strategies and merge key, and the shape below it.
// Errors in the words of k8s.io/apimachinery (third_party/forked/golang/json, util/strategicpatch). Imports kinds/schema.
import type { Definition, Definitions, Field } from "../schema.ts";

/** Why a patch or its making fails: what the client is told depends on which it is. */
export class StrategicPatchError extends Error {
  override name = "StrategicPatchError";
  readonly code: 400 | 422 | 500;
  constructor(message: string, code: 400 | 422 | 500 = 500) {
    super(message);
    this.code = code;
  }
}

export const badArgType = (expected: string, actual: string): StrategicPatchError =>
  new StrategicPatchError(`expected a ${expected}, but received a ${actual}`);
export const badRetainKeys = (): StrategicPatchError =>
  new StrategicPatchError("invalid patch format of retainKeys", 400);
export const badPrimitiveList = (): StrategicPatchError =>
  new StrategicPatchError("invalid patch format of primitive list", 400);
export const badElementOrder = (): StrategicPatchError =>
  new StrategicPatchError("invalid patch format of setElementOrder list", 400);
export const listOfLists = (): StrategicPatchError => new StrategicPatchError("lists of lists are not supported", 422);

/** The shape of the values at one place of an object. */
export interface PatchSchema {
  readonly definitions: Definitions;
  readonly field: Field;
}

/** How one field is patched. */
export interface PatchMeta {
  readonly schema: PatchSchema;
  readonly retainKeys: boolean;
  /** "merge", "replace", or "". */
  readonly strategy: string;
  readonly mergeKey: string;
}

export const rootSchema = (definitions: Definitions, definition: string): PatchSchema => ({
  definitions,
  field: { type: "struct", ref: definition },
});

const scalarKinds: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  double: "float64",
  bytes: "slice",
  list: "slice",
  map: "map",
};

/** Go's kind of the values; those of Go's own marshalling (quantities, times, raw JSON) are structs. */
export const goKind = (field: Field): string => scalarKinds[field.type] ?? "struct";

function definitionOf({ definitions, field }: PatchSchema): Definition | undefined {
  return field.ref !== undefined && Object.hasOwn(definitions, field.ref) ? definitions[field.ref] : undefined;
}

function findField(schema: PatchSchema, key: string): Field {
  if (goKind(schema.field) !== "struct") {
    const words = "merging an object in json but data type is not struct, instead is";
    throw new StrategicPatchError(`${words}: ${goKind(schema.field)}`);
  }
  const fields = definitionOf(schema)?.fields ?? {};
  if (Object.hasOwn(fields, key)) return fields[key]!;
  const folded = key.toLowerCase();
  const match = Object.keys(fields).find((name) => name.toLowerCase() === folded);
  if (match !== undefined) return fields[match]!;
  const name = schema.field.ref?.split(".").at(-1) ?? "";
  throw new StrategicPatchError(`unable to find api field in struct ${name} for the json field ${JSON.stringify(key)}`);
}

function metaOf(schema: PatchSchema, field: Field, values: Field): PatchMeta {
  const strategies = (field.patchStrategy ?? "").split(",");
  return {
    schema: { definitions: schema.definitions, field: values },
    retainKeys: strategies.includes("retainKeys"),
    strategy: strategies.find((strategy) => strategy !== "retainKeys") ?? "",
    mergeKey: field.mergeKey ?? "",
  };
}

/** How the object in `key` is patched. Throws StrategicPatchError when there is no such field. */
export function lookupStruct(schema: PatchSchema, key: string): PatchMeta {
  const field = findField(schema, key);
  return metaOf(schema, field, field);
}

/** How the list in `key` is patched; its schema is that of the items. */
export function lookupList(schema: PatchSchema, key: string): PatchMeta {
  const field = findField(schema, key);
  if (field.type === "list" && field.items !== undefined) {
    if (field.items.type === "list") throw new StrategicPatchError("unexpected slice of slice");
    return metaOf(schema, field, field.items);
  }
  if (goKind(field) !== "struct") {
    throw new StrategicPatchError(`expected slice or array type, but got: ${goKind(schema.field)}`);
  }
  return metaOf(schema, field, field);
}
