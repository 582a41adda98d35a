// Events of core/v1, in whose form events.k8s.io/v1 stores its objects too; the rules of both. May import src/base.
import { invalid, required, type FieldError } from "../../base/field-error.ts";
import { humanAge } from "../duration.ts";
import type { Cell, Strategy } from "../kind.ts";
import { columns, defineKind } from "../meta/define-kind.ts";
import { byteLength, isDNS1123Subdomain, isQualifiedName } from "../meta/names.ts";
import type { Event } from "../types/core-v1.gen.ts";

/** Events are forgotten after an hour (kube-apiserver --event-ttl). */
export const eventTimeToLiveSeconds = 3600;

const reportingInstanceMaxBytes = 128;
const actionMaxBytes = 128;
const reasonMaxBytes = 128;
const noteMaxBytes = 1024;

const atMost = (field: string, limit: number): FieldError => invalid(field, "", `can have at most ${limit} characters`);

function validateText(text: string, field: string, limit: number, wanted: boolean): FieldError[] {
  if (wanted && text === "") return [required(field)];
  return byteLength(text) > limit ? [atMost(field, limit)] : [];
}

function validateInvolvedNamespace(event: Event): FieldError[] {
  const own = event.metadata.namespace ?? "";
  const involved = event.involvedObject.namespace ?? "";
  const error = invalid("involvedObject.namespace", involved, "does not match event.namespace");
  if (event.eventTime) {
    return involved === "" && own !== "default" && own !== "kube-system" ? [error] : [];
  }
  if (involved === "") return own !== "" && own !== "default" ? [error] : [];
  return own === involved ? [] : [error];
}

/** What both versions check; `componentField` is how the version calls the reporting controller. */
export function validateEvent(event: Event, componentField: string): FieldError[] {
  const errors = validateInvolvedNamespace(event);
  if (event.eventTime) {
    const component = event.reportingComponent ?? "";
    if (component === "") errors.push(required(componentField));
    errors.push(...isQualifiedName(component).map((message) => invalid(componentField, component, message)));
    errors.push(
      ...validateText(event.reportingInstance ?? "", "reportingInstance", reportingInstanceMaxBytes, true),
      ...validateText(event.action ?? "", "action", actionMaxBytes, true),
      ...validateText(event.reason ?? "", "reason", reasonMaxBytes, true),
      ...validateText(event.message ?? "", "message", noteMaxBytes, false),
    );
  }
  const namespace = event.metadata.namespace ?? "";
  return [...errors, ...isDNS1123Subdomain(namespace).map((message) => invalid("namespace", namespace, message))];
}

const strategy: Strategy<Event> = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  metadataChecks: { create: 0, update: 0 },
  default(draft) {
    draft.involvedObject ??= {};
  },
  validate: (event) => validateEvent(event, "reportingComponent"),
};

const firstNonEmpty = (...texts: (string | undefined)[]): string => texts.find((text) => text) ?? "";

/** A Table's row of an event, in core/v1 form. */
export function eventCells(event: Event, nowMs: number): Cell[] {
  const { involvedObject, source, series } = event;
  const first = humanAge(event.firstTimestamp || event.eventTime, nowMs);
  const last = series
    ? humanAge(series.lastObservedTime, nowMs)
    : event.lastTimestamp
      ? humanAge(event.lastTimestamp, nowMs)
      : first;
  const kind = (involvedObject.kind ?? "").toLowerCase();
  const component = firstNonEmpty(source?.component, event.reportingComponent);
  const instance = firstNonEmpty(source?.host, event.reportingInstance);
  return [
    last,
    event.type ?? "",
    event.reason ?? "",
    involvedObject.name ? `${kind}/${involvedObject.name}` : kind,
    involvedObject.fieldPath ?? "",
    instance ? `${component}, ${instance}` : component,
    (event.message ?? "").trim(),
    first,
    series ? (series.count ?? 0) : event.count || 1,
    event.metadata.name,
  ];
}

export const eventColumns = columns(
  "Last Seen",
  "Type",
  "Reason",
  "Object",
  "Subobject:+",
  "Source:+",
  "Message",
  "First Seen:+",
  "Count:+",
  "Name:name:+",
);

const involved =
  (name: "kind" | "namespace" | "name" | "uid" | "apiVersion" | "resourceVersion" | "fieldPath") =>
  (event: Event): string =>
    event.involvedObject[name] ?? "";

export const event = defineKind<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  namespaced: true,
  definition: "core.v1.Event",
  storageKey: "events",
  columns: eventColumns,
  cells: eventCells,
  selectableFields: {
    "involvedObject.kind": involved("kind"),
    "involvedObject.namespace": involved("namespace"),
    "involvedObject.name": involved("name"),
    "involvedObject.uid": involved("uid"),
    "involvedObject.apiVersion": involved("apiVersion"),
    "involvedObject.resourceVersion": involved("resourceVersion"),
    "involvedObject.fieldPath": involved("fieldPath"),
    reason: (object) => object.reason ?? "",
    reportingComponent: (object) => object.reportingComponent ?? "",
    source: (object) => firstNonEmpty(object.source?.component, object.reportingComponent),
    type: (object) => object.type ?? "",
  },
  strategy,
  timeToLiveSeconds: eventTimeToLiveSeconds,
});
