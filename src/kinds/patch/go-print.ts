// How Go prints JSON values: %v, %s, %T and %#v, since upstream's messages of patches and apply carry them. Imports schema.
import type { Json } from "../schema.ts";

type JsonMap = { readonly [key: string]: Json };

const isMap = (value: Json): value is JsonMap => typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Go's name of a JSON value's type, as reflect and %T print it. An integer decodes as int64. */
export function goType(value: Json | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return isList(value) ? "[]interface {}" : "map[string]interface {}";
}

/** A number as %v prints it: float64 in the shortest form, with an exponent from 21 digits on. */
function printNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

/** A value as %v prints it: `map[a:1 b:[x y]]`, keys sorted. */
export function goPrint(value: Json | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "string") return value;
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(goPrint).join(" ")}]`;
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goPrint(value[key])}`);
  return `map[${parts.join(" ")}]`;
}

/** A value as %s prints it: what isn't a string is marked with its type. */
export function goPrintAsString(value: Json): string {
  if (typeof value === "string") return value;
  if (value === null) return "%!s(<nil>)";
  if (typeof value === "object") return goPrint(value);
  return `%!s(${goType(value)}=${goPrint(value)})`;
}

/** A value as %#v prints it: `map[string]interface {}{"a":1}`. */
export function goSyntax(value: Json): string {
  if (value === null) return "interface {}(nil)";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return goPrint(value);
  if (isList(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isMap(value)) return "";
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${goSyntax(value[key] as Json)}`);
  return `map[string]interface {}{${parts.join(", ")}}`;
}
