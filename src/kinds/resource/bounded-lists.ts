// Lists and maps with a limit, checked as upstream does: one that is too long isn't looked into. May import src/base.
import { duplicate, tooMany, type FieldError } from "../../base/field-error.ts";
import { byteLength } from "../meta/names.ts";

export type ItemCheck<T> = (item: T, field: string) => FieldError[];

export function validateList<T>(
  list: readonly T[] | undefined,
  max: number,
  field: string,
  check: ItemCheck<T>,
): FieldError[] {
  const items = list ?? [];
  if (items.length > max) return [tooMany(field, items.length, max)];
  return items.flatMap((item, index) => check(item, `${field}[${index}]`));
}

export interface SetRules<T> {
  readonly max: number;
  keyOf(item: T): string;
  readonly check: ItemCheck<T>;
  /** How a key is printed; itself, unless given. */
  printKey?(key: string): unknown;
}

/** A list whose items have different keys. */
export function validateSet<T>(list: readonly T[] | undefined, field: string, rules: SetRules<T>): FieldError[] {
  const items = list ?? [];
  const errors = validateList(items, rules.max, field, rules.check);
  if (items.length > rules.max) return errors;
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const key = rules.keyOf(item);
    if (seen.has(key)) errors.push(duplicate(`${field}[${index}]`, rules.printKey?.(key) ?? key));
    seen.add(key);
  }
  return errors;
}

/** Upstream's shortest text that is still cut. */
const truncatedMinBytes = 16;

function truncate(text: string, maxBytes: number): string {
  const max = Math.max(maxBytes, truncatedMinBytes);
  if (byteLength(text) <= max) return text;
  const left = max - "...".length;
  return `${text.slice(0, Math.floor((left + 1) / 2))}...${text.slice(text.length - Math.floor(left / 2))}`;
}

export interface MapRules<T> {
  readonly max: number;
  readonly keyMaxBytes: number;
  readonly checkKey: ItemCheck<string>;
  readonly check: ItemCheck<T>;
}

export function validateMap<T>(
  map: Readonly<Record<string, T>> | undefined,
  field: string,
  { max, keyMaxBytes, checkKey, check }: MapRules<T>,
): FieldError[] {
  const entries = Object.entries(map ?? {});
  if (entries.length > max) return [tooMany(field, entries.length, max)];
  return entries.flatMap(([key, item]) => [
    ...checkKey(key, field),
    ...check(item, `${field}[${truncate(key, keyMaxBytes)}]`),
  ]);
}
