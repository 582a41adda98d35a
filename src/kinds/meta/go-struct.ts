// Parts of objects as upstream prints its own structs in errors: every field, in the struct's order, under the struct's
// name of it, with zero values. May import src/base.

/** "" string, 0 number, false, null (pointer, list, map), or how to print a struct: by value, or by pointer. */
export type GoField = "" | 0 | false | null | GoStruct | { readonly pointer: GoStruct } | { readonly list: GoStruct };
/** [the struct's name of a field, the object's name, its zero value or form] */
export type GoStruct = readonly (readonly [string, string, GoField])[];

function printField(value: unknown, form: GoField): unknown {
  if (form === null || typeof form !== "object") return value ?? form;
  if (Array.isArray(form)) return printGoStruct(value, form as GoStruct);
  if (value === undefined || value === null) return null;
  if ("list" in form) return (value as unknown[]).map((item) => printGoStruct(item, form.list));
  return printGoStruct(value, (form as { pointer: GoStruct }).pointer);
}

export function printGoStruct(object: unknown, struct: GoStruct): Record<string, unknown> {
  const fields = (object ?? {}) as Record<string, unknown>;
  const entries = struct.map(([name, key, form]) => [
    name,
    printField(Object.hasOwn(fields, key) ? fields[key] : undefined, form),
  ]);
  return Object.fromEntries(entries);
}

/** Go's json.MarshalIndent with one space: the text that diffs are made of. */
export const printIndented = (value: unknown): string => JSON.stringify(value, undefined, 1);
