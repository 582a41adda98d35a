// Runs controllers: it feeds them from shared informers, applies their changes in order with optimistic concurrency, lets
// them see their own writes at once, records their events, and tries again later what failed. It can be killed at any
// instruction: all it knows it can learn again from the API. May import src/base, src/kinds, src/client.
import type { Clock } from "../base/clock.ts";
import { StatusError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import type { EventRecorder } from "../client/event-recorder.ts";
import { type InformerSet, ownerIndex } from "../client/informer-set.ts";
import { WorkQueue } from "../client/work-queue.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import type { Change, Controller, View } from "./controller.ts";
import { FailureLog } from "./failure-log.ts";

export interface RunnerOptions {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly log: Log;
  /** The client of a controller's identity. */
  clientFor(identity: string): Client;
  recorderFor(controller: string, identity: string): EventRecorder;
}

/** The view of a runner: its informers. */
export function createView(informers: InformerSet): View {
  return {
    get: (kind, namespace, name) => informers.of(kind).get(namespace, name),
    list: (kind, namespace) => informers.of(kind).list(namespace),
    ownedBy: (kind, uid) => informers.of(kind).byIndex(ownerIndex, uid),
    byIndex: (kind, index, key) => informers.of(kind).byIndex(index, key),
  };
}

/** Starts the controllers; resolves when their informers are complete. They run until the signal is aborted. */
export async function runControllers(
  controllers: readonly Controller<unknown>[],
  options: RunnerOptions,
  signal: AbortSignal,
): Promise<void> {
  const view = createView(options.informers);
  const started = controllers.map((controller) => new RunningController(controller, options, view));
  await options.informers.synced();
  for (const running of started) running.start();
  signal.addEventListener("abort", () => started.forEach((running) => running.stop()), { once: true });
}

class RunningController {
  readonly #controller: Controller<unknown>;
  readonly #options: RunnerOptions;
  readonly #view: View;
  readonly #client: Client;
  readonly #recorder: EventRecorder;
  readonly #queue: WorkQueue;
  readonly #failures: FailureLog;

  constructor(controller: Controller<unknown>, options: RunnerOptions, view: View) {
    this.#controller = controller;
    this.#options = options;
    this.#view = view;
    const { name, identity = name } = controller;
    this.#client = options.clientFor(identity);
    this.#recorder = options.recorderFor(name, identity);
    this.#failures = new FailureLog(options.log.with({ controller: name }));
    this.#queue = new WorkQueue({
      clock: options.clock,
      workers: controller.workers,
      work: (key) => this.#reconcile(key),
      onError: (key, error) => this.#failures.failed(key, error),
    });
    for (const source of this.#controller.sources) {
      options.informers.of(source.kind, source.indexes);
    }
  }

  start(): void {
    for (const source of this.#controller.sources) {
      this.#options.informers.of(source.kind).onChange(({ object, old }) => {
        for (const key of source.keysOf(object, old, this.#view)) this.#queue.add(key);
      });
    }
  }

  stop(): void {
    this.#queue.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const { clock } = this.#options;
    const facts = await this.#controller.gather?.(key, this.#view, this.#client);
    const { changes, requeueAtMs } = this.#controller.reconcile(key, this.#view, clock.now(), facts);
    await this.#applyAll(changes);
    this.#failures.succeeded(key);
    if (requeueAtMs !== undefined) this.#queue.addAfter(key, Math.max(0, requeueAtMs - clock.now()));
  }

  /** Resolves to whether the rest is to follow. */
  async #applyAll(changes: readonly Change[]): Promise<boolean> {
    for (const change of changes) {
      try {
        await this.#apply(change);
      } catch (error) {
        const refused = error instanceof StatusError && "refused" in change ? change.refused?.(error) : undefined;
        if (!refused) throw error;
        await this.#applyAll(refused.changes);
        if (refused.next === "retry") throw error;
        if (refused.next === "stop") return false;
      }
    }
    return true;
  }

  async #apply(change: Change): Promise<void> {
    switch (change.do) {
      case "create": {
        const created = await this.#client.create(change.kind, change.object);
        this.#observe(change.kind, created);
        await this.#applyAll(change.followedBy?.(created) ?? []);
        return;
      }
      case "update": {
        const { subresource } = change;
        const updated = await this.#client.update(change.kind, change.object, { subresource });
        this.#observe(change.kind, updated);
        await this.#applyAll(change.followedBy?.(updated) ?? []);
        return;
      }
      case "patch": {
        const { kind, name, namespace, patch, options } = change;
        this.#observe(kind, await this.#client.patch(kind, name, namespace, patch, options));
        return;
      }
      case "delete":
        return this.#delete(change);
      case "delete-collection":
        return this.#client.deleteCollection(change.kind, { namespace: change.namespace, ...change.options });
      case "event":
        this.#recorder.event(change.about, change.type, change.reason, change.message);
    }
  }

  #observe(kind: Kind, object: KubernetesObject): void {
    this.#options.informers.of(kind).observe(object);
  }

  /** What is gone already was the aim. */
  async #delete({ kind, object, options }: Extract<Change, { do: "delete" }>): Promise<void> {
    const { name, namespace, uid } = object.metadata;
    try {
      const left = await this.#client.delete(kind, name, namespace, { preconditions: { uid }, ...options });
      if (left) this.#observe(kind, left);
      else this.#options.informers.of(kind).observeDeleted(object);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return;
      throw error;
    }
  }
}
