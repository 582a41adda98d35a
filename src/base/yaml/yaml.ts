// YAML as kubectl and the API server read it (sigs.k8s.io/yaml over a YAML 1.1 reader): yes and on are booleans, 0777
// is octal, dates are strings, keys become strings, the last of duplicates wins and is told. Imports yaml and src/base.
import { isScalar, LineCounter, parseAllDocuments, visit } from "yaml";
import type { Document, ScalarTag, Tags } from "yaml";
import { yamlAliasesMax } from "../limits.ts";

export { printYaml } from "./print-yaml.ts";

/** Text that isn't YAML; the message is Go's where it is known. */
export class YamlError extends Error {
  override name = "YamlError";
}

export interface ParsedYaml {
  readonly value: unknown;
  /** `line 8: key "a" already set in map`. */
  readonly duplicates: readonly string[];
}

const dropped = new Set([
  "tag:yaml.org,2002:timestamp",
  "tag:yaml.org,2002:set",
  "tag:yaml.org,2002:omap",
  "tag:yaml.org,2002:pairs",
  "tag:yaml.org,2002:binary",
]);

const octal: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^0o[0-7]+$/,
  resolve: (text) => Number.parseInt(text.slice(2), 8),
};
/** Go decodes binary to text. */
const binary: ScalarTag = {
  tag: "tag:yaml.org,2002:binary",
  resolve(text, onError) {
    try {
      return atob(text.replace(/\s/g, ""));
    } catch {
      onError("!!binary value contains invalid base64 data");
      return text;
    }
  },
};

const options = {
  version: "1.1",
  uniqueKeys: false,
  merge: true,
  strict: false,
  logLevel: "silent",
  customTags: (tags: Tags): Tags => {
    const kept = tags.filter(
      (tag) => typeof tag === "string" || !(dropped.has(tag.tag) || ("format" in tag && tag.format === "TIME")),
    );
    return [...kept, octal, binary];
  },
} as const;

/** Go's words for what the reader found; its own where there are none. */
function explain(document: Document, lines: LineCounter, tabs: boolean): YamlError | undefined {
  const error = document.errors[0];
  if (!error) return undefined;
  const line = lines.linePos(error.pos[0]).line;
  const tab = error.code === "TAB_AS_INDENT" || (tabs && error.message.includes("tab"));
  const unclosed = error.message.includes("Flow map") || error.message.includes("Flow sequence");
  const what = tab
    ? "found character that cannot start any token"
    : unclosed
      ? "did not find expected node content"
      : error.message.split("\n")[0]!.split(" at line ")[0]!;
  return new YamlError(`yaml: line ${line}: ${what}`, { cause: error });
}

function printKey(key: unknown): string {
  return isScalar(key) && typeof key.value !== "string"
    ? String(key.value)
    : JSON.stringify(isScalar(key) ? key.value : String(key));
}

function findDuplicates(document: Document, lines: LineCounter): string[] {
  const duplicates: string[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key, value } of map.items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (name === "<<") continue;
        if (seen.has(name)) {
          const node = (value ?? key) as { range?: readonly number[] | null };
          const line = lines.linePos(node.range?.[0] ?? 0).line;
          duplicates.push(`line ${line}: key ${printKey(key)} already set in map`);
        }
        seen.add(name);
      }
    },
  });
  return duplicates;
}

/** JSON has no NaN, no infinity and no keys that aren't text. */
function toJson(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new YamlError("error converting YAML to JSON: json: unsupported value: " + goFloat(value));
  }
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, part]) => [String(key), toJson(part)]));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]));
  }
  return value ?? null;
}
const goFloat = (value: number): string => (Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");

function toValue(document: Document, lines: LineCounter, text: string): ParsedYaml {
  const error = explain(document, lines, text.includes("\t"));
  if (error) throw error;
  const duplicates = findDuplicates(document, lines);
  let value: unknown;
  try {
    value = toJson(document.toJS({ maxAliasCount: yamlAliasesMax, mapAsMap: true }));
  } catch (cause) {
    if (cause instanceof YamlError) throw cause;
    throw new YamlError("yaml: document contains excessive aliasing", { cause });
  }
  return { value, duplicates };
}

function parseAll(text: string): ParsedYaml[] {
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, { ...options, lineCounter: lines }) as Document[];
    return documents.map((document) => toValue(document, lines, text));
  } catch (cause) {
    // The reader is recursive: too deep a text runs out of stack.
    if (!(cause instanceof RangeError)) throw cause;
    throw new YamlError("yaml: exceeded max depth of 10000", { cause });
  }
}

/** Parses the first document of a text; null where it is empty. Throws YamlError. */
export const parseYaml = (text: string): ParsedYaml => parseAll(text)[0] ?? { value: null, duplicates: [] };

/** Parses every document of a text (`---` between them); empty ones are left out. Throws YamlError. */
export const parseYamlDocuments = (text: string): ParsedYaml[] => parseAll(text).filter(({ value }) => value !== null);
