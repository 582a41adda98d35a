// The scheduler at work: it hears of pods and nodes, decides in small steps, and binds while it goes on deciding. What it
// knows it can learn again from the API. Source: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go. May import
// src/base, src/kinds, src/client.
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { Change, Informer, InformerSet } from "../../client/index.ts";
import { node as nodeKind } from "../../kinds/core/node.ts";
import { pod as podKind } from "../../kinds/core/pod.ts";
import { isPodTerminal } from "../../kinds/pod/conditions.ts";
import type { Node, Pod } from "../../kinds/types/core-v1.gen.ts";
import { explain, type PodExplanation } from "../explain.ts";
import { bindingsMax, podsPerStep } from "../limits.ts";
import { podInfoOf } from "../pod-info.ts";
import { type ClusterEvent, nodeEvent, podEvent } from "../queue/cluster-event.ts";
import { type QueuedPod, SchedulingQueue } from "../queue/scheduling-queue.ts";
import { createDecider, type Decider, type Failure, type Placement, scheduleOne } from "../schedule.ts";
import { createInformerView } from "./informer-view.ts";
import type { PodWriter } from "./pod-writer.ts";

export interface SchedulerParts {
  readonly informers: InformerSet;
  readonly writer: PodWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Pods that name another scheduler are left alone. */
  readonly name: string;
}

const nothingChanged: ReadonlySet<never> = new Set();
const noPlugins: ReadonlySet<string> = new Set();
const gone = (pod: Pod): ClusterEvent => ({ kind: "pod", old: pod, changes: nothingChanged });

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #pods: Informer<Pod>;
  readonly #decider: Decider;
  readonly #queue = new SchedulingQueue();
  #bindings = 0;
  #started = false;
  #timer: Timer | undefined;
  #timerAtMs = 0;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    const view = createInformerView(parts.informers, (event) => this.#tell(event));
    this.#decider = createDecider(view, parts.random);
    this.#pods = parts.informers.of(podKind);
    parts.informers.of(nodeKind).onChange((change) => this.#onNode(change));
    this.#pods.onChange((change) => this.#onPod(change));
    parts.signal.addEventListener("abort", () => this.#timer?.cancel(), { once: true });
  }

  /** Begins to decide; the informers must be complete. */
  start(): void {
    this.#started = true;
    this.#wake();
  }

  /** What every node says to the pod now. */
  explain(pod: Pod): PodExplanation {
    return explain(this.#decider.state, pod);
  }

  /** The pods that wait for a place, and where. */
  waiting(): readonly QueuedPod[] {
    return this.#queue.list();
  }

  // What is heard.

  #onNode({ type, object, old }: Change<Node>): void {
    const { snapshot } = this.#decider.state;
    if (type === "DELETED") snapshot.deleteNode(object.metadata.name);
    else snapshot.setNode(object);
    const event = nodeEvent({ old, now: type === "DELETED" ? undefined : object });
    if (event) this.#tell(event);
  }

  #onPod({ type, object, old }: Change<Pod>): void {
    const { uid } = podInfoOf(object);
    // A pod of the same name that took its place before its end was told.
    if (old && old.metadata.uid !== object.metadata.uid) this.#onGone(old);
    const before = old?.metadata.uid === object.metadata.uid ? old : undefined;
    if (type === "DELETED" || isPodTerminal(object)) this.#onGone(before ?? object);
    else if (object.spec?.nodeName) this.#onPlaced(object, before);
    else if (!this.#decider.state.snapshot.isAssumed(uid) && this.#isOurs(object)) {
      this.#onPending(object, before);
    }
  }

  #isOurs({ spec }: Pod): boolean {
    return (spec?.schedulerName || "default-scheduler") === this.#parts.name;
  }

  #onPending(pod: Pod, old: Pod | undefined): void {
    const info = podInfoOf(pod);
    const { nominations } = this.#decider.state;
    const nominated = pod.status?.nominatedNodeName;
    if (nominated) nominations.set(info, nominated);
    else if (old?.status?.nominatedNodeName) nominations.delete(info.uid);
    this.#queue.set(pod, this.#parts.clock.now());
    this.#wake();
  }

  #onPlaced(pod: Pod, old: Pod | undefined): void {
    const { snapshot, nominations } = this.#decider.state;
    const { uid } = podInfoOf(pod);
    const nominated = nominations.nodeOf(uid);
    snapshot.setPod(pod);
    this.#queue.delete(uid);
    nominations.delete(uid);
    if (nominated !== undefined && nominated !== pod.spec?.nodeName && old) this.#tell(gone(old));
    const event = podEvent({ old: old?.spec?.nodeName ? old : undefined, now: pod });
    if (event) this.#tell(event);
  }

  #onGone(pod: Pod): void {
    const { snapshot, nominations } = this.#decider.state;
    const { uid } = podInfoOf(pod);
    const counted = snapshot.nodeOfPod(uid) ?? nominations.nodeOf(uid);
    snapshot.deletePod(uid);
    nominations.delete(uid);
    this.#queue.delete(uid);
    if (counted === undefined) return;
    this.#tell(pod.spec?.nodeName ? gone(pod) : gone({ ...pod, spec: { ...pod.spec!, nodeName: counted } }));
  }

  #tell(event: ClusterEvent): void {
    if (this.#queue.size === 0) return;
    this.#queue.tell(event, this.#parts.clock.now());
    this.#wake();
  }

  // What is done.

  /** Takes the next step soon, or when the next back-off ends. */
  #wake(delayMs = 0): void {
    const { clock, signal } = this.#parts;
    if (!this.#started || signal.aborted) return;
    const atMs = clock.now() + delayMs;
    if (this.#timer && this.#timerAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#step();
    });
  }

  #step(): void {
    const { clock } = this.#parts;
    for (let count = 0; count < podsPerStep; count += 1) {
      // Each binding that ends wakes the scheduler again.
      if (this.#bindings >= bindingsMax) return;
      const nowMs = clock.now();
      const queued = this.#queue.pop(nowMs);
      if (!queued) {
        const dueMs = this.#queue.nextDueMs();
        if (dueMs !== undefined) this.#wake(Math.max(0, dueMs - nowMs));
        return;
      }
      this.#attempt(queued, nowMs);
    }
    this.#wake();
  }

  #attempt({ pod, uid }: QueuedPod, nowMs: number): void {
    const { writer } = this.#parts;
    if (pod.metadata.deletionTimestamp) {
      const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
      writer.event(pod, "Warning", "FailedScheduling", `skip schedule deleting pod: ${name}`);
      this.#queue.delete(uid);
      return;
    }
    const placement = scheduleOne(this.#decider, podInfoOf(pod), nowMs);
    if (placement.failure) this.#fail(pod, placement.failure, "Unschedulable");
    else this.#bind(placement);
  }

  #bind({ info, nodeName = "" }: Placement): void {
    const { writer, log } = this.#parts;
    const { pod } = info;
    this.#bindings += 1;
    void writer
      .bind(pod, nodeName)
      .catch((error: unknown) => {
        log.info("binding failed", { pod: info.key, node: nodeName, error: String(error) });
        const cause = error instanceof Error ? error.message : String(error);
        if (this.#decider.state.snapshot.forget(info.uid)) {
          this.#tell(gone({ ...pod, spec: { ...pod.spec!, nodeName } }));
        }
        const message = `running Bind plugin "DefaultBinder": ${cause}`;
        this.#fail(pod, { message, plugins: noPlugins, preemption: { nominate: "" } }, "SchedulerError");
      })
      .finally(() => {
        this.#bindings -= 1;
        if (this.#queue.size > 0) this.#wake();
      });
  }

  #fail(pod: Pod, { message, plugins, preemption }: Failure, reason: string): void {
    const { writer, clock, log } = this.#parts;
    const { uid, key } = podInfoOf(pod);
    const current = this.#pods.get(pod.metadata.namespace, pod.metadata.name);
    if (!current || current.metadata.uid !== pod.metadata.uid || current.spec?.nodeName) {
      this.#queue.delete(uid);
      return;
    }
    this.#queue.fail(uid, plugins, clock.now());
    const { nominations } = this.#decider.state;
    if (preemption.nominate) nominations.set(podInfoOf(current), preemption.nominate);
    else if (preemption.nominate === "") nominations.delete(uid);
    const victims = (preemption.victims ?? []).filter(({ metadata }) => !metadata.deletionTimestamp);
    if (victims.length > 0) this.#evict(current, victims, preemption.nominate!);
    writer.event(current, "Warning", "FailedScheduling", message);
    void writer
      .setUnscheduled(current, reason, message, preemption.nominate)
      .catch((error: unknown) => log.error("pod status not written", { pod: key, error: String(error) }));
    this.#wake();
  }

  /** Less important pods that wait for the same node must look elsewhere. */
  #evict(pod: Pod, victims: readonly Pod[], nodeName: string): void {
    const { writer, clock, log } = this.#parts;
    const { uid, key, priority } = podInfoOf(pod);
    const { nominations } = this.#decider.state;
    this.#queue.hold(uid);
    for (const other of nominations.on(nodeName).filter((one) => one.priority < priority)) {
      nominations.delete(other.uid);
      this.#queue.release(other.uid, true, clock.now());
      void writer
        .clearNomination(other.pod)
        .catch((error: unknown) => log.error("nomination not cleared", { pod: other.key, error: String(error) }));
    }
    const release = (failed: boolean): void => {
      this.#queue.release(uid, failed, clock.now());
      this.#wake();
    };
    void writer.evict(victims, pod, nodeName).then(
      () => release(false),
      (error: unknown) => {
        log.error("preemption failed", { pod: key, error: String(error) });
        release(true);
      },
    );
  }
}
