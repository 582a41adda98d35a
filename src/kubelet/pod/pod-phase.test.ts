// The phase of a pod, from its containers' statuses.
import assert from "node:assert/strict";
import test from "node:test";
import type { ContainerState, ContainerStatus, Pod, PodSpec } from "../../kinds/types/core-v1.gen.ts";
import { type PhaseFacts, phaseOf } from "./pod-phase.ts";

const running: ContainerState = { running: {} };
const waiting: ContainerState = { waiting: {} };
const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });

function status(name: string, state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name, state, image: "", imageID: "", ready: false, restartCount: 0, ...more };
}
const crashed = (name: string): ContainerStatus => status(name, waiting, { lastState: ended(1) });

interface Row {
  readonly name: string;
  readonly policy: "Always" | "OnFailure" | "Never";
  readonly init?: PodSpec["initContainers"];
  readonly statuses: readonly ContainerStatus[];
  readonly facts?: Partial<PhaseFacts>;
  readonly expected: string;
}
const init = [{ name: "i" }];
const sidecar = [{ name: "i", restartPolicy: "Always" }];

const rows: readonly Row[] = [
  { name: "nothing is known", policy: "Always", statuses: [], expected: "Pending" },
  { name: "one waits", policy: "Always", statuses: [status("a", running), status("b", waiting)], expected: "Pending" },
  { name: "all run", policy: "Always", statuses: [status("a", running), status("b", running)], expected: "Running" },
  { name: "one crashes", policy: "Always", statuses: [crashed("a"), status("b", running)], expected: "Running" },
  { name: "all crash", policy: "Always", statuses: [crashed("a"), crashed("b")], expected: "Running" },
  {
    name: "all succeeded, Always",
    policy: "Always",
    statuses: [status("a", ended(0)), status("b", ended(0))],
    expected: "Running",
  },
  {
    name: "all succeeded, OnFailure",
    policy: "OnFailure",
    statuses: [status("a", ended(0)), status("b", ended(0))],
    expected: "Succeeded",
  },
  {
    name: "one failed, OnFailure",
    policy: "OnFailure",
    statuses: [status("a", ended(1)), status("b", ended(0))],
    expected: "Running",
  },
  {
    name: "one failed, Never",
    policy: "Never",
    statuses: [status("a", ended(1)), status("b", ended(0))],
    expected: "Failed",
  },
  {
    name: "one failed and one runs, Never",
    policy: "Never",
    statuses: [status("a", ended(1)), status("b", running)],
    expected: "Running",
  },
  {
    name: "all succeeded in a pod that ends",
    policy: "Always",
    statuses: [status("a", ended(0)), status("b", ended(0))],
    facts: { terminal: true },
    expected: "Succeeded",
  },
  {
    name: "one was killed in a pod that ends",
    policy: "Always",
    statuses: [status("a", ended(137)), status("b", ended(0))],
    facts: { terminal: true },
    expected: "Failed",
  },
  {
    name: "an init container runs",
    policy: "Always",
    init,
    statuses: [status("i", running), status("a", waiting), status("b", waiting)],
    expected: "Pending",
  },
  {
    name: "an init container crashes",
    policy: "Always",
    init,
    statuses: [crashed("i"), status("a", waiting), status("b", waiting)],
    expected: "Pending",
  },
  {
    name: "an init container failed, Never",
    policy: "Never",
    init,
    statuses: [status("i", ended(1)), status("a", waiting), status("b", waiting)],
    expected: "Failed",
  },
  {
    name: "a sidecar has not started",
    policy: "Always",
    init: sidecar,
    statuses: [status("i", running), status("a", waiting), status("b", waiting)],
    expected: "Pending",
  },
  {
    name: "a sidecar starts anew in a pod that runs",
    policy: "Always",
    init: sidecar,
    statuses: [status("i", running), status("a", running), status("b", running)],
    facts: { initialized: true },
    expected: "Running",
  },
  {
    name: "a sidecar outlives the rest",
    policy: "Never",
    init: sidecar,
    statuses: [status("i", running, { started: true }), status("a", ended(0)), status("b", ended(0))],
    expected: "Running",
  },
  {
    name: "a sidecar failed and the rest succeeded",
    policy: "Never",
    init: sidecar,
    statuses: [status("i", ended(1)), status("a", ended(0)), status("b", ended(0))],
    expected: "Succeeded",
  },
];

for (const { name, policy, init: initContainers = [], statuses, facts, expected } of rows) {
  test(`phaseOf answers ${expected} when ${name}`, () => {
    const spec: PodSpec = { restartPolicy: policy, initContainers, containers: [{ name: "a" }, { name: "b" }] };
    const pod = { metadata: {}, spec } as Pod;
    assert.equal(phaseOf(pod, statuses, { terminal: false, initialized: false, ...facts }), expected);
  });
}
