// A node agent over a simulated runtime and a small API, in virtual time: what tests of the node agent stand on.
import { seededRandom } from "../../base/random.ts";
import { silentLog } from "../../base/log.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Pod, PodSpec } from "../../kinds/types/core-v1.gen.ts";
import { Kubelet, type KubeletKinds } from "../../kubelet/kubelet.ts";
import { createSimulatedMachine, createSimulatedProber, SimulatedCgroups } from "./simulated-node.ts";
import { SimulatedFiles } from "./simulated-files.ts";
import { SimulatedRuntime } from "./simulated-runtime.ts";
import type { RuntimeScript } from "./script.ts";
import { createVirtualClock, type Settle } from "../virtual-clock.ts";
import { SmallApi } from "./small-api.suite.ts";

const kindOf = (kind: string, plural: string, namespaced: boolean): Kind<any> =>
  ({ kind, plural, group: "", version: "v1", namespaced }) as unknown as Kind<any>;

export const kinds: KubeletKinds = {
  pods: kindOf("Pod", "pods", true),
  nodes: kindOf("Node", "nodes", false),
  leases: kindOf("Lease", "leases", true),
  runtimeClasses: kindOf("RuntimeClass", "runtimeclasses", false),
  configMaps: kindOf("ConfigMap", "configmaps", true),
  secrets: kindOf("Secret", "secrets", true),
};

export interface ToldEvent {
  readonly object: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** A pod that is bound to the node, with the defaults that the API server would fill in. */
export const toPod = (name: string, spec: Partial<PodSpec>, metadata: object = {}): object => ({
  metadata: { name, namespace: "default", ...metadata },
  spec: {
    nodeName: "node-1",
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    ...spec,
  },
  status: { phase: "Pending" },
});

export function createNodeFixture(settle: Settle, script: RuntimeScript = {}) {
  const clock = createVirtualClock(Date.UTC(2026, 0, 2, 3, 4, 5), settle);
  const api = new SmallApi(clock);
  const files = new SimulatedFiles();
  const runtime = new SimulatedRuntime({ clock, script, files });
  const cgroups = new SimulatedCgroups();
  const events: ToldEvent[] = [];
  const failures: string[] = [];
  const log = {
    ...silentLog,
    error: (message: string, fields?: Readonly<Record<string, unknown>>) =>
      void failures.push(`${message}: ${String((fields?.["error"] as Error)?.stack ?? fields?.["error"])}`),
    with: () => log,
  };
  const createKubelet = (): Kubelet =>
    new Kubelet({
      client: api,
      kinds,
      recorder: {
        event: (about, type, reason, message) =>
          void events.push({ object: about.metadata.name ?? "", type, reason, message }),
      },
      clock,
      random: seededRandom(1),
      log,
      runtime,
      machine: createSimulatedMachine({ hostname: "node-1" }),
      volumeHost: files,
      cgroups,
      prober: createSimulatedProber(runtime),
      logFiles: files,
      node: { name: "node-1", labels: {}, taints: [], reserved: {}, podsMax: 110, port: 10_250, version: "v1.36.0" },
      clusterDns: ["10.96.0.10"],
      clusterDomain: "cluster.local",
    });
  let kubelet = createKubelet();
  return {
    clock,
    api,
    files,
    runtime,
    cgroups,
    events,
    failures,
    get kubelet() {
      return kubelet;
    },
    async start(): Promise<void> {
      await kubelet.start();
      await clock.settle();
    },
    /** Ends the agent and starts another one on the same node. */
    async restart(): Promise<void> {
      kubelet.stop();
      await clock.settle();
      kubelet = createKubelet();
      await kubelet.start();
      await clock.settle();
    },
    async createPod(name: string, spec: Partial<PodSpec>, metadata: object = {}): Promise<Pod> {
      const pod = await api.create(kinds.pods, toPod(name, spec, metadata));
      await clock.settle();
      return pod;
    },
    pod: (name: string): Promise<Pod> => api.get(kinds.pods, name, "default"),
    reasons: (name: string): string[] => events.filter(({ object }) => object === name).map(({ reason }) => reason),
  };
}

/** A container as the API server would default it. */
export const container = (name: string, more: object = {}) => ({
  name,
  image: `${name}:1`,
  imagePullPolicy: "IfNotPresent" as const,
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File" as const,
  resources: {},
  ...more,
});
/** The status of a pod's condition. */
export const condition = (pod: Pod, type: string): string | undefined =>
  pod.status?.conditions?.find((one) => one.type === type)?.status;
