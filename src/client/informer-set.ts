// The informers that the parts of one component share: one for each kind, made when first asked for. May import src/base and
// src/kinds.
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubernetesObject } from "../kinds/object.ts";
import type { Client } from "./client.ts";
import { createInformer, type Informer } from "./informer.ts";

/** Named indexes: each object is found under the keys that the function gives. */
export type Indexes<T> = Readonly<Record<string, { bivariant(object: T): readonly string[] }["bivariant"]>>;

/** Indexes that every informer of this set has: by the uid of the controlling owner, and by that of every owner. */
export const ownerIndex = "owner";
export const dependentIndex = "dependent";
const ownerUids = (object: KubernetesObject): readonly string[] =>
  (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);
const controllerUids = (object: KubernetesObject): readonly string[] =>
  (object.metadata.ownerReferences ?? []).filter((owner) => owner.controller).map((owner) => owner.uid);

export class InformerSet {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #informers = new Map<string, Informer<KubernetesObject>>();

  /** The informers run until the signal is aborted. */
  constructor(client: Client, clock: Clock, log: Log, signal: AbortSignal) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    this.#signal = signal;
  }

  /** The informer of a kind, started, with these indexes beside those that others asked for; a name means one index. */
  of<T extends KubernetesObject>(kind: Kind<T>, indexes: Indexes<T> = {}): Informer<T> {
    const key = `${kind.group}/${kind.version}/${kind.plural}`;
    const known = this.#informers.get(key);
    if (known) {
      known.addIndexes(indexes as unknown as Indexes<KubernetesObject>);
      return known as unknown as Informer<T>;
    }
    const informer = createInformer(this.#client, kind, {
      clock: this.#clock,
      log: this.#log,
      indexes: { [ownerIndex]: controllerUids, [dependentIndex]: ownerUids, ...indexes },
    });
    this.#informers.set(key, informer as unknown as Informer<KubernetesObject>);
    informer.start(this.#signal);
    return informer as Informer<T>;
  }

  /** Resolves when every informer that was asked for is complete. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced));
  }
}
