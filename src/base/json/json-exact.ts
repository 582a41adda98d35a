// JSON read the slow and exact way: members in order with their duplicates, numbers as written, and Go's words for what
// is wrong. It is used where JSON.parse would lose something, and to say why JSON.parse refused. May import src/base.
import { jsonDepthMax } from "../limits.ts";

/** Text that isn't JSON; the message is that of Go's encoding/json. */
export class JsonSyntaxError extends Error {
  override name = "JsonSyntaxError";
}

/** A number that JSON.parse might not keep as it is written. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An object as written, duplicates included. */
export class JsonEntries {
  readonly entries: [string, JsonNode][] = [];
}

export type JsonNode = null | boolean | number | string | JsonNumber | JsonEntries | JsonNode[];

const escapes: Record<string, string> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "'": "\\'",
  "\\": "\\\\",
};

/** A byte as Go's scanner prints it: the first byte of the character, taken for a rune. */
function quoteByte(text: string, at: number): string {
  const byte = new TextEncoder().encode(String.fromCodePoint(text.codePointAt(at)!))[0]!;
  const char = String.fromCharCode(byte);
  const escaped = escapes[char];
  if (escaped !== undefined) return `'${escaped}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, "0")}'`;
  if ((byte > 0x7f && byte < 0xa1) || byte === 0xad) return `'\\u00${byte.toString(16)}'`;
  return `'${char}'`;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const simpleEscapes: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class ExactParser {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  #fail(context: string): never {
    if (this.#at >= this.#text.length) throw new JsonSyntaxError("unexpected end of JSON input");
    throw new JsonSyntaxError(`invalid character ${quoteByte(this.#text, this.#at)} ${context}`);
  }
  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }
  #is(char: string): boolean {
    return this.#text[this.#at] === char;
  }

  /** Not recursive: bodies may be nested as deep as jsonDepthMax. */
  parse(): JsonNode {
    const open: (JsonEntries | JsonNode[])[] = [];
    for (;;) {
      this.#skipSpace();
      let value: JsonNode;
      if (this.#is("{") || this.#is("[")) {
        const container = this.#is("{") ? new JsonEntries() : [];
        if (open.length >= jsonDepthMax) this.#fail("exceeded max depth");
        this.#at += 1;
        this.#skipSpace();
        if (!this.#is(Array.isArray(container) ? "]" : "}")) {
          open.push(container);
          if (container instanceof JsonEntries) this.#key(container);
          continue;
        }
        this.#at += 1;
        value = container;
      } else {
        value = this.#literal();
      }
      const root = this.#place(open, value);
      if (root !== undefined) return root;
    }
  }

  /** Puts a finished value where it belongs and closes what ends after it; gives the root when all is closed. */
  #place(open: (JsonEntries | JsonNode[])[], finished: JsonNode): JsonNode | undefined {
    let value = finished;
    for (;;) {
      const parent = open.at(-1);
      this.#skipSpace();
      if (parent === undefined) {
        if (this.#at < this.#text.length) this.#fail("after top-level value");
        return value;
      }
      if (parent instanceof JsonEntries) {
        parent.entries.at(-1)![1] = value;
        if (this.#is(",")) {
          this.#at += 1;
          this.#skipSpace();
          this.#key(parent);
          return undefined;
        }
        if (!this.#is("}")) this.#fail("after object key:value pair");
      } else {
        parent.push(value);
        if (this.#is(",")) {
          this.#at += 1;
          return undefined;
        }
        if (!this.#is("]")) this.#fail("after array element");
      }
      this.#at += 1;
      open.pop();
      value = parent;
    }
  }

  #key(into: JsonEntries): void {
    if (!this.#is('"')) this.#fail("looking for beginning of object key string");
    const key = this.#string();
    this.#skipSpace();
    if (!this.#is(":")) this.#fail("after object key");
    this.#at += 1;
    into.entries.push([key, null]);
  }

  #literal(): JsonNode {
    const char = this.#text[this.#at];
    if (char === '"') return this.#string();
    if (char === "t") return this.#word("true", true);
    if (char === "f") return this.#word("false", false);
    if (char === "n") return this.#word("null", null);
    if (char === "-" || isDigit(this.#text.charCodeAt(this.#at))) return this.#number();
    return this.#fail("looking for beginning of value");
  }

  #word<T>(word: string, value: T): T {
    for (const char of word) {
      if (!this.#is(char)) this.#fail(`in literal ${word} (expecting '${char}')`);
      this.#at += 1;
    }
    return value;
  }

  #digits(context: string): void {
    if (!isDigit(this.#text.charCodeAt(this.#at))) this.#fail(context);
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #number(): number | JsonNumber {
    const start = this.#at;
    if (this.#is("-")) this.#at += 1;
    if (this.#is("0")) this.#at += 1;
    else this.#digits("in numeric literal");
    if (this.#is(".")) {
      this.#at += 1;
      this.#digits("after decimal point in numeric literal");
    }
    if (this.#is("e") || this.#is("E")) {
      this.#at += 1;
      if (this.#is("+") || this.#is("-")) this.#at += 1;
      this.#digits("in exponent of numeric literal");
    }
    const text = this.#text.slice(start, this.#at);
    const value = Number(text);
    return String(value) === text && text.length < 16 && Number.isInteger(value) ? value : new JsonNumber(text);
  }

  #string(): string {
    this.#at += 1;
    let result = "";
    let start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) this.#fail("in string literal");
      if (code === 0x22) {
        result += this.#text.slice(start, this.#at);
        this.#at += 1;
        return result;
      }
      if (code < 0x20) this.#fail("in string literal");
      if (code !== 0x5c) {
        this.#at += 1;
        continue;
      }
      result += this.#text.slice(start, this.#at);
      this.#at += 1;
      result += this.#escape();
      start = this.#at;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at];
    if (char === undefined) this.#fail("in string escape code");
    const simple = Object.hasOwn(simpleEscapes, char) ? simpleEscapes[char] : undefined;
    if (simple === undefined && char !== "u") this.#fail("in string escape code");
    this.#at += 1;
    if (simple !== undefined) return simple;
    const start = this.#at;
    while (this.#at < start + 4) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? "")) this.#fail("in \\u hexadecimal character escape");
      this.#at += 1;
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }
}

/** Parses JSON text exactly. Throws JsonSyntaxError with Go's message. */
export function parseJsonExact(text: string): JsonNode {
  return new ExactParser(text).parse();
}

/** Sets an own property whatever its name ("__proto__" too). */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
}

/**
 * The plain value of an exact one: the last of duplicates wins, numbers become doubles. What is plain stays as it is.
 * Not recursive.
 */
export function toPlainJson(root: unknown): unknown {
  const open: [JsonEntries | unknown[], Record<string, unknown> | unknown[]][] = [];
  const convert = (node: unknown): unknown => {
    if (node instanceof JsonNumber) return Number(node.text);
    if (!Array.isArray(node) && !(node instanceof JsonEntries)) return node;
    const plain: Record<string, unknown> | unknown[] = Array.isArray(node) ? [] : {};
    open.push([node, plain]);
    return plain;
  };
  const result = convert(root);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, plain] = next;
    if (Array.isArray(plain)) for (const item of node as unknown[]) plain.push(convert(item));
    else for (const [key, value] of (node as JsonEntries).entries) setOwn(plain, key, convert(value));
  }
  return result;
}
