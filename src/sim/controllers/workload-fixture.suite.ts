// A cluster without a machine, for tests of controllers: the real API server over the memory store with RBAC, controllers
// under their own identities, and a kubelet that only tells what a test wants of pods. Time is virtual.
import { namespaceLifecycle } from "../../apiserver/admission/namespace-lifecycle.ts";
import { createApiServer } from "../../apiserver/api-server.ts";
import { RbacAuthorizer } from "../../apiserver/authorization/rbac-authorizer.ts";
import { unionAuthorizer } from "../../apiserver/authorization/authorizers.ts";
import { bootstrapClusterRoleBindings, bootstrapClusterRoles } from "../../apiserver/bootstrap/policy.gen.ts";
import type { AdmissionPlugin, Authorizer } from "../../apiserver/ports.ts";
import { assert } from "../../base/assert.ts";
import { toTime } from "../../base/clock.ts";
import type { Crypto } from "../../base/crypto.ts";
import { StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { seededRandom } from "../../base/random.ts";
import { createClient } from "../../client/api-client.ts";
import type { Client } from "../../client/client.ts";
import { createEventRecorder } from "../../client/event-recorder.ts";
import { InformerSet } from "../../client/informer-set.ts";
import type { Controller } from "../../controllers/controller.ts";
import { runControllers } from "../../controllers/runner.ts";
import { event as eventKind } from "../../kinds/core/event.ts";
import { namespace as namespaceKind } from "../../kinds/core/namespace.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { builtInDefinitions } from "../../kinds/definitions/all.gen.ts";
import { builtInKinds, laterKinds } from "../../kinds/index.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Draft, KubernetesObject } from "../../kinds/object.ts";
import { clusterRole } from "../../kinds/rbac/cluster-role.ts";
import { clusterRoleBinding } from "../../kinds/rbac/cluster-role-binding.ts";
import { isPodTerminal } from "../../kinds/pod/conditions.ts";
import type { UserInfo } from "../../kinds/request.ts";
import type { Pod, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createVirtualClock, type VirtualClock } from "../virtual-clock.ts";

const authenticated = "system:authenticated";
const masters: UserInfo = { username: "system:admin", groups: ["system:masters", authenticated] };
const controllerUser = (name: string): UserInfo => ({
  username: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", authenticated],
});
/** Rounds of microtasks after which all that a change sets off has happened. */
const settleRounds = 4000;
async function settle(): Promise<void> {
  for (let round = 0; round < settleRounds; round += 1) await Promise.resolve();
}
/** Unlike the real one: the same at each run, which nothing here minds. */
function createCrypto(): Crypto {
  const random = seededRandom(7);
  const digits = (length: number): string =>
    Array.from({ length }, () => Math.floor(random.next() * 16).toString(16)).join("");
  return {
    uuid: () => [8, 4, 4, 4, 12].map(digits).join("-"),
    randomBytes: (length) => new Uint8Array(length),
    sha256: () => new Uint8Array(32),
  };
}

/** What the kubelet tells of a pod next; undefined: nothing. */
export type PodScript = (pod: Pod) => PodStatus | undefined;
export type Loose<T> = Draft<T> & object;

export interface WorkloadFixture {
  readonly clock: VirtualClock;
  readonly client: Client;
  readonly nowMs: number;
  /** What controllers and informers logged as errors, one line each. */
  readonly failures: string[];
  create<T extends KubernetesObject>(kind: Kind<T>, object: object): Promise<T>;
  get<T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<T>;
  list<T extends KubernetesObject>(kind: Kind<T>): Promise<T[]>;
  /** A merge patch, then all that follows at once. */
  patch<T extends KubernetesObject>(kind: Kind<T>, name: string, patch: object, subresource?: string): Promise<T>;
  remove<T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<void>;
  /** Pods that are not being deleted, by name. */
  pods(): Promise<Pod[]>;
  /** "Reason: message" of the events about an object of that name, in order. */
  events(name: string): Promise<string[]>;
  /** Lets what is due now happen. */
  settle(): Promise<void>;
  advance(seconds: number): Promise<void>;
  stop(): void;
}

export const running = (nowMs: number, ready = true): PodStatus => ({
  phase: "Running",
  startTime: toTime(nowMs),
  conditions: [
    { type: "Ready", status: ready ? "True" : "False", lastTransitionTime: toTime(nowMs) },
    { type: "ContainersReady", status: ready ? "True" : "False", lastTransitionTime: toTime(nowMs) },
  ],
});
/** A pod whose one container has ended. */
export const ended = (pod: Pod, exitCode: number, nowMs: number): PodStatus => ({
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  startTime: pod.metadata.creationTimestamp,
  containerStatuses: pod.spec.containers.map(({ name, image }) => ({
    name,
    image: image ?? "",
    imageID: "",
    ready: false,
    restartCount: 0,
    state: {
      terminated: {
        exitCode,
        reason: exitCode === 0 ? "Completed" : "Error",
        startedAt: pod.metadata.creationTimestamp,
        finishedAt: toTime(nowMs),
      },
    },
  })),
});

/** A pod template with one container. */
export const template = (labels: Record<string, string>, more: object = {}): object => ({
  metadata: { labels },
  spec: { containers: [{ name: "app", image: "app:1" }], ...more },
});

/** The pods' life as the script tells it; deleted pods go at once. */
function runKubelet(client: Client, informers: InformerSet, script: PodScript, nodes: readonly string[]): void {
  let next = 0;
  const absent = (error: unknown): void => {
    if (!(error instanceof StatusError) || (error.code !== 404 && error.code !== 409)) throw error;
  };
  const serve = async (pod: Pod): Promise<void> => {
    const { name, namespace, deletionTimestamp, uid } = pod.metadata;
    if (deletionTimestamp) {
      if (!isPodTerminal(pod) && pod.spec.nodeName === "") return;
      await client.delete(podKind, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
      return;
    }
    if (!pod.spec.nodeName) {
      const wanted = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      const bound = wanted?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
      const target = { apiVersion: "v1", kind: "Node", name: bound ?? nodes[(next += 1) % nodes.length] };
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
      await client.post(path, { apiVersion: "v1", kind: "Binding", metadata: { name, namespace }, target });
      return;
    }
    const status = script(pod);
    if (status) await client.update(podKind, { ...pod, status }, { subresource: "status" });
  };
  informers.of(podKind).onChange(({ type, object }) => {
    if (type !== "DELETED") void serve(object).catch(absent);
  });
}

const mastersOnly: Authorizer = {
  authorize: ({ user }) => ({ allowed: user.groups.includes("system:masters"), reason: "" }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

export interface FixtureOptions {
  readonly controllers: readonly Controller<unknown>[];
  /** Absent: pods run and are ready at once. */
  readonly script?: (clock: VirtualClock) => PodScript;
  readonly nodes?: readonly string[];
  readonly admission?: readonly AdmissionPlugin[];
}

async function startServer(clock: VirtualClock, log: Log, admission: readonly AdmissionPlugin[]) {
  const server = await createApiServer({
    kinds: [...new Set([...builtInKinds, ...laterKinds])],
    definitions: builtInDefinitions,
    ports: {
      store: createMemoryStore({ clock }),
      clock,
      random: seededRandom(1),
      crypto: createCrypto(),
      log,
    },
    access: (reader) => ({
      authenticator: { authenticate: ({ peer }) => peer.user },
      authorizer: unionAuthorizer([mastersOnly, new RbacAuthorizer(reader)]),
      admission: [namespaceLifecycle(reader), ...admission],
    }),
  });
  const clientOf = (user: UserInfo): Client => createClient(server.handle, { user, userAgent: "tester/1" });
  return { server, clientOf };
}

/** The default roles of the controllers that run here. */
async function grantRoles(client: Client, names: readonly string[]): Promise<void> {
  const wanted = new Set(names.map((name) => `system:controller:${name}`));
  for (const role of bootstrapClusterRoles.filter(({ metadata }) => wanted.has(metadata.name))) {
    await client.create(clusterRole, role as never);
  }
  for (const binding of bootstrapClusterRoleBindings.filter(({ metadata }) => wanted.has(metadata.name))) {
    await client.create(clusterRoleBinding, binding as never);
  }
}

function readersOf(client: Client, clock: VirtualClock) {
  const list = async <T extends KubernetesObject>(kind: Kind<T>): Promise<T[]> =>
    (await client.list(kind, kind.namespaced ? { namespace: "default" } : {})).items.map((ref) => ref.object());
  return {
    list,
    get: <T extends KubernetesObject>(kind: Kind<T>, name: string) =>
      client.get(kind, name, kind.namespaced ? "default" : undefined),
    async create<T extends KubernetesObject>(kind: Kind<T>, object: object): Promise<T> {
      const { metadata = {} } = object as { metadata?: object };
      const placed = kind.namespaced ? { namespace: "default", ...metadata } : metadata;
      const created = await client.create(kind, { ...object, metadata: placed } as never);
      await clock.settle();
      return created;
    },
    async patch<T extends KubernetesObject>(
      kind: Kind<T>,
      name: string,
      patch: object,
      subresource?: string,
    ): Promise<T> {
      const namespace = kind.namespaced ? "default" : undefined;
      const patched = await client.patch(kind, name, namespace, patch as never, { type: "merge", subresource });
      await clock.settle();
      return patched;
    },
    async remove<T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<void> {
      await client.delete(kind, name, kind.namespaced ? "default" : undefined);
      await clock.settle();
    },
    pods: async () => (await list(podKind)).filter(({ metadata }) => !metadata.deletionTimestamp),
    async events(name: string): Promise<string[]> {
      const events = (await list(eventKind)).filter(({ involvedObject }) => involvedObject.name === name);
      const timed = events.map((one): [string, string] => [one.metadata.name, `${one.reason}: ${one.message}`]);
      return timed.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
    },
  };
}

export async function startWorkloads(options: FixtureOptions): Promise<WorkloadFixture> {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1), settle);
  const failures: string[] = [];
  const error = (message: string, fields?: object): void => {
    failures.push(`${message} ${Object.values(fields ?? {}).join(" ")}`);
  };
  const log: Log = { info() {}, error, with: () => log };
  const { server, clientOf } = await startServer(clock, log, options.admission ?? []);
  const client = clientOf(masters);
  const nodes = options.nodes ?? ["node-1"];
  await client.create(namespaceKind, { metadata: { name: "default" } });
  const conditions = [{ type: "Ready", status: "True" }];
  for (const name of nodes) {
    const node = await client.create(nodeKind, { metadata: { name } } as never);
    await client.update(nodeKind, { ...node, status: { ...node.status, conditions } }, { subresource: "status" });
  }
  await grantRoles(
    client,
    options.controllers.map(({ name, identity = name }) => identity),
  );
  const stopping = new AbortController();
  const informers = new InformerSet(client, clock, log, stopping.signal);
  const recorderFor = (component: string, identity: string) =>
    createEventRecorder(clientOf(controllerUser(identity)), { component }, { clock, log });
  const started = runControllers(
    options.controllers,
    { informers, clock, log, clientFor: (name) => clientOf(controllerUser(name)), recorderFor },
    stopping.signal,
  );
  const script =
    options.script?.(clock) ?? ((pod: Pod) => (pod.status?.phase === "Pending" ? running(clock.now()) : undefined));
  runKubelet(client, informers, script, nodes);
  await clock.settle();
  await started;
  await clock.settle();
  return {
    clock,
    client,
    failures,
    get nowMs() {
      return clock.now();
    },
    ...readersOf(client, clock),
    settle: () => clock.settle(),
    advance: (seconds) => clock.advance(seconds * 1000),
    stop() {
      stopping.abort();
      server.close();
    },
  };
}

/** Runs a test with a fixture and stops it. Fails when a controller failed where the test expects none. */
export async function withWorkloads(
  options: FixtureOptions,
  body: (fixture: WorkloadFixture) => Promise<void>,
): Promise<void> {
  const fixture = await startWorkloads(options);
  try {
    await body(fixture);
    assert(fixture.failures.length === 0, fixture.failures.join("\n"));
  } finally {
    fixture.stop();
  }
}
