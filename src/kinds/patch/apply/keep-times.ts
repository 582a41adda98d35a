// Writes that change nothing but the times of managedFields change nothing at all: the old managedFields are kept
// (k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/equality.go). Imports kinds/schema, and what is beside it.
import type { Json } from "../../schema.ts";
import { equalJson, isList, isMap, type JsonMap } from "../json-value.ts";
import { managedFieldsOf, withManagedFields } from "./track-update.ts";

/**
 * The updated object; with the live object's managedFields where the two differ in no more than their times. So a caller
 * may compare live and result to see that there is nothing to write.
 */
export function keepTimesOfNoop(live: JsonMap, updated: JsonMap): JsonMap {
  const before = managedFieldsOf(live);
  const after = managedFieldsOf(updated);
  if (before === after) return updated;
  if (!isList(before) || !isList(after) || before.length !== after.length) return updated;
  if (!before.every((entry, index) => equalJson(withoutTime(entry), withoutTime(after[index]!)))) return updated;
  const same = equalJson(withManagedFields(live, undefined), withManagedFields(updated, undefined));
  return same ? withManagedFields(updated, before) : updated;
}

function withoutTime(entry: Json): Json {
  if (!isMap(entry)) return entry;
  const { time: _, ...rest } = entry;
  return rest;
}
