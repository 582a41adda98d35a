// Turns a parsed JSON value into an object of a definition, as Go's JSON decoder fills upstream's structs: the same
// errors in the same order, unknown and duplicate fields noted, empty values dropped, texts made canonical.
// Source: sigs.k8s.io/json, k8s.io/apimachinery. May import src/base.
import { JsonEntries, JsonNumber, setOwn, toPlainJson } from "../../base/json/json-exact.ts";
import { canonicalQuantity, QuantityError } from "../../base/quantity.ts";
import type { Definitions, Field, Json } from "../schema.ts";
import type { JsonObject } from "../object.ts";
import { Base64Error, canonicalBase64 } from "./go-base64.ts";
import { canonicalMicroTime, canonicalTime, TimeError } from "./go-time.ts";
import { strictErrorsMax } from "./limits.ts";
import { elementType, structPlan } from "./struct-plan.ts";
import type { FieldPlan, StructPlan } from "./struct-plan.ts";

/** A value that can't be decoded; the message is Go's. */
export class DecodeError extends Error {
  override name = "DecodeError";
}

export interface DecodedValue {
  readonly object: JsonObject;
  /** `unknown field "spec.foo"`, `duplicate field "a"`: in order of appearance, each once. */
  readonly strictErrors: readonly string[];
}

type Shape = Pick<FieldPlan, "field" | "goType" | "pointer">;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);

function kindOf(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" || value instanceof JsonNumber) return "number";
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? "array" : "object";
}

/** The value of a Go variable that was never set, as JSON; undefined: nil. */
function zeroOf({ type }: Field): Json | undefined {
  switch (type) {
    case "string":
    case "bytes":
      return "";
    case "boolean":
      return false;
    case "int32":
    case "int64":
    case "double":
    case "int-or-string":
      return 0;
    case "quantity":
      return "0";
    case "struct":
      return {};
    case "list":
      return [];
    default:
      return undefined;
  }
}

class ValueDecoder {
  readonly strictErrors: string[] = [];
  /** The first error of a type; decoding goes on after it, and it is thrown at the end. */
  typeError: string | undefined;
  readonly #definitions: Definitions;
  readonly #path: (string | number)[] = [];
  #errorPath: string[] = [];
  #structName = "";

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  #strict(kind: "unknown" | "duplicate", key: string): void {
    if (this.strictErrors.length >= strictErrorsMax) return;
    let path = "";
    for (const part of [...this.#path, key]) {
      path += typeof part === "number" ? `[${part}]` : path === "" ? part : `.${part}`;
    }
    const message = `${kind} field ${JSON.stringify(path)}`;
    if (!this.strictErrors.includes(message)) this.strictErrors.push(message);
  }

  #typeMessage(what: string, goType: string): string {
    const place = this.#structName ? `Go struct field ${this.#structName}.${this.#errorPath.join(".")}` : "Go value";
    return `json: cannot unmarshal ${what} into ${place} of type ${goType}`;
  }
  #mistype(what: string, goType: string): undefined {
    this.typeError ??= this.#typeMessage(what, goType);
    return undefined;
  }

  struct(plan: StructPlan, value: unknown, into: Record<string, unknown>): Record<string, unknown> | undefined {
    if (!isObject(value)) return this.#mistype(kindOf(value), plan.goType);
    const outerStruct = this.#structName;
    const depth = this.#errorPath.length;
    const seen = value instanceof JsonEntries ? new Set<string>() : undefined;
    const entries = value instanceof JsonEntries ? value.entries : Object.entries(value);
    for (const [key, part] of entries) {
      const field = plan.fields.get(key);
      if (!field) {
        this.#strict("unknown", key);
        continue;
      }
      if (seen?.has(key)) this.#strict("duplicate", key);
      seen?.add(key);
      this.#structName = plan.structName;
      this.#errorPath.push(...field.errorPath);
      this.#path.push(key);
      this.#field(field, part, into);
      this.#path.pop();
      this.#errorPath.length = depth;
      this.#structName = outerStruct;
    }
    return into;
  }

  #field(plan: FieldPlan, value: unknown, into: Record<string, unknown>): void {
    const { key, field } = plan;
    if (value === null) {
      // Null clears what has a nil, and leaves the rest as it was.
      if (plan.pointer || ["list", "map", "any"].includes(field.type)) delete into[key];
      return;
    }
    const decoded = this.#value(plan, value, into[key]);
    if (decoded === undefined) return;
    // No owners at all is a wish (to end their tracking), unlike none said.
    const kept = plan.goType === "[]v1.ManagedFieldsEntry";
    if (!kept && isEmpty(plan, decoded)) delete into[key];
    else into[key] = decoded;
  }

  /** `before` is what an earlier duplicate left. */
  #value(shape: Shape, value: unknown, before?: unknown): unknown {
    const { field, goType } = shape;
    switch (field.type) {
      case "struct": {
        const plan = structPlan(this.#definitions, field.ref!);
        if (!plan) return toPlainJson(value);
        return this.struct(plan, value, isObject(before) ? before : {});
      }
      case "list":
        return this.#list(shape, value);
      case "map":
        return this.#map(shape, value, before);
      case "any":
        return this.#any(field, value);
      case "fields-v1":
        return toPlainJson(value);
      default:
        return this.#scalar(field, goType, value);
    }
  }

  #list({ field, goType }: Shape, value: unknown): unknown {
    if (!Array.isArray(value)) return this.#mistype(kindOf(value), goType);
    const items = field.items!;
    const shape = { field: items, goType: elementType(goType, items), pointer: false };
    return value.map((item: unknown, index) => {
      this.#path.push(index);
      const decoded = item === null ? undefined : this.#value(shape, item);
      this.#path.pop();
      return decoded ?? zeroOf(items) ?? null;
    });
  }

  #map({ field, goType }: Shape, value: unknown, before: unknown): unknown {
    if (!isObject(value)) return this.#mistype(kindOf(value), goType);
    const items = field.items!;
    const shape = { field: items, goType: elementType(goType, items), pointer: false };
    const into: Record<string, unknown> = isObject(before) ? before : {};
    const seen = value instanceof JsonEntries ? new Set<string>() : undefined;
    const entries = value instanceof JsonEntries ? value.entries : Object.entries(value);
    for (const [key, part] of entries) {
      if (seen?.has(key)) this.#strict("duplicate", key);
      seen?.add(key);
      this.#path.push(key);
      const decoded = part === null ? undefined : this.#value(shape, part);
      this.#path.pop();
      setOwn(into, key, decoded ?? zeroOf(items) ?? null);
    }
    return into;
  }

  /** Values with free form; those of JSON schemas hold schemas in one of two shapes. */
  #any({ ref }: Field, value: unknown): unknown {
    const schema = structPlan(this.#definitions, "apiextensions.v1.JSONSchemaProps");
    if (schema && ref?.startsWith("apiextensions.v1.JSONSchemaPropsOr")) return this.#schemaOr(schema, ref, value);
    return toPlainJson(value);
  }

  /** Upstream reads these with a decoder of their own, which says nothing of unknown fields. */
  #schemaOr(schema: StructPlan, ref: string, value: unknown): unknown {
    const inner = new ValueDecoder(this.#definitions);
    const decode = (part: unknown): unknown => inner.struct(schema, part, {});
    if (ref.endsWith("OrBool") && !isObject(value) && typeof value !== "boolean") {
      throw new DecodeError("boolean or JSON schema expected");
    }
    let decoded: unknown = toPlainJson(value);
    if (isObject(value)) decoded = decode(value);
    else if (ref.endsWith("OrArray") && Array.isArray(value)) decoded = value.map(decode);
    if (inner.typeError !== undefined) throw new DecodeError(inner.typeError);
    return decoded;
  }

  #scalar(field: Field, goType: string, value: unknown): unknown {
    switch (field.type) {
      case "boolean":
        return typeof value === "boolean" ? value : this.#mistype(kindOf(value), goType);
      case "int32":
      case "int64":
        return this.#integer(field.type, goType, value);
      case "double":
        if (typeof value === "number") return value;
        return value instanceof JsonNumber ? Number(value.text) : this.#mistype(kindOf(value), goType);
      case "bytes":
        return this.#bytes(value);
      case "quantity":
        return this.#quantity(value);
      case "int-or-string":
        return this.#intOrString(value);
      case "time":
      case "micro-time":
        return this.#time(field.type, value);
      default:
        return typeof value === "string" ? value : this.#mistype(kindOf(value), goType);
    }
  }

  #integer(type: "int32" | "int64", goType: string, value: unknown): number | undefined {
    if (typeof value === "number") {
      if (type === "int64" || (value | 0) === value) return value + 0;
      return this.#mistype(`number ${value}`, goType);
    }
    if (!(value instanceof JsonNumber)) return this.#mistype(kindOf(value), goType);
    const bits = type === "int32" ? 31n : 63n;
    const fits = /^-?[0-9]{1,20}$/.test(value.text) && inRange(BigInt(value.text), bits);
    return fits ? Number(value.text) + 0 : this.#mistype(`number ${value.text}`, goType);
  }

  #bytes(value: unknown): string | undefined {
    if (typeof value !== "string") return this.#mistype(kindOf(value), "[]uint8");
    try {
      return canonicalBase64(value);
    } catch (error) {
      if (!(error instanceof Base64Error)) throw error;
      this.typeError ??= error.message;
      return undefined;
    }
  }

  #quantity(value: unknown): string {
    const text = value instanceof JsonNumber ? value.text : isScalar(value) ? String(value) : "{}";
    try {
      return canonicalQuantity(text.trim());
    } catch (error) {
      if (error instanceof QuantityError) throw new DecodeError(error.message, { cause: error });
      throw error;
    }
  }

  #intOrString(value: unknown): number | string {
    if (typeof value === "string") return value;
    if (typeof value === "number" && (value | 0) === value) return value + 0;
    const text = typeof value === "number" ? value : value instanceof JsonNumber ? value.text : "";
    throw new DecodeError(this.#typeMessage(text === "" ? kindOf(value) : `number ${text}`, "int32"));
  }

  #time(type: "time" | "micro-time", value: unknown): string {
    if (typeof value !== "string") throw new DecodeError(this.#typeMessage(kindOf(value), "string"));
    try {
      return type === "time" ? canonicalTime(value) : canonicalMicroTime(value);
    } catch (error) {
      if (error instanceof TimeError) throw new DecodeError(error.message, { cause: error });
      throw error;
    }
  }
}

const isScalar = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
const inRange = (value: bigint, bits: bigint): boolean => value < 1n << bits && value >= -(1n << bits);

/** Whether Go would leave the value out of JSON (omitempty, omitzero). */
export function isEmpty(plan: FieldPlan, value: unknown): boolean {
  if (plan.omit === "never") return false;
  if (Array.isArray(value)) return value.length === 0;
  if (plan.field.type === "map") return Object.keys(value as object).length === 0;
  if (plan.pointer) return false;
  if (plan.omit === "zero" && isObject(value)) return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}

/**
 * Decodes a parsed value (plain, or exact as json-exact.ts gives it) into a fresh object of a definition. Throws
 * DecodeError with Go's message.
 */
export function decodeValue(definitions: Definitions, definitionName: string, value: unknown): DecodedValue {
  const plan = structPlan(definitions, definitionName);
  if (!plan) throw new DecodeError(`no definition ${definitionName}`);
  const decoder = new ValueDecoder(definitions);
  const object = value === null ? {} : (decoder.struct(plan, value, {}) ?? {});
  if (decoder.typeError !== undefined) throw new DecodeError(decoder.typeError);
  return { object: object as JsonObject, strictErrors: decoder.strictErrors };
}
