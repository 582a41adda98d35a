// Base64 as Go's encoding/base64 reads it: line breaks are skipped, and errors name the byte. Imports nothing.

/** A text that isn't base64; the message is Go's. */
export class Base64Error extends Error {
  override name = "Base64Error";
}

const corrupt = (at: number): never => {
  throw new Base64Error(`illegal base64 data at input byte ${at}`);
};
const isBreak = (char: string | undefined): boolean => char === "\n" || char === "\r";

/** Finds the byte that Go's decoder stumbles over. */
function check(text: string): void {
  let at = 0;
  let group = 0;
  while (at < text.length) {
    const char = text[at]!;
    at += 1;
    if (isBreak(char)) continue;
    if (/^[A-Za-z0-9+/]$/.test(char)) {
      group = (group + 1) % 4;
      continue;
    }
    if (char !== "=" || group < 2) corrupt(at - 1);
    if (group === 2) {
      while (isBreak(text[at])) at += 1;
      if (at === text.length) corrupt(text.length);
      if (text[at] !== "=") corrupt(at - 1);
      at += 1;
    }
    while (isBreak(text[at])) at += 1;
    if (at < text.length) corrupt(at);
    return;
  }
  if (group !== 0) corrupt(text.length - group);
}

/** The same bytes as base64 without line breaks. Throws Base64Error with Go's words. */
export function canonicalBase64(text: string): string {
  // Eight megabytes of padding checks cost nothing: the common form is one native test.
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*$/.test(text)) return text;
  check(text);
  return btoa(atob(text.replace(/[\r\n]/g, "")));
}
