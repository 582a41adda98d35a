// Merges an applied configuration into a live object (structured-merge-diff's Merge). What the configuration does not
// change is shared with the live object; nothing is removed here. Imports kinds/schema, and what is beside it.
import type { Json } from "../../../schema.ts";
import { equalJson, getField, isList, isMap, type JsonDraft, type JsonMap, setField } from "../../json-value.ts";
import { itemElement } from "./path-element.ts";
import { childShape, deduced, type ListShape, type MapShape, type Shape, sortOf } from "./shape.ts";

/** The live object with the configuration merged in; `live` itself when that changes nothing. Throws ShapeError. */
export function mergeObjects(shape: Shape, live: JsonMap, config: JsonMap): JsonMap {
  return mergeValues(shape, live, config) as JsonMap;
}

function mergeValues(shape: Shape, live: Json | undefined, config: Json): Json {
  if (live === undefined || live === config) return config;
  const sort = sortOf(shape, config);
  if (sort === "list" && !shape.list!.atomic) {
    const ours = isList(live) ? live : [];
    const theirs = isList(config) ? config : [];
    if (ours.length > 0 || theirs.length > 0) return keep(live, mergeItems(shape.list!, ours, theirs));
  } else if (sort === "map" && !shape.map!.atomic) {
    const ours = isMap(live) ? live : {};
    const theirs = isMap(config) ? config : {};
    if (Object.keys(ours).length > 0 || Object.keys(theirs).length > 0) {
      const merged = mergeMaps(shape.map!, ours, theirs);
      return merged === ours ? live : merged;
    }
  }
  return keep(live, config);
}

/** The live value where the new one equals it. */
const keep = (live: Json, merged: Json): Json => (equalJson(live, merged) ? live : merged);

function mergeMaps(map: MapShape, live: JsonMap, config: JsonMap): JsonMap {
  let merged: JsonDraft | undefined;
  for (const key of Object.keys(config)) {
    const before = getField(live, key);
    const after = mergeValues(childShape(map, key) ?? deduced, before, config[key]!);
    if (after !== before) setField((merged ??= { ...live }), key, after);
  }
  return merged ?? live;
}

/**
 * Items keep the configuration's order among themselves; items of the live list alone keep their place between them as far
 * as the live order says.
 */
function mergeItems(list: ListShape, live: readonly Json[], config: readonly Json[]): Json[] {
  const ours = live.map((item) => itemElement(list, item));
  const theirs = config.map((item) => itemElement(list, item));
  const oursByElement = new Map<string, Json>();
  // Of an item that occurs more than once none is merged with the new value.
  ours.forEach((element, index) => oursByElement.set(element, oursByElement.has(element) ? null : live[index]!));
  const theirsByElement = new Map(theirs.map((element, index) => [element, config[index]!]));
  const shared = theirs.filter((element) => oursByElement.has(element));
  const merged: Json[] = [];
  const done = new Set<string>();
  const take = (element: string): void => {
    done.add(element);
    merged.push(mergeValues(list.element, oursByElement.get(element), theirsByElement.get(element)!));
  };
  let i = 0;
  let j = 0;
  let nextShared = 0;
  while (i < ours.length || j < theirs.length) {
    const our = ours[i];
    const their = theirs[j];
    if (our !== undefined && their !== undefined) {
      if (our === their) {
        take(our);
        i++;
        j++;
        nextShared++;
        continue;
      }
      const wanted = shared[nextShared];
      if (theirsByElement.has(our) && wanted !== undefined && wanted !== our) {
        i++;
        continue;
      }
    }
    if (our !== undefined) {
      if (!theirsByElement.has(our)) {
        merged.push(live[i]!);
        i++;
        continue;
      }
      if (done.has(our)) i++;
    }
    if (their !== undefined) {
      take(their);
      j++;
      if (shared[nextShared] === their) nextShared++;
    }
  }
  return merged;
}
