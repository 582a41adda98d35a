// Events of events.k8s.io/v1: the same stored objects as core/v1's, under other names. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { eventCells, eventColumns, eventTimeToLiveSeconds, validateEvent } from "../core/event.ts";
import type { Strategy } from "../kind.ts";
import { defineKind } from "../meta/define-kind.ts";
import { semanticEqual } from "../meta/equality.ts";
import { validateImmutable } from "../meta/object-meta.ts";
import type { Event as CoreEvent } from "../types/core-v1.gen.ts";
import type { Event } from "../types/events-v1.gen.ts";

/** events.k8s.io/v1's name of a field → core/v1's; the rest is called the same. */
const coreNames: Readonly<Record<string, string>> = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const ownNames = Object.fromEntries(Object.entries(coreNames).map(([own, core]) => [core, own]));

function rename(object: object, names: Readonly<Record<string, string>>, apiVersion: string): object {
  const entries = Object.entries(object).map(([key, value]) => [Object.hasOwn(names, key) ? names[key]! : key, value]);
  return { ...Object.fromEntries(entries), apiVersion };
}

export const toCoreEvent = (event: Event): CoreEvent => {
  const core = rename(event, coreNames, "v1") as CoreEvent;
  return core.involvedObject ? core : { ...core, involvedObject: {} };
};
export const fromCoreEvent = (event: CoreEvent): Event => rename(event, ownNames, "events.k8s.io/v1") as Event;

function validateSeries({ series }: CoreEvent): FieldError[] {
  if (!series) return [];
  const errors = (series.count ?? 0) < 2 ? [invalid("series.count", "", "should be at least 2")] : [];
  return series.lastObservedTime ? errors : [...errors, required("series.lastObservedTime")];
}

function validateNew(core: CoreEvent): FieldError[] {
  const errors = validateSeries(core);
  if (!core.eventTime) errors.push(required("eventTime"));
  const type = core.type ?? "";
  if (type !== "Normal" && type !== "Warning") errors.push(invalid("type", "", `has invalid value: ${type}`));
  for (const field of ["firstTimestamp", "lastTimestamp", "count"] as const) {
    if (core[field]) errors.push(invalid(field, "", "needs to be unset"));
  }
  if (core.source?.component || core.source?.host) errors.push(invalid("source", "", "needs to be unset"));
  return errors;
}

// Everything but the series is fixed. Upstream names reason twice.
const fixedFields = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
] as const;

const strategy: Strategy<Event> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  // Metadata is checked after the event itself; whether an error of one or the other comes first, no client can tell.
  metadataChecks: { create: 1, update: 1 },
  validateOnUpdate: false,
  validate(event) {
    const core = toCoreEvent(event);
    return [...validateEvent(core, "reportingController"), ...validateNew(core)];
  },
  validateUpdate(event, old) {
    const [now, before] = [toCoreEvent(event), toCoreEvent(old)];
    const errors = validateEvent(now, "reportingController");
    if (!semanticEqual(now.series, before.series)) errors.push(...validateSeries(now));
    for (const field of fixedFields) {
      const empty = field === "count" ? 0 : field === "source" ? {} : field.endsWith("ime") ? null : "";
      errors.push(...validateImmutable(now[field] ?? empty, before[field] ?? empty, field));
    }
    return [
      ...errors,
      ...validateImmutable(now.reportingComponent ?? "", before.reportingComponent ?? "", "reportingController"),
      ...validateImmutable(now.reportingInstance ?? "", before.reportingInstance ?? "", "reportingInstance"),
    ];
  },
};

const regarding =
  (name: "kind" | "namespace" | "name" | "uid" | "apiVersion" | "resourceVersion" | "fieldPath") =>
  (event: Event): string =>
    event.regarding?.[name] ?? "";

export const eventsEvent = defineKind<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  namespaced: true,
  definition: "events.v1.Event",
  storageKey: "events",
  columns: eventColumns,
  cells: (event, nowMs) => eventCells(toCoreEvent(event), nowMs),
  selectableFields: {
    reason: (object) => object.reason ?? "",
    "regarding.kind": regarding("kind"),
    "regarding.namespace": regarding("namespace"),
    "regarding.name": regarding("name"),
    "regarding.uid": regarding("uid"),
    "regarding.apiVersion": regarding("apiVersion"),
    "regarding.resourceVersion": regarding("resourceVersion"),
    "regarding.fieldPath": regarding("fieldPath"),
    reportingController: (object) => object.reportingController ?? "",
    type: (object) => object.type ?? "",
  },
  strategy,
  timeToLiveSeconds: eventTimeToLiveSeconds,
  storedAs: {
    group: "",
    version: "v1",
    kind: "Event",
    toStored: toCoreEvent,
    fromStored: (object) => fromCoreEvent(object as CoreEvent),
  },
});
