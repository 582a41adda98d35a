// Prints src/host/cri/messages.gen.ts: the messages of CRI v1 that Proa sends and reads, as a table for the codec and as
// TypeScript types, from the reference's field numbers. Imports node.
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface CriField {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly repeated?: boolean;
}
interface CriFacts {
  readonly messages: Readonly<Record<string, readonly CriField[]>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, { request: string; response: string }>>>>;
}

const methods: Readonly<Record<string, readonly string[]>> = {
  RuntimeService: [
    "Version",
    "Status",
    "RunPodSandbox",
    "StopPodSandbox",
    "RemovePodSandbox",
    "PodSandboxStatus",
    "ListPodSandbox",
    "CreateContainer",
    "StartContainer",
    "StopContainer",
    "RemoveContainer",
    "ListContainers",
    "ContainerStatus",
    "UpdateContainerResources",
    "ReopenContainerLog",
    "ExecSync",
    "Exec",
    "Attach",
    "PortForward",
    "ListContainerStats",
  ],
  ImageService: ["ListImages", "ImageStatus", "PullImage", "RemoveImage", "ImageFsInfo"],
};

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-zA-Z])/g, (_all, letter: string) => letter.toUpperCase());
const isLeftOut = (type: string): boolean => type.startsWith("Windows");
/** Enums that stand inside a message are named "Message.Enum"; the fields' types name them shortly. */
const enumName = (facts: CriFacts, type: string): string | undefined =>
  Object.keys(facts.enums).find((name) => name === type || name.endsWith(`.${type}`));

function reachable(facts: CriFacts): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !facts.messages[name] || isLeftOut(name)) return;
    found.add(name);
    for (const field of facts.messages[name]) visit(field.type);
  };
  for (const [service, names] of Object.entries(methods)) {
    for (const name of names) {
      const { request, response } = facts.services[service]![name]!;
      visit(request);
      visit(response);
    }
  }
  return found;
}

function scalarType(facts: CriFacts, type: string): string {
  const name = enumName(facts, type);
  if (name)
    return Object.keys(facts.enums[name]!)
      .map((value) => JSON.stringify(value))
      .join(" | ");
  if (type === "string") return "string";
  if (type === "bool") return "boolean";
  if (type === "bytes") return "Uint8Array";
  if (type === "map<string,string>") return "Readonly<Record<string, string>>";
  return "number";
}

function printField(facts: CriFacts, field: CriField): { row: string; type: string } {
  const name = camelCase(field.name);
  const enumeration = enumName(facts, field.type);
  const codecType = enumeration ? `enum ${enumeration}` : field.type;
  const row = `[${field.number}, ${JSON.stringify(name)}, ${JSON.stringify(codecType)}${field.repeated ? ", true" : ""}]`;
  const message = facts.messages[field.type] !== undefined;
  const base = message ? field.type : scalarType(facts, field.type);
  const wrapped = field.repeated ? `readonly (${base})[]` : base;
  return { row, type: `  readonly ${name}${message && !field.repeated ? "?" : ""}: ${wrapped};` };
}

/** Yields the path and the text of the generated file. */
export function* printCri(reference: string): Generator<[string, string]> {
  const facts = JSON.parse(readFileSync(join(reference, "cri-v1-fields.json"), "utf8")) as CriFacts;
  const names = [...reachable(facts)].sort();
  const rows: string[] = [];
  const types: string[] = [];
  const enums = new Set<string>();
  for (const name of names) {
    const fields = facts.messages[name]!.filter((field) => !isLeftOut(field.type));
    const printed = fields.map((field) => printField(facts, field));
    for (const field of fields) enums.add(enumName(facts, field.type) ?? "");
    rows.push(`  ${name}: [${printed.map(({ row }) => row).join(", ")}],`);
    types.push(`export interface ${name} {`, ...printed.map(({ type }) => type), "}");
  }
  enums.delete("");
  const enumRows = [...enums].sort().map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(facts.enums[name])},`);
  const calls = Object.entries(methods).flatMap(([service, list]) =>
    list.map((name) => {
      const { request, response } = facts.services[service]![name]!;
      return `  ${name}: { path: "/runtime.v1.${service}/${name}", request: "${request}", response: "${response}" },`;
    }),
  );
  const callTypes = Object.entries(methods).flatMap(([service, list]) =>
    list.map((name) => {
      const { request, response } = facts.services[service]![name]!;
      return `  readonly ${name}: { readonly request: ${request}; readonly response: ${response} };`;
    }),
  );
  const text = [
    "// Printed by scripts/generate.ts from the reference's cri-v1-fields.json; not edited by hand. Imports src/host/cri.",
    'import type { EnumTable, MessageTable } from "./codec.ts";',
    "",
    "export const messages: MessageTable = {",
    ...rows,
    "};",
    "",
    "export const enums: EnumTable = {",
    ...enumRows,
    "};",
    "",
    "export const calls = {",
    ...calls,
    "} as const;",
    "",
    "export interface Calls {",
    ...callTypes,
    "}",
    "",
    ...types,
    "",
  ].join("\n");
  yield ["src/host/cri/messages.gen.ts", text];
}
