// The name under which a request's writer owns fields. Imports base/field-error.
import { type FieldError, invalid, tooLong } from "../../../base/field-error.ts";
import { maxFieldManagerBytes } from "../limits.ts";

const encoder = new TextEncoder();

/** The manager of a request that names none: its User-Agent up to the first slash, at most 128 bytes, printable only. */
export function managerFromUserAgent(userAgent: string): string {
  const name = userAgent.split("/", 1)[0] ?? "";
  let kept = "";
  let bytes = 0;
  for (const character of name) {
    if (!isPrintable(character)) continue;
    bytes += encoder.encode(character).length;
    if (bytes > maxFieldManagerBytes) break;
    kept += character;
  }
  return kept;
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the space. */
const isPrintable = (character: string): boolean =>
  character === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);

/** What is wrong with a request's fieldManager. */
export function validateFieldManager(manager: string, field = "fieldManager"): FieldError[] {
  const found: FieldError[] = [];
  if (encoder.encode(manager).length > maxFieldManagerBytes) found.push(tooLong(field, maxFieldManagerBytes));
  let offset = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      const detail = `invalid character U+${code} (at position ${offset})`;
      found.push(invalid(field, manager, detail));
    }
    offset += encoder.encode(character).length;
  }
  return found;
}
