// Tables of podActions: for each situation of a pod, what comes next.
import assert from "node:assert/strict";
import test from "node:test";
import type { Container, Pod, PodSpec } from "../../kinds/types/core-v1.gen.ts";
import type { ContainerState, ContainerStatus, SandboxStatus } from "../runtime.ts";
import { type Action, emptyLocalState, type PodLocalState } from "./action.ts";
import { containerAnnotations, containerLabels } from "./identity.ts";
import { backOffKey, podActions } from "./pod-actions.ts";
import { sortRuntimeState, toPodContainer } from "./runtime-state.ts";

const nowMs = 1_000_000;

interface Instance {
  readonly name: string;
  readonly state: ContainerState;
  readonly exitCode?: number;
  readonly restarts?: number;
  readonly image?: string;
  readonly reason?: string;
  readonly finishedAgoMs?: number;
}
interface Situation {
  readonly name: string;
  readonly spec?: Partial<PodSpec>;
  readonly deleted?: boolean;
  /** Absent: a ready one. */
  readonly sandboxes?: readonly { readonly ready: boolean; readonly ip?: string }[];
  readonly containers?: readonly Instance[];
  readonly local?: Partial<PodLocalState>;
  readonly expected: readonly string[];
}

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: `${name}:1`, ...more });
const sidecar = (name: string, more: Partial<Container> = {}): Container =>
  container(name, { restartPolicy: "Always", ...more });

function toPod({ spec = {}, deleted }: Situation): Pod {
  const metadata = {
    name: "p",
    namespace: "ns",
    uid: "u",
    ...(deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  };
  return {
    metadata: metadata as unknown as Pod["metadata"],
    spec: { restartPolicy: "Always", containers: [container("a")], ...spec },
  };
}

function toStatus(pod: Pod, instance: Instance, index: number): ContainerStatus {
  const { name, state, exitCode = 0, restarts = 0, image = `${name}:1`, reason = "", finishedAgoMs = 0 } = instance;
  const spec = { name, image };
  return {
    id: `${name}-${restarts}`,
    sandboxId: "s0",
    metadata: { name, attempt: restarts },
    image,
    imageId: image,
    imageRef: image,
    state,
    createdAtMs: 1000 + restarts * 100 + index,
    startedAtMs: 2000,
    finishedAtMs: nowMs - finishedAgoMs,
    exitCode,
    reason,
    message: "",
    mounts: [],
    logPath: "",
    labels: containerLabels(pod, spec),
    annotations: containerAnnotations(pod, spec, restarts),
  };
}

function toSandbox(one: { ready: boolean; ip?: string }, index: number): SandboxStatus {
  const metadata = { name: "p", namespace: "ns", uid: "u", attempt: index };
  const ips = one.ip === "" ? [] : [one.ip ?? "10.0.0.1"];
  return {
    id: `s${index}`,
    metadata,
    ready: one.ready,
    createdAtMs: index,
    ips,
    labels: {},
    annotations: {},
    runtimeHandler: "",
  };
}

function describe(action: Action): string {
  switch (action.kind) {
    case "kill-pod":
    case "update-pod-resources":
      return action.kind;
    case "create-sandbox":
      return `create-sandbox ${action.attempt}`;
    case "start-container":
      return `start ${action.name}`;
    case "back-off":
      return `back-off ${action.name} ${action.untilMs - nowMs}`;
    case "stop-container":
      return `stop ${action.name}: ${action.message}`;
    case "remove-container":
      return `remove ${action.id}`;
    case "update-resources":
      return `update ${action.name} ${action.resource}`;
  }
}

const running = (name: string): Instance => ({ name, state: "running" });
const exited = (name: string, exitCode: number, restarts = 0): Instance => ({
  name,
  state: "exited",
  exitCode,
  restarts,
});
const result = (id: string, value: "success" | "failure") => new Map([[id, value] as const]);
const rule = (action: string) => [{ action, exitCodes: { operator: "In", values: [42] } }];
const probe = { tcpSocket: { port: 1 } };

const situations: readonly Situation[] = [
  { name: "a new pod", sandboxes: [], expected: ["create-sandbox 0", "start a"] },
  {
    name: "a new pod with init containers",
    sandboxes: [],
    spec: { initContainers: [container("i"), container("j")] },
    expected: ["create-sandbox 0", "start i"],
  },
  { name: "everything runs", containers: [running("a")], expected: [] },
  {
    name: "only some run",
    spec: { containers: [container("a"), container("b")] },
    containers: [running("a")],
    expected: ["start b"],
  },
  { name: "a container has ended, Always", containers: [exited("a", 0)], expected: ["start a"] },
  {
    name: "a container has failed, OnFailure",
    spec: { restartPolicy: "OnFailure" },
    containers: [exited("a", 1)],
    expected: ["start a"],
  },
  {
    name: "a container has succeeded, OnFailure",
    spec: { restartPolicy: "OnFailure" },
    containers: [exited("a", 0)],
    expected: ["kill-pod"],
  },
  {
    name: "a container has failed, Never",
    spec: { restartPolicy: "Never" },
    containers: [exited("a", 1)],
    expected: ["kill-pod"],
  },
  {
    name: "one has ended, one runs, Never",
    spec: { restartPolicy: "Never", containers: [container("a"), container("b")] },
    containers: [exited("a", 1), running("b")],
    expected: [],
  },
  {
    name: "a container's own rule restarts it, Never",
    spec: {
      restartPolicy: "Never",
      containers: [container("a", { restartPolicy: "Never", restartPolicyRules: rule("Restart") })],
    },
    containers: [exited("a", 42)],
    expected: ["start a"],
  },
  {
    name: "a container's own policy, another exit code",
    spec: { containers: [container("a", { restartPolicy: "Never", restartPolicyRules: rule("Restart") })] },
    containers: [exited("a", 1)],
    expected: ["kill-pod"],
  },
  { name: "a created container is started anew", containers: [{ name: "a", state: "created" }], expected: ["start a"] },
  {
    name: "a container of unknown state",
    containers: [{ name: "a", state: "unknown" }],
    expected: ['stop a: Container is in "unknown" state, try killing it before restart', "start a"],
  },
  {
    name: "the image has changed",
    containers: [{ ...running("a"), image: "a:0" }],
    expected: ["stop a: Container a definition changed, will be restarted", "start a"],
  },
  {
    name: "the image has changed, Never",
    spec: { restartPolicy: "Never" },
    containers: [{ ...running("a"), image: "a:0" }],
    expected: ["stop a: Container a definition changed, will be restarted", "start a"],
  },
  {
    name: "liveness has failed",
    containers: [running("a")],
    local: { liveness: result("a-0", "failure") },
    expected: ["stop a: Container a failed liveness probe, will be restarted", "start a"],
  },
  {
    name: "liveness has failed, Never",
    spec: { restartPolicy: "Never" },
    containers: [running("a")],
    local: { liveness: result("a-0", "failure") },
    expected: ["kill-pod"],
  },
  {
    name: "the startup probe has failed",
    containers: [running("a")],
    local: { startup: result("a-0", "failure") },
    expected: ["stop a: Container a failed startup probe, will be restarted", "start a"],
  },
  {
    name: "in back-off",
    containers: [{ ...exited("a", 1), finishedAgoMs: 4000 }],
    local: { backOff: new Map([[backOffKey(container("a")), { delayMs: 10_000, updatedMs: nowMs - 5000 }]]) },
    expected: ["back-off a 6000"],
  },
  {
    name: "past the back-off",
    containers: [{ ...exited("a", 1), finishedAgoMs: 11_000 }],
    local: { backOff: new Map([[backOffKey(container("a")), { delayMs: 10_000, updatedMs: nowMs - 12_000 }]]) },
    expected: ["start a"],
  },
  {
    name: "the back-off is forgotten after ten minutes",
    containers: [exited("a", 1)],
    local: { backOff: new Map([[backOffKey(container("a")), { delayMs: 300_000, updatedMs: nowMs - 600_001 }]]) },
    expected: ["start a"],
  },
  {
    name: "dead instances beyond the newest go",
    containers: [running("a"), exited("a", 1, 0), exited("a", 1, 1), { ...running("a"), restarts: 2 }].slice(1),
    expected: ["remove a-0"],
  },
  {
    name: "the sandbox has died",
    sandboxes: [{ ready: false }],
    containers: [exited("a", 0)],
    expected: ["kill-pod", "create-sandbox 1", "start a"],
  },
  {
    name: "the sandbox has died, Never",
    spec: { restartPolicy: "Never" },
    sandboxes: [{ ready: false }],
    containers: [exited("a", 0)],
    expected: ["kill-pod"],
  },
  {
    name: "the sandbox has died before any container, Never",
    spec: { restartPolicy: "Never" },
    sandboxes: [{ ready: false }],
    expected: ["kill-pod", "create-sandbox 1", "start a"],
  },
  {
    name: "the sandbox has died, all succeeded, OnFailure",
    spec: { restartPolicy: "OnFailure" },
    sandboxes: [{ ready: false }],
    containers: [exited("a", 0)],
    expected: ["kill-pod"],
  },
  {
    name: "two sandboxes are ready",
    sandboxes: [{ ready: true }, { ready: true }],
    containers: [running("a")],
    expected: ["kill-pod", "create-sandbox 2", "start a"],
  },
  {
    name: "the sandbox has no address",
    sandboxes: [{ ready: true, ip: "" }],
    expected: ["kill-pod", "create-sandbox 1", "start a"],
  },
  {
    name: "the sandbox has no address, in the node's network",
    spec: { hostNetwork: true },
    sandboxes: [{ ready: true, ip: "" }],
    expected: ["start a"],
  },
  {
    name: "a new sandbox begins with the init containers",
    spec: { initContainers: [container("i")] },
    sandboxes: [{ ready: false }],
    containers: [exited("i", 0), exited("a", 1)],
    expected: ["kill-pod", "remove i-0", "create-sandbox 1", "start i"],
  },
  {
    name: "an init container runs",
    spec: { initContainers: [container("i")] },
    containers: [running("i")],
    expected: [],
  },
  {
    name: "the first init container is through",
    spec: { initContainers: [container("i"), container("j")] },
    containers: [exited("i", 0)],
    expected: ["start j"],
  },
  {
    name: "all init containers are through",
    spec: { initContainers: [container("i"), container("j")] },
    containers: [exited("i", 0), exited("j", 0)],
    expected: ["start a"],
  },
  {
    name: "an init container has failed",
    spec: { initContainers: [container("i")] },
    containers: [exited("i", 1)],
    expected: ["start i"],
  },
  {
    name: "an init container has failed, Never",
    spec: { restartPolicy: "Never", initContainers: [container("i")] },
    containers: [exited("i", 1)],
    expected: ["kill-pod"],
  },
  {
    name: "init containers are gone while the pod runs",
    spec: { initContainers: [container("i")] },
    containers: [running("a")],
    expected: [],
  },
  {
    name: "a sidecar runs: the next init container",
    spec: { initContainers: [sidecar("s"), container("j")] },
    containers: [running("s")],
    expected: ["start j"],
  },
  {
    name: "a sidecar has not started",
    spec: { initContainers: [sidecar("s", { startupProbe: probe }), container("j")] },
    containers: [running("s")],
    expected: [],
  },
  {
    name: "a sidecar has started",
    spec: { initContainers: [sidecar("s", { startupProbe: probe }), container("j")] },
    containers: [running("s")],
    local: { startup: result("s-0", "success") },
    expected: ["start j"],
  },
  {
    name: "a sidecar's startup probe has failed",
    spec: { initContainers: [sidecar("s", { startupProbe: probe })] },
    containers: [running("s")],
    local: { startup: result("s-0", "failure") },
    expected: ["stop s: Init container s failed startup probe", "start s"],
  },
  {
    name: "the last sidecar runs: the pod runs",
    spec: { initContainers: [sidecar("s")] },
    containers: [running("s")],
    expected: ["start a"],
  },
  {
    name: "a sidecar has ended while the pod runs",
    spec: { initContainers: [sidecar("s")] },
    containers: [exited("s", 1), running("a")],
    expected: ["start s"],
  },
  {
    name: "a sidecar's liveness has failed",
    spec: { initContainers: [sidecar("s", { livenessProbe: probe })] },
    containers: [running("s"), running("a")],
    local: { liveness: result("s-0", "failure") },
    expected: ["stop s: Init container s failed liveness probe", "start s"],
  },
  {
    name: "sidecars do not keep a pod alive",
    spec: { restartPolicy: "Never", initContainers: [sidecar("s")] },
    containers: [running("s"), exited("a", 0)],
    expected: ["kill-pod"],
  },
  {
    name: "an ephemeral container is started once",
    spec: { ephemeralContainers: [{ name: "d" }, { name: "e" }] },
    containers: [running("a"), exited("d", 0)],
    expected: ["start e"],
  },
  {
    name: "all containers restart in place",
    spec: {
      initContainers: [container("i")],
      containers: [
        container("a"),
        container("b", { restartPolicy: "Never", restartPolicyRules: rule("RestartAllContainers") }),
      ],
    },
    containers: [exited("i", 0), running("a"), exited("b", 42)],
    local: { restartAll: true },
    expected: ["stop a: killing", "remove a-0", "remove i-0", "remove b-0"],
  },
  {
    name: "a resize: memory before CPU",
    spec: { containers: [container("a", { resources: { limits: { cpu: "2", memory: "2Gi" } } })] },
    containers: [running("a")],
    local: { actuated: new Map([["a", { limits: { cpu: "1", memory: "1Gi" } }]]) },
    expected: ["update-pod-resources", "update a memory", "update a cpu"],
  },
  {
    name: "a resize that restarts",
    spec: {
      containers: [
        container("a", {
          resources: { limits: { cpu: "2" } },
          resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }],
        }),
      ],
    },
    containers: [running("a")],
    local: { actuated: new Map([["a", { limits: { cpu: "1" } }]]) },
    expected: ["stop a: Container a resize requires restart", "start a"],
  },
  {
    name: "nothing starts in a pod that is being deleted",
    deleted: true,
    containers: [exited("a", 1)],
    expected: ["kill-pod"],
  },
];

for (const situation of situations) {
  test(`podActions answers when ${situation.name}`, () => {
    const pod = toPod(situation);
    const sandboxes = (situation.sandboxes ?? [{ ready: true }]).map(toSandbox);
    const containers = (situation.containers ?? []).map((one, index) => toPodContainer(toStatus(pod, one, index)));
    const runtime = sortRuntimeState(sandboxes, containers);
    const local = { ...emptyLocalState, ...situation.local };
    assert.deepEqual(podActions({ pod, runtime, local, nowMs }).map(describe), situation.expected);
  });
}
