// The texts of fields that come with the build: dist/descriptions.json, beside the bundle. Imports node and src/kinds.
import { readFileSync } from "node:fs";
import type { Descriptions } from "../kinds/openapi/schemas.ts";

/**
 * A reader of the descriptions that belong to a program: beside the bundle, or in dist/ where the program runs from
 * source. It reads once, when first called; undefined where the build made none.
 */
export function descriptionsBeside(program: URL): () => Descriptions | undefined {
  let read = false;
  let descriptions: Descriptions | undefined;
  return () => {
    if (!read)
      descriptions = readFirst([new URL("descriptions.json", program), new URL("../dist/descriptions.json", program)]);
    read = true;
    return descriptions;
  };
}

function readFirst(files: readonly URL[]): Descriptions | undefined {
  for (const file of files) {
    try {
      return JSON.parse(readFileSync(file, "utf8")) as Descriptions;
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }
  return undefined;
}
