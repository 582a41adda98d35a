// PEM as Go's encoding/pem reads it: anything around the blocks is passed over, and so is what only looks like one.
// Imports nothing.

export interface PemBlock {
  readonly type: string;
  readonly headers: number;
  readonly bytes: Uint8Array;
  /** The text behind the block. */
  readonly rest: string;
}

const begin = "-----BEGIN ";
const end = "-----END ";
const dashes = "-----";

/** The first line without the blanks at its end, and the text behind it. */
function cutLine(text: string): readonly [line: string, rest: string] {
  const at = text.indexOf("\n");
  const line = at === -1 ? text : text.slice(0, at);
  return [line.replace(/[ \t\r]+$/, ""), at === -1 ? "" : text.slice(at + 1)];
}

function decodeBody(text: string): Uint8Array | undefined {
  const body = text.replace(/[ \t\r\n]/g, "");
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) return undefined;
  return Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
}

/** Reads what comes behind a BEGIN line. "end" is where there is no more text to look in. */
function readBlock(type: string, text: string): PemBlock | "end" | undefined {
  let rest = text;
  let headers = 0;
  for (;;) {
    if (rest === "") return "end";
    const [line, next] = cutLine(rest);
    if (!line.includes(":")) break;
    headers += 1;
    rest = next;
  }
  const bare = headers === 0 && rest.startsWith(end);
  const at = bare ? 0 : rest.indexOf(`\n${end}`);
  if (at === -1) return undefined;
  const trailer = rest.slice(at + end.length + (bare ? 0 : 1));
  if (!trailer.startsWith(type + dashes)) return undefined;
  const [behind, after] = cutLine(trailer.slice(type.length + dashes.length));
  if (behind !== "") return undefined;
  const bytes = decodeBody(rest.slice(0, at));
  return bytes && { type, headers, bytes, rest: after };
}

/** The first block of a text whose characters are bytes, or undefined where there is none. */
export function decodePem(text: string): PemBlock | undefined {
  let rest = text;
  for (;;) {
    if (rest.startsWith(begin)) rest = rest.slice(begin.length);
    else {
      const at = rest.indexOf(`\n${begin}`);
      if (at === -1) return undefined;
      rest = rest.slice(at + 1 + begin.length);
    }
    const [line, next] = cutLine(rest);
    rest = next;
    if (!line.endsWith(dashes)) continue;
    const block = readBlock(line.slice(0, -dashes.length), rest);
    if (block === "end") return undefined;
    if (block) return block;
  }
}
