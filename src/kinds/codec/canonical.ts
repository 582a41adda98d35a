// An object as upstream's Go structs print it: fields in the order of the struct, empty ones left out where they are
// declared so, and zero values where they are not (`status: {}`, `rules: null`). May import src/base.
import { setOwn } from "../../base/json/json-exact.ts";
import type { JsonObject } from "../object.ts";
import type { Definitions, Field } from "../schema.ts";
import { isEmpty } from "./decode-value.ts";
import { structPlan } from "./struct-plan.ts";
import type { FieldPlan, StructPlan } from "./struct-plan.ts";

type Values = Readonly<Record<string, unknown>>;

class Canonicalizer {
  readonly #definitions: Definitions;
  readonly #stored: boolean;
  constructor(definitions: Definitions, stored: boolean) {
    this.#definitions = definitions;
    this.#stored = stored;
  }

  struct(plan: StructPlan, object: Values): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const field of plan.fields.values()) {
      const given = Object.hasOwn(object, field.key) ? (object[field.key] ?? undefined) : undefined;
      const value = given === undefined ? undefined : this.#value(field.field, given);
      if (value === undefined || value === null || isEmpty(field, value)) {
        const zero = value !== undefined && field.omit === "never" ? value : this.#zero(field);
        if (zero !== undefined) result[field.key] = zero;
      } else result[field.key] = value;
    }
    return result;
  }

  /** What Go prints for a field that was never set; undefined: nothing. */
  #zero({ field, pointer, omit, goType }: FieldPlan): unknown {
    if (omit === "zero") return undefined;
    const never = omit === "never";
    if (pointer) return never ? null : undefined;
    switch (field.type) {
      // These are structs to Go, which omitempty doesn't leave out.
      case "struct": {
        const plan = structPlan(this.#definitions, field.ref!);
        return plan ? this.struct(plan, {}) : {};
      }
      case "quantity":
        return "0";
      case "int-or-string":
        return 0;
      case "time":
      case "micro-time":
        return null;
      case "any":
        return never || goType === "runtime.RawExtension" ? null : undefined;
      default:
        return never ? plainZero(field) : undefined;
    }
  }

  #value(field: Field, value: unknown): unknown {
    switch (field.type) {
      case "struct": {
        const plan = structPlan(this.#definitions, field.ref!);
        return plan && typeof value === "object" && value !== null ? this.struct(plan, value as Values) : value;
      }
      case "list":
        if (!Array.isArray(value)) return value;
        if (this.#stored && value.length === 0) return null;
        return value.map((item: unknown) => this.#value(field.items!, item));
      case "map":
        return this.#map(field.items!, value as Values);
      case "any":
        return this.#any(field, value);
      default:
        return value;
    }
  }

  /** Go prints the keys of a map in order. */
  #map(items: Field, value: Values): unknown {
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value).toSorted()) setOwn(result, key, this.#value(items, value[key]));
    return result;
  }

  #any({ ref }: Field, value: unknown): unknown {
    if (!ref?.startsWith("apiextensions.v1.JSONSchemaPropsOr")) return value;
    const plan = structPlan(this.#definitions, "apiextensions.v1.JSONSchemaProps");
    const convert = (part: unknown): unknown =>
      plan && typeof part === "object" && part !== null ? this.struct(plan, part as Values) : part;
    return Array.isArray(value) ? value.map(convert) : convert(value);
  }
}

function plainZero({ type }: Field): unknown {
  if (type === "string") return "";
  if (type === "boolean") return false;
  return type === "int32" || type === "int64" || type === "double" ? 0 : null;
}

/**
 * A new object with what upstream would print, and nothing else. Without a definition the object comes back as it is.
 * `stored`: as it comes back from upstream's store, where protobuf tells no empty list from none.
 */
export function canonicalObject(
  definitions: Definitions,
  definitionName: string,
  object: object,
  stored = false,
): JsonObject {
  const plan = structPlan(definitions, definitionName);
  if (!plan) return object as JsonObject;
  return new Canonicalizer(definitions, stored).struct(plan, object as Values) as JsonObject;
}
