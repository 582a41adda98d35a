// A whole cluster in this process: store, API server, controllers, scheduler and nodes, composed. May import all layers.
import type { Log } from "../base/log.ts";
import { createEventRecorder } from "../client/event-recorder.ts";
import { InformerSet } from "../client/informer-set.ts";
import { systemClock, systemCrypto, systemRandom } from "../host/clock.ts";
import type { ClusterAddresses } from "../host/cni/cluster-addresses.ts";
import { type HttpServer, startHttpServer } from "../host/http/server.ts";
import { descriptionsBeside } from "../host/descriptions-file.ts";
import type { NodeHost } from "../host/kubelet/node-host.ts";
import { type ClusterKeys, openClusterKeys } from "../host/pki/cluster-keys.ts";
import { createTokenIssuer } from "../host/pki/token-issuer.ts";
import { startSqliteStore } from "../host/sqlite/sqlite-store.ts";
import { node as nodeKind } from "../kinds/core/node.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";
import { createNodeApi } from "../kubelet/node-api.ts";
import { startScheduler } from "../scheduler/run.ts";
import type { Store } from "../store/store.ts";
import { type ControlPlane, createControlPlane } from "./control-plane.ts";
import { nodeUser, schedulerUser } from "./identities.ts";
import { createContainerdNode, createSimulatedNode, type NodeOptions } from "./node.ts";
import { LocalNodes } from "./node-connector.ts";
import type { ClusterPaths } from "./paths.ts";

export const clusterDomain = "cluster.local";
/** Upstream's default issuer of service accounts' tokens. */
const tokenIssuer = `https://kubernetes.default.svc.${clusterDomain}`;

export interface ClusterOptions {
  readonly paths: ClusterPaths;
  readonly addresses: ClusterAddresses;
  readonly host: string;
  readonly port: number;
  /** The address under which other machines reach this one. */
  readonly machineAddresses: readonly string[];
  readonly nodeName: string;
  /** Absent: the node's containers are simulated. Begun before, so that containerd and the API come up side by side. */
  readonly nodeHost?: Promise<NodeHost>;
  /** The program whose workerData switch runs the store's thread. */
  readonly workerEntry: URL;
  readonly log: Log;
  /** Told as each step is done. */
  onStep(step: "api" | "control-plane" | "node"): void;
}

export interface Cluster {
  readonly port: number;
  readonly keys: ClusterKeys;
  readonly controlPlane: ControlPlane;
  /** Resolves when the node is Ready; rejects when it cannot be brought up. */
  readonly nodeReady: Promise<void>;
  /** Ends everything of this process; containers run on. */
  close(): Promise<void>;
}

const serviceAddress = (cidr: string): string => cidr.replace(/\.0\/\d+$/, ".1");

function openKeys({ paths, addresses, machineAddresses, host }: ClusterOptions): Promise<ClusterKeys> {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return openClusterKeys({
    folder: paths.keysFolder,
    dnsNames: ["localhost", ...service, `kubernetes.default.svc.${clusterDomain}`],
    ipAddresses: [...new Set(["127.0.0.1", host, serviceAddress(addresses.serviceCidr), ...machineAddresses])].filter(
      (address) => address !== "0.0.0.0" && address !== "::",
    ),
    nowMs: systemClock.now(),
  });
}

/** Starts the cluster; resolves when its API answers. Rejects when the port, the store or the keys can't be had. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { paths, log, host, port, addresses } = options;
  const abort = new AbortController();
  const opening = startSqliteStore({
    file: paths.storeFile,
    clock: systemClock,
    log,
    workerEntry: options.workerEntry,
  });
  const [store, keys] = await Promise.all([opening, openKeys(options)]);
  const nodes = new LocalNodes();
  const tokens = createTokenIssuer({
    keyPem: keys.tokenKeyPem,
    issuer: tokenIssuer,
    audiences: [tokenIssuer],
    keySetUrl: `https://${host}:${port}/openid/v1/jwks`,
    clock: systemClock,
    crypto: systemCrypto,
  });
  const controlPlane = await createControlPlane({
    store,
    clock: systemClock,
    random: systemRandom,
    crypto: systemCrypto,
    log,
    tokens,
    authorityPem: keys.authority.certificatePem,
    nodeConnector: nodes,
    podCidr: addresses.podCidr,
    serviceCidr: addresses.serviceCidr,
    serverPort: port,
    serverAddress: `${host}:${port}`,
    descriptions: descriptionsBeside(options.workerEntry),
  });
  const http = await startHttpServer({
    transport: controlPlane.server.handle,
    host,
    port,
    certificatePem: keys.serving.certificatePem,
    keyPem: keys.serving.keyPem,
    clientCaPem: keys.authority.certificatePem,
    log,
  });
  options.onStep("api");
  const running = new RunningCluster(options, controlPlane, nodes, store, http, abort);
  const nodeReady = running.run();
  return { port: http.port, keys, controlPlane, nodeReady, close: () => running.close() };
}

class RunningCluster {
  readonly #options: ClusterOptions;
  readonly #controlPlane: ControlPlane;
  readonly #nodes: LocalNodes;
  readonly #store: Store;
  readonly #http: HttpServer;
  readonly #abort: AbortController;
  #kubelet: Kubelet | undefined;
  #nodeHost: NodeHost | undefined;

  constructor(
    options: ClusterOptions,
    controlPlane: ControlPlane,
    nodes: LocalNodes,
    store: Store,
    http: HttpServer,
    abort: AbortController,
  ) {
    this.#options = options;
    this.#controlPlane = controlPlane;
    this.#nodes = nodes;
    this.#store = store;
    this.#http = http;
    this.#abort = abort;
  }

  async run(): Promise<void> {
    const { onStep } = this.#options;
    await this.#controlPlane.run(this.#abort.signal);
    this.#startScheduler();
    onStep("control-plane");
    await this.#startNode();
    onStep("node");
  }

  #startScheduler(): void {
    const { log } = this.#options;
    const client = this.#controlPlane.client(schedulerUser, "kube-scheduler");
    const { signal } = this.#abort;
    startScheduler({
      client,
      informers: new InformerSet(client, systemClock, log, signal),
      recorder: createEventRecorder(client, { component: "default-scheduler" }, { clock: systemClock, log }),
      clock: systemClock,
      random: systemRandom,
      log,
      signal,
    });
  }

  async #startNode(): Promise<void> {
    const { nodeName, addresses, log, paths } = this.#options;
    const node: NodeOptions = {
      name: nodeName,
      client: this.#controlPlane.client(nodeUser(nodeName), "kubelet"),
      clock: systemClock,
      random: systemRandom,
      log,
      clusterDns: [addresses.dnsAddress],
      clusterDomain,
    };
    this.#nodeHost = await this.#options.nodeHost;
    this.#kubelet = this.#nodeHost
      ? createContainerdNode(node, this.#nodeHost, paths.staticPodsFolder)
      : createSimulatedNode(node);
    this.#nodes.add(nodeName, createNodeApi(this.#kubelet));
    await this.#kubelet.start();
    await this.#waitUntilReady(nodeName);
  }

  /** The node's own word in the API, not this process's belief. */
  #waitUntilReady(name: string): Promise<void> {
    const { server } = this.#controlPlane;
    return new Promise((resolve) => {
      server.reader.onChange(nodeKind, (object) => {
        const ready = object?.status?.conditions?.find(({ type }) => type === "Ready");
        if (object?.metadata.name === name && ready?.status === "True") resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error("the cluster is stopping"));
    this.#kubelet?.stop();
    await this.#http.close();
    this.#controlPlane.close();
    this.#nodeHost?.close();
    await this.#store.close();
  }
}
