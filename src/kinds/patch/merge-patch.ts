// JSON merge patch (RFC 7386) as upstream's API server applies it (evanphx/json-patch v4), and the making of one from two
// or three documents, as `kubectl apply` does for kinds without merge keys (k8s.io/apimachinery/pkg/util/jsonmergepatch).
// Imports base/errors, and what is beside it.
import { errors } from "../../base/errors.ts";
import type { Json } from "../schema.ts";
import { cannotUnmarshalToMap } from "./decode-words.ts";
import { equalJson, getField, isList, isMap, type JsonDraft, type JsonMap, setField } from "./json-value.ts";

/**
 * Applies a decoded merge patch; `document` stays as it is, and unchanged parts are shared with it. `strict`: the
 * request's fieldValidation is Strict or Warn (the default). Throws 400.
 */
export function applyMergePatch(document: JsonMap, patch: Json, strict = true): Json {
  if (strict && patch !== null && !isMap(patch)) {
    throw errors.badRequest(`error decoding patch: ${cannotUnmarshalToMap(patch)}`);
  }
  if (isList(patch)) return pruneNulls(patch);
  if (!isMap(patch)) throw errors.badRequest("Invalid JSON Patch");
  return mergeMaps(document, patch);
}

function mergeMaps(document: JsonMap, patch: JsonMap): JsonMap {
  const merged: JsonDraft = { ...document };
  for (const key of Object.keys(patch)) {
    const value = patch[key]!;
    const current = getField(document, key) ?? null;
    if (value === null) delete merged[key];
    else if (current === null) setField(merged, key, pruneNulls(value));
    else setField(merged, key, mergeValues(current, value));
  }
  return merged;
}

function mergeValues(current: Json, patch: Json): Json {
  if (!isMap(current)) return pruneNulls(patch);
  // A list takes the place of an object with its nulls, unlike one that takes the place of a list.
  return isMap(patch) ? mergeMaps(current, patch) : patch;
}

/** A value without the null members of its objects; null items of lists stay. */
function pruneNulls(value: Json): Json {
  if (isList(value)) return value.map((item) => (item === null ? item : pruneNulls(item)));
  if (!isMap(value)) return value;
  const pruned: JsonDraft = {};
  for (const key of Object.keys(value)) if (value[key] !== null) setField(pruned, key, pruneNulls(value[key]!));
  return pruned;
}

/** The merge patch that turns `original` into `modified`. */
export function createMergePatch(original: JsonMap, modified: JsonMap): JsonMap {
  const patch: JsonDraft = {};
  for (const key of Object.keys(modified)) {
    const before = getField(original, key);
    const after = modified[key]!;
    if (before === undefined) setField(patch, key, after);
    else if (isMap(before) && isMap(after)) {
      const inner = createMergePatch(before, after);
      if (Object.keys(inner).length > 0) setField(patch, key, inner);
    } else if (!equalJson(before, after)) setField(patch, key, after);
  }
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setField(patch, key, null);
  return patch;
}

/**
 * The merge patch that brings `current` to `modified` and deletes what `original` had and `modified` lacks; what others
 * added to `current` stays.
 */
export function createThreeWayJsonMergePatch(original: JsonMap, modified: JsonMap, current: JsonMap): JsonMap {
  const changes = filterNulls(createMergePatch(current, modified), false);
  const deletions = filterNulls(createMergePatch(original, modified), true);
  return overlay(deletions, changes);
}

/** Keeps only nulls (`keepNulls`), or all but nulls. An empty object that was set is a value, not an empty patch. */
function filterNulls(patch: JsonMap, keepNulls: boolean): JsonMap {
  const kept: JsonDraft = {};
  for (const key of Object.keys(patch)) {
    const value = patch[key]!;
    if (value === null) {
      if (keepNulls) setField(kept, key, null);
    } else if (!isMap(value) || Object.keys(value).length === 0) {
      if (!keepNulls) setField(kept, key, value);
    } else {
      const inner = filterNulls(value, keepNulls);
      if (Object.keys(inner).length > 0) setField(kept, key, inner);
    }
  }
  return kept;
}

function overlay(below: JsonMap, above: JsonMap): JsonMap {
  const out: JsonDraft = { ...below };
  for (const key of Object.keys(above)) {
    const lower = getField(below, key);
    const upper = above[key]!;
    setField(out, key, isMap(lower) && isMap(upper) ? overlay(lower, upper) : upper);
  }
  return out;
}
