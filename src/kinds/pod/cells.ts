// What `get pods` shows. Source: pkg/printers/internalversion/printers.go (printPod, printPodTemplate). May import
// src/base.
import { humanAge, humanDuration } from "../duration.ts";
import type { Cell, Column } from "../kind.ts";
import type { ContainerStatus, Pod, PodTemplate } from "../types/core-v1.gen.ts";
import { isConditionTrue, isPodReady, isTerminalPhase } from "./conditions.ts";
import { isSidecar } from "./containers.ts";

const text = (name: string, priority = 0): Column => ({ name, type: "string", priority });

export const podColumns: readonly Column[] = [
  { name: "Name", type: "string", format: "name", priority: 0 },
  ...["Ready", "Status", "Restarts", "Age"].map((name) => text(name)),
  ...["IP", "Node", "Nominated Node", "Readiness Gates"].map((name) => text(name, 1)),
];
export const podTemplateColumns: readonly Column[] = [
  { name: "Name", type: "string", format: "name", priority: 0 },
  ...["Containers", "Images", "Pod Labels"].map((name) => text(name)),
];

/** Counts of what the containers' statuses tell. */
interface Tally {
  ready: number;
  restarts: number;
  /** When a container ended last; undefined: none has. */
  lastRestart: string | undefined;
  reason: string;
}

const later = (one: string | undefined, other: string | undefined): string | undefined => {
  if (!one || !other) return one || other;
  return Date.parse(one) < Date.parse(other) ? other : one;
};

function countRestarts(tally: Pick<Tally, "restarts" | "lastRestart">, status: ContainerStatus): void {
  tally.restarts += status.restartCount ?? 0;
  tally.lastRestart = later(tally.lastRestart, status.lastState?.terminated?.finishedAt ?? undefined);
}

type Ended = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;

const endReason = ({ reason, signal, exitCode }: Ended): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`);

/** Why an init container keeps the pod from going on; undefined: it doesn't. */
function initReason(status: ContainerStatus, position: string): string | undefined {
  const { terminated, waiting } = status.state ?? {};
  if (terminated) return `Init:${endReason(terminated)}`;
  if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`;
  return `Init:${position}`;
}

/** Goes through the init containers up to the first that isn't done; true: there is one. */
function tallyInit(pod: Pod, tally: Tally, sidecars: Pick<Tally, "restarts" | "lastRestart">): boolean {
  const specs = pod.spec?.initContainers ?? [];
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = isSidecar(specs.find((one) => one.name === status.name));
    countRestarts(tally, status);
    if (sidecar) countRestarts(sidecars, status);
    const ended = status.state?.terminated;
    if (ended && (ended.exitCode ?? 0) === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) tally.ready += 1;
      continue;
    }
    tally.reason = initReason(status, `${index}/${specs.length}`) ?? tally.reason;
    return true;
  }
  return false;
}

function tallyContainers(pod: Pod, tally: Tally): void {
  let running = false;
  let errorReason = "";
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(tally, status);
    const { waiting, terminated, running: isRunning } = status.state ?? {};
    if (waiting?.reason) tally.reason = waiting.reason;
    else if (terminated) {
      tally.reason = endReason(terminated);
      if ((terminated.exitCode ?? 0) !== 0) errorReason = tally.reason;
    } else if (status.ready && isRunning) {
      running = true;
      tally.ready += 1;
    }
  }
  if (tally.reason !== "Completed") return;
  if (running && isPodReady(pod)) tally.reason = "Running";
  else if (errorReason) tally.reason = errorReason;
  else if (running) tally.reason = "NotReady";
}

function firstReason(pod: Pod): string {
  const gated = pod.status?.conditions?.some((one) => one.type === "PodScheduled" && one.reason === "SchedulingGated");
  return gated ? "SchedulingGated" : pod.status?.reason || (pod.status?.phase ?? "");
}

/** READY, STATUS and RESTARTS, before the deletion is looked at. */
function tallyPod(pod: Pod): Tally {
  const tally: Tally = { ready: 0, restarts: 0, lastRestart: undefined, reason: firstReason(pod) };
  const sidecars = { restarts: 0, lastRestart: undefined as string | undefined };
  const initializing = tallyInit(pod, tally, sidecars);
  if (initializing && !isConditionTrue(pod.status, "Initialized")) return tally;
  tally.restarts = sidecars.restarts;
  tally.lastRestart = sidecars.lastRestart;
  tallyContainers(pod, tally);
  return tally;
}

/** The word in the STATUS column. */
export function podStatusText(pod: Pod): string {
  const { reason } = tallyPod(pod);
  if (!pod.metadata.deletionTimestamp) return reason;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  return isTerminalPhase(pod.status?.phase) ? reason : "Terminating";
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter((gate) => isConditionTrue(pod.status, gate.conditionType)).length;
  return `${met}/${gates.length}`;
}

export function podCells(pod: Pod, nowMs: number): Cell[] {
  const tally = tallyPod(pod);
  const spec = pod.spec;
  const total = (spec?.containers?.length ?? 0) + (spec?.initContainers ?? []).filter(isSidecar).length;
  const { restarts, lastRestart } = tally;
  const ago = restarts !== 0 && lastRestart ? ` (${humanDuration(nowMs - Date.parse(lastRestart))} ago)` : "";
  return [
    pod.metadata.name ?? "",
    `${tally.ready}/${total}`,
    podStatusText(pod),
    `${restarts}${ago}`,
    humanAge(pod.metadata.creationTimestamp, nowMs),
    pod.status?.podIPs?.[0]?.ip || "<none>",
    spec?.nodeName || "<none>",
    pod.status?.nominatedNodeName || "<none>",
    readinessGates(pod),
  ];
}

/** Labels as one text: sorted, `<none>` for no labels. */
const labelText = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "<none>";

export function podTemplateCells(object: PodTemplate): Cell[] {
  const containers = object.template?.spec?.containers ?? [];
  return [
    object.metadata.name ?? "",
    containers.map((one) => one.name).join(","),
    containers.map((one) => one.image ?? "").join(","),
    labelText(object.template?.metadata?.labels),
  ];
}
