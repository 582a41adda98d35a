// Prints src/kinds/codec/go-fields.gen.ts: per definition and field, upstream's Go type, whether it is a pointer,
// whether an empty value is left out of JSON, and which embedded struct it comes from. These facts decide what an
// encoder leaves out and what a decoder's errors say. Read from Go's module cache, where upstream's sources are.
// Imports node.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface GoField {
  readonly json: string;
  readonly type: string;
  /** "?": left out when empty (omitempty); "!": when zero (omitzero); "": never. */
  readonly omit: string;
  readonly inline: boolean;
  /** "#7": the protobuf number; "": not in protobuf. */
  readonly proto: string;
}

const builtIn = new Set(["string", "bool", "int", "int32", "int64", "float64", "byte", "uint8", "any"]);

/** Names a type as Go's reflection does: with the last part of its package. */
function qualify(type: string, version: string): string {
  const prefix = /^(\*|\[\]|map\[[^\]]+\])/.exec(type)?.[0];
  if (prefix) {
    const key = /^map\[([^\]]+)\]/.exec(prefix)?.[1];
    const head = key ? `map[${qualify(key, version)}]` : prefix;
    return head + qualify(type.slice(prefix.length), version);
  }
  if (type === "byte") return "uint8";
  if (builtIn.has(type)) return type;
  const dot = type.indexOf(".");
  if (dot < 0) return `${version}.${type}`;
  const packageName = type.slice(0, dot);
  const known = ["types", "intstr", "resource", "runtime"].includes(packageName);
  return (known ? packageName : "v1") + type.slice(dot);
}

/** The structs of one file: name → fields in order. */
function readStructs(text: string, version: string): Map<string, GoField[]> {
  const structs = new Map<string, GoField[]>();
  for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([^]*?)^\}/gm)) {
    const fields: GoField[] = [];
    for (const line of body!.split("\n")) {
      const match = /^\s+(?:(\w+)\s+)?([\w.*[\]]+)\s+`(?:[^`]*\s)?json:"([^"]*)"/.exec(line);
      const tag = /protobuf:"\w+,(\d+)/.exec(line);
      const proto = tag ? `#${tag[1]}` : "";
      if (!match) continue;
      const [json = "", ...options] = match[3]!.split(",");
      if (json === "-") continue;
      const inline = options.includes("inline") || (json === "" && match[1] === undefined);
      const omit = options.includes("omitzero") ? "!" : options.includes("omitempty") ? "?" : "";
      fields.push({ json, type: qualify(match[2]!, version), omit, inline, proto });
    }
    structs.set(name!, fields);
  }
  return structs;
}

/** [definition prefix, folder in the module cache]. */
function packages(cache: string, release: string): [string, string][] {
  const found: [string, string][] = [];
  const api = join(cache, `k8s.io/api@${release}`);
  for (const group of readdirSync(api)) {
    for (const version of ["v1", "v2"]) {
      if (existsSync(join(api, group, version, "types.go")))
        found.push([`${group}.${version}`, join(api, group, version)]);
    }
  }
  const machinery = join(cache, `k8s.io/apimachinery@${release}/pkg`);
  found.push(["meta.v1", join(machinery, "apis/meta/v1")]);
  found.push(["version", join(machinery, "version")]);
  found.push(["apiextensions.v1", join(cache, `k8s.io/apiextensions-apiserver@${release}/pkg/apis/apiextensions/v1`)]);
  found.push(["apiregistration.v1", join(cache, `k8s.io/kube-aggregator@${release}/pkg/apis/apiregistration/v1`)]);
  return found;
}

function readPackage(folder: string, version: string): Map<string, GoField[]> {
  const structs = new Map<string, GoField[]>();
  for (const file of readdirSync(folder).filter((name) => /^types.*\.go$/.test(name) && !name.endsWith("_test.go"))) {
    for (const entry of readStructs(readFileSync(join(folder, file), "utf8"), version)) structs.set(...entry);
  }
  return structs;
}

/** The type and how it is left out; inlined fields come with their struct: "VolumeSource#2/*v1.X#1?". */
function flatten(structs: Map<string, GoField[]>, fields: readonly GoField[], path: string): [string, string][] {
  return fields.flatMap(({ json, type, omit, inline, proto }): [string, string][] => {
    if (!inline) return [[json, `${path}${type}${proto}${omit}`]];
    const name = type.replace(/^\*/, "").split(".").pop()!;
    if (name === "TypeMeta") return [];
    return flatten(structs, structs.get(name) ?? [], `${path}${type.startsWith("*") ? "*" : ""}${name}${proto}/`);
  });
}

/** Yields [path, text] of the file; nothing where the sources are not there. */
export function* printGoFields(
  cache: string,
  release: string,
  definitionNames: ReadonlySet<string>,
): Generator<[string, string]> {
  if (!existsSync(join(cache, `k8s.io/api@${release}`))) return;
  const lines: string[] = [];
  for (const [prefix, folder] of packages(cache, release).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const structs = readPackage(folder, prefix.includes(".") ? prefix.split(".").pop()! : prefix);
    for (const [name, fields] of [...structs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const definition = `${prefix}.${name}`;
      const flat = flatten(structs, fields, "");
      if (!definitionNames.has(definition) || flat.length === 0) continue;
      lines.push(`  ${JSON.stringify(definition)}: ${JSON.stringify(Object.fromEntries(flat))},`);
    }
  }
  const head = [
    "// Printed by scripts/print-go-fields.ts: upstream's Go types of fields. Do not edit.",
    "export const goFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {",
  ];
  yield ["src/kinds/codec/go-fields.gen.ts", [...head, ...lines, "};", ""].join("\n")];
}
