// Tests of discovery: from the kinds that a real API server told of, its documents come out again, and the kinds that
// are built in are told as it tells them.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Crypto } from "../../base/crypto.ts";
import { builtInKinds } from "../index.ts";
import type { Verb } from "../kind.ts";
import {
  aggregatedDiscovery,
  compareVersions,
  coreVersions,
  groupDocument,
  groupList,
  resourceList,
} from "./discovery.ts";
import type { DiscoveredKind } from "./discovery.ts";

const reference = process.env["PROA_REFERENCE"] ?? "../shared/reference";
const served = join(reference, "kubernetes-1.36/served");
const recorded = join(reference, "../behaviour/recorded/errors.jsonl");
const skip = existsSync(served) && existsSync(recorded) ? false : `no folder ${served}`;
const crypto: Crypto = {
  uuid: () => randomUUID(),
  randomBytes: (length) => randomBytes(length),
  sha256: (bytes) => createHash("sha256").update(bytes).digest(),
};

interface Aggregated {
  items: {
    metadata: { name?: string };
    versions: {
      version: string;
      resources: {
        resource: string;
        responseKind: { kind: string };
        scope: string;
        singularResource: string;
        verbs: Verb[];
        shortNames?: string[];
        categories?: string[];
        subresources?: {
          subresource: string;
          responseKind: { group: string; version: string; kind: string };
          verbs: Verb[];
        }[];
      }[];
    }[];
  }[];
}
const readServed = (file: string): unknown => JSON.parse(readFileSync(join(served, file), "utf8"));

/** The kinds that the reference tells of, in an order that isn't its own. */
function referenceKinds(): DiscoveredKind[] {
  const lists = ["discovery-api-aggregated.json", "discovery-apis-aggregated.json"].map(readServed) as Aggregated[];
  const kinds: DiscoveredKind[] = [];
  for (const { metadata, versions } of lists.flatMap((list) => list.items)) {
    const group = metadata.name ?? "";
    for (const { version, resources } of versions) {
      for (const one of resources) {
        const subresources = (one.subresources ?? []).map(({ subresource, responseKind, verbs }) => ({
          name: subresource,
          verbs,
          body: {
            group: responseKind.version ? responseKind.group : group,
            version: responseKind.version || version,
            kind: responseKind.kind,
            definition: "",
          },
        }));
        kinds.push({
          group,
          version,
          kind: one.responseKind.kind,
          plural: one.resource,
          singular: one.singularResource,
          shortNames: one.shortNames ?? [],
          categories: one.categories ?? [],
          namespaced: one.scope === "Namespaced",
          verbs: one.verbs,
          subresources,
          virtual: !one.verbs.includes("watch"),
        });
      }
    }
  }
  return kinds.toReversed();
}

test("discovery documents equal those of a real API server", { skip }, () => {
  const kinds = referenceKinds();
  assert.deepEqual(aggregatedDiscovery(kinds, "core"), readServed("discovery-api-aggregated.json"));
  assert.deepEqual(aggregatedDiscovery(kinds, "groups"), readServed("discovery-apis-aggregated.json"));
  assert.deepEqual(groupList(kinds), readServed("discovery-apis.json"));
  const api = readServed("discovery-api.json") as { serverAddressByClientCIDRs: { serverAddress: string }[] };
  assert.deepEqual(coreVersions(kinds, api.serverAddressByClientCIDRs[0]!.serverAddress), api);
});

test("resource lists and groups equal the recorded ones, storageVersionHash included", { skip }, () => {
  const kinds = referenceKinds();
  let count = 0;
  for (const line of readFileSync(recorded, "utf8").trim().split("\n")) {
    const { id, steps } = JSON.parse(line) as {
      id: string;
      steps: { b?: { kind?: string; groupVersion?: string; name?: string } }[];
    };
    const body = steps[0]!.b;
    if (!id.startsWith("errors/discovery/")) continue;
    if (body?.kind === "APIGroup") assert.deepEqual(groupDocument(kinds, body.name!), body, id);
    if (body?.kind !== "APIResourceList") continue;
    const [group, version] = body.groupVersion!.includes("/") ? body.groupVersion!.split("/") : ["", body.groupVersion];
    assert.deepEqual(resourceList(kinds, group!, version!, crypto), body, id);
    count += 1;
  }
  assert.ok(count > 10, `${count} lists`);
});

test("aggregatedDiscovery tells the built-in kinds as upstream tells them", { skip }, () => {
  const expected = new Map(referenceKinds().map((kind) => [`${kind.group}/${kind.version}/${kind.plural}`, kind]));
  const tell = (kind: DiscoveredKind): unknown => aggregatedDiscovery([kind], kind.group ? "groups" : "core");
  for (const kind of builtInKinds) {
    const reference = expected.get(`${kind.group}/${kind.version}/${kind.plural}`);
    assert.ok(reference, kind.plural);
    const own = { ...kind, subresources: kind.subresources };
    assert.deepEqual(tell(own), tell(reference), kind.plural);
  }
});

test("compareVersions puts stable versions first and the highest before", () => {
  const versions = ["v1alpha1", "foo", "v1", "v2beta1", "v10", "v2", "v1beta2"];
  assert.deepEqual(versions.toSorted(compareVersions), ["v10", "v2", "v1", "v2beta1", "v1beta2", "v1alpha1", "foo"]);
});
