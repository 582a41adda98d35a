// Joins the descriptions of fields from two development dependencies (the comments in the .d.ts files of
// kubernetes-models and @kubernetes/client-node) and writes them to dist/descriptions.json, which the OpenAPI documents
// take as an argument. Nothing of them is kept in the repository. Imports node and src/kinds.
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtInDefinitions } from "../src/kinds/definitions/all.gen.ts";
import type { Descriptions } from "../src/kinds/openapi/schemas.ts";

type Texts = Record<string, string>;

/** A comment's text without its stars; its own line breaks and double spaces stay, since they are upstream's. */
const readComment = (comment: string): string =>
  comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    .join("\n")
    // The generators escape what could end a comment or a string.
    .replace(/\\(?=["'`*])/g, "")
    .trim();

/** The comments of a declared interface or class: "" is its own, the others are its fields'. */
function readDeclaration(text: string, name: RegExp): Texts {
  const texts: Texts = {};
  const head = new RegExp(
    `(?:/\\*\\*((?:[^*]|\\*(?!/))*)\\*/\\s*)?export (?:interface|declare class) ${name.source}[^{]*\\{`,
  ).exec(text);
  if (!head) return texts;
  if (head[1] !== undefined) texts[""] = readComment(head[1]);
  const start = head.index + head[0].length;
  const end = text.indexOf("\n}", start);
  const body = text.slice(start, end < 0 ? undefined : end);
  for (const [, comment, key] of body.matchAll(/\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*["']?([\w$-]+)["']?\??:/g)) {
    texts[key!] = readComment(comment!);
  }
  return texts;
}

/** client-node bends names that TypeScript's reserved words or signs forbid: _continue, x_kubernetes_list_type. */
const plain = (key: string): string => key.replace(/[^A-Za-z0-9]/g, "").toLowerCase();

const groups: Readonly<Record<string, string>> = {
  admissionregistration: "admissionregistration.k8s.io",
  authentication: "authentication.k8s.io",
  authorization: "authorization.k8s.io",
  certificates: "certificates.k8s.io",
  coordination: "coordination.k8s.io",
  discovery: "discovery.k8s.io",
  events: "events.k8s.io",
  flowcontrol: "flowcontrol.apiserver.k8s.io",
  networking: "networking.k8s.io",
  node: "node.k8s.io",
  rbac: "rbac.authorization.k8s.io",
  resource: "resource.k8s.io",
  scheduling: "scheduling.k8s.io",
  storage: "storage.k8s.io",
};

/** Where kubernetes-models and its parts declare a definition. */
function modelFiles(modules: string, definitionName: string): string[] {
  const parts = definitionName.split(".");
  const [group, version, type] = parts.length === 3 ? parts : [parts[0]!, "", parts[1]!];
  const models = realpathSync(join(modules, "kubernetes-models"));
  const scoped = [join(modules, "@kubernetes-models"), join(models, "node_modules/@kubernetes-models")];
  const folder = group === "core" ? version! : `${groups[group!] ?? group}/${version}`;
  const files = [join(models, folder, `${type}.d.ts`)];
  for (const scope of scoped) {
    files.push(join(scope, "apimachinery/apis", group!, version!, `${type}.d.ts`));
    files.push(join(scope, "apimachinery/api", group!, `${type}.d.ts`));
    files.push(join(scope, "apimachinery/util", group!, `${type}.d.ts`));
    files.push(join(scope, "apimachinery", group!, `${type}.d.ts`));
    files.push(join(scope, "apiextensions-apiserver/apis", group!, version!, `${type}.d.ts`));
    files.push(join(scope, "kube-aggregator/apis", group!, version!, `${type}.d.ts`));
  }
  files.push(join(models, "apiextensions.k8s.io", version!, `${type}.d.ts`));
  files.push(join(models, "apiregistration.k8s.io", version!, `${type}.d.ts`));
  return files;
}

function clientFiles(folder: string, definitionName: string): string[] {
  const parts = definitionName.split(".");
  if (parts.length !== 3) return [join(folder, `V1${parts[1]}.d.ts`), join(folder, `Version${parts[1]}.d.ts`)];
  const [group, version, type] = parts as [string, string, string];
  const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
  const own = join(folder, `${capital(group)}${capital(version)}${type}.d.ts`);
  return [own, join(folder, `${capital(version)}${type}.d.ts`)];
}

/** The first file that there is, declared as `I{type}`, `{type}` or `{prefix}{type}`. */
function readFirst(files: readonly string[], name: RegExp): Texts {
  const file = files.find((one) => existsSync(one));
  return file === undefined ? {} : readDeclaration(readFileSync(file, "utf8"), name);
}

/** definition → { "": its description, field: its description }, as both dependencies know them together. */
export function readDescriptions(modules: string): Descriptions {
  const client = join(modules, "@kubernetes/client-node/dist/gen/models");
  const known = new Set(readdirSync(client));
  const descriptions: Record<string, Texts> = {};
  for (const [name, definition] of Object.entries(builtInDefinitions)) {
    const type = name.split(".").pop()!;
    const models = readFirst(modelFiles(modules, name), new RegExp(`I?${type}\\b`));
    const files = clientFiles(client, name).filter((file) => known.has(file.split("/").pop()!));
    const fromClient = readFirst(files, /\w+/);
    const byPlain = new Map(
      Object.entries(fromClient).map(([key, text]) => [plain(key), text.replace(/\\(?=["'`])/g, "")]),
    );
    const texts: Texts = {};
    for (const key of ["", ...Object.keys(definition.fields ?? {})]) {
      const text = models[key] ?? byPlain.get(plain(key));
      if (text) texts[key] = text;
    }
    if (Object.keys(texts).length > 0) descriptions[name] = texts;
  }
  return descriptions;
}

/** How many fields have a description. */
export function countFields(descriptions: Descriptions): number {
  return Object.values(descriptions).reduce(
    (sum, texts) => sum + Object.keys(texts).filter((key) => key !== "").length,
    0,
  );
}

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** node_modules, wherever npm has put it. */
export function modulesFolder(): string {
  const found = createRequire(import.meta.url).resolve("typescript/package.json");
  const beside = join(root, "node_modules");
  return existsSync(join(beside, "kubernetes-models")) ? beside : join(dirname(found), "..");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const descriptions = readDescriptions(modulesFolder());
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "dist/descriptions.json"), JSON.stringify(descriptions));
  console.log(`dist/descriptions.json: ${countFields(descriptions)} fields`);
}
