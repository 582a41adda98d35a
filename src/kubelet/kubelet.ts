// The node agent: it registers its node, takes the pods that are bound to it, and keeps one worker for each. Everything
// that it touches is a port or the API. Imports src/base, src/kinds, src/client.
import { type Clock, sleep } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Client } from "../client/client.ts";
import { createInformer } from "../client/informer.ts";
import type { Kind } from "../kinds/kind.ts";
import type { Lease } from "../kinds/types/coordination-v1.gen.ts";
import type { Node, Pod, Secret, Service } from "../kinds/types/core-v1.gen.ts";
import type { RuntimeClass } from "../kinds/types/node-v1.gen.ts";
import type { CgroupHost } from "./cgroup-host.ts";
import { parseResolvConf } from "./container/dns.ts";
import { servicesOfPod, serviceVariables } from "./container/service-env.ts";
import { type EventRecorder, nodeReference, podReference } from "./events.ts";
import { hasStorageLimits, judgeStorage } from "./eviction/local-storage.ts";
import { createImageCollector } from "./images/collect-images.ts";
import { createImagePuller } from "./images/image-puller.ts";
import {
  evictionCheckMs,
  imageCollectionMs,
  leaseDurationSeconds,
  logFilesMax,
  logRotationCheckMs,
  manifestCheckMs,
  parallelPullsMax,
  relistMs,
} from "./limits.ts";
import type { LogFiles } from "./log-files.ts";
import { rotateLogs } from "./logs/rotate-logs.ts";
import type { NodeMachine } from "./machine.ts";
import { admitPod } from "./node/admission.ts";
import { NodeAgent } from "./node/node-agent.ts";
import { allocatableOf, capacityOf, type NodeConfig, type NodeFindings, type Pressure } from "./node/node-object.ts";
import { ensureMirror, readStaticPods, removeMirror, type StaticPodsOptions } from "./node/static-pods.ts";
import { isMirrorPod, isTerminalPhase } from "./pod/container-spec.ts";
import type { Amounts } from "./pod/amounts.ts";
import { serviceClassOf } from "./pod/pod-resources.ts";
import type { Prober } from "./prober.ts";
import type { Runtime, RuntimeEvent, RuntimeHandler, SandboxConfig } from "./runtime.ts";
import type { VolumeHost } from "./volume-host.ts";
import { createObjectSource, type SourceKinds } from "./volumes/object-source.ts";
import { createPodVolumes } from "./volumes/pod-volumes.ts";
import { createTokens } from "./volumes/tokens.ts";
import type { NodeServices } from "./worker/node-services.ts";
import { removeOrphan } from "./worker/orphans.ts";
import { podSandboxConfig } from "./worker/pod-files.ts";
import { PodWorker } from "./worker/pod-worker.ts";
import { RuntimeIndex } from "./worker/runtime-index.ts";
import { StatusWriter } from "./worker/status-writer.ts";

export interface KubeletKinds extends SourceKinds {
  readonly pods: Kind<Pod>;
  readonly nodes: Kind<Node>;
  readonly leases: Kind<Lease>;
  readonly runtimeClasses: Kind<RuntimeClass>;
  /** Absent: the API has none, and containers are told of none. */
  readonly services?: Kind<Service>;
}

export interface KubeletOptions {
  readonly client: Client;
  readonly kinds: KubeletKinds;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly machine: NodeMachine;
  readonly volumeHost: VolumeHost;
  readonly cgroups: CgroupHost;
  readonly prober: Prober;
  readonly logFiles: LogFiles;
  readonly node: NodeConfig;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly seccompRoot?: string;
  /** 1: images are pulled one by one. */
  readonly parallelPulls?: number;
  /** Where absent, the node is never under pressure. */
  readonly pressure?: () => Pressure;
  /** Static pods: the folder, and how its files are read. None where absent. */
  readonly staticPods?: Pick<StaticPodsOptions, "folder" | "parse" | "hash">;
}

const noPressure: Pressure = { memory: false, disk: false, processes: false };

export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** Pods that the node has refused: they are not looked at again. */
  readonly #rejected = new Set<string>();
  readonly #abort = new AbortController();
  readonly #orphans = new Set<string>();
  /** Static pods by uid, with their mirrors. */
  readonly #static = new Map<string, Pod | undefined>();
  readonly services: NodeServices;
  readonly nodeAgent: NodeAgent;
  #allocatable: Amounts = {};
  #networkFailure: string | undefined = "container runtime status check may not have completed yet";
  #podsSynced = false;
  #handlers: readonly RuntimeHandler[] = [];
  #startServices: () => void = () => {};

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.services = this.#createServices();
    const { client, kinds, clock, log, recorder, node } = options;
    this.nodeAgent = new NodeAgent({
      client,
      nodes: kinds.nodes,
      leases: kinds.leases,
      clock,
      log,
      recorder,
      config: node,
      findings: () => this.#findings(),
    });
  }

  #createServices(): NodeServices {
    const { client, kinds, clock, log, recorder, runtime, machine, volumeHost, logFiles, node } = this.#options;
    const objects = createObjectSource(client, kinds, clock, log);
    const tokens = createTokens(client, clock);
    const allocatable = (): Amounts => this.#allocatable;
    const index = new RuntimeIndex({ runtime, volumeHost, logFiles, onChange: (uid) => this.#onRuntimeChange(uid) });
    const parallelPulls = this.#options.parallelPulls ?? parallelPullsMax;
    const images = createImagePuller({ runtime, recorder, clock, parallelPulls });
    const pullSecrets = (pod: Pod): Promise<Secret[]> => this.#pullSecrets(pod);
    const services: NodeServices = {
      ...this.#options,
      index,
      statuses: new StatusWriter(client, kinds.pods, clock, log),
      objects,
      tokens,
      images,
      volumes: createPodVolumes({
        host: volumeHost,
        objects,
        tokens,
        clock,
        allocatable,
        pullImage: async (pod, volume) => {
          const found = await images.ensure({
            pod,
            reference: podReference(pod),
            image: volume.image!.reference ?? "",
            policy: volume.image!.pullPolicy ?? "IfNotPresent",
            pullSecrets: () => pullSecrets(pod),
            sandbox: await this.#sandboxOf(pod),
            runtimeHandler: "",
          });
          return found.ref;
        },
      }),
      facts: {
        name: node.name,
        runtimeName: "containerd",
        addresses: machine.addresses,
        clusterDns: this.#options.clusterDns,
        clusterDomain: this.#options.clusterDomain,
        seccompRoot: this.#options.seccompRoot ?? `${volumeHost.rootPath}/seccomp`,
        startedMs: clock.now(),
      },
      nodeDns: async () => parseResolvConf(await machine.resolvConf()),
      allocatable,
      networkFailure: () => this.#networkFailure,
      runtimeHandler: (name) => this.#runtimeHandler(name),
      supports: (feature) => this.#handlers.find(({ name }) => name === "")?.[feature] ?? false,
      serviceEnv: this.#followServices(),
      pullSecrets,
    };
    return services;
  }

  /** Variables of the services that a pod sees, once they have been read. */
  #followServices(): NodeServices["serviceEnv"] {
    const { client, kinds, clock, log } = this.#options;
    if (!kinds.services) return async () => [];
    const services = createInformer(client, kinds.services, { clock, log });
    this.#startServices = () => services.start(this.#abort.signal);
    return async (pod) => {
      await services.synced;
      return serviceVariables(servicesOfPod(pod, services.list()));
    };
  }

  /** Volumes are set up before the sandbox: what a pull needs to know of it is known all the same. */
  async #sandboxOf(pod: Pod): Promise<SandboxConfig> {
    const worker = this.#workers.get(pod.metadata.uid!);
    return worker?.sandbox?.config ?? podSandboxConfig(this.services, pod, 0);
  }

  /** Resolves when the node is registered and its pods are known. Everything ends with stop(). */
  async start(): Promise<void> {
    const { client, kinds, clock, log, runtime, node, recorder, machine } = this.#options;
    const { signal } = this.#abort;
    recorder.event(nodeReference(node.name), "Normal", "Starting", "Starting kubelet.");
    const filesystem = await machine.filesystem();
    this.#allocatable = allocatableOf(capacityOf(machine, filesystem, node.podsMax), node.reserved);
    runtime.events(signal, (event) => this.#onRuntimeEvent(event));
    await this.services.index.relist();
    this.#startServices();
    await this.nodeAgent.start(signal);
    this.#watchNode(signal);
    const fieldSelector = `spec.nodeName=${node.name}`;
    const pods = createInformer(client, kinds.pods, { fieldSelector, clock, log });
    pods.onChange(({ type, object }) => {
      if (type === "DELETED") this.#onDeleted(object);
      else this.#onPod(object);
    });
    pods.start(signal);
    await pods.synced;
    // Static pods first: what runs of them is nobody's leavings.
    await this.#syncStaticPods();
    this.#podsSynced = true;
    await this.#cleanOrphans();
    const again = (periodMs: number, task: () => Promise<unknown>, what: string): void =>
      void this.#repeat(signal, periodMs, task, what).catch(() => {});
    again(relistMs, () => this.#relist(), "the runtime could not be listed");
    again(logRotationCheckMs, () => this.#rotateLogs(), "a log could not be rotated");
    again(evictionCheckMs, () => this.#judgeStorage(), "pods' local storage could not be measured");
    const images = createImageCollector(runtime, machine, () => clock.now());
    again(imageCollectionMs, () => images.collect(), "images could not be collected");
    const { staticPods } = this.#options;
    if (!staticPods) return;
    const sync = (): Promise<void> => this.#syncStaticPods();
    this.#options.volumeHost.watch(staticPods.folder, signal, () => void sync().catch(() => {}));
    again(manifestCheckMs, sync, "static pods could not be read");
  }

  /** Ends the agent; containers run on, for the next one to find. */
  stop(): void {
    this.#abort.abort(new Error("stopped"));
    for (const worker of this.#workers.values()) worker.close();
    for (const uid of this.#workers.keys()) this.services.objects.forget(uid);
  }

  get workers(): ReadonlyMap<string, PodWorker> {
    return this.#workers;
  }

  /** The agent's settings as /configz shows them, in upstream's names. */
  configuration(): object {
    const { node, clusterDns, clusterDomain, parallelPulls = parallelPullsMax, volumeHost } = this.#options;
    return {
      clusterDNS: clusterDns,
      clusterDomain,
      maxPods: node.podsMax,
      port: node.port,
      registerNode: true,
      registerWithTaints: node.taints,
      kubeReserved: node.reserved,
      serializeImagePulls: parallelPulls === 1,
      maxParallelImagePulls: parallelPulls,
      podLogsDir: volumeHost.podLogsPath,
      nodeLeaseDurationSeconds: leaseDurationSeconds,
      containerLogMaxSize: "10Mi",
      containerLogMaxFiles: logFilesMax,
    };
  }

  #watchNode(signal: AbortSignal): void {
    const { client, kinds, clock, log, node, runtime } = this.#options;
    const nodes = createInformer(client, kinds.nodes, { fieldSelector: `metadata.name=${node.name}`, clock, log });
    let podCidr = "";
    nodes.onChange(({ type, object }) => {
      if (type === "DELETED") return;
      this.nodeAgent.observe(object);
      const cidr = object.spec.podCIDR ?? "";
      if (cidr === "" || cidr === podCidr) return;
      podCidr = cidr;
      runtime
        .setPodCidr(cidr)
        .then(() => this.nodeAgent.update())
        .then(() => this.#wakeAll())
        .catch((error: unknown) => log.error("the pod network could not be set up", { error, cidr }));
    });
    nodes.start(signal);
  }

  #wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  #onPod(pod: Pod): void {
    const uid = pod.metadata.uid!;
    if (isMirrorPod(pod)) return;
    this.services.statuses.observe(pod);
    const worker = this.#workers.get(uid);
    if (worker) {
      worker.update(pod);
      return;
    }
    if (this.#rejected.has(uid) && !pod.metadata.deletionTimestamp) return;
    const started = this.services.index.stateOf(uid).sandboxes.length > 0;
    if (!started && !isTerminalPhase(pod.status?.phase) && !pod.metadata.deletionTimestamp && this.#reject(pod)) return;
    this.#addWorker(pod);
  }

  #addWorker(pod: Pod): void {
    const worker = new PodWorker(this.services, pod, ({ uid }) => this.#workers.delete(uid));
    this.#workers.set(worker.uid, worker);
    this.#rejected.delete(worker.uid);
    worker.wake();
  }

  /** Refuses what the node cannot take: the pod fails, and others may be made in its place. */
  #reject(pod: Pod): boolean {
    const node = this.nodeAgent.node;
    if (!node) return false;
    const others = [...this.#workers.values()]
      .filter(({ phase }) => phase === "running" || phase === "terminating")
      .map((worker) => worker.pod);
    const status = { ...node.status, allocatable: this.#allocatable };
    const rejection = admitPod(pod, others, { ...node, status });
    if (!rejection) return false;
    const { reason, message } = rejection;
    this.#rejected.add(pod.metadata.uid!);
    this.services.recorder.event(podReference(pod), "Warning", reason, message);
    const qosClass = serviceClassOf(pod);
    const startTime = new Date(this.services.clock.now()).toISOString().slice(0, 19) + "Z";
    const failed = {
      ...pod.status,
      qosClass,
      phase: "Failed",
      reason,
      message: `Pod was rejected: ${message}`,
      startTime,
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    } as const;
    this.services.statuses.set(pod.metadata.uid!, failed, false);
    return true;
  }

  #onDeleted(pod: Pod): void {
    const uid = pod.metadata.uid!;
    this.#rejected.delete(uid);
    const worker = this.#workers.get(uid);
    if (!worker) {
      this.services.statuses.forget(uid);
      return;
    }
    worker.remove();
  }

  #onRuntimeEvent(event: RuntimeEvent): void {
    if (event.kind === "image-changed") {
      void this.nodeAgent.update().catch(() => {});
      return;
    }
    this.services.index.refresh(event.id).catch((error: unknown) => {
      this.services.log.error("a container's state could not be read", { id: event.id, error });
    });
  }

  #onRuntimeChange(podUid: string): void {
    this.#workers.get(podUid)?.wake();
  }

  async #repeat(signal: AbortSignal, periodMs: number, task: () => Promise<unknown>, what: string): Promise<void> {
    for (;;) {
      await sleep(this.services.clock, periodMs, signal);
      try {
        await task();
      } catch (error) {
        this.services.log.error(what, { error });
      }
    }
  }

  async #relist(): Promise<void> {
    await this.services.index.relist();
    await this.#cleanOrphans();
  }

  #rotateLogs(): Promise<void> {
    const { logFiles, runtime, index, clock } = this.services;
    return rotateLogs({ files: logFiles, runtime, index, nowMs: clock.now() });
  }

  /** Ends pods that use more local storage than they may; those without limits cost nothing. */
  async #judgeStorage(): Promise<void> {
    const { runtime, volumeHost, recorder } = this.services;
    const limited = [...this.#workers.values()].filter(
      ({ pod, phase }) => phase === "running" && hasStorageLimits(pod),
    );
    if (limited.length === 0) return;
    const stats = await runtime.containerStats();
    for (const worker of limited) {
      const verdict = await judgeStorage(worker.pod, volumeHost, stats);
      if (!verdict) continue;
      recorder.event(podReference(worker.pod), "Warning", verdict.reason, verdict.message);
      worker.evict({ ...verdict, graceSeconds: 1 });
    }
  }

  async #syncStaticPods(): Promise<void> {
    const { staticPods, client, kinds, node, volumeHost, log } = this.#options;
    const own = this.nodeAgent.node;
    if (!staticPods || !own) return;
    const found = await readStaticPods({ ...staticPods, nodeName: node.name, host: volumeHost, log });
    const seen = new Date(this.services.clock.now()).toISOString();
    for (const pod of found) {
      const uid = pod.metadata.uid!;
      // The pod runs, whether the API can show it or not.
      if (!this.#workers.has(uid)) this.#addWorker(pod);
      const mirror = await ensureMirror(client, kinds.pods, pod, own, seen).catch((error: unknown) => {
        log.error("a static pod cannot be shown in the API", { pod: pod.metadata.name, error: String(error) });
        return undefined;
      });
      this.#static.set(uid, mirror ?? this.#static.get(uid));
      if (mirror) this.services.statuses.observe(mirror, uid);
    }
    for (const [uid, mirror] of this.#static) {
      if (found.some(({ metadata }) => metadata.uid === uid)) continue;
      this.#static.delete(uid);
      this.#workers.get(uid)?.remove();
      if (mirror) await removeMirror(client, kinds.pods, mirror);
    }
  }

  /** Sandboxes, volumes and groups of pods that the API no longer has. */
  async #cleanOrphans(): Promise<void> {
    if (!this.#podsSynced) return;
    const { index, volumes, cgroups, log } = this.services;
    const left = new Set([...index.podUids(), ...(await volumes.listPods()), ...(await cgroups.listPods())]);
    for (const uid of left) {
      if (this.#workers.has(uid) || this.#orphans.has(uid)) continue;
      this.#orphans.add(uid);
      removeOrphan(this.services, uid)
        .catch((error: unknown) => log.error("what is left of a pod could not be removed", { uid, error }))
        .finally(() => this.#orphans.delete(uid));
    }
  }

  async #findings(): Promise<NodeFindings> {
    const { runtime, machine, clock, pressure } = this.#options;
    let supplementalGroupsPolicy: boolean | undefined;
    const failures: string[] = [];
    let version = { name: "containerd", version: "Unknown" };
    try {
      version = await runtime.version();
      const conditions = await runtime.conditions();
      const network = conditions.networkReady
        ? undefined
        : "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady " +
          `message:${conditions.message}`;
      if (!conditions.runtimeReady) failures.push(`container runtime not ready: ${conditions.message}`);
      if (network) failures.push(network);
      this.#networkFailure = network;
      this.#handlers = conditions.handlers;
      supplementalGroupsPolicy = conditions.supplementalGroupsPolicy;
    } catch (error) {
      failures.push(`container runtime status check failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    const images = await runtime.listImages().catch(() => []);
    return {
      machine,
      filesystem: await machine.filesystem(),
      runtime: version,
      images,
      failures,
      pressure: pressure?.() ?? noPressure,
      nowMs: clock.now(),
      handlers: this.#handlers,
      ...(supplementalGroupsPolicy === undefined ? {} : { supplementalGroupsPolicy }),
    };
  }

  async #runtimeHandler(name: string | undefined): Promise<string> {
    if (!name) return "";
    const { client, kinds } = this.#options;
    return (await client.get(kinds.runtimeClasses, name)).handler;
  }

  async #pullSecrets(pod: Pod): Promise<Secret[]> {
    const found: Secret[] = [];
    for (const { name } of pod.spec.imagePullSecrets ?? []) {
      const secret = name ? await this.services.objects.secret(pod.metadata.namespace!, name) : undefined;
      if (secret) found.push(secret);
    }
    return found;
  }
}
