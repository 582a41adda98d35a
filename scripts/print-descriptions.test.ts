// Tests of the joined descriptions: nearly every field of the served kinds has one, and in upstream's words.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shortName } from "./print-definitions.ts";
import { countFields, modulesFolder, readDescriptions } from "./print-descriptions.ts";

const served = join(process.env["PROA_REFERENCE"] ?? "../shared/reference", "kubernetes-1.36/served/openapi-v3");
const skip = existsSync(served) ? false : `no folder ${served}`;

test("readDescriptions knows at least 2,400 fields of the served definitions", () => {
  const descriptions = readDescriptions(modulesFolder());
  assert.ok(countFields(descriptions) >= 2400, `${countFields(descriptions)} fields`);
  assert.match(descriptions["core.v1.PodSpec"]!["containers"]!, /^List of containers belonging to the pod/);
});

test("readDescriptions agrees with a real API server in 99 of 100 fields", { skip }, () => {
  const descriptions = readDescriptions(modulesFolder());
  const seen = new Set<string>();
  let same = 0;
  for (const file of readdirSync(served)) {
    const { components } = JSON.parse(readFileSync(join(served, file), "utf8"));
    for (const [name, schema] of Object.entries<any>(components?.schemas ?? {})) {
      for (const [key, property] of Object.entries<any>(schema.properties ?? {})) {
        const id = `${shortName(name)} ${key}`;
        if (!property.description || seen.has(id)) continue;
        seen.add(id);
        if (property.description === descriptions[shortName(name)]?.[key]) same += 1;
      }
    }
  }
  assert.ok(same / seen.size > 0.99, `${same} of ${seen.size}`);
});
