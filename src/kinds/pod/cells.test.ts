// Tests of cells.ts: the words of STATUS and the counts beside it, as upstream's printer has them.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pod as podKind } from "../core/pod.ts";
import { podTemplate } from "../core/pod-template.ts";
import type { Container, ContainerStatus, Pod, PodStatus, PodTemplate } from "../types/core-v1.gen.ts";
import { podCells, podStatusText, podTemplateCells } from "./cells.ts";

const reference = process.env["PROA_REFERENCE"] ?? join(import.meta.dirname, "../../../../shared/reference");
const nowMs = Date.parse("2026-01-01T01:00:00Z");

const status = (name: string, more: object = {}): ContainerStatus =>
  ({ name, image: "", imageID: "", ready: false, restartCount: 0, ...more }) as ContainerStatus;
const running = (name: string, ready = true): ContainerStatus => status(name, { ready, state: { running: {} } });
const ended = (name: string, exitCode: number, more: object = {}): ContainerStatus =>
  status(name, { state: { terminated: { exitCode, ...more } } });
const waiting = (name: string, reason: string): ContainerStatus => status(name, { state: { waiting: { reason } } });

function podOf(podStatus: PodStatus, init: readonly Container[] = [], deleted = false): Pod {
  const deletionTimestamp = deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {};
  return {
    metadata: { name: "p", creationTimestamp: "2026-01-01T00:00:00Z", ...deletionTimestamp },
    spec: { containers: [{ name: "a" }, { name: "b" }], initContainers: init },
    status: podStatus,
  } as unknown as Pod;
}

const init: Container[] = [{ name: "i" }, { name: "j" }];
const sidecar: Container = { name: "s", restartPolicy: "Always" };

const cases: readonly (readonly [string, Pod, string, string])[] = [
  ["shows the phase", podOf({ phase: "Pending" }), "0/2", "Pending"],
  ["prefers the reason", podOf({ phase: "Failed", reason: "Evicted" }), "0/2", "Evicted"],
  [
    "knows gates",
    podOf({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }),
    "0/2",
    "SchedulingGated",
  ],
  [
    "counts ready containers",
    podOf({ phase: "Running", containerStatuses: [running("a"), running("b", false)] }),
    "1/2",
    "Running",
  ],
  [
    "shows why one waits",
    podOf({ phase: "Pending", containerStatuses: [waiting("a", "ErrImagePull"), running("b")] }),
    "1/2",
    "ErrImagePull",
  ],
  [
    "shows how one ended",
    podOf({ phase: "Failed", containerStatuses: [ended("a", 3), ended("b", 0, { reason: "Completed" })] }),
    "0/2",
    "ExitCode:3",
  ],
  [
    "shows a signal",
    podOf({ phase: "Failed", containerStatuses: [ended("a", 137, { signal: 9 })] }),
    "0/2",
    "Signal:9",
  ],
  [
    "is not ready beside a completed one",
    podOf({ phase: "Running", containerStatuses: [ended("a", 0, { reason: "Completed" }), running("b")] }),
    "1/2",
    "NotReady",
  ],
  [
    "counts init containers",
    podOf({ phase: "Pending", initContainerStatuses: [ended("i", 0), status("j")] }, init),
    "0/2",
    "Init:1/2",
  ],
  [
    "shows how an init container ended",
    podOf({ phase: "Pending", initContainerStatuses: [ended("i", 1, { reason: "Error" })] }, init),
    "0/2",
    "Init:Error",
  ],
  [
    "shows why an init container waits",
    podOf({ phase: "Pending", initContainerStatuses: [waiting("i", "ImagePullBackOff")] }, init),
    "0/2",
    "Init:ImagePullBackOff",
  ],
  [
    "counts sidecars",
    podOf(
      {
        phase: "Running",
        initContainerStatuses: [status("s", { ready: true, started: true, state: { running: {} } })],
        containerStatuses: [running("a"), running("b")],
      },
      [sidecar],
    ),
    "3/3",
    "Running",
  ],
  ["shows a deletion", podOf({ phase: "Running" }, [], true), "0/2", "Terminating"],
  ["doesn't show a deletion of what has ended", podOf({ phase: "Succeeded" }, [], true), "0/2", "Succeeded"],
  ["shows a lost node", podOf({ phase: "Running", reason: "NodeLost" }, [], true), "0/2", "Unknown"],
];

for (const [name, pod, ready, text] of cases) {
  test(`podCells ${name}`, () => {
    const [, readyCell, statusCell] = podCells(pod, nowMs);
    assert.deepEqual([readyCell, statusCell], [ready, text]);
    assert.equal(podStatusText(pod), text);
  });
}

test("podCells shows restarts, age, address, node and gates", () => {
  const lastState = { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:55:00Z" } };
  const one = status("a", { ready: true, restartCount: 2, state: { running: {} }, lastState });
  const pod = podOf({
    phase: "Running",
    containerStatuses: [one],
    podIPs: [{ ip: "10.0.0.1" }],
    conditions: [{ type: "x.com/g", status: "True" }],
  });
  const gated: Pod = { ...pod, spec: { ...pod.spec!, nodeName: "n", readinessGates: [{ conditionType: "x.com/g" }] } };
  assert.deepEqual(podCells(gated, nowMs), [
    "p",
    "1/2",
    "Running",
    "2 (5m ago)",
    "60m",
    "10.0.0.1",
    "n",
    "<none>",
    "1/1",
  ]);
});

test("podTemplateCells lists containers, images and labels", () => {
  const template = {
    metadata: { labels: { b: "2", a: "1" } },
    spec: {
      containers: [
        { name: "c", image: "x" },
        { name: "d", image: "y" },
      ],
    },
  };
  assert.deepEqual(podTemplateCells({ metadata: { name: "t" }, template } as unknown as PodTemplate), [
    "t",
    "c,d",
    "x,y",
    "a=1,b=2",
  ]);
});

const served = join(reference, "kubernetes-1.36/served/table-columns.json");
test("columns equal those of a real server", { skip: !existsSync(served) && `no file ${served}` }, () => {
  const columns = JSON.parse(readFileSync(served, "utf8")) as Record<string, unknown>;
  for (const kind of [podKind, podTemplate]) {
    const own = kind.columns.map(({ name, type, format = "", priority }) => ({ name, type, format, priority }));
    assert.deepEqual(own, columns[`/api/v1/${kind.plural}`]);
  }
});

const surface = join(reference, "kubernetes-1.36/api-surface.tsv");
test("subresources and their verbs equal upstream's", { skip: !existsSync(surface) && `no file ${surface}` }, () => {
  const line = readFileSync(surface, "utf8")
    .split("\n")
    .find((one) => one.startsWith("core\tv1\ton\tpods\t"))!;
  const own = podKind.subresources.map(
    ({ name, verbs, body }) => `${name}(${body?.kind ?? "Pod"}:${[...verbs].sort().join(",")})`,
  );
  assert.deepEqual(own.sort(), line.split("\t")[10]!.split(";").sort());
});
