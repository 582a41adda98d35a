// Warning headers of one reply, as upstream's WithWarningRecorder writes them. Imports src/apiserver/limits.
import { warningItemLength, warningsLengthMax } from "./limits.ts";

const isControl = (code: number): boolean => code < 32 || (code >= 127 && code < 160);

function header(text: string): string | undefined {
  for (let index = 0; index < text.length; index += 1) if (isControl(text.charCodeAt(index))) return undefined;
  return `299 - "${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Collects warnings: each once, in order, cut when all of them together become too long. */
export class Warnings {
  readonly #texts: string[] = [];

  add(text: string): void {
    if (text !== "" && !this.#texts.includes(text)) this.#texts.push(text);
  }

  get empty(): boolean {
    return this.#texts.length === 0;
  }

  /** The values of the `warning` header. */
  headers(): string[] {
    let total = 0;
    for (const text of this.#texts) total += [...text].length;
    const all: string[] = [];
    if (total <= warningsLengthMax) {
      for (const text of this.#texts) push(all, header(text));
      return all;
    }
    let written = 0;
    for (const text of this.#texts) {
      if (written >= warningsLengthMax) break;
      const letters = [...text];
      const cut = letters.length > warningItemLength ? letters.slice(0, warningItemLength).join("") : text;
      written += Math.min(letters.length, warningItemLength);
      push(all, header(cut));
    }
    return all;
  }
}

function push(list: string[], value: string | undefined): void {
  if (value !== undefined) list.push(value);
}
