// One step of a field's path, as FieldsV1 writes it: f:NAME a field, k:{…} an item by its keys, v:… an item by its value,
// i:N an item by its place (KEP-555). Path elements are these strings everywhere. Imports kinds/schema.
import type { Json } from "../../../schema.ts";
import { goPrint } from "../../go-print.ts";
import { getField, isList, isMap, type JsonMap } from "../../json-value.ts";
import type { ListShape } from "./shape.ts";

/** Why a value cannot be taken apart into fields. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

const htmlCharacters = /[<>&\u2028\u2029]/g;
const plainText = /^[\w./:@ -]*$/;

/** A value as Go writes it: JSON whose <, > and & are escaped. */
function encodeValue(value: Json): string {
  if (typeof value === "string" && plainText.test(value)) return `"${value}"`;
  return JSON.stringify(value).replace(
    htmlCharacters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export const fieldElement = (name: string): string => `f:${name}`;

/** The path element of a list's item. Throws ShapeError when the item has no key. */
export function itemElement(list: ListShape, item: Json): string {
  return list.keys.length > 0 ? keyElement(list, item) : valueElement(item);
}

function keyElement(list: ListShape, item: Json): string {
  if (item === null) throw new ShapeError("associative list with keys may not have a null element");
  if (!isMap(item)) throw new ShapeError("associative list with keys may not have non-map elements");
  const { keys } = list;
  let text = "";
  for (const key of keys.length > 1 ? keys.toSorted() : keys) {
    const value = getField(item, key) ?? list.element.map?.defaults.get(key);
    if (value === undefined) continue;
    text += `${text === "" ? "" : ","}${encodeValue(key)}:${encodeValue(value)}`;
  }
  if (text !== "") return `k:{${text}}`;
  const names = keys.map((key) => JSON.stringify(key)).join(" ");
  const words = `associative list with keys has an element that omits all key fields [${names}]`;
  throw new ShapeError(`${words} (and doesn't have default values for any key fields)`);
}

function valueElement(item: Json): string {
  if (isMap(item)) throw new ShapeError("associative list without keys has an element that's a map type");
  if (isList(item)) throw new ShapeError("not supported: associative list with lists as elements");
  if (item === null) throw new ShapeError("associative list without keys has an element that's an explicit null");
  return `v:${encodeValue(item)}`;
}

/** A path element as it was read: in its one form; undefined when it is of a sort that is not known. Throws ShapeError. */
export function readElement(text: string): string | undefined {
  if (text.startsWith("f:")) return text;
  if (text.length < 2) throw new ShapeError("key must be 2 characters long:");
  if (text[1] !== ":") throw new ShapeError(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case "k": {
      const keys = parse(rest);
      if (!isMap(keys)) throw new ShapeError(`not an object: ${text}`);
      const parts = Object.keys(keys)
        .sort()
        .map((key) => `${encodeValue(key)}:${encodeValue(keys[key]!)}`);
      return `k:{${parts.join(",")}}`;
    }
    case "v":
      return `v:${encodeValue(parse(rest))}`;
    case "i":
      if (!/^[+-]?\d{1,15}$/.test(rest)) throw new ShapeError(`strconv.Atoi: parsing "${rest}": invalid syntax`);
      return `i:${Number(rest)}`;
    default:
      return undefined;
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new ShapeError("parsing key as path element", { cause: error });
  }
}

/** A path element as conflicts name it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
export function printElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith("f:")) return `.${rest}`;
  if (element.startsWith("i:")) return `[${rest}]`;
  const value = JSON.parse(rest) as Json;
  if (element.startsWith("v:")) return `[=${printValue(value)}]`;
  const keys = Object.keys(value as JsonMap).sort();
  return `[${keys.map((key) => `${key}=${printValue((value as JsonMap)[key]!)}`).join(",")}]`;
}

const printValue = (value: Json): string => {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  return goPrint(value);
};

const classOrder = "fkvi";

/** The order of path elements in FieldsV1: fields by name, then items by their keys, by value, by place. */
export function compareElements(left: string, right: string): number {
  if (left === right) return 0;
  const leftClass = left.charCodeAt(0);
  if (leftClass !== right.charCodeAt(0)) return classOrder.indexOf(left[0]!) - classOrder.indexOf(right[0]!);
  if (leftClass === 102 /* f */) return left < right ? -1 : 1;
  if (leftClass === 105 /* i */) return Number(left.slice(2)) - Number(right.slice(2));
  const leftValue = JSON.parse(left.slice(2)) as Json;
  const rightValue = JSON.parse(right.slice(2)) as Json;
  return leftClass === 107 /* k */
    ? compareKeys(leftValue as JsonMap, rightValue as JsonMap)
    : compareValues(leftValue, rightValue);
}

function compareKeys(left: JsonMap, right: JsonMap): number {
  const leftKeys = Object.keys(left);
  const rightKeys = Object.keys(right);
  for (let index = 0; index < leftKeys.length && index < rightKeys.length; index++) {
    const leftKey = leftKeys[index]!;
    const rightKey = rightKeys[index]!;
    if (leftKey !== rightKey) return leftKey < rightKey ? -1 : 1;
    const order = compareValues(left[leftKey]!, right[rightKey]!);
    if (order !== 0) return order;
  }
  return leftKeys.length - rightKeys.length;
}

const valueRank = (value: Json): number =>
  ["number", "string", "boolean"].indexOf(typeof value) + (value === null ? 9 : 0);

function compareValues(left: Json, right: Json): number {
  if (typeof left !== typeof right) return valueRank(left) - valueRank(right);
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "object" || typeof right === "object") {
    return compareText(JSON.stringify(left), JSON.stringify(right));
  }
  return left === right ? 0 : left! < right! ? -1 : 1;
}

const compareText = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);
