// Claims' parts as upstream prints its own structs in errors. May import src/base.
import { printGoStruct, type GoStruct } from "../meta/go-struct.ts";
import type { AllocationResult, ResourceClaimSpec } from "../types/resource-v1.gen.ts";

const toleration: GoStruct = [
  ["Key", "key", ""],
  ["Operator", "operator", ""],
  ["Value", "value", ""],
  ["Effect", "effect", ""],
  ["TolerationSeconds", "tolerationSeconds", null],
];
const selector: GoStruct = [["CEL", "cel", { pointer: [["Expression", "expression", ""]] }]];
const capacity: GoStruct = [["Requests", "requests", null]];
const chosen: GoStruct = [
  ["DeviceClassName", "deviceClassName", ""],
  ["Selectors", "selectors", { list: selector }],
  ["AllocationMode", "allocationMode", ""],
  ["Count", "count", 0],
];
const demands: GoStruct = [
  ["Tolerations", "tolerations", { list: toleration }],
  ["Capacity", "capacity", { pointer: capacity }],
];
const exact: GoStruct = [...chosen, ["AdminAccess", "adminAccess", null], ...demands];
const alternative: GoStruct = [["Name", "name", ""], ...chosen, ...demands];
const request: GoStruct = [
  ["Name", "name", ""],
  ["Exactly", "exactly", { pointer: exact }],
  ["FirstAvailable", "firstAvailable", { list: alternative }],
];
const constraint: GoStruct = [
  ["Requests", "requests", null],
  ["MatchAttribute", "matchAttribute", null],
  ["DistinctAttribute", "distinctAttribute", null],
];
const opaque: GoStruct = [
  ["Driver", "driver", ""],
  ["Parameters", "parameters", null],
];
const configuration: GoStruct = [
  ["Requests", "requests", null],
  ["Opaque", "opaque", { pointer: opaque }],
];
const claimSpec: GoStruct = [
  [
    "Devices",
    "devices",
    [
      ["Requests", "requests", { list: request }],
      ["Constraints", "constraints", { list: constraint }],
      ["Config", "config", { list: configuration }],
    ],
  ],
];

export const printClaimSpec = (spec: ResourceClaimSpec | undefined): object => printGoStruct(spec, claimSpec);

const requirement: GoStruct = [
  ["Key", "key", ""],
  ["Operator", "operator", ""],
  ["Values", "values", null],
];
const nodeTerm: GoStruct = [
  ["MatchExpressions", "matchExpressions", { list: requirement }],
  ["MatchFields", "matchFields", { list: requirement }],
];
const result: GoStruct = [
  ["Request", "request", ""],
  ["Driver", "driver", ""],
  ["Pool", "pool", ""],
  ["Device", "device", ""],
  ["AdminAccess", "adminAccess", null],
  ["Tolerations", "tolerations", { list: toleration }],
  ["BindingConditions", "bindingConditions", null],
  ["BindingFailureConditions", "bindingFailureConditions", null],
  ["ShareID", "shareID", null],
  ["ConsumedCapacity", "consumedCapacity", null],
];
const allocation: GoStruct = [
  [
    "Devices",
    "devices",
    [
      ["Results", "results", { list: result }],
      ["Config", "config", { list: [["Source", "source", ""], ...configuration] }],
    ],
  ],
  ["NodeSelector", "nodeSelector", { pointer: [["NodeSelectorTerms", "nodeSelectorTerms", { list: nodeTerm }]] }],
  ["AllocationTimestamp", "allocationTimestamp", null],
];

export const printAllocation = (object: AllocationResult): object => printGoStruct(object, allocation);
