// Whether an applied configuration fits its schema (structured-merge-diff's Validate), in upstream's words. Imports
// kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { goPrint, goSyntax, goType } from "../../go-print.ts";
import { isList, isMap, type JsonMap } from "../../json-value.ts";
import { itemElement, printElement, ShapeError } from "./path-element.ts";
import { childShape, type ListShape, type MapShape, type ScalarShape, type Shape, sortOf } from "./shape.ts";

interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Throws ShapeError with all that does not fit; each item of a list with keys may occur once. */
export function checkConfig(shape: Shape, config: JsonMap): void {
  const problems: Problem[] = [];
  checkValue(shape, config, "", problems);
  if (problems.length === 0) return;
  const texts = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw new ShapeError(texts.length === 1 ? texts[0]! : ["errors:", ...texts.map((text) => `  ${text}`)].join("\n"));
}

function checkValue(shape: Shape, value: Json, path: string, problems: Problem[]): void {
  if (value === null) return;
  switch (sortOf(shape, value)) {
    case "scalar": {
      const message = checkScalar(shape.scalar!, value);
      if (message !== undefined) problems.push({ path, message });
      return;
    }
    case "list":
      if (isList(value)) checkItems(shape.list!, value, path, problems);
      else problems.push({ path, message: `expected list, got &{${goPrint(value)}}` });
      return;
    default:
      if (isMap(value)) checkMap(shape.map!, value, path, problems);
      else problems.push({ path, message: `expected map, got &{${goPrint(value)}}` });
  }
}

function checkScalar(shape: ScalarShape, value: Json): string | undefined {
  const type = typeof value;
  switch (shape) {
    case "numeric":
      return type === "number" ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case "string":
      return type === "string" ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case "boolean":
      return type === "boolean" ? undefined : `expected boolean, got &{${goPrint(value)}}`;
    default:
      return type === "object" ? `expected any scalar, got &{${goPrint(value)}}` : undefined;
  }
}

function checkItems(list: ListShape, items: readonly Json[], path: string, problems: Problem[]): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    let step = `[${index}]`;
    if (!list.atomic) {
      let element: string;
      try {
        element = itemElement(list, item);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        problems.push({ path, message: `element ${index}: ${error.message}` });
        return;
      }
      step = printElement(element);
      if (seen.has(element)) problems.push({ path, message: `duplicate entries for key ${step}` });
      seen.add(element);
    }
    checkValue(list.element, item, path + step, problems);
  }
}

function checkMap(map: MapShape, value: JsonMap, path: string, problems: Problem[]): void {
  for (const key of Object.keys(value)) {
    const shape = childShape(map, key);
    if (shape === undefined) {
      problems.push({ path: `${path}.${key}`, message: "field not declared in schema" });
      return;
    }
    checkValue(shape, value[key]!, `${path}.${key}`, problems);
  }
}
