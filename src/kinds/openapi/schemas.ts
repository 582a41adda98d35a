// The schemas that OpenAPI publishes, derived from the definitions. Descriptions come from outside (the build joins
// them into dist/descriptions.json), and are left out where there are none. May import src/base.
import type { Definition, Definitions, Field, Json } from "../schema.ts";

export type Schema = { [key: string]: Json };
const optional = (key: string, value: Json | undefined): Schema => (value === undefined ? {} : { [key]: value });

/** definition name → { "": the definition's description, field: its description }. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface SchemaOptions {
  readonly definitions: Definitions;
  readonly descriptions?: Descriptions;
  /** "#/components/schemas/" in v3, "#/definitions/" in v2. */
  readonly refPrefix: string;
  readonly version: 2 | 3;
}

const packages: readonly [prefix: string, full: string][] = [
  ["meta.v1.", "io.k8s.apimachinery.pkg.apis."],
  ["resource.Quantity", "io.k8s.apimachinery.pkg.api."],
  ["intstr.", "io.k8s.apimachinery.pkg.util."],
  ["runtime.", "io.k8s.apimachinery.pkg."],
  ["version.", "io.k8s.apimachinery.pkg."],
  ["apiextensions.", "io.k8s.apiextensions-apiserver.pkg.apis."],
  ["apiregistration.", "io.k8s.kube-aggregator.pkg.apis."],
];

/** "core.v1.Pod" → "io.k8s.api.core.v1.Pod". */
export function openApiName(definitionName: string): string {
  const found = packages.find(([prefix]) => definitionName.startsWith(prefix));
  return (found?.[1] ?? "io.k8s.api.") + definitionName;
}

function scalarSchema(definitionName: string, definition: Definition, version: 2 | 3): Schema {
  switch (definition.scalar) {
    case "quantity":
      return version === 3 ? { oneOf: [{ type: "string" }, { type: "number" }] } : { type: "string" };
    case "time":
    case "micro-time":
      return { type: "string", format: "date-time" };
    case "int-or-string":
      return version === 3
        ? { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] }
        : { type: "string", format: "int-or-string" };
    default:
      return definitionName.startsWith("apiextensions.") ? {} : { type: "object" };
  }
}

const plainTypes: Partial<Record<Field["type"], Schema>> = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  any: { type: "object" },
};

function fieldShape(field: Field, options: SchemaOptions): Schema {
  if (field.type === "list") return { type: "array", items: fieldSchema(field.items!, undefined, options) };
  if (field.type === "map") {
    return { type: "object", additionalProperties: fieldSchema(field.items!, undefined, options) };
  }
  return { ...plainTypes[field.type] };
}

/** A reference with something beside it must be wrapped in v3, where a bare $ref hides its siblings. */
function fieldSchema(field: Field, description: string | undefined, options: SchemaOptions): Schema {
  const { version } = options;
  const extras: Schema = {
    ...(description === undefined ? {} : { description }),
    // OpenAPI v2 is published without defaults.
    ...(field.default === undefined || version === 2 ? {} : { default: field.default }),
    ...(field.enum === undefined ? {} : { enum: field.enum }),
    ...(field.listType ? { "x-kubernetes-list-type": field.listType } : {}),
    ...(field.mapKeys ? { "x-kubernetes-list-map-keys": field.mapKeys } : {}),
    ...(field.mapType ? { "x-kubernetes-map-type": field.mapType } : {}),
    ...(field.patchStrategy ? { "x-kubernetes-patch-strategy": field.patchStrategy } : {}),
    ...(field.mergeKey ? { "x-kubernetes-patch-merge-key": field.mergeKey } : {}),
    ...(field.embedded ? { "x-kubernetes-embedded-resource": true } : {}),
  };
  if (field.ref === undefined) return { ...fieldShape(field, options), ...extras };
  const $ref = options.refPrefix + openApiName(field.ref);
  if (version === 2 || Object.keys(extras).length === 0) return { ...extras, $ref };
  return { ...extras, allOf: [{ $ref }] };
}

function definitionSchema(name: string, definition: Definition, options: SchemaOptions): Schema {
  const texts =
    options.descriptions && Object.hasOwn(options.descriptions, name) ? options.descriptions[name] : undefined;
  const description: Schema = texts?.[""] === undefined ? {} : { description: texts[""] };
  if (!definition.fields) return { ...description, ...scalarSchema(name, definition, options.version) };
  const properties: Schema = {};
  for (const key of Object.keys(definition.fields).toSorted()) {
    properties[key] = fieldSchema(definition.fields[key]!, texts?.[key], options);
  }
  return {
    ...description,
    type: "object",
    ...optional("required", definition.required),
    ...optional("properties", Object.keys(properties).length > 0 ? properties : undefined),
    ...optional("x-kubernetes-map-type", definition.mapType),
    ...optional("x-kubernetes-unions", definition.unions),
  };
}

function collectRefs(field: Field, into: string[]): void {
  if (field.ref !== undefined) into.push(field.ref);
  if (field.items) collectRefs(field.items, into);
}

/** The definitions that `roots` need, themselves among them, by name in order. */
export function closureOf(definitions: Definitions, roots: Iterable<string>): string[] {
  const open = [...roots];
  const found = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name) || !Object.hasOwn(definitions, name)) continue;
    found.add(name);
    for (const field of Object.values(definitions[name]!.fields ?? {})) collectRefs(field, open);
  }
  return [...found].toSorted();
}

export type KindsOf = (definitionName: string) => readonly { group: string; version: string; kind: string }[];

/** The schemas of all that `roots` need; `kindsOf` says which kinds have a definition's shape. */
export function schemasOf(roots: Iterable<string>, kindsOf: KindsOf, options: SchemaOptions): Record<string, Schema> {
  const schemas: Record<string, Schema> = {};
  for (const name of closureOf(options.definitions, roots)) {
    const schema = definitionSchema(name, options.definitions[name]!, options);
    const kinds = kindsOf(name);
    if (kinds.length > 0) schema["x-kubernetes-group-version-kind"] = kinds.map((kind) => ({ ...kind }));
    schemas[openApiName(name)] = schema;
  }
  return schemas;
}
