// Field selectors (`status.phase!=Running,metadata.name=a`): parsed, matched and printed as upstream does.
// Source: k8s.io/apimachinery/pkg/fields. Imports nothing.

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A field selector that can't be: the message is upstream's. */
export class FieldSelectorError extends Error {
  override name = "FieldSelectorError";
}

/** Commas split terms, unless a backslash stands before them. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  let escaped = false;
  for (let at = 0; at < text.length; at += 1) {
    if (escaped) escaped = false;
    else if (text[at] === "\\") escaped = true;
    else if (text[at] === ",") {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescape(value: string): string {
  let result = "";
  let escaped = false;
  for (const char of value) {
    if (escaped) {
      if (!"\\,=".includes(char)) {
        throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${char}`);
      }
      result += char;
      escaped = false;
    } else if (char === "\\") {
      escaped = true;
    } else if (char === "," || char === "=") {
      // Go prints the rune's number here.
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${char.codePointAt(0)}`);
    } else {
      result += char;
    }
  }
  if (escaped) throw new FieldSelectorError("invalid field selector: invalid escape sequence: \\");
  return result;
}

/** Parses a field selector's text; all requirements must hold. Throws FieldSelectorError with upstream's message. */
export function parseFields(text: string): FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).toSorted()) {
    if (term === "") continue;
    const match = /^([^=!]*(?:!(?!=)[^=!]*)*)(!=|==|=)([^]*)$/.exec(term);
    if (!match) throw new FieldSelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const operator = match[2] === "!=" ? "!=" : "=";
    requirements.push({ field: match[1]!, operator, value: unescape(match[3]!) });
  }
  return requirements;
}

/** `valueOf` gives a field's value, "" where it is absent. */
export function matchesFields(requirements: readonly FieldRequirement[], valueOf: (field: string) => string): boolean {
  return requirements.every(({ field, operator, value }) => (valueOf(field) === value) === (operator === "="));
}

/** The one value that the selector asks of a field, where it asks one. */
export function exactField(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((requirement) => requirement.field === field && requirement.operator === "=")?.value;
}

const escape = (value: string): string => value.replace(/[\\,=]/g, "\\$&");

/** The text that parseFields reads. */
export const printFields = (requirements: readonly FieldRequirement[]): string =>
  requirements.map(({ field, operator, value }) => field + operator + escape(value)).join(",");
