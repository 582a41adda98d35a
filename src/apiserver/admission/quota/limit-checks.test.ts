// LimitRanges' checks by table, in upstream's words.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitRangeItem, PersistentVolumeClaim, Pod } from "../../../kinds/types/core-v1.gen.ts";
import { checkClaim, checkPod } from "./limit-checks.ts";

const podOf = (containers: object[], initContainers: object[] = [], more: object = {}): Pod =>
  ({
    spec: {
      containers: containers.map((resources) => ({ resources })),
      initContainers: initContainers.map((resources) => ({ resources })),
      ...more,
    },
  }) as never;

const cases: [string, Pod, LimitRangeItem, string[]][] = [
  [
    "below the least",
    podOf([{ requests: { cpu: "50m" }, limits: { cpu: "60m" } }]),
    { type: "Container", min: { cpu: "100m" } },
    ["minimum cpu usage per Container is 100m, but request is 50m"],
  ],
  [
    "a limit below the least",
    podOf([{ requests: { cpu: "100m" }, limits: { cpu: "60m" } }]),
    { type: "Container", min: { cpu: "100m" } },
    ["minimum cpu usage per Container is 100m, but limit is 60m"],
  ],
  [
    "nothing said",
    podOf([{}], [{}]),
    { type: "Container", min: { memory: "1Mi" }, max: { memory: "1Gi" } },
    [
      "minimum memory usage per Container is 1Mi.  No request is specified",
      "maximum memory usage per Container is 1Gi.  No limit is specified",
      "minimum memory usage per Container is 1Mi.  No request is specified",
      "maximum memory usage per Container is 1Gi.  No limit is specified",
    ],
  ],
  [
    "out of proportion",
    podOf([{ requests: { cpu: "100m" }, limits: { cpu: "250m" } }]),
    { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
    ["cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000"],
  ],
  [
    "no limit to compare with",
    podOf([{ requests: { cpu: "100m" } }]),
    { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
    ["cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0"],
  ],
  [
    "a pod's sum",
    podOf([{ limits: { cpu: "1" } }, { limits: { cpu: "1500m" } }]),
    { type: "Pod", max: { cpu: "2" } },
    ["maximum cpu usage per Pod is 2, but limit is 2500m"],
  ],
  [
    "a pod's init containers alone",
    podOf([{ limits: { cpu: "1" } }], [{ limits: { cpu: "3" } }]),
    { type: "Pod", max: { cpu: "2" } },
    ["maximum cpu usage per Pod is 2, but limit is 3"],
  ],
  [
    "what a pod says as a whole",
    podOf([{ limits: { cpu: "1" } }], [], { resources: { limits: { cpu: "4" } } }),
    { type: "Pod", max: { cpu: "2" } },
    ["maximum cpu usage per Pod is 2, but limit is 4"],
  ],
  ["well", podOf([{ requests: { cpu: "1" }, limits: { cpu: "1" } }]), { type: "Pod", max: { cpu: "1" } }, []],
];

test("checkPod says what is wrong in upstream's words", () => {
  for (const [title, pod, item, wanted] of cases) assert.deepEqual(checkPod(pod, [item]), wanted, title);
});

test("checkClaim looks at requests only", () => {
  const claim = { spec: { resources: { requests: { storage: "5Gi" } } } } as unknown as PersistentVolumeClaim;
  const item = (max: string): LimitRangeItem => ({ type: "PersistentVolumeClaim", max: { storage: max } });
  assert.deepEqual(checkClaim(claim, [item("5Gi")]), []);
  assert.deepEqual(checkClaim(claim, [item("4Gi")]), [
    "maximum storage usage per PersistentVolumeClaim is 4Gi, but request is 5Gi",
  ]);
});
