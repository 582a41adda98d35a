// The selectors of a list or watch: parsed, checked against the fields that the kind can be selected by, and applied.
// May import src/base and src/kinds.
import { errors } from "../../base/errors.ts";
import { exactField, matchesFields, parseFields } from "../../base/fields.ts";
import type { FieldRequirement } from "../../base/fields.ts";
import { everything, isEverything, matchesLabels } from "../../base/labels.ts";
import type { LabelMatcher } from "../../base/labels.ts";
import { parseLabels } from "../../base/parse-labels.ts";
import type { KubernetesObject } from "../../kinds/object.ts";
import type { SelectorRequirement } from "../ports.ts";
import type { Resource } from "../registry.ts";

export interface Selection {
  readonly labels: LabelMatcher;
  readonly fields: readonly FieldRequirement[];
  /** Nothing is selected away. */
  readonly all: boolean;
  /** The one object that can match, where the fields name it. */
  readonly name: string | undefined;
}

export const selectAll: Selection = { labels: everything, fields: [], all: true, name: undefined };

const parse = <T>(parser: (text: string) => T, text: string): T => {
  try {
    return parser(text);
  } catch (error) {
    throw errors.badRequest(error instanceof Error ? error.message : String(error));
  }
};

/** Kinds whose conversion functions refuse a field in words of their own. */
const fieldErrors = new Map<string, (field: string) => string>([
  ["/pods", (field) => `field label not supported: ${field}`],
  ["/nodes", (field) => `field label not supported: ${field}`],
  ["/replicationcontrollers", (field) => `field label not supported: ${field}`],
  ["/events", (field) => `field label not supported: ${field}`],
  ["events.k8s.io/events", (field) => `field label not supported: ${field}`],
  ["/namespaces", (field) => `field label not supported: ${field}`],
  ["/secrets", (field) => `field label not supported: ${field}`],
  ["/services", (field) => `field label not supported: ${field}`],
  ["batch/jobs", (field) => `field label "${field}" not supported for Job`],
  ["certificates.k8s.io/certificatesigningrequests", (field) => `field label not supported: ${field}`],
]);

function unknownField(resource: Resource, field: string): string {
  if (resource.custom) return `field label not supported: ${field}`;
  const own = fieldErrors.get(`${resource.kind.group}/${resource.kind.plural}`);
  if (own) return own(field);
  return `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** Parses both selectors; `name` is that of the path, for a watch of one object. Throws 400. */
export function selectionOf(resource: Resource, labelSelector: string, fieldSelector: string, name: string): Selection {
  if (labelSelector === "" && fieldSelector === "" && name === "") return selectAll;
  const labels = labelSelector === "" ? everything : parse(parseLabels, labelSelector);
  let fields = fieldSelector === "" ? [] : parse(parseFields, fieldSelector);
  const { namespaced, selectableFields } = resource.kind;
  for (const { field } of fields) {
    if (field === "metadata.name" || (field === "metadata.namespace" && namespaced)) continue;
    if (field === "metadata.namespace" && !resource.custom) continue;
    if (!Object.hasOwn(selectableFields, field)) throw errors.badRequest(unknownField(resource, field));
  }
  if (name !== "") {
    const selected = exactField(fields, "metadata.name");
    if (fields.length > 0 && selected !== name) {
      throw errors.badRequest("fieldSelector metadata.name doesn't match requested name");
    }
    if (fields.length === 0) fields = [{ field: "metadata.name", operator: "=", value: name }];
  }
  return {
    labels,
    fields,
    all: isEverything(labels) && fields.length === 0,
    name: exactField(fields, "metadata.name"),
  };
}

/** Whether an object is selected. */
export function selects(selection: Selection, resource: Resource, object: KubernetesObject): boolean {
  if (selection.all) return true;
  const { metadata } = object;
  if (selection.labels.nothing || selection.labels.requirements.length > 0) {
    if (!matchesLabels(selection.labels, metadata.labels)) return false;
  }
  if (selection.fields.length === 0) return true;
  return matchesFields(selection.fields, (field) => {
    if (field === "metadata.name") return metadata.name ?? "";
    if (field === "metadata.namespace") return metadata.namespace ?? "";
    return resource.kind.selectableFields[field]!(object);
  });
}

/** The selectors as an authorizer sees them; what cannot be parsed is left out. */
export function requirementsForAuthorizer(query: URLSearchParams): {
  fieldSelector?: SelectorRequirement[];
  labelSelector?: SelectorRequirement[];
} {
  const found: { fieldSelector?: SelectorRequirement[]; labelSelector?: SelectorRequirement[] } = {};
  const fieldText = query.get("fieldSelector");
  const labelText = query.get("labelSelector");
  if (fieldText) {
    try {
      found.fieldSelector = parseFields(fieldText).map(({ field, operator, value }) => ({
        key: field,
        operator: operator === "=" ? "In" : "NotIn",
        values: [value],
      }));
    } catch {
      // The verb itself answers with the error; until then the request counts as one without a selector.
    }
  }
  if (labelText) {
    try {
      found.labelSelector = parseLabels(labelText).requirements.flatMap((requirement) => {
        const operator = labelOperators[requirement.operator];
        return operator ? [{ key: requirement.key, operator, values: requirement.values }] : [];
      });
    } catch {
      // As above.
    }
  }
  return found;
}

const labelOperators: Readonly<Record<string, string>> = {
  in: "In",
  "=": "In",
  "==": "In",
  notin: "NotIn",
  "!=": "NotIn",
  exists: "Exists",
  "!": "DoesNotExist",
};

/** What is kept of each object so that selecting needs no parsing: its labels, and its selectable fields in order. */
export interface Projection {
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly fields: readonly string[];
}

const noFields: readonly string[] = [];
const fieldNames = new WeakMap<Resource, readonly string[]>();

function fieldNamesOf(resource: Resource): readonly string[] {
  let names = fieldNames.get(resource);
  if (!names) fieldNames.set(resource, (names = Object.keys(resource.kind.selectableFields)));
  return names;
}

export function projectionOf(resource: Resource, object: KubernetesObject): Projection {
  const names = fieldNamesOf(resource);
  const { selectableFields } = resource.kind;
  const fields = names.length === 0 ? noFields : names.map((name) => selectableFields[name]!(object));
  return { labels: object.metadata.labels, fields };
}

/** As selects(), by an object's projection. */
export function selectsProjection(
  selection: Selection,
  resource: Resource,
  object: { readonly name: string; readonly namespace: string; readonly projection: Projection },
): boolean {
  const { labels, fields } = object.projection;
  if (selection.labels.nothing || selection.labels.requirements.length > 0) {
    if (!matchesLabels(selection.labels, labels)) return false;
  }
  if (selection.fields.length === 0) return true;
  return matchesFields(selection.fields, (field) => {
    if (field === "metadata.name") return object.name;
    if (field === "metadata.namespace") return object.namespace;
    return fields[fieldNamesOf(resource).indexOf(field)] ?? "";
  });
}
