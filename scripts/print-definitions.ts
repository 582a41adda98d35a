// Prints src/kinds/definitions/*.gen.ts (shapes as data) and src/kinds/types/*.gen.ts (the same as TypeScript types) from
// the reference facts: names, types, list types, merge keys, enums, published defaults and protobuf numbers. No text of
// upstream's descriptions is taken. Imports node and src/kinds' schema types.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Definition, Field, FieldType, Json } from "../src/kinds/schema.ts";

interface OpenApiSchema {
  $ref?: string;
  allOf?: OpenApiSchema[];
  oneOf?: OpenApiSchema[];
  type?: string;
  format?: string;
  default?: Json;
  enum?: string[];
  items?: OpenApiSchema;
  properties?: Record<string, OpenApiSchema>;
  additionalProperties?: OpenApiSchema;
  required?: string[];
  [extension: `x-kubernetes-${string}`]: unknown;
}
interface ProtoField {
  name: string;
  number: number;
  type: string;
}
type ProtoPackages = Record<string, Record<string, ProtoField[]>>;

const scalars: Record<string, FieldType> = {
  "resource.Quantity": "quantity",
  "meta.v1.Time": "time",
  "meta.v1.MicroTime": "micro-time",
  "meta.v1.FieldsV1": "fields-v1",
  "runtime.RawExtension": "any",
  "intstr.IntOrString": "int-or-string",
  "apiextensions.v1.JSON": "any",
  "apiextensions.v1.JSONSchemaPropsOrArray": "any",
  "apiextensions.v1.JSONSchemaPropsOrBool": "any",
  "apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
};

/** "io.k8s.api.core.v1.Pod" → "core.v1.Pod". */
export function shortName(openApiName: string): string {
  return openApiName
    .replace(/^io\.k8s\.api\./, "")
    .replace(/^io\.k8s\.(apimachinery|apiextensions-apiserver|kube-aggregator)\.pkg\.(apis\.|api\.|util\.)?/, "");
}

function protoPackageOf(openApiName: string): string {
  const parts = openApiName.split(".").slice(0, -1).join(".");
  return parts.replace(/^io\.k8s\./, "k8s.io.").replaceAll("-", "_");
}

function fieldType(schema: OpenApiSchema): FieldType {
  switch (`${schema.type}/${schema.format ?? ""}`) {
    case "string/byte":
      return "bytes";
    case "integer/int64":
      return "int64";
    case "integer/int32":
      return "int32";
    case "number/double":
      return "double";
    case "boolean/":
      return "boolean";
    case "string/":
      return "string";
    default:
      throw new Error(`no field type for ${JSON.stringify(schema)}`);
  }
}

function toField(schema: OpenApiSchema, proto: ProtoField | undefined): Field {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  const ref = reference === undefined ? undefined : shortName(reference.split("/").pop()!);
  const extras = {
    ...(proto ? { proto: proto.number } : {}),
    ...(schema.default === undefined ? {} : { default: schema.default }),
    ...(schema.enum ? { enum: schema.enum } : {}),
    ...(schema["x-kubernetes-list-type"] ? { listType: schema["x-kubernetes-list-type"] as "map" } : {}),
    ...(schema["x-kubernetes-list-map-keys"] ? { mapKeys: schema["x-kubernetes-list-map-keys"] as string[] } : {}),
    ...(schema["x-kubernetes-map-type"] ? { mapType: schema["x-kubernetes-map-type"] as "atomic" } : {}),
    ...(schema["x-kubernetes-patch-strategy"]
      ? { patchStrategy: schema["x-kubernetes-patch-strategy"] as string }
      : {}),
    ...(schema["x-kubernetes-patch-merge-key"] ? { mergeKey: schema["x-kubernetes-patch-merge-key"] as string } : {}),
    ...(schema["x-kubernetes-embedded-resource"] ? { embedded: true } : {}),
  };
  if (ref !== undefined && scalars[ref]) return { type: scalars[ref], ref, ...extras };
  if (ref !== undefined) return { type: "struct", ref, ...extras };
  if (schema.type === "array") return { type: "list", items: toField(schema.items!, undefined), ...extras };
  if (schema.additionalProperties) {
    return { type: "map", items: toField(schema.additionalProperties, undefined), ...extras };
  }
  if (schema.type === "object" || schema.type === undefined) return { type: "any", ...extras };
  return { type: fieldType(schema), ...extras };
}

function toDefinition(name: string, schema: OpenApiSchema, protos: readonly ProtoField[]): Definition {
  const short = shortName(name);
  if (scalars[short]) return { scalar: scalars[short] };
  const fields: Record<string, Field> = {};
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const inProto = (proto: ProtoField) => proto.name === key || proto.name === key.replace(/^\$/, "");
    fields[key] = toField(property, protos.find(inProto));
  }
  const kinds = (schema["x-kubernetes-group-version-kind"] ?? []) as { group: string; version: string; kind: string }[];
  // The meta.v1 options belong to every group: only the first is kept.
  const kept = short.startsWith("meta.v1.") ? kinds.slice(0, 1) : kinds;
  return {
    fields,
    ...(schema.required ? { required: schema.required } : {}),
    ...(kept.length > 0 ? { kinds: kept.map((gvk) => [gvk.group, gvk.version, gvk.kind] as const) } : {}),
    ...(schema["x-kubernetes-map-type"] ? { mapType: schema["x-kubernetes-map-type"] as "atomic" } : {}),
    ...(schema["x-kubernetes-unions"] ? { unions: schema["x-kubernetes-unions"] as Json } : {}),
  };
}

function readDefinitions(reference: string): Map<string, Definition> {
  const served = join(reference, "kubernetes-1.36/served/openapi-v3");
  const protoText = readFileSync(join(reference, "kubernetes-1.36/protobuf-fields.json"), "utf8");
  const protos = JSON.parse(protoText) as ProtoPackages;
  const found = new Map<string, Definition>();
  for (const file of readdirSync(served).sort()) {
    const document = JSON.parse(readFileSync(join(served, file), "utf8"));
    const schemas = (document.components?.schemas ?? {}) as Record<string, OpenApiSchema>;
    for (const [name, schema] of Object.entries(schemas)) {
      const message = protos[protoPackageOf(name)]?.[name.split(".").pop()!] ?? [];
      found.set(shortName(name), toDefinition(name, schema, message));
    }
  }
  return found;
}

const packageOf = (name: string): string => name.split(".").slice(0, -1).join("-");
const typeOf = (name: string): string => name.split(".").pop()!;
const identifierOf = (folder: string): string =>
  folder.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function typeText(field: Field, own: string, imports: Set<string>): string {
  switch (field.type) {
    case "int32":
    case "int64":
    case "double":
      return "number";
    case "boolean":
      return "boolean";
    case "int-or-string":
      return "number | string";
    case "any":
    case "fields-v1":
      return "Json";
    case "list":
      return `readonly ${wrap(typeText(field.items!, own, imports))}[]`;
    case "map":
      return `Readonly<Record<string, ${typeText(field.items!, own, imports)}>>`;
    case "struct": {
      const folder = packageOf(field.ref!);
      if (folder === own) return typeOf(field.ref!);
      imports.add(folder);
      return `${identifierOf(folder)}.${typeOf(field.ref!)}`;
    }
    default:
      return field.enum ? field.enum.map((value) => JSON.stringify(value)).join(" | ") : "string";
  }
}
const wrap = (text: string): string => (/[ |]/.test(text) ? `(${text})` : text);

/** Fields that every object that was read from a server has, though the schema does not require them. */
function alwaysThere(name: string, definition: Definition, key: string): boolean {
  if (name === "meta.v1.ObjectMeta") {
    return ["name", "uid", "resourceVersion", "creationTimestamp"].includes(key);
  }
  return (
    definition.kinds !== undefined && definition.fields!["metadata"] !== undefined && ["metadata", "spec"].includes(key)
  );
}

function printTypes(folder: string, entries: readonly [string, Definition][]): string {
  const imports = new Set<string>();
  const bodies = entries.flatMap(([name, definition]) => {
    if (!definition.fields) return [];
    const lines = Object.entries(definition.fields).map(([key, field]) => {
      const required = definition.required?.includes(key) || alwaysThere(name, definition, key);
      const property = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
      return `  readonly ${property}${required ? "" : "?"}: ${typeText(field, folder, imports)};`;
    });
    return [`export interface ${typeOf(name)} {\n${lines.join("\n")}\n}\n`];
  });
  const importLines = [...imports]
    .sort()
    .map((other) => `import type * as ${identifierOf(other)} from "./${other}.gen.ts";`);
  const json = bodies.some((body) => /\bJson\b/.test(body)) ? ['import type { Json } from "../schema.ts";'] : [];
  const head = "// Printed by scripts/print-definitions.ts: the objects' types. Do not edit.";
  return [head, ...json, ...importLines, "", ...bodies].join("\n");
}

function printData(folder: string, entries: readonly [string, Definition][]): string {
  const lines = entries.map(([name, definition]) => `  ${JSON.stringify(name)}: ${JSON.stringify(definition)},`);
  return [
    "// Printed by scripts/print-definitions.ts: the objects' shapes. Do not edit.",
    'import type { Definitions } from "../schema.ts";',
    "",
    `export const ${identifierOf(folder)}: Definitions = {`,
    ...lines,
    "};",
    "",
  ].join("\n");
}

/** Yields [path, text] of every file that holds definitions or types. */
export function* printDefinitions(reference: string): Generator<[string, string]> {
  const packages = new Map<string, [string, Definition][]>();
  for (const entry of [...readDefinitions(reference)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const folder = packageOf(entry[0]);
    packages.set(folder, [...(packages.get(folder) ?? []), entry]);
  }
  for (const [folder, entries] of packages) {
    yield [`src/kinds/definitions/${folder}.gen.ts`, printData(folder, entries)];
    const text = printTypes(folder, entries);
    if (text.includes("interface")) yield [`src/kinds/types/${folder}.gen.ts`, text];
  }
  const folders = [...packages.keys()];
  yield [
    "src/kinds/definitions/all.gen.ts",
    [
      "// Printed by scripts/print-definitions.ts: every built-in definition. Do not edit.",
      'import type { Definitions } from "../schema.ts";',
      ...folders.map((folder) => `import { ${identifierOf(folder)} } from "./${folder}.gen.ts";`),
      "",
      "export const builtInDefinitions: Definitions = {",
      ...folders.map((folder) => `  ...${identifierOf(folder)},`),
      "};",
      "",
    ].join("\n"),
  ];
}
