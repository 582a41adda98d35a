// The pods that wait for a place: active ones in order of importance, ones that failed and back off, and ones that wait
// until something happens that may help them. It knows no clock: the time is an argument, and `nextDueMs` says when to come
// back. Source: pkg/scheduler/backend/queue; KEP-5142 (popping from the back-off queue). May import src/base, src/kinds.
import type { Pod } from "../../kinds/types/core-v1.gen.ts";
import { backOffMaxMs, backOffMinMs, backOffWindowMs, unschedulableMaxMs } from "../limits.ts";
import { podInfoOf, podPriority, type PodInfo } from "../pod-info.ts";
import { type ClusterEvent, podEvent } from "./cluster-event.ts";
import { Heap } from "./heap.ts";
import { mayHelp } from "./hints.ts";

export interface QueuedPod {
  pod: Pod;
  readonly uid: string;
  /** When it came, or last failed. */
  sinceMs: number;
  /** How often it was refused, and how often in a row something went wrong instead. */
  refusals: number;
  errors: number;
  /** When its back-off ends. */
  dueMs: number;
  order: number;
  /** Who refused it. */
  plugins: ReadonlySet<string>;
  place: "active" | "backOff" | "errorBackOff" | "waiting" | "gated" | "inFlight";
  /** Held back while pods are being evicted for it; what would have helped meanwhile is remembered. */
  held: boolean;
  helped: boolean;
}

const isGated = ({ spec }: Pod): boolean => (spec?.schedulingGates?.length ?? 0) > 0;
const gated: ReadonlySet<string> = new Set(["SchedulingGates"]);

const moreImportant = (one: QueuedPod, other: QueuedPod): boolean => {
  const difference = podPriority(one.pod) - podPriority(other.pod);
  if (difference !== 0) return difference > 0;
  return one.sinceMs < other.sinceMs || (one.sinceMs === other.sinceMs && one.order < other.order);
};
const dueBefore = (one: QueuedPod, other: QueuedPod): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && moreImportant(one, other));

/** 1 s after the first failure, twice as long after each further one, at most 10 s. */
export const backOffMs = (failures: number): number =>
  failures === 0 ? 0 : Math.min(backOffMinMs * 2 ** Math.min(failures - 1, 16), backOffMaxMs);

export class SchedulingQueue {
  readonly #all = new Map<string, QueuedPod>();
  readonly #active = new Heap<QueuedPod>(moreImportant);
  readonly #backOff = new Heap<QueuedPod>(dueBefore);
  readonly #errorBackOff = new Heap<QueuedPod>(dueBefore);
  /** In the order in which they failed. */
  readonly #waiting = new Set<QueuedPod>();
  readonly #gated = new Set<QueuedPod>();
  #order = 0;

  /** A pod without a node came or changed. */
  set(pod: Pod, nowMs: number): void {
    const { uid } = podInfoOf(pod);
    const queued = this.#all.get(uid);
    if (!queued) {
      this.#add(pod, uid, nowMs);
      return;
    }
    const old = queued.pod;
    if (queued.place !== "waiting" && queued.place !== "gated") {
      // Its place in a heap depends on the pod.
      this.#take(queued);
      queued.pod = pod;
      this.#put(queued, queued.place);
      return;
    }
    queued.pod = pod;
    const event = podEvent({ old, now: pod });
    if (event) this.#help(queued, event, nowMs);
  }

  delete(uid: string): void {
    const queued = this.#all.get(uid);
    if (!queued) return;
    this.#all.delete(uid);
    this.#take(queued);
  }

  get(uid: string): QueuedPod | undefined {
    return this.#all.get(uid);
  }
  get size(): number {
    return this.#all.size;
  }
  /** Pods in their places, for status and tests. */
  list(): readonly QueuedPod[] {
    return [...this.#all.values()];
  }

  /**
   * The next pod to try; it is in flight until `fail` or `delete`. Where no pod is active, one that was refused and backs
   * off is tried at once, so that no scheduler idles; one that met an error waits its time.
   */
  pop(nowMs: number): QueuedPod | undefined {
    this.#flush(nowMs);
    const next = this.#active.pop() ?? this.#backOff.pop();
    if (next) next.place = "inFlight";
    return next;
  }

  /** The attempt failed. No plugins: something went wrong, and nothing in the cluster would help. */
  fail(uid: string, plugins: ReadonlySet<string>, nowMs: number): void {
    const queued = this.#all.get(uid);
    if (!queued || queued.place !== "inFlight") return;
    queued.plugins = plugins;
    queued.sinceMs = nowMs;
    if (plugins.size === 0) queued.errors += 1;
    else {
      queued.refusals += 1;
      queued.errors = 0;
    }
    const ms = backOffMs(queued.errors > 0 ? queued.errors : queued.refusals);
    // Whole windows end together.
    queued.dueMs = Math.floor((nowMs + ms) / backOffWindowMs) * backOffWindowMs + backOffWindowMs;
    if (plugins.size === 0) this.#put(queued, "errorBackOff");
    else this.#put(queued, "waiting");
  }

  /** Something happened: pods that it may help are tried again. */
  tell(event: ClusterEvent, nowMs: number): void {
    for (const queued of this.#waiting) this.#help(queued, event, nowMs);
  }

  /** While pods are being evicted for this one, trying it again would only say so. */
  hold(uid: string): void {
    const queued = this.#all.get(uid);
    if (queued) queued.held = true;
  }
  /** `activate`: the evictions failed, so it must be tried again. */
  release(uid: string, activate: boolean, nowMs: number): void {
    const queued = this.#all.get(uid);
    if (!queued) return;
    queued.held = false;
    const { helped } = queued;
    queued.helped = false;
    if ((activate || helped) && queued.place === "waiting") this.#requeue(queued, nowMs);
  }

  /** When `pop` may have something new though nothing happens; undefined: never. */
  nextDueMs(): number | undefined {
    const dues = [this.#backOff.peek(), this.#errorBackOff.peek()].flatMap((queued) => queued?.dueMs ?? []);
    for (const { sinceMs, held } of this.#waiting) {
      if (held) continue;
      dues.push(sinceMs + unschedulableMaxMs);
      break;
    }
    return dues.length > 0 ? dues.reduce((least, due) => Math.min(least, due)) : undefined;
  }

  #add(pod: Pod, uid: string, nowMs: number): void {
    const queued: QueuedPod = {
      pod,
      uid,
      sinceMs: nowMs,
      refusals: 0,
      errors: 0,
      dueMs: 0,
      order: (this.#order += 1),
      plugins: new Set(),
      place: "inFlight",
      held: false,
      helped: false,
    };
    this.#all.set(uid, queued);
    if (isGated(pod)) queued.plugins = gated;
    this.#put(queued, isGated(pod) ? "gated" : "active");
  }

  #help(queued: QueuedPod, event: ClusterEvent, nowMs: number): void {
    const info: PodInfo = podInfoOf(queued.pod);
    if (isGated(queued.pod) || !mayHelp(info, queued.plugins, event)) return;
    if (queued.held) queued.helped = true;
    else this.#requeue(queued, nowMs);
  }

  #requeue(queued: QueuedPod, nowMs: number): void {
    this.#take(queued);
    this.#put(queued, queued.dueMs > nowMs ? "backOff" : "active");
  }

  #flush(nowMs: number): void {
    for (const heap of [this.#backOff, this.#errorBackOff]) {
      for (let first = heap.peek(); first && first.dueMs <= nowMs; first = heap.peek()) {
        heap.pop();
        this.#put(first, "active");
      }
    }
    for (const queued of this.#waiting) {
      if (nowMs - queued.sinceMs < unschedulableMaxMs) break;
      if (!queued.held) this.#requeue(queued, nowMs);
    }
  }

  #take(queued: QueuedPod): void {
    this.#active.delete(queued);
    this.#backOff.delete(queued);
    this.#errorBackOff.delete(queued);
    this.#waiting.delete(queued);
    this.#gated.delete(queued);
  }

  #put(queued: QueuedPod, place: QueuedPod["place"]): void {
    queued.place = place;
    if (place === "active") this.#active.push(queued);
    else if (place === "backOff") this.#backOff.push(queued);
    else if (place === "errorBackOff") this.#errorBackOff.push(queued);
    else if (place === "waiting") this.#waiting.add(queued);
    else if (place === "gated") this.#gated.add(queued);
  }
}
