// What paths say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePath, requestInfo } from "./request-info.ts";

const cases: readonly (readonly [string, string, object])[] = [
  ["GET", "/api/v1/pods", { verb: "list", resource: "pods", namespace: "" }],
  ["GET", "/api/v1/pods?watch=1", { verb: "watch", resource: "pods" }],
  ["GET", "/api/v1/watch/namespaces/a/pods/p", { verb: "watch", namespace: "a", resource: "pods", name: "p" }],
  ["GET", "/api/v1/namespaces/a", { verb: "get", resource: "namespaces", namespace: "a", name: "a" }],
  ["PUT", "/api/v1/namespaces/a/finalize", { verb: "update", resource: "namespaces", subresource: "finalize" }],
  ["POST", "/apis/apps/v1/namespaces/a/deployments", { verb: "create", group: "apps", resource: "deployments" }],
  ["PATCH", "/apis/apps/v1/namespaces/a/deployments/d/scale", { verb: "patch", name: "d", subresource: "scale" }],
  ["DELETE", "/api/v1/namespaces/a/pods", { verb: "deletecollection", resource: "pods" }],
  ["GET", "/api/v1/pods?fieldSelector=metadata.name=p", { verb: "list", name: "p" }],
  ["GET", "/healthz", { verb: "get", resourceRequest: false }],
  ["GET", "/apis/apps/v1", { verb: "get", resourceRequest: false }],
];

test("requestInfo reads verb, group, resource and name from a path", () => {
  for (const [method, url, expected] of cases) {
    const [path = "", query = ""] = url.split("?");
    const info = requestInfo(method, path, new URLSearchParams(query));
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(info[key as keyof typeof info], value, `${method} ${url}: ${key}`);
    }
  }
});

test("decodePath refuses bad escapes and keeps bytes that are no text", () => {
  assert.equal(decodePath("/a%20b"), "/a b");
  assert.equal(decodePath("/a%zz"), undefined);
  assert.equal(decodePath("/%ff"), "/\uFFFD");
});
