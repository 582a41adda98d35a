// The bridge between client-side and server-side apply of kubectl: its last-applied annotation says which fields it may
// take over, and is kept up to date. Imports kinds/schema, and what is beside it.
import type { Json } from "../../schema.ts";
import { getField, isList, isMap, type JsonDraft, type JsonMap, setField } from "../json-value.ts";
import { maxAnnotationsBytes } from "../limits.ts";
import { checkConfig } from "./fields/check.ts";
import { compareObjects } from "./fields/compare.ts";
import { extractFields } from "./fields/extract.ts";
import { difference, type FieldSet } from "./fields/field-set.ts";
import { ShapeError } from "./fields/path-element.ts";
import { shapeOf } from "./fields/shape.ts";
import type { TrackOptions } from "./track-update.ts";

export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

function annotationsOf(object: JsonMap): JsonMap | undefined {
  const metadata = getField(object, "metadata");
  const annotations = isMap(metadata) ? getField(metadata, "annotations") : undefined;
  return isMap(annotations) ? annotations : undefined;
}

const lastAppliedOf = (object: JsonMap): Json | undefined =>
  getField(annotationsOf(object) ?? {}, lastAppliedAnnotation);

/** The fields that kubectl applied last and that are still as it applied them. undefined: not known. */
export function allowedByLastApplied(live: JsonMap, options: TrackOptions): FieldSet | undefined {
  const text = lastAppliedOf(live);
  if (typeof text !== "string" || text === "") return undefined;
  try {
    const applied = JSON.parse(text) as Json;
    if (!isMap(applied) || getField(applied, "apiVersion") !== options.apiVersion) return undefined;
    const shape = shapeOf(options.definitions, options.definition);
    checkConfig(shape, applied);
    const { changed, removed } = compareObjects(shape, applied, live);
    return difference(difference(extractFields(shape, applied), changed), removed);
  } catch (error) {
    if (error instanceof ShapeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The applied object with its annotation brought up to date, where kubectl applied and there is one. */
export function withLastApplied(object: JsonMap, config: JsonMap, options: TrackOptions): JsonMap {
  const before = lastAppliedOf(object);
  if (options.manager !== "kubectl" || typeof before !== "string" || before === "") return object;
  const annotations: JsonDraft = { ...annotationsOf(object), [lastAppliedAnnotation]: writeConfig(config) };
  if (sizeOf(annotations) > maxAnnotationsBytes) delete annotations[lastAppliedAnnotation];
  return { ...object, metadata: { ...(object.metadata as JsonMap), annotations } };
}

const encoder = new TextEncoder();

function sizeOf(annotations: JsonMap): number {
  const bytes = (text: string): number => encoder.encode(text).length;
  return Object.entries(annotations).reduce((sum, [key, value]) => sum + bytes(key) + bytes(String(value)), 0);
}

/** The configuration as Go writes it: keys sorted, <, > and & escaped, a line feed at the end. */
function writeConfig(config: JsonMap): string {
  const metadata = getField(config, "metadata");
  const annotations = annotationsOf(config);
  let plain = config;
  if (annotations !== undefined && isMap(metadata)) {
    const { [lastAppliedAnnotation]: _, ...rest } = annotations;
    plain = { ...config, metadata: { ...metadata, annotations: rest } };
  }
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(sortKeys(plain)).replace(/[<>&\u2028\u2029]/g, escape)}\n`;
}

function sortKeys(value: Json): Json {
  if (isList(value)) return value.map(sortKeys);
  if (!isMap(value)) return value;
  const sorted: JsonDraft = {};
  for (const key of Object.keys(value).sort()) setField(sorted, key, sortKeys(value[key]!));
  return sorted;
}
