// YAML as upstream prints it (sigs.k8s.io/yaml over go.yaml.in/yaml/v2, whose emitter is libyaml's): keys in natural
// order, lists not indented, text folded at the first space behind column 80, quoted only where it must be. Imports
// src/base.
import { readsAsOther } from "./yaml-plain.ts";

const foldColumn = 80;
const indentStep = 2;
/** Longer keys are written as `? key`. */
const simpleKeyBytesMax = 128;

type Style = "plain" | "single" | "double" | "literal";

interface Shape {
  readonly multiline: boolean;
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

const breaks = /[\r\n\u0085\u2028\u2029]/;
// Tabs, other control characters, a byte order mark and what needs four bytes are escaped.
const special = /[^\n\x20-\x7e\u00a0-\ufefe\uff00-\ufffd]|[\ud800-\udfff]/;
const leadIndicators = /^[#,[\]{}&*!|>'"%@`]|^[?:-](?:[ \t]|$)|^---|^\.\.\./;
const innerIndicators = /:(?:[ \t]|$)|[\s\u0085\u2028\u2029]#/;

/** Which styles a text may have. */
function shapeOf(text: string): Shape {
  if (text === "") return { multiline: false, plain: true, single: true, block: false };
  const multiline = breaks.test(text);
  const odd = special.test(text) || / [\r\n\u0085\u2028\u2029]/.test(text);
  const breakSpace = /[\r\n\u0085\u2028\u2029] /.test(text);
  const edges = /^[ \r\n\u0085\u2028\u2029]|[ \r\n\u0085\u2028\u2029]$/.test(text);
  const indicators = leadIndicators.test(text) || innerIndicators.test(text.slice(1)) || /^\s#/.test(text);
  return {
    multiline,
    plain: !(odd || breakSpace || edges || multiline || indicators),
    single: !(odd || breakSpace),
    block: !(odd || text.endsWith(" ")),
  };
}

function styleOf(text: string, inKey: boolean): Style {
  const shape = shapeOf(text);
  let style: Style = text.includes("\n") ? "literal" : readsAsOther(text) ? "double" : "plain";
  if (inKey && shape.multiline) style = "double";
  if (style === "plain" && (!shape.plain || (text === "" && inKey))) style = "single";
  if (style === "single" && !shape.single) style = "double";
  if (style === "literal" && (!shape.block || inKey)) style = "double";
  return style;
}

const letter = /^\p{L}$/u;
const digit = /^\p{Nd}$/u;

/** The order of keys: letters behind other signs, numbers by their value. */
export function compareKeys(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)];
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    if (a[index] === b[index]) continue;
    const [x, y] = [a[index]!, b[index]!];
    const [xLetter, yLetter] = [letter.test(x), letter.test(y)];
    if (xLetter && yLetter) return x.codePointAt(0)! - y.codePointAt(0)!;
    if (xLetter || yLetter) return yLetter ? -1 : 1;
    return compareNumbers(a, b, index);
  }
  return a.length - b.length;
}

function compareNumbers(a: readonly string[], b: readonly string[], start: number): number {
  let lead = 0;
  if (a[start] === "0" || b[start] === "0") {
    for (let index = start - 1; index >= 0 && digit.test(a[index]!); index -= 1) if (a[index] !== "0") lead = 1;
  }
  const read = (signs: readonly string[]): [number, number] => {
    let [end, value] = [start, lead];
    for (; end < signs.length && digit.test(signs[end]!); end += 1) value = value * 10 + Number(signs[end]);
    return [value, end];
  };
  const [[x, xEnd], [y, yEnd]] = [read(a), read(b)];
  return x - y || xEnd - yEnd || a[start]!.codePointAt(0)! - b[start]!.codePointAt(0)!;
}

const escapes: Readonly<Record<string, string>> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\u0085": "N",
  "\u2028": "L",
  "\u2029": "P",
};

function escapeSign(sign: string): string {
  const known = escapes[sign];
  if (known !== undefined) return `\\${known}`;
  const code = sign.codePointAt(0)!;
  const [mark, width] = code <= 0xff ? ["x", 2] : code <= 0xffff ? ["u", 4] : ["U", 8];
  return `\\${mark}${code.toString(16).toUpperCase().padStart(width, "0")}`;
}

/** A float as Go's %g prints it: with an exponent from a million on. */
function printNumber(value: number): string {
  if (Number.isInteger(value) || value === 0) return BigInt(value).toString();
  const [digits, power] = value.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Where the further lines of a text begin. */
const textIndent = (indent: number): number => Math.max(indent, 0) + indentStep;

class Printer {
  readonly #parts: string[] = [];
  #column = 0;
  /** What was written last is white space; only white space and indicators stand on this line. */
  #white = true;
  #indention = true;

  get text(): string {
    return this.#parts.join("");
  }

  node(value: unknown, indent: number, inMapping: boolean): void {
    if (Array.isArray(value)) return this.#list(value, indent, inMapping);
    if (typeof value === "object" && value !== null) return this.#map(value as Record<string, unknown>, indent);
    if (typeof value === "string") return this.#scalar(value, indent, false);
    const text = typeof value === "number" ? printNumber(value) : String(value ?? null);
    this.#plain(text, indent, true);
  }

  #put(text: string): void {
    this.#parts.push(text);
    this.#column += text.length;
  }

  #break(): void {
    this.#parts.push("\n");
    this.#column = 0;
  }

  lineTo(indent: number): void {
    const { length } = this.#parts;
    if (length > 0 && (!this.#indention || this.#column > indent || (this.#column === indent && !this.#white))) {
      this.#break();
    }
    if (this.#column < indent) this.#put(" ".repeat(indent - this.#column));
    this.#white = true;
    this.#indention = true;
  }

  #indicator(sign: string, spaced: boolean, white: boolean, indention: boolean): void {
    if (spaced && !this.#white) this.#put(" ");
    this.#put(sign);
    this.#white = white;
    this.#indention &&= indention;
  }

  #list(items: readonly unknown[], indent: number, inMapping: boolean): void {
    if (items.length === 0) return this.#indicator("[]", true, false, false);
    const own = inMapping && !this.#indention ? Math.max(indent, 0) : indent < 0 ? 0 : indent + indentStep;
    for (const item of items) {
      this.lineTo(own);
      this.#indicator("-", true, false, true);
      this.node(item, own, false);
    }
  }

  #map(object: Readonly<Record<string, unknown>>, indent: number): void {
    const keys = Object.keys(object).filter((key) => object[key] !== undefined);
    if (keys.length === 0) return this.#indicator("{}", true, false, false);
    const own = indent < 0 ? 0 : indent + indentStep;
    for (const key of keys.toSorted(compareKeys)) {
      this.lineTo(own);
      if (!breaks.test(key) && new TextEncoder().encode(key).length <= simpleKeyBytesMax) {
        this.#scalar(key, own, true);
        this.#indicator(":", false, false, false);
      } else {
        this.#indicator("?", true, false, true);
        this.#scalar(key, own, false);
        this.lineTo(own);
        this.#indicator(":", true, false, true);
      }
      this.node(object[key], own, true);
    }
  }

  #scalar(text: string, indent: number, inKey: boolean): void {
    const style = styleOf(text, inKey);
    if (style === "plain") this.#plain(text, indent, !inKey);
    else if (style === "single") this.#single(text, indent, !inKey);
    else if (style === "double") this.#double(text, indent, !inKey);
    else this.#literal(text, indent);
  }

  /** Writes words, going to a new line instead of a lone space behind column 80. */
  #words(text: string, indent: number, mayFold: boolean, edges: boolean): void {
    const signs = Array.from(text);
    let space = false;
    for (const [index, sign] of signs.entries()) {
      const inside = edges || (index > 0 && index < signs.length - 1);
      const lone = sign === " " && !space && signs[index + 1] !== " ";
      if (lone && mayFold && inside && this.#column > foldColumn) this.lineTo(textIndent(indent));
      else this.#put(sign === "'" && !edges ? "''" : sign);
      space = sign === " ";
      if (!space) this.#indention = false;
    }
  }

  #plain(text: string, indent: number, mayFold: boolean): void {
    if (!this.#white) this.#put(" ");
    this.#words(text, indent, mayFold, true);
    this.#white = false;
    this.#indention = false;
  }

  #single(text: string, indent: number, mayFold: boolean): void {
    this.#indicator("'", true, false, false);
    this.#words(text, indent, mayFold, false);
    this.#indicator("'", false, false, false);
  }

  #double(text: string, indent: number, mayFold: boolean): void {
    this.#indicator('"', true, false, false);
    const signs = Array.from(text);
    let space = false;
    for (const [index, sign] of signs.entries()) {
      const inside = index > 0 && index < signs.length - 1;
      if (sign === " " && mayFold && !space && inside && this.#column > foldColumn) {
        this.lineTo(textIndent(indent));
        if (signs[index + 1] === " ") this.#put("\\");
      } else {
        const escaped = sign === '"' || sign === "\\" || breaks.test(sign) || special.test(sign);
        this.#put(escaped ? escapeSign(sign) : sign);
      }
      space = sign === " ";
    }
    this.#indicator('"', false, false, false);
  }

  #literal(text: string, indent: number): void {
    this.#indicator("|", true, false, false);
    if (/^[ \n]/.test(text)) this.#put(String(indentStep));
    if (!text.endsWith("\n")) this.#put("-");
    else if (text === "\n" || text.endsWith("\n\n")) this.#put("+");
    const own = textIndent(indent);
    for (const [index, line] of text.split("\n").entries()) {
      if (index > 0 && line === "" && index === text.split("\n").length - 1) break;
      this.#break();
      if (line !== "") this.#put(" ".repeat(own) + line);
    }
    this.#white = false;
    this.#indention = false;
  }
}

/**
 * Prints a JSON value as `kubectl -o yaml` and the API server do. What is undefined is left out.
 */
export function printYaml(value: unknown): string {
  const printer = new Printer();
  printer.node(value, -1, false);
  return `${printer.text}\n`;
}
