// The node in the API: registered at the start, its status written when it changes or has grown old, its lease renewed
// every ten seconds (pkg/kubelet: registerWithAPIServer, syncNodeStatus; component-helpers/apimachinery/lease). Imports
// src/base, src/kinds, src/client.
import { type Clock, sleep, toMicroTime } from "../../base/clock.ts";
import { StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Draft } from "../../kinds/object.ts";
import type { Lease } from "../../kinds/types/coordination-v1.gen.ts";
import type { Node, NodeStatus } from "../../kinds/types/core-v1.gen.ts";
import { type EventRecorder, nodeReference } from "../events.ts";
import { leaseDurationSeconds, leaseRenewMs, nodeStatusCheckMs, nodeStatusReportMs } from "../limits.ts";
import { initialNode, type NodeConfig, type NodeFindings, nodeStatus } from "./node-object.ts";

export interface NodeAgentOptions {
  readonly client: Client;
  readonly nodes: Kind<Node>;
  readonly leases: Kind<Lease>;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly config: NodeConfig;
  readonly findings: () => Promise<NodeFindings>;
}

const leaseNamespace = "kube-node-lease";
const retryMs = 1000;
const isCode = (error: unknown, code: number): boolean => error instanceof StatusError && error.code === code;

/** Without the times of heartbeats, which are no change. */
function comparable(status: NodeStatus): string {
  const conditions = (status.conditions ?? []).map(({ lastHeartbeatTime: _time, ...rest }) => rest);
  return JSON.stringify({ ...status, conditions });
}

export class NodeAgent {
  readonly #options: NodeAgentOptions;
  #node: Node | undefined;
  #writtenMs = 0;
  #lease: Lease | undefined;
  #updating: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  /** The node as it was last read or written. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Resolves when the node is in the API; then keeps it and its lease up to date until the signal is aborted. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      try {
        await this.#register();
        break;
      } catch (error) {
        log.error("the node could not be registered", { error });
        await sleep(clock, retryMs, signal);
      }
    }
    const every = async (periodMs: number, task: () => Promise<void>, what: string): Promise<void> => {
      while (!signal.aborted) {
        try {
          await task();
        } catch (error) {
          log.error(what, { error });
        }
        await sleep(clock, periodMs, signal);
      }
    };
    const ended = (): void => {};
    void every(leaseRenewMs, () => this.#renewLease(), "the node's lease could not be renewed").catch(ended);
    void every(nodeStatusCheckMs, () => this.update(), "the node's status could not be written").catch(ended);
  }

  async #register(): Promise<void> {
    const { client, nodes, config, findings } = this.#options;
    const found = await findings();
    const draft = initialNode(config, found.machine);
    const status = nodeStatus(config, undefined, found);
    try {
      const node = { apiVersion: "v1", kind: "Node", ...draft, status };
      this.#node = await client.create(nodes, node as Draft<Node>);
    } catch (error) {
      if (!isCode(error, 409)) throw error;
      const existing = await client.get(nodes, config.name);
      const labels = { ...existing.metadata.labels, ...draft.metadata.labels };
      const annotations = { ...existing.metadata.annotations, ...draft.metadata.annotations };
      const patch = { metadata: { labels, annotations } };
      this.#node = await client.patch(nodes, config.name, undefined, patch, { type: "strategic" });
    }
    await this.update();
  }

  /** The API's node, as an informer has seen it. */
  observe(node: Node): void {
    if (Number(node.metadata.resourceVersion) >= Number(this.#node?.metadata.resourceVersion ?? 0)) this.#node = node;
  }

  /** Writes the status where it has changed, or is old. One that runs already may have looked too early: it is waited
   * for, and the next one looks again. */
  update(): Promise<void> {
    const running = this.#updating;
    if (!running) return this.#begin();
    this.#next ??= running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<void> {
    const update = this.#update().finally(() => {
      this.#updating = undefined;
    });
    this.#updating = update;
    return update;
  }

  async #update(): Promise<void> {
    const { client, nodes, config, findings, clock } = this.#options;
    const old = this.#node?.status;
    const status = nodeStatus(config, old, await findings());
    const same = old !== undefined && comparable(old) === comparable(status);
    if (same && this.#writtenMs > 0 && clock.now() - this.#writtenMs < nodeStatusReportMs) return;
    this.#tell(old, status);
    const patch = { status: JSON.parse(JSON.stringify(status)) };
    // Another runtime may tell less than the last one did.
    patch.status.runtimeHandlers ??= null;
    patch.status.features ??= null;
    // The list's merge key is the type, of which a node may have two addresses: so it is replaced whole (upstream:
    // component-helpers/node/util, fixupPatchForNodeStatusAddresses).
    patch.status.addresses = [{ $patch: "replace" }, ...(patch.status.addresses ?? [])];
    const options = { type: "strategic", subresource: "status" } as const;
    this.#node = await client.patch(nodes, config.name, undefined, patch, options);
    this.#writtenMs = clock.now();
  }

  #tell(old: NodeStatus | undefined, status: NodeStatus): void {
    const { recorder, config } = this.#options;
    for (const condition of status.conditions ?? []) {
      const before = old?.conditions?.find(({ type }) => type === condition.type);
      if (before?.status === condition.status) continue;
      const ready = condition.status === "True" ? "NodeReady" : "NodeNotReady";
      if (condition.type === "Ready" && !before) continue;
      const reason = condition.type === "Ready" ? ready : condition.reason!.replace("Kubelet", "Node");
      recorder.event(nodeReference(config.name), "Normal", reason, `Node ${config.name} status is now: ${reason}`);
    }
  }

  async #renewLease(): Promise<void> {
    const { client, leases, config, clock } = this.#options;
    const spec = {
      holderIdentity: config.name,
      leaseDurationSeconds,
      renewTime: toMicroTime(clock.now()),
    };
    if (!this.#lease) {
      try {
        this.#lease = await client.get(leases, config.name, leaseNamespace);
      } catch (error) {
        if (!isCode(error, 404)) throw error;
        const { name, uid } = this.#node!.metadata;
        const owner = { apiVersion: "v1", kind: "Node", name: name!, uid: uid! };
        const metadata = { name: config.name, namespace: leaseNamespace, ownerReferences: [owner] };
        const draft = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
        this.#lease = await client.create(leases, draft);
        return;
      }
    }
    try {
      this.#lease = await client.update(leases, { ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
    } catch (error) {
      // Another version is there: the next renewal reads it first.
      this.#lease = undefined;
      throw error;
    }
  }
}
