// What the scheduler writes: bindings, a pod's condition and nominated node, evictions for preemption. Writes about one pod
// are made in order. May import src/base, src/kinds, src/client.
import { type Clock, toTime } from "../../base/clock.ts";
import { StatusError } from "../../base/errors.ts";
import type { Client, EventRecorder, Informer } from "../../client/index.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import type { JsonObject } from "../../kinds/object.ts";
import { withPodCondition } from "../../kinds/pod/conditions.ts";
import type { Pod, PodCondition } from "../../kinds/types/core-v1.gen.ts";
import { eventMessageMaxBytes } from "../limits.ts";
import { preemptionReason } from "../preemption.ts";

export interface PodWriterOptions {
  readonly client: Client;
  readonly pods: Informer<Pod>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly name: string;
}

const isNotFound = (error: unknown): boolean => error instanceof StatusError && error.code === 404;

/** As client-go's recorder wants it: what an event is about has a kind. */
const subjectOf = (pod: Pod): Pod => ({ ...pod, apiVersion: "v1", kind: "Pod" });

const ending = " ...";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function truncateMessage(message: string): string {
  const bytes = encoder.encode(message);
  if (bytes.length <= eventMessageMaxBytes) return message;
  return decoder.decode(bytes.subarray(0, eventMessageMaxBytes - ending.length)).replace(/\uFFFD$/, "") + ending;
}

export class PodWriter {
  readonly #options: PodWriterOptions;
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: PodWriterOptions) {
    this.#options = options;
  }

  /** Rejects with the server's StatusError. */
  async bind(pod: Pod, nodeName: string): Promise<void> {
    const { namespace = "", name, uid } = pod.metadata;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/binding`;
    await this.#options.client.post(path, {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { namespace, name, uid },
      target: { kind: "Node", name: nodeName },
    });
    this.event(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  }

  event(pod: Pod, type: "Normal" | "Warning", reason: string, message: string): void {
    this.#options.recorder.event(subjectOf(pod), type, reason, truncateMessage(message));
  }

  /** PodScheduled=False with that reason, and the nominated node: undefined leaves it, "" takes it away. */
  setUnscheduled(pod: Pod, reason: string, message: string, nominate: string | undefined): Promise<void> {
    const condition: PodCondition = { type: "PodScheduled", status: "False", reason, message };
    return this.#inOrder(pod, () => this.#patchStatus(pod, condition, nominate));
  }

  clearNomination(pod: Pod): Promise<void> {
    return this.#inOrder(pod, () => this.#patchStatus(pod, undefined, ""));
  }

  /** Marks and deletes the pods, the last one when the others are on their way. Rejects when one can't be. */
  async evict(victims: readonly Pod[], preemptor: Pod, nodeName: string): Promise<void> {
    await Promise.all(victims.slice(0, -1).map((victim) => this.#evictOne(victim, preemptor, nodeName)));
    for (const victim of victims.slice(-1)) await this.#evictOne(victim, preemptor, nodeName);
  }

  async #evictOne(victim: Pod, preemptor: Pod, nodeName: string): Promise<void> {
    const { name, namespace } = victim.metadata;
    const { client, pods } = this.#options;
    const message = `${this.#options.name}: preempting to accommodate a higher priority pod`;
    const condition: PodCondition = { type: "DisruptionTarget", status: "True", reason: preemptionReason, message };
    try {
      await this.#inOrder(victim, () => this.#patchStatus(victim, condition, undefined));
      const left = await client.delete(podKind, name, namespace);
      if (left) pods.observe(left);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    this.event(victim, "Normal", "Preempted", `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`);
  }

  /** Only what differs from the newest version that is known. */
  async #patchStatus(pod: Pod, condition: PodCondition | undefined, nominate: string | undefined): Promise<void> {
    const { client, pods, clock } = this.#options;
    const { name, namespace, uid } = pod.metadata;
    const newest = pods.get(namespace, name);
    const current = newest?.metadata.uid === uid ? newest : pod;
    const status: JsonObject = {};
    if (condition) {
      const own = { ...condition, observedGeneration: current.metadata.generation };
      const old = current.status?.conditions ?? [];
      const conditions = withPodCondition(old, own, toTime(clock.now()));
      const changed = conditions.find(({ type }) => type === condition.type);
      if (conditions !== old) status["conditions"] = [changed as unknown as JsonObject];
    }
    if (nominate !== undefined && nominate !== (current.status?.nominatedNodeName ?? "")) {
      status["nominatedNodeName"] = nominate || null;
    }
    if (Object.keys(status).length === 0) return;
    const patch: JsonObject = { metadata: { uid: uid ?? "" }, status };
    pods.observe(await client.patch(podKind, name, namespace, patch, { type: "strategic", subresource: "status" }));
  }

  #inOrder(pod: Pod, write: () => Promise<void>): Promise<void> {
    const uid = pod.metadata.uid ?? "";
    const before = this.#last.get(uid) ?? Promise.resolve();
    // What failed before was told to whoever asked for it.
    const mine = before.catch(() => {}).then(write);
    this.#last.set(uid, mine);
    const done = (): void => {
      if (this.#last.get(uid) === mine) this.#last.delete(uid);
    };
    void mine.then(done, done);
    return mine;
  }
}
