// Records events about objects, as client-go's recorder does: the same event again raises its count, many alike are told as
// one, and a source that says too much about one object is cut short. Upstream: client-go/tools/record/events_cache.go.
// May import src/base and src/kinds.
import { type Clock, sleep, toTime } from "../base/clock.ts";
import { StatusError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { event as eventKind } from "../kinds/core/event.ts";
import type { Draft, KubernetesObject } from "../kinds/object.ts";
import type { Event, ObjectReference } from "../kinds/types/core-v1.gen.ts";
import type { Client } from "./client.ts";

export interface EventSource {
  /** "kubelet", "default-scheduler" … */
  readonly component: string;
  /** The node, where the component is one node's. */
  readonly host?: string;
}
export interface EventRecorder {
  /** Never fails and never waits: what can't be written is logged. `about` needs apiVersion and kind. */
  event(about: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void;
}
/** What an event is about; `fieldPath` narrows it: "spec.containers{web}". */
export interface EventSubject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubernetesObject["metadata"];
  readonly fieldPath?: string;
}

/** Upstream's correlator: more than 10 alike within 10 minutes are told as one. */
const similarMax = 10;
const similarPeriodMs = 10 * 60 * 1000;
/** Upstream's spam filter: 25 at once about one object, then one in five minutes. */
const burstEvents = 25;
const refillPeriodMs = 5 * 60 * 1000;
/** Keys remembered; the oldest goes first. Upstream: 4096. */
const rememberedMax = 4096;
/** Events waiting to be written; more are dropped with a line in the log. Upstream: 1000. */
const waitingMax = 1000;

/** How often and after how long an event is tried again that found no server. Upstream: 12 times, 10 s. */
const triesMax = 12;
const retryDelayMs = 10_000;

/** An event that has been seen: what the next alike is told as. */
interface Known {
  readonly name: string;
  readonly count: number;
  readonly firstTimestamp: string;
}

interface Content {
  readonly involvedObject: ObjectReference;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

const subdomain = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const nameLengthMax = 253;

/** An object's name may be none that an event may bear ("system:node"). */
function eventName(objectName: string, suffix: string): string {
  const name = `${objectName}.${suffix}`;
  return name.length <= nameLengthMax && subdomain.test(name) ? name : `event.${suffix}`;
}

/** Nobody answered: a later try may be luckier. What the server refused, it refuses again. */
const isUnanswered = (error: unknown): boolean => !(error instanceof StatusError) || error.code === 503;

/** A map that forgets its oldest entries. */
class Remembered<T> {
  readonly #entries = new Map<string, T>();
  get(key: string): T | undefined {
    return this.#entries.get(key);
  }
  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= rememberedMax) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }
}

export function createEventRecorder(
  client: Client,
  source: EventSource,
  options: { readonly clock: Clock; readonly log: Log },
): EventRecorder {
  return new CorrelatingRecorder(client, source, options);
}

class CorrelatingRecorder implements EventRecorder {
  readonly #client: Client;
  readonly #source: EventSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Remembered<Known>();
  readonly #similar = new Remembered<{ messages: Set<string>; sinceMs: number }>();
  readonly #budgets = new Remembered<{ tokens: number; atMs: number }>();
  #writing: Promise<void> = Promise.resolve();
  #waiting = 0;
  #lastSuffix = 0n;

  constructor(client: Client, source: EventSource, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#client = client;
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
  }

  event(about: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void {
    const nowMs = this.#clock.now();
    const { apiVersion, kind, fieldPath, metadata } = about;
    const involvedObject: ObjectReference = {
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      apiVersion,
      resourceVersion: metadata.resourceVersion,
      ...(fieldPath ? { fieldPath } : {}),
    };
    const group = [kind, metadata.namespace, metadata.name, metadata.uid, apiVersion].join("\0");
    const alike = [group, type, reason].join("\0");
    const combined = this.#isTooMany(alike, message, nowMs);
    const text = combined ? `(combined from similar events): ${message}` : message;
    const key = combined ? alike : [alike, fieldPath, message].join("\0");
    const told = this.#count(key, metadata.name, nowMs);
    // What is cut short is counted still, and told with the next one.
    if (!this.#allow(group, nowMs)) return;
    if (this.#waiting >= waitingMax) {
      this.#log.error("event dropped", { reason, message });
      return;
    }
    this.#waiting += 1;
    const content = { involvedObject, type, reason, message: text };
    this.#writing = this.#writing.then(() => this.#writeUntilAnswered(content, told, nowMs));
  }

  #count(key: string, objectName: string, nowMs: number): Known {
    const before = this.#known.get(key);
    const known = before
      ? { ...before, count: before.count + 1 }
      : { name: eventName(objectName, this.#suffix(nowMs)), count: 1, firstTimestamp: toTime(nowMs) };
    this.#known.set(key, known);
    return known;
  }

  #allow(group: string, nowMs: number): boolean {
    const budget = this.#budgets.get(group) ?? { tokens: burstEvents, atMs: nowMs };
    const tokens = Math.min(burstEvents, budget.tokens + (nowMs - budget.atMs) / refillPeriodMs);
    const allowed = tokens >= 1;
    this.#budgets.set(group, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    return allowed;
  }

  #isTooMany(alike: string, message: string, nowMs: number): boolean {
    let similar = this.#similar.get(alike);
    if (!similar || nowMs - similar.sinceMs > similarPeriodMs) similar = { messages: new Set(), sinceMs: nowMs };
    this.#similar.set(alike, { messages: similar.messages, sinceMs: nowMs });
    if (similar.messages.has(message)) return false;
    // The tenth that differs is the first to be combined.
    if (similar.messages.size >= similarMax - 1) return true;
    similar.messages.add(message);
    return false;
  }

  /** Upstream names events by the time in nanoseconds, in hexadecimal; here it also never repeats. */
  #suffix(nowMs: number): string {
    const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
    this.#lastSuffix = now > this.#lastSuffix ? now : this.#lastSuffix + 1n;
    return this.#lastSuffix.toString(16);
  }

  /** Never rejects. */
  async #writeUntilAnswered(content: Content, told: Known, nowMs: number): Promise<void> {
    const { reason, message } = content;
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#write(content, told, nowMs);
        break;
      } catch (error) {
        if (isUnanswered(error) && tries < triesMax) {
          await sleep(this.#clock, retryDelayMs);
          continue;
        }
        this.#log.info("event not written", { reason, message, error: String(error) });
        break;
      }
    }
    this.#waiting -= 1;
  }

  async #write(content: Content, { name, count, firstTimestamp }: Known, nowMs: number): Promise<void> {
    const namespace = content.involvedObject.namespace ?? "default";
    const lastTimestamp = toTime(nowMs);
    if (count > 1) {
      const patch = { count, lastTimestamp, message: content.message };
      try {
        await this.#client.patch(eventKind, name, namespace, patch, { type: "strategic" });
        return;
      } catch (error) {
        // It has expired: it begins anew, with all that was counted.
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
    }
    const { component, host } = this.#source;
    const draft: Draft<Event> = {
      metadata: { name, namespace },
      ...(content as Draft<Event>),
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp,
      lastTimestamp,
      count,
      reportingComponent: component,
      reportingInstance: host ?? "",
    };
    await this.#client.create(eventKind, draft);
  }
}
