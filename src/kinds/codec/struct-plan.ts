// What a decoder and an encoder must know of a struct, compiled once from its definition and upstream's Go types: in
// Go's order of fields, with the names that errors use, and when an empty value is left out. May import src/base.
import type { Definition, Definitions, Field } from "../schema.ts";
import { goFields } from "./go-fields.gen.ts";

/** An embedded struct is a message of its own in protobuf, while JSON has its fields in the outer object. */
export interface ProtoPlace {
  readonly number: number;
  /** False for ExtraValue and Verbs: a message whose field 1 is repeated. */
  readonly repeated: boolean;
  readonly embedded: readonly { readonly number: number; readonly pointer: boolean }[];
}

export interface FieldPlan {
  readonly key: string;
  readonly field: Field;
  /** As Go's reflection prints the type, without the pointer: "v1.PodSpec", "[]string". */
  readonly goType: string;
  /** A pointer tells "absent" from "zero". */
  readonly pointer: boolean;
  /** "empty": "", 0, false, [] and {} of lists and maps are left out; "zero": zero structs too; "never". */
  readonly omit: "empty" | "zero" | "never";
  /** Protobuf: the number in its message, and the embedded messages that it lies in; undefined: not in protobuf. */
  readonly proto?: ProtoPlace;
  /** The names that errors put before and at the field: ["ProbeHandler", "httpGet"]. */
  readonly errorPath: readonly string[];
}

export interface StructPlan {
  readonly definitionName: string;
  /** "PodSpec" */
  readonly structName: string;
  /** "v1.PodSpec" */
  readonly goType: string;
  readonly fields: ReadonlyMap<string, FieldPlan>;
}

/** Named list types that are messages of their own in protobuf. */
const wrappedLists = new Set(["v1.ExtraValue", "v1.Verbs"]);

/** "core.v1.PodSpec" → "v1.PodSpec". */
export const goTypeOf = (definitionName: string): string => definitionName.split(".").slice(-2).join(".");

function planField(key: string, field: Field, text: string | undefined): FieldPlan {
  if (text === undefined) {
    const embedded = key === "kind" || key === "apiVersion";
    const errorPath = embedded ? ["TypeMeta", key] : [key];
    return { key, field, goType: "string", pointer: !embedded, omit: "empty", errorPath };
  }
  const [typed, ...embeddings] = text.replace(/[?!]$/, "").split("/").toReversed();
  embeddings.reverse();
  const [type, mark] = typed!.split("#") as [string, string | undefined];
  const omit = text.endsWith("!") ? "zero" : text.endsWith("?") ? "empty" : "never";
  const pointer = type.startsWith("*");
  const embedded = embeddings.map((one) => ({ number: Number(one.split("#")[1]), pointer: one.startsWith("*") }));
  const names = embeddings.map((one) => one.replace(/^\*/, "").split("#")[0]!);
  const proto = mark ? { number: Number(mark), repeated: !wrappedLists.has(type), embedded } : undefined;
  const goType = pointer ? type.slice(1) : type;
  return { key, field, goType, pointer, omit, errorPath: [...names, key], ...(proto ? { proto } : {}) };
}

function planStruct(definitionName: string, definition: Definition): StructPlan {
  const types = goFields[definitionName] ?? {};
  const fields = new Map<string, FieldPlan>();
  const defined = definition.fields ?? {};
  // Kind and apiVersion come first, the rest as upstream declares it.
  const keys = [
    ...["kind", "apiVersion"].filter((key) => Object.hasOwn(defined, key)),
    ...Object.keys(types).filter((key) => Object.hasOwn(defined, key)),
    ...Object.keys(defined),
  ];
  for (const key of new Set(keys)) {
    fields.set(key, planField(key, defined[key]!, Object.hasOwn(types, key) ? types[key] : undefined));
  }
  const goType = goTypeOf(definitionName);
  return { definitionName, structName: goType.split(".").pop()!, goType, fields };
}

const plans = new WeakMap<Definitions, Map<string, StructPlan>>();

/** The plan of a struct's definition; undefined where there is no such definition. */
export function structPlan(definitions: Definitions, definitionName: string): StructPlan | undefined {
  let known = plans.get(definitions);
  if (!known) plans.set(definitions, (known = new Map()));
  const found = known.get(definitionName);
  if (found) return found;
  const definition = Object.hasOwn(definitions, definitionName) ? definitions[definitionName] : undefined;
  if (!definition?.fields) return undefined;
  const plan = planStruct(definitionName, definition);
  known.set(definitionName, plan);
  return plan;
}

/** The element type of "[]v1.Container" or "map[string]string". */
export function elementType(goType: string, items: Field): string {
  const inner = /^(?:\[\]|map\[[^\]]*\])\*?(.+)$/.exec(goType)?.[1];
  if (inner) return inner;
  if (items.type === "struct" && items.ref) return goTypeOf(items.ref);
  return items.type === "boolean" ? "bool" : items.type === "double" ? "float64" : items.type;
}
