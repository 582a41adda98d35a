// The text of label selectors (`a=b,c!=d,e in (x,y),f notin (z),!g,h>1`), parsed with upstream's grammar and errors.
// Source: k8s.io/apimachinery/pkg/labels. May import src/base.
import { invalid } from "./field-error.ts";
import { labelKeyErrors } from "./label-syntax.ts";
import { labelRequirement, matcherOf, SelectorError } from "./labels.ts";
import type { LabelMatcher, LabelOperator, LabelRequirement } from "./labels.ts";

type TokenKind =
  | "end"
  | "identifier"
  | "error"
  | ")"
  | ","
  | "!"
  | "=="
  | "="
  | ">"
  | "in"
  | "<"
  | "!="
  | "notin"
  | "(";
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const symbols = new Set<string>([")", ",", "!", "==", "=", ">", "<", "!=", "("]);
const isSymbol = (char: string): boolean => "=!(),><".includes(char);
const isSpace = (char: string): boolean => " \t\r\n".includes(char);
const end: Token = { kind: "end", text: "" };

/** A NUL character ends the text, as it does upstream. */
function splitTokens(text: string): Token[] {
  const zero = text.indexOf("\0");
  const source = zero < 0 ? text : text.slice(0, zero);
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const char = source[at]!;
    if (isSpace(char)) {
      at += 1;
    } else if (isSymbol(char)) {
      const two = source.slice(at, at + 2);
      const symbol = symbols.has(two) ? two : char;
      tokens.push({ kind: symbol as TokenKind, text: symbol });
      at += symbol.length;
    } else {
      const start = at;
      while (at < source.length && !isSymbol(source[at]!) && !isSpace(source[at]!)) at += 1;
      const word = source.slice(start, at);
      tokens.push({ kind: word === "in" || word === "notin" ? word : "identifier", text: word });
    }
  }
  tokens.push(end);
  return tokens;
}

const operatorOf: Partial<Record<TokenKind, LabelOperator>> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};

class LabelParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  constructor(text: string) {
    this.#tokens = splitTokens(text);
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const { kind, text } = this.#look();
      if (kind === "end") return requirements;
      if (kind !== "identifier" && kind !== "!") {
        throw new SelectorError(`found '${text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.kind === "end") return requirements;
      if (next.kind !== ",") throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#look();
      if (after.kind !== "identifier" && after.kind !== "!") {
        throw new SelectorError(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  /** Where a value may stand, `in` and `notin` are words like any other. */
  #asValue(token: Token): Token {
    return token.kind === "in" || token.kind === "notin" ? { kind: "identifier", text: token.text } : token;
  }
  #look(): Token {
    return this.#asValue(this.#tokens[this.#at] ?? end);
  }
  #takeRaw(): Token {
    const token = this.#tokens[this.#at] ?? end;
    this.#at += 1;
    return token;
  }
  #take(): Token {
    return this.#asValue(this.#takeRaw());
  }

  #requirement(): LabelRequirement {
    try {
      return this.#requirementParts();
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      throw new SelectorError(`unable to parse requirement: ${error.message}`, { cause: error });
    }
  }

  #requirementParts(): LabelRequirement {
    let token = this.#take();
    const negated = token.kind === "!";
    if (negated) token = this.#take();
    if (token.kind !== "identifier") throw new SelectorError(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyErrors = labelKeyErrors(key);
    // Upstream has no path for the key here, and prints Go's nil.
    if (keyErrors.length > 0) throw new SelectorError(`<nil>: ${invalid("", key, keyErrors.join("; ")).message}`);
    const next = this.#look().kind;
    if (negated) return labelRequirement(key, "!", []);
    if (next === "end" || next === ",") return labelRequirement(key, "exists", []);
    const found = this.#takeRaw();
    const operator = operatorOf[found.kind];
    if (operator === undefined) {
      throw new SelectorError(`found '${found.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === "in" || operator === "notin" ? this.#values() : [this.#exactValue()];
    return labelRequirement(key, operator, values);
  }

  #exactValue(): string {
    const { kind } = this.#look();
    if (kind === "end" || kind === ",") return "";
    const token = this.#take();
    if (token.kind === "identifier") return token.text;
    throw new SelectorError(`found '${token.text}', expected: identifier`);
  }

  #values(): string[] {
    const open = this.#take();
    if (open.kind !== "(") throw new SelectorError(`found '${open.text}' expected: '('`);
    const first = this.#look();
    if (first.kind === ")") {
      this.#take();
      return [""];
    }
    if (first.kind !== "identifier" && first.kind !== ",") {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#list();
    if (this.#take().kind !== ")") throw new SelectorError(`found '${first.text}', expected: ')'`);
    return [...values].toSorted();
  }

  /** Values may be empty: `(,a,)` holds "" and "a". */
  #list(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#look();
      if (token.kind === "identifier") {
        values.add(token.text);
        if (next.kind === ")") return values;
        if (next.kind !== ",") throw new SelectorError(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ",") {
        if (values.size === 0) values.add("");
        if (next.kind === ")" || next.kind === ",") values.add("");
        if (next.kind === ")") return values;
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }
}

/** Parses a label selector's text; the empty text matches everything. Throws SelectorError with upstream's message. */
export function parseLabels(text: string): LabelMatcher {
  return matcherOf(new LabelParser(text).parse());
}
