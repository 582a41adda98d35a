// Benchmarks of the API server in this process, through handle(), with authentication, RBAC, admission, defaulting, checks
// and the store in memory: `node bench/apiserver.ts`. Each prints one line of JSON with its budget (DESIGN: GET 45 µs of
// CPU, POST of a pod 290 µs, LIST 2.5 ms per MB). May import node and every layer.
import { silentLog } from "../src/base/log.ts";
import { ensureBootstrapObjects } from "../src/cluster/bootstrap-objects.ts";
import { createControlPlane } from "../src/cluster/control-plane.ts";
import { apiServerUser } from "../src/cluster/identities.ts";
import { systemClock, systemCrypto, systemRandom } from "../src/host/clock.ts";
import type { ApiReply, Peer } from "../src/kinds/request.ts";
import { createMemoryStore } from "../src/store/memory-store.ts";

const print = (name: string, value: number, unit: string, budget: number): void =>
  console.log(JSON.stringify({ name, value: Number(value.toPrecision(4)), unit, budget }));

const signal = new AbortController().signal;
const encoder = new TextEncoder();
const admin: Peer = { address: "127.0.0.1", user: { username: "admin", groups: ["system:masters"] } };
/** A user who may what RoleBindings say: every request asks RBAC. */
const developer: Peer = {
  address: "127.0.0.1",
  certificate: { commonName: "developer", organizations: ["team"], fingerprint: "00" },
};

const store = await createMemoryStore({ clock: systemClock });
const tokens = {
  issue: () => Promise.reject(new Error("no tokens here")),
  audiences: ["api"],
  openIdConfiguration: () => Promise.resolve({}),
  keySet: () => Promise.resolve({}),
  verify: () => Promise.reject(new Error("no tokens here")),
};
const plane = await createControlPlane({
  store,
  clock: systemClock,
  random: systemRandom,
  crypto: systemCrypto,
  log: silentLog,
  tokens: tokens as never,
  authorityPem: "",
  nodeConnector: {} as never,
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  serverPort: 6443,
});
await ensureBootstrapObjects(plane.client(apiServerUser, "kube-apiserver"));

/** The bytes of a reply, as the wire would take them. */
function drain({ body }: ApiReply): number {
  if (body.kind === "bytes") return body.bytes.length;
  if (body.kind === "object") return body.ref.bytes.length;
  if (body.kind !== "list") return 0;
  let size = 0;
  for (const chunk of body.chunks()) size += chunk.length;
  return size;
}

const encodeBody = (body: object | undefined): Uint8Array =>
  body === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(body));

const contentTypes: Readonly<Record<string, string>> = {
  POST: "application/json",
  PATCH: "application/merge-patch+json",
};

async function ask(
  peer: Peer,
  method: string,
  url: string,
  body?: object | Uint8Array,
  expected = 200,
): Promise<number> {
  const [path, query] = url.split("?") as [string, string | undefined];
  const bytes = body instanceof Uint8Array ? body : encodeBody(body);
  const reply = await plane.server.handle({
    method,
    path,
    query: new URLSearchParams(query),
    headers: { accept: "application/json", "content-type": contentTypes[method] ?? "", "user-agent": "bench/1" },
    body: () => Promise.resolve(bytes),
    peer,
    signal,
  });
  if (reply.status !== expected) throw new Error(`${method} ${url}: ${reply.status} instead of ${expected}`);
  return drain(reply);
}

const meta = (name: string): object => ({ name });
await ask(admin, "POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: meta("bench") }, 201);
const accounts = "/api/v1/namespaces/bench/serviceaccounts";
await ask(admin, "POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: meta("default") }, 201);
const rbac = "rbac.authorization.k8s.io";
await ask(
  admin,
  "POST",
  `/apis/${rbac}/v1/namespaces/bench/rolebindings`,
  {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: meta("team"),
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "edit" },
    subjects: [{ kind: "Group", apiGroup: rbac, name: "team" }],
  },
  201,
);
await ask(
  admin,
  "POST",
  `/apis/${rbac}/v1/clusterroles`,
  {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRole",
    metadata: { name: "bench-pods", labels: {} },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["*"] }],
  },
  201,
);
// "edit" is aggregated by a controller, which doesn't run here.
await ask(
  admin,
  "POST",
  `/apis/${rbac}/v1/namespaces/bench/rolebindings`,
  {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: meta("pods"),
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "bench-pods" },
    subjects: [{ kind: "Group", apiGroup: rbac, name: "team" }],
  },
  201,
);

/** A pod as people write them: 1.3 KB, 4 KB once it is defaulted and owned. */
const podOf = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "web", tier: "front", "pod-template-hash": "6d4cf56db6" } },
  spec: {
    containers: [
      {
        name: "web",
        image: "registry.example.com/team/web:1.27.3",
        args: ["--listen=:8080", "--workers=4"],
        ports: [{ name: "http", containerPort: 8080 }],
        env: [
          { name: "MODE", value: "production" },
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ],
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
        readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 5 },
        livenessProbe: { httpGet: { path: "/live", port: "http" }, initialDelaySeconds: 10 },
        volumeMounts: [{ name: "config", mountPath: "/etc/web" }],
      },
      { name: "side", image: "registry.example.com/team/side:2", resources: { requests: { cpu: "10m" } } },
    ],
    volumes: [{ name: "config", configMap: { name: "web" } }],
    terminationGracePeriodSeconds: 20,
  },
});

/** CPU of one call, in microseconds: all threads' time, garbage collection included. */
async function cpuOf(count: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await call(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const pods = "/api/v1/namespaces/bench/pods";
/** The bodies are made before, since a client makes them. */
const creates = (prefix: string, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => encodeBody(podOf(`${prefix}-${index}`)));
const createAll = (bodies: readonly Uint8Array[]): Promise<number> =>
  cpuOf(bodies.length, (index) => ask(developer, "POST", pods, bodies[index], 201));
const get = (index: number): Promise<number> => ask(developer, "GET", `${pods}/warm-${index % 1000}`);
const label = (index: number): Promise<number> =>
  ask(developer, "PATCH", `${pods}/warm-${index % 1000}`, { metadata: { labels: { app: `${index}` } } });

await createAll(creates("warm", 3000));
print("POST of a pod", await createAll(creates("pod", 3000)), "µs CPU", 290);
await cpuOf(3000, get);
print("GET of a pod", await cpuOf(20_000, get), "µs CPU", 45);
await cpuOf(500, label);
print("PATCH of a pod", await cpuOf(2000, label), "µs CPU", 290);
const listed = await ask(developer, "GET", pods);
const megabytes = listed / 1e6;
await cpuOf(10, () => ask(developer, "GET", pods));
print(
  "LIST of pods, per MB",
  (await cpuOf(40, () => ask(developer, "GET", pods))) / 1000 / megabytes,
  "ms CPU/MB",
  2.5,
);
const selected = `${pods}?labelSelector=app%3Dnone`;
await cpuOf(10, () => ask(developer, "GET", selected));
print("LIST of 6,000 pods that selects none", await cpuOf(40, () => ask(developer, "GET", selected)), "µs CPU", 10_000);
plane.close();
await store.close();
process.exit(0);
