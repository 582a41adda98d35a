// The scheduler against the real API server, in virtual time and with no more than its own rights. May import all layers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../base/random.ts";
import { silentLog } from "../base/log.ts";
import { createClient } from "../client/api-client.ts";
import type { Client } from "../client/client.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import { InformerSet } from "../client/informer-set.ts";
import { event as eventKind } from "../kinds/core/event.ts";
import { node as nodeKind } from "../kinds/core/node.ts";
import { pod as podKind } from "../kinds/core/pod.ts";
import { serviceAccount as serviceAccountKind } from "../kinds/core/service-account.ts";
import type { Pod } from "../kinds/types/core-v1.gen.ts";
import { priorityClass } from "../kinds/scheduling/priority-class.ts";
import { startScheduler } from "../scheduler/run.ts";
import type { Scheduler } from "../scheduler/run/scheduler.ts";
import { schedulerUser } from "./identities.ts";
import { startVirtualControlPlane, type VirtualControlPlane } from "./virtual-control-plane.suite.ts";

interface Running extends VirtualControlPlane {
  readonly scheduler: Scheduler;
  readonly refusedToScheduler: string[];
  pod(name: string): Promise<Pod>;
  add(name: string, spec?: object): Promise<void>;
  messages(reason: string): Promise<(string | undefined)[]>;
}

async function addNode(admin: Client, name: string, cpu = "2"): Promise<void> {
  const metadata = { name, labels: { "kubernetes.io/hostname": name } };
  const allocatable = { cpu, memory: "4Gi", pods: "110" };
  await admin.create(nodeKind, { metadata, spec: {}, status: { allocatable, capacity: allocatable } });
  // As the node lifecycle controller does when the node is ready.
  await admin.patch(nodeKind, name, undefined, { spec: { taints: null } }, { type: "merge" });
}

async function start(): Promise<Running> {
  const control = await startVirtualControlPlane();
  const { admin, clock, plane } = control;
  for (const name of ["default"]) {
    await admin.create(serviceAccountKind, { metadata: { name: "default", namespace: name } }).catch(() => undefined);
  }
  const refusedToScheduler: string[] = [];
  const client = createClient(
    async (request) => {
      const reply = await plane.server.handle(request);
      if (reply.status === 403) refusedToScheduler.push(`${request.method} ${request.path}`);
      return reply;
    },
    { user: schedulerUser, userAgent: "kube-scheduler" },
  );
  const stop = new AbortController();
  const scheduler = startScheduler({
    client,
    informers: new InformerSet(client, clock, silentLog, stop.signal),
    recorder: createEventRecorder(client, { component: "default-scheduler" }, { clock, log: silentLog }),
    clock,
    random: seededRandom(3),
    log: silentLog,
    signal: stop.signal,
  });
  await clock.advance(1_000);
  return {
    ...control,
    scheduler,
    refusedToScheduler,
    pod: (name) => admin.get(podKind, name, "default"),
    async add(name, spec = {}) {
      const containers = [{ name: "main", image: "app:1", resources: { requests: { cpu: "1" } } }];
      await admin.create(podKind, {
        metadata: { name, namespace: "default" },
        spec: { containers, terminationGracePeriodSeconds: 0, ...spec },
      } as never);
    },
    async messages(reason) {
      const { items } = await admin.list(eventKind, { namespace: "default" });
      return items.map((ref) => ref.object()).flatMap((one) => (one.reason === reason ? [one.message] : []));
    },
    stop() {
      stop.abort();
      control.stop();
    },
  };
}

test("scheduler binds pods, says why one waits, and places it when a node comes", async () => {
  const cluster = await start();
  const { admin, clock, add, pod, messages } = cluster;
  await add("early");
  await clock.advance(3_000);
  assert.deepEqual(await messages("FailedScheduling"), ["no nodes available to schedule pods"]);
  await addNode(admin, "a");
  await clock.advance(15_000);
  assert.equal((await pod("early")).spec?.nodeName, "a");
  await add("second");
  await add("third");
  await clock.advance(1_000);
  assert.deepEqual((await messages("Scheduled")).toSorted(), [
    "Successfully assigned default/early to a",
    "Successfully assigned default/second to a",
  ]);
  const condition = (await pod("third")).status?.conditions?.find(({ type }) => type === "PodScheduled");
  const message =
    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found " +
    "for incoming pod.";
  assert.equal(condition?.status, "False");
  assert.equal(condition?.reason, "Unschedulable");
  assert.equal(condition?.message, message);
  assert.ok((await messages("FailedScheduling")).includes(message));
  await addNode(admin, "b");
  await clock.advance(15_000);
  assert.equal((await pod("third")).spec?.nodeName, "b");
  assert.deepEqual(
    cluster.refusedToScheduler.filter((line) => !line.includes("leases")),
    [],
  );
  cluster.stop();
});

test("scheduler leaves gated pods and pods of other schedulers alone", async () => {
  const cluster = await start();
  const { admin, clock, add, pod } = cluster;
  await addNode(admin, "a");
  await add("gated", { schedulingGates: [{ name: "example.com/wait" }] });
  await add("foreign", { schedulerName: "another" });
  await clock.advance(10_000);
  assert.equal((await pod("gated")).spec?.nodeName, undefined);
  const condition = (await pod("gated")).status?.conditions?.find(({ type }) => type === "PodScheduled");
  assert.equal(condition?.reason, "SchedulingGated");
  await admin.patch(podKind, "gated", "default", { spec: { schedulingGates: [] } }, { type: "merge" });
  await clock.advance(1_000);
  assert.equal((await pod("gated")).spec?.nodeName, "a");
  assert.equal((await pod("foreign")).spec?.nodeName, undefined);
  cluster.stop();
});

test("scheduler evicts less important pods for a more important one", async () => {
  const cluster = await start();
  const { admin, clock, add, pod, messages } = cluster;
  await admin.create(priorityClass, { metadata: { name: "high" }, value: 1000 } as never);
  await addNode(admin, "a", "1");
  await add("low", { terminationGracePeriodSeconds: 30 });
  await clock.advance(1_000);
  assert.equal((await pod("low")).spec?.nodeName, "a");
  await add("high", { priorityClassName: "high" });
  await clock.advance(2_000);
  const low = await pod("low");
  assert.ok(low.metadata.deletionTimestamp);
  const target = low.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  assert.equal(target?.reason, "PreemptionByScheduler");
  assert.equal(target?.message, "default-scheduler: preempting to accommodate a higher priority pod");
  const high = await pod("high");
  assert.equal(high.status?.nominatedNodeName, "a");
  assert.deepEqual(await messages("Preempted"), [`Preempted by pod ${high.metadata.uid} on node a`]);
  // The node is done with it.
  await admin.delete(podKind, "low", "default", { gracePeriodSeconds: 0 });
  await clock.advance(15_000);
  assert.equal((await pod("high")).spec?.nodeName, "a");
  cluster.stop();
});
