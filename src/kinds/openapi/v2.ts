// OpenAPI v2 (/openapi/v2): everything in one document, from the same operations and schemas as v3. Parameters are
// written where they are used. Source: k8s.io/kube-openapi builder. May import src/base.
import type { Json } from "../schema.ts";
import { groupName, pathsOfKind, rootOf, tagOf } from "./operations.ts";
import type { Operation, Parameter, PathItem, PublishedKind } from "./operations.ts";
import { openApiName, schemasOf } from "./schemas.ts";
import type { Schema } from "./schemas.ts";
import { kindsOfDefinition, parameterKey, plainPath, rootsOf, sharedParameters } from "./v3.ts";
import type { OpenApiOptions } from "./v3.ts";

const refPrefix = "#/definitions/";
const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const streamTypes = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const patchTypes = ["application/json-patch+json", "application/merge-patch+json"];

const refTo = (name: string): Schema =>
  name === "string" ? { type: "string" } : { $ref: refPrefix + openApiName(name) };

function produced(produces: Operation["produces"]): string[] {
  if (produces === "stream") return ["*/*"];
  if (produces === "json") return ["application/json"];
  if (produces === "key-set") return ["application/jwk-set+json"];
  if (produces === "log") return ["text/plain", ...objectTypes];
  return produces === "watch" ? [...objectTypes, ...streamTypes] : objectTypes;
}

function consumed({ body, action, produces, strategicPatch }: Operation): string[] {
  if (body === "patch") {
    return [
      ...patchTypes,
      ...(strategicPatch ? ["application/strategic-merge-patch+json"] : []),
      "application/apply-patch+yaml",
    ];
  }
  if (action !== undefined) return ["*/*"];
  return produces === "object" ? objectTypes : produced(produces);
}

const printParameter = ({ name, place, type }: Parameter): Schema => ({
  uniqueItems: true,
  type,
  name,
  in: place,
  ...(place === "path" ? { required: true } : {}),
});

function bodyParameter({ body, bodyRequired }: Operation): Schema[] {
  if (body === undefined) return [];
  const schema = refTo(body === "patch" ? "meta.v1.Patch" : body);
  return [{ name: "body", in: "body", ...(bodyRequired ? { required: true } : {}), schema }];
}

const byKey = (a: Parameter, b: Parameter): number => (parameterKey(a) < parameterKey(b) ? -1 : 1);

function printOperation(operation: Operation, tag: string, own: readonly Parameter[]): Schema {
  const { operationId, codes, answer, action, gvk } = operation;
  const responses: Schema = {};
  for (const code of codes) {
    const description = code === 202 ? "Accepted" : code === 201 ? "Created" : "OK";
    responses[code] = { description, schema: refTo(answer) };
  }
  responses["401"] = { description: "Unauthorized" };
  const parameters = [...bodyParameter(operation), ...own.toSorted(byKey).map(printParameter)];
  return {
    // The key set says nothing of what it takes.
    ...(operation.produces === "key-set" ? {} : { consumes: consumed(operation) }),
    produces: produced(operation.produces),
    schemes: ["https"],
    tags: [tag],
    operationId,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses,
    ...(action === undefined ? {} : { "x-kubernetes-action": action }),
    ...(gvk === undefined ? {} : { "x-kubernetes-group-version-kind": { ...gvk } }),
  };
}

function printPath({ operations }: PathItem, tag: string): Schema {
  const shared = sharedParameters(operations);
  const item: Schema = {};
  for (const operation of operations) {
    const own = operation.parameters.filter((parameter) => !shared.has(parameterKey(parameter)));
    item[operation.method] = printOperation(operation, tag, own);
  }
  const common = operations[0]!.parameters.filter((parameter) => shared.has(parameterKey(parameter)));
  if (common.length > 0) item["parameters"] = common.toSorted(byKey).map(printParameter);
  return item;
}
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function* taggedPaths(kinds: readonly PublishedKind[]): Generator<[PathItem, string]> {
  yield [plainPath("/api/", "getCoreAPIVersions", "meta.v1.APIVersions", "object"), "core"];
  yield [plainPath("/apis/", "getAPIVersions", "meta.v1.APIGroupList", "object"), "apis"];
  yield [plainPath("/version/", "getCodeVersion", "version.Info", "json"), "version"];
  yield [plainPath("/openid/v1/jwks/", "getServiceAccountIssuerOpenIDKeyset", "string", "key-set"), "openid"];
  for (const [group, members] of Map.groupBy(kinds, (kind) => kind.group)) {
    if (group !== "") {
      const tag = tagOf(group, "v1").replace(/_v1$/, "");
      yield [plainPath(`/apis/${group}/`, `get${groupName(group)}APIGroup`, "meta.v1.APIGroup", "object"), tag];
    }
    for (const version of new Set(members.map((kind) => kind.version))) {
      const id = `get${groupName(group)}${capital(version)}APIResources`;
      yield [plainPath(`${rootOf(group, version)}/`, id, "meta.v1.APIResourceList", "object"), tagOf(group, version)];
    }
  }
  for (const kind of kinds) {
    for (const item of pathsOfKind(kind)) yield [item, tagOf(kind.group, kind.version)];
  }
}

/** The whole document. */
export function openApiV2Document(kinds: readonly PublishedKind[], options: OpenApiOptions): Schema {
  const { definitions, descriptions, version } = options;
  const tagged = [...taggedPaths(kinds)].toSorted(([a], [b]) => (a.path < b.path ? -1 : 1));
  const paths: Schema = {};
  for (const [item, tag] of tagged) paths[item.path] = printPath(item, tag);
  const roots = rootsOf(tagged.map(([item]) => item));
  const schemas: Record<string, Json> = schemasOf(roots, kindsOfDefinition(definitions, kinds), {
    definitions,
    refPrefix,
    version: 2,
    ...(descriptions ? { descriptions } : {}),
  });
  const bearer = { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" };
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version },
    paths,
    definitions: schemas,
    securityDefinitions: { BearerToken: bearer },
    security: [{ BearerToken: [] }],
  };
}
