// What drivers' lists of devices, and what is written of allocated ones, may hold.
import assert from "node:assert/strict";
import test from "node:test";
import type { ResourceClaim, ResourceClaimStatus, ResourceSlice, ResourceSliceSpec } from "../types/resource-v1.gen.ts";
import { resourceClaim } from "./resource-claim.ts";
import { resourceSlice } from "./resource-slice.ts";

const context = { now: "2020-01-01T00:00:00Z", dryRun: false };
const pool = { name: "p", generation: 1, resourceSliceCount: 1 };

function check(part: Partial<ResourceSliceSpec>): string[] {
  const spec: ResourceSliceSpec = { driver: "d.com", pool, nodeName: "n", ...part };
  const slice = { metadata: { name: "x" }, spec } as ResourceSlice;
  return resourceSlice.strategy.validate!(slice, context).map(({ field, message }) => `${field}: ${message}`);
}

test("resourceSlice refuses attributes when they are no versions or have several values", () => {
  const attributes = { v: { version: "1.2" }, w: { version: "1.2.3-a.1+b" }, a: { int: 1, bool: true } };
  assert.deepEqual(check({ devices: [{ name: "d", attributes }] }), [
    'spec.devices[0].attributes[v].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0',
    'spec.devices[0].attributes[a]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,' +
      '"VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: ' +
      "exactly one value must be specified",
  ]);
});

test("resourceSlice refuses request policies when their default isn't among what they allow", () => {
  const capacity = {
    m: { value: "10Gi", requestPolicy: { default: "1Gi", validRange: { min: "2Gi", max: "20Gi", step: "3Gi" } } },
    n: { value: "4", requestPolicy: { default: "3", validValues: ["2", "1", "9"] } },
  };
  const m = "spec.devices[0].capacity[m].requestPolicy.validRange";
  const n = "spec.devices[0].capacity[n].requestPolicy.validValues";
  assert.deepEqual(check({ devices: [{ name: "d", allowMultipleAllocations: true, capacity }] }), [
    `${m}.min: Invalid value: "1Gi": default is less than min: 2Gi`,
    `${m}.max: Invalid value: "20Gi": max is larger than capacity value: 10Gi`,
    `${m}.step: Invalid value: "1Gi": value is not a multiple of a given step (3Gi) from (2Gi)`,
    `${n}[1]: Invalid value: "1": values must be sorted in ascending order`,
    `${n}[2]: Invalid value: "9": option is larger than capacity value: 4`,
    `${n}: Invalid value: "3": default value is not valid according to the requestPolicy`,
  ]);
  assert.deepEqual(check({ devices: [{ name: "d", capacity: { m: capacity.m } }] }), [
    "spec.devices[0].capacity[m].requestPolicy: Forbidden: allowMultipleAllocations must be true",
  ]);
});

test("resourceClaim's status takes what drivers say of allocated devices only, and drops it with them", () => {
  const status = resourceClaim.subresources[0]!.strategy!;
  const old: ResourceClaim = {
    metadata: { name: "c" } as never,
    spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "c" } }] } },
  };
  const one = { driver: "d.com", pool: "p", device: "x" };
  const allocation = { devices: { results: [{ ...one, request: "r" }] } };
  const write = (to: ResourceClaimStatus): string[] =>
    status.validateUpdate!({ ...old, status: to }, old, context).map(({ field }) => field);
  assert.deepEqual(write({ allocation, devices: [one] }), []);
  assert.deepEqual(write({ allocation, devices: [one, { ...one, device: "y" }, one] }), [
    "status.devices[1]",
    "status.devices[2]",
  ]);
  assert.deepEqual(write({ reservedFor: [{ resource: "pods", name: "p", uid: "1" }] }), ["status.reservedFor"]);

  const draft = structuredClone({ ...old, status: { devices: [one] } });
  status.prepareForUpdate!(draft as never, { ...old, status: { allocation, devices: [one] } }, context);
  assert.deepEqual(draft.status, {});
});
