// Tests of OpenAPI: from the kinds that a real API server serves, its documents come out again, descriptions of
// operations and parameters left aside; and the built-in kinds publish the same paths.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { definitionOfKind } from "../codec/decode.ts";
import { builtInDefinitions } from "../definitions/all.gen.ts";
import { builtInKinds } from "../index.ts";
import type { Verb } from "../kind.ts";
import { pathsOfKind } from "./operations.ts";
import type { PublishedKind } from "./operations.ts";
import { openApiName } from "./schemas.ts";
import type { Descriptions } from "./schemas.ts";
import { openApiV2Document } from "./v2.ts";
import { documentNames, documentOf, indexDocument } from "./v3.ts";

const served = join(process.env["PROA_REFERENCE"] ?? "../shared/reference", "kubernetes-1.36/served");
const skip = existsSync(served) ? false : `no folder ${served}`;
const readServed = (file: string): any => JSON.parse(readFileSync(join(served, file), "utf8"));
const fileOf = (name: string): string => `openapi-v3/${name.replaceAll("/", "__")}.json`;

/** Without texts: descriptions are strings, while a property may be named so. */
function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, part]) => key !== "description" || typeof part !== "string");
  return Object.fromEntries(kept.map(([key, part]) => [key, strip(part)]));
}

interface Told {
  metadata: { name?: string };
  versions: { version: string; resources: ToldResource[] }[];
}
interface ToldResource {
  resource: string;
  responseKind: { kind: string };
  scope: string;
  verbs: Verb[];
  subresources?: { subresource: string; responseKind: Record<"group" | "version" | "kind", string>; verbs: Verb[] }[];
}

function toKind(group: string, version: string, told: ToldResource): PublishedKind {
  const { kind } = told.responseKind;
  const definitionFor = (gvk: { group: string; version: string; kind: string }): string =>
    definitionOfKind(builtInDefinitions, gvk) ?? "";
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    plural: told.resource,
    namespaced: told.scope === "Namespaced",
    definition: definitionFor({ group, version, kind }),
    verbs: told.verbs,
    subresources: (told.subresources ?? []).map(({ subresource, responseKind, verbs }) => {
      const own = responseKind.version === "" ? { group, version } : {};
      const body = { ...responseKind, ...own };
      const more = body.kind === kind ? {} : { body: { ...body, definition: definitionFor(body) } };
      return { name: subresource, verbs, ...more };
    }),
  };
}

function referenceKinds(): PublishedKind[] {
  const files = ["discovery-api-aggregated.json", "discovery-apis-aggregated.json"];
  const groups = files.flatMap((file) => readServed(file).items as Told[]);
  return groups.flatMap(({ metadata, versions }) =>
    versions.flatMap(({ version, resources }) => resources.map((one) => toKind(metadata.name ?? "", version, one))),
  );
}

/** The reference's own descriptions: a property with one is written in another form than one without. */
function referenceDescriptions(names: readonly string[]): Descriptions {
  const short = new Map(Object.keys(builtInDefinitions).map((name) => [openApiName(name), name]));
  const descriptions: Record<string, Record<string, string>> = {};
  for (const document of names.map((name) => readServed(fileOf(name)))) {
    for (const [name, schema] of Object.entries<any>(document.components.schemas ?? {})) {
      const texts: Record<string, string> = schema.description ? { "": schema.description } : {};
      for (const [key, property] of Object.entries<any>(schema.properties ?? {})) {
        if (property.description) texts[key] = property.description;
      }
      descriptions[short.get(name)!] = texts;
    }
  }
  return descriptions;
}

test("documentOf gives every v3 document that a real API server serves", { skip }, () => {
  const kinds = referenceKinds();
  const names = documentNames(kinds);
  const descriptions = referenceDescriptions(names);
  const options = { definitions: builtInDefinitions, descriptions, version: "1.36" };
  for (const name of names) {
    const expected = readServed(fileOf(name));
    const document = documentOf(name, kinds, options) as any;
    assert.deepEqual(strip(document), strip(expected), name);
    assert.deepEqual(document.components.schemas, expected.components.schemas, name);
  }
  const index = readServed("openapi-v3/index.json");
  const missing = Object.keys(index.paths).filter((name) => !names.includes(name));
  assert.deepEqual(missing, [".well-known/openid-configuration"]);
  assert.deepEqual(indexDocument(new Map([["api/v1", "AB"]])), {
    paths: { "api/v1": { serverRelativeURL: "/openapi/v3/api/v1?hash=AB" } },
  });
});

test("openApiV2Document gives the v2 document that a real API server serves", { skip }, () => {
  const expected = strip(readServed("openapi-v2.json")) as any;
  const resolve = (value: any): any => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(resolve);
    const shared = "#/parameters/";
    if (value.$ref?.startsWith?.(shared)) return expected.parameters[value.$ref.slice(shared.length)];
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]));
  };
  const document = strip(
    openApiV2Document(referenceKinds(), { definitions: builtInDefinitions, version: "1.36" }),
  ) as any;
  const paths = resolve(expected.paths);
  delete paths["/.well-known/openid-configuration/"];
  assert.deepEqual(document.paths, paths);
  // Upstream tells the versions that it no longer serves of these two, too.
  for (const name of ["meta.v1.DeleteOptions", "meta.v1.WatchEvent"].map(openApiName)) {
    delete document.definitions[name]["x-kubernetes-group-version-kind"];
    delete expected.definitions[name]["x-kubernetes-group-version-kind"];
  }
  assert.deepEqual(document.definitions, expected.definitions);
  assert.deepEqual(document.securityDefinitions, strip(expected.securityDefinitions));
});

test("pathsOfKind publishes the built-in kinds as upstream does", { skip }, () => {
  const expected = new Map(referenceKinds().map((kind) => [`${kind.group}/${kind.version}/${kind.plural}`, kind]));
  const byPath = (kind: PublishedKind): unknown => pathsOfKind(kind).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const kind of builtInKinds) {
    const reference = expected.get(`${kind.group}/${kind.version}/${kind.plural}`)!;
    assert.deepEqual(byPath(kind), byPath(reference), kind.plural);
  }
});

test("pathsOfKind offers custom resources no strategic merge patch", () => {
  const kind: PublishedKind = {
    group: "example.com",
    version: "v1",
    kind: "Thing",
    listKind: "ThingList",
    plural: "things",
    namespaced: true,
    definition: "example.v1.Thing",
    verbs: ["get", "patch"],
    subresources: [],
    strategicPatch: false,
  };
  const document = documentOf("apis/example.com/v1", [kind], {
    definitions: builtInDefinitions,
    version: "1.36",
  }) as any;
  const { patch } = document.paths["/apis/example.com/v1/namespaces/{namespace}/things/{name}"];
  assert.equal(
    Object.keys(patch.requestBody.content).some((type) => type.includes("strategic")),
    false,
  );
});
