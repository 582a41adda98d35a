// OpenAPI v3: one document a group version and the index of them, derived from kinds and definitions.
// Source: k8s.io/kube-openapi builder3. May import src/base.
import { pathsOfKind, rootOf, tagOf, groupName } from "./operations.ts";
import type { Operation, Parameter, PathItem, PublishedKind } from "./operations.ts";
import { openApiName, schemasOf } from "./schemas.ts";
import type { Descriptions, Schema } from "./schemas.ts";
import type { Definitions, Json } from "../schema.ts";

export interface OpenApiOptions {
  readonly definitions: Definitions;
  readonly descriptions?: Descriptions;
  /** "1.36" */
  readonly version: string;
}

const refPrefix = "#/components/schemas/";
const objectTypes = ["application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
const streamTypes = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const patchTypes = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

const refTo = (definitionName: string): Schema =>
  definitionName === "string" ? { type: "string" } : { $ref: refPrefix + openApiName(definitionName) };

function contentOf(types: readonly string[], definitionName: string): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: refTo(definitionName) }]));
}

function answerTypes(produces: Operation["produces"]): string[] {
  if (produces === "stream") return ["*/*"];
  if (produces === "json") return ["application/json"];
  if (produces === "key-set") return ["application/jwk-set+json"];
  if (produces === "log") return [...objectTypes, "text/plain"];
  return produces === "watch" ? [...objectTypes, ...streamTypes].toSorted() : objectTypes;
}

const printParameter = ({ name, place, type }: Parameter): Schema => ({
  name,
  in: place,
  ...(place === "path" ? { required: true } : {}),
  schema: { type, uniqueItems: true },
});

export const parameterKey = ({ name, place }: Parameter): string => `${name} ${place}`;
function sortParameters(parameters: readonly Parameter[]): Schema[] {
  return parameters.toSorted((a, b) => (parameterKey(a) < parameterKey(b) ? -1 : 1)).map(printParameter);
}

function printOperation(operation: Operation, tag: string, parameters: readonly Parameter[]): Schema {
  const { operationId, body, codes, answer, produces, action, gvk } = operation;
  const responses: Schema = {};
  for (const code of codes) {
    responses[code] = {
      description: code === 202 ? "Accepted" : code === 201 ? "Created" : "OK",
      content: contentOf(answerTypes(produces), answer),
    };
  }
  responses["401"] = { description: "Unauthorized" };
  const types =
    body === "patch" ? patchTypes.filter((type) => operation.strategicPatch || !type.includes("strategic")) : ["*/*"];
  const content = body === undefined ? undefined : contentOf(types, body === "patch" ? "meta.v1.Patch" : body);
  return {
    tags: [tag],
    operationId,
    ...(parameters.length > 0 ? { parameters: sortParameters(parameters) } : {}),
    ...(content === undefined
      ? {}
      : { requestBody: { content, ...(operation.bodyRequired ? { required: true } : {}) } }),
    responses,
    ...(action === undefined ? {} : { "x-kubernetes-action": action }),
    ...(gvk === undefined ? {} : { "x-kubernetes-group-version-kind": { ...gvk } }),
  };
}

/** What all operations of a path take stands beside them. */
export function sharedParameters(operations: readonly Operation[]): Set<string> {
  const [first, ...rest] = operations.map(({ parameters }) => new Set(parameters.map(parameterKey)));
  return new Set([...(first ?? [])].filter((key) => rest.every((own) => own.has(key))));
}

function printPath({ operations }: PathItem, tag: string): Schema {
  const shared = sharedParameters(operations);
  const item: Schema = {};
  for (const operation of operations) {
    const own = operation.parameters.filter((parameter) => !shared.has(parameterKey(parameter)));
    item[operation.method] = printOperation(operation, tag, own);
  }
  const common = operations[0]!.parameters.filter((parameter) => shared.has(parameterKey(parameter)));
  if (common.length > 0) item["parameters"] = sortParameters(common);
  return item;
}

/** Definitions that the paths name. */
export function rootsOf(items: readonly PathItem[]): Set<string> {
  const roots = new Set<string>();
  for (const { answer, body } of items.flatMap(({ operations }) => operations)) {
    if (answer !== "string") roots.add(answer);
    if (body !== undefined) roots.add(body === "patch" ? "meta.v1.Patch" : body);
  }
  return roots;
}

/** A path that isn't a kind's: an answer to GET. */
export function plainPath(
  path: string,
  operationId: string,
  answer: string,
  produces: Operation["produces"],
): PathItem {
  const operation: Operation = {
    method: "get",
    operationId,
    action: undefined,
    gvk: undefined,
    parameters: [],
    codes: [200],
    answer,
    produces,
  };
  return { path, operations: [operation] };
}

type Gvk = { group: string; version: string; kind: string };

/** Which kinds have a definition's shape: the options of requests belong to every group version there is. */
export function kindsOfDefinition(definitions: Definitions, gvs: readonly { group: string; version: string }[]) {
  return (name: string): Gvk[] => {
    const kinds = Object.hasOwn(definitions, name) ? (definitions[name]!.kinds ?? []) : [];
    if (name !== "meta.v1.DeleteOptions" && name !== "meta.v1.WatchEvent") {
      return kinds.map(([group, version, kind]) => ({ group, version, kind }));
    }
    const kind = name.slice("meta.v1.".length);
    const all = new Map([{ group: "", version: "v1" }, ...gvs].map((gv) => [`${gv.group}/${gv.version}`, gv]));
    return [...all.values()].map(({ group, version }) => ({ group, version, kind }));
  };
}

function printDocument(items: readonly PathItem[], tag: string, gvs: readonly Gvk[], options: OpenApiOptions): Schema {
  const { definitions, descriptions, version } = options;
  const paths: Schema = {};
  for (const item of items.toSorted((a, b) => (a.path < b.path ? -1 : 1))) paths[item.path] = printPath(item, tag);
  const schemas = schemasOf(rootsOf(items), kindsOfDefinition(definitions, gvs), {
    definitions,
    refPrefix,
    version: 3,
    ...(descriptions ? { descriptions } : {}),
  });
  const bearer = { type: "apiKey", description: "Bearer Token authentication", name: "authorization", in: "header" };
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version },
    paths,
    components: {
      ...(Object.keys(schemas).length > 0 ? { schemas } : {}),
      securitySchemes: { BearerToken: bearer },
    },
  };
}

/** The document of one group version, from its kinds. */
export function groupVersionDocument(
  group: string,
  version: string,
  kinds: readonly PublishedKind[],
  options: OpenApiOptions,
): Schema {
  const name = `get${groupName(group)}${version.slice(0, 1).toUpperCase()}${version.slice(1)}APIResources`;
  const own = kinds.filter((kind) => kind.group === group && kind.version === version);
  const items = [
    plainPath(`${rootOf(group, version)}/`, name, "meta.v1.APIResourceList", "object"),
    ...own.flatMap(pathsOfKind),
  ];
  return printDocument(items, tagOf(group, version), [{ group, version, kind: "" }], options);
}

/** The document of a group (`apis/apps`). */
export function groupDocument(group: string, options: OpenApiOptions): Schema {
  const path = plainPath(`/apis/${group}/`, `get${groupName(group)}APIGroup`, "meta.v1.APIGroup", "object");
  return printDocument([path], tagOf(group, "v1").replace(/_v1$/, ""), [], options);
}

/** Documents that belong to no group: "api", "apis", "version", "openid/v1/jwks". */
export function rootDocument(name: string, options: OpenApiOptions): Schema | undefined {
  switch (name) {
    case "api":
      return printDocument(
        [plainPath("/api/", "getCoreAPIVersions", "meta.v1.APIVersions", "object")],
        "core",
        [],
        options,
      );
    case "apis":
      return printDocument(
        [plainPath("/apis/", "getAPIVersions", "meta.v1.APIGroupList", "object")],
        "apis",
        [],
        options,
      );
    case "version":
      return printDocument([plainPath("/version/", "getCodeVersion", "version.Info", "json")], "version", [], options);
    case "openid/v1/jwks": {
      const id = "getServiceAccountIssuerOpenIDKeyset";
      return printDocument([plainPath("/openid/v1/jwks/", id, "string", "key-set")], "openid", [], options);
    }
    default:
      return undefined;
  }
}

/** The names of all documents, as the index (/openapi/v3) lists them. */
export function documentNames(kinds: readonly PublishedKind[]): string[] {
  const names = new Set(["api", "apis", "version", "openid/v1/jwks"]);
  for (const { group, version } of kinds) {
    names.add(rootOf(group, version).slice(1));
    if (group !== "") names.add(`apis/${group}`);
  }
  return [...names].toSorted();
}

/** One document by its name; undefined where there is none. */
export function documentOf(name: string, kinds: readonly PublishedKind[], options: OpenApiOptions): Schema | undefined {
  const parts = name.split("/");
  if (!documentNames(kinds).includes(name)) return undefined;
  if (parts[0] === "api" && parts.length === 2) return groupVersionDocument("", parts[1]!, kinds, options);
  if (parts[0] === "apis" && parts.length === 3) return groupVersionDocument(parts[1]!, parts[2]!, kinds, options);
  if (parts[0] === "apis" && parts.length === 2) return groupDocument(parts[1]!, options);
  return rootDocument(name, options);
}

/** The index: where each document is, with a hash in the address so that clients may keep it. */
export function indexDocument(hashes: ReadonlyMap<string, string>): Schema {
  const paths: Schema = {};
  for (const [name, hash] of hashes) paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
  return { paths };
}
