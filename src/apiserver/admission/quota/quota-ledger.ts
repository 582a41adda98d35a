// Charges writes to a namespace's quotas: one round at a time in each namespace, with all that waits in one update of each
// quota's status; gives back what a failed write took. Upstream: k8s.io/apiserver/pkg/admission/plugin/resourcequota
// (quotaEvaluator). May import src/base and src/kinds.
import { errors } from "../../../base/errors.ts";
import { resourceQuota as quotaKind } from "../../../kinds/core/resource-quota.ts";
import type { Evaluator, QuotaFacts } from "../../../kinds/quota/evaluator.ts";
import type { ResourceQuota } from "../../../kinds/types/core-v1.gen.ts";
import type { ObjectReader } from "../../object-reader.ts";
import type { AdmissionContext } from "../../ports.ts";
import { type Charge, charged, checkQuotas, released } from "./check-quotas.ts";

/** Writes a quota's status where its resourceVersion is still the newest; undefined: it isn't, or the quota is gone. */
export type UpdateQuotaStatus = (quota: ResourceQuota) => Promise<ResourceQuota | undefined>;

/** Rounds for a status that somebody else keeps changing. Upstream: 3 retries. */
const attemptsMax = 4;

interface Waiter {
  readonly context: AdmissionContext;
  readonly evaluator: Evaluator;
  /** The quotas that still have to be charged; undefined: all. */
  remaining: Set<string> | undefined;
  charges: Charge[];
  resolve(): void;
  reject(error: unknown): void;
}

/** What a write has taken, to be given back if it fails. */
interface Receipt extends Charge {
  readonly run: Run;
}

/** Versions of one quota that this ledger wrote one after the other, with no other writer's between them. */
interface Run {
  last: ResourceQuota;
}

const isNewer = (a: ResourceQuota, b: ResourceQuota): boolean =>
  Number(a.metadata.resourceVersion) > Number(b.metadata.resourceVersion);
const keyOf = ({ metadata }: ResourceQuota): string => `${metadata.namespace ?? ""}/${metadata.name}`;

export class QuotaLedger {
  readonly #reader: ObjectReader;
  readonly #update: UpdateQuotaStatus;
  readonly #waiting = new Map<string, Waiter[]>();
  readonly #returned = new Map<string, Receipt[]>();
  readonly #busy = new Set<string>();
  readonly #runs = new Map<string, Run>();
  readonly #receipts = new WeakMap<AdmissionContext, Receipt[]>();

  constructor(reader: ObjectReader, update: UpdateQuotaStatus) {
    this.#reader = reader;
    this.#update = update;
    reader.onChange(quotaKind, (object, old) => {
      if (!object && old) this.#runs.delete(keyOf(old));
    });
  }

  /** The namespace's quotas as they are now: as this ledger wrote them, where the reader is behind. */
  quotas(namespace: string): ResourceQuota[] {
    return this.#reader.list(quotaKind, namespace).map((seen) => {
      const own = this.#runs.get(keyOf(seen))?.last;
      return own && own.metadata.uid === seen.metadata.uid && isNewer(own, seen) ? own : seen;
    });
  }

  /** Resolves when the write has been charged. Rejects with 403 where it doesn't fit, 409 where quotas change too fast. */
  admit(context: AdmissionContext, evaluator: Evaluator): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { context, evaluator, remaining: undefined, charges: [], resolve, reject };
      this.#waiting.set(context.namespace, [...(this.#waiting.get(context.namespace) ?? []), waiter]);
      this.#start(context.namespace);
    });
  }

  /** The write failed. What it took goes back with the next round. */
  giveBack(context: AdmissionContext): void {
    const receipts = this.#receipts.get(context);
    if (!receipts) return;
    this.#receipts.delete(context);
    const { namespace } = context;
    this.#returned.set(namespace, [...(this.#returned.get(namespace) ?? []), ...receipts]);
    this.#start(namespace);
  }

  #start(namespace: string): void {
    if (this.#busy.has(namespace)) return;
    this.#busy.add(namespace);
    void this.#work(namespace);
  }

  /** Never rejects: each waiter is told its own error. */
  async #work(namespace: string): Promise<void> {
    for (;;) {
      const returned = this.#returned.get(namespace) ?? [];
      const waiters = this.#waiting.get(namespace) ?? [];
      this.#returned.delete(namespace);
      this.#waiting.delete(namespace);
      if (returned.length === 0 && waiters.length === 0) break;
      await this.#takeBack(returned);
      await this.#charge(namespace, waiters);
    }
    this.#busy.delete(namespace);
  }

  /**
   * A quota that others wrote since is left alone: the controller counted anew then, and what failed was not among it.
   * Whatever goes wrong here the controller's next count sets right: so errors are of no consequence.
   */
  async #takeBack(receipts: readonly Receipt[]): Promise<void> {
    for (const [run, amounts] of Map.groupBy(receipts, (receipt) => receipt.run)) {
      const { last } = run;
      const { namespace = "", name } = last.metadata;
      const now = this.quotas(namespace).find((quota) => quota.metadata.name === name);
      if (now?.metadata.resourceVersion !== last.metadata.resourceVersion) continue;
      const next = amounts.reduce((quota, receipt) => released(quota, receipt.amounts), last);
      const written = await this.#update(next).catch(() => undefined);
      if (written) run.last = written;
    }
  }

  async #charge(namespace: string, waiters: readonly Waiter[]): Promise<void> {
    let left: readonly Waiter[] = waiters;
    for (let attempt = 1; left.length > 0; attempt += 1) {
      const again = await this.#chargeOnce(namespace, left);
      if (attempt < attemptsMax) {
        left = again;
        continue;
      }
      for (const waiter of again) {
        const [name = ""] = waiter.remaining ?? [];
        this.#fail(waiter, errors.modified({ group: "", resource: "resourcequotas" }, name));
      }
      return;
    }
  }

  /** One attempt: the waiters that have to try again, for the quotas whose update failed. */
  async #chargeOnce(namespace: string, waiters: readonly Waiter[]): Promise<Waiter[]> {
    const original = new Map(this.quotas(namespace).map((quota) => [quota.metadata.name, quota]));
    const running = new Map(original);
    const planned = waiters.filter((waiter) => this.#plan(waiter, running));
    const failed = new Set<string>();
    const errorOf = new Map<Waiter, unknown>();
    for (const [name, quota] of running) {
      const before = original.get(name)!;
      if (quota === before) continue;
      try {
        const run = await this.#write(before, quota);
        if (run) this.#record(planned, name, run);
        else failed.add(name);
      } catch (error) {
        for (const waiter of planned) if (takesOf(waiter, name)) errorOf.set(waiter, error);
      }
    }
    for (const [waiter, error] of errorOf) this.#fail(waiter, error);
    const well = planned.filter((waiter) => !errorOf.has(waiter));
    const again = well.filter((waiter) => {
      const remaining = [...failed].filter((name) => takesOf(waiter, name));
      waiter.remaining = new Set(remaining);
      waiter.charges = [];
      return remaining.length > 0;
    });
    for (const waiter of well) if (!again.includes(waiter)) waiter.resolve();
    return again;
  }

  /** Adds what the waiter takes to the running quotas. false: it takes nothing, or was refused, and has been told. */
  #plan(waiter: Waiter, running: Map<string, ResourceQuota>): boolean {
    const { context, evaluator, remaining } = waiter;
    const quotas = [...running.values()].filter(({ metadata }) => !remaining || remaining.has(metadata.name));
    const facts: QuotaFacts = { nowMs: context.nowMs, reader: this.#reader };
    try {
      waiter.charges = checkQuotas(quotas, context, evaluator, facts);
    } catch (error) {
      this.#fail(waiter, error);
      return false;
    }
    if (context.dryRun || waiter.charges.length === 0) {
      waiter.resolve();
      return false;
    }
    for (const { quota, amounts } of waiter.charges) running.set(quota.metadata.name, charged(quota, amounts));
    return true;
  }

  #fail(waiter: Waiter, error: unknown): void {
    waiter.reject(error);
    this.giveBack(waiter.context);
  }

  async #write(before: ResourceQuota, quota: ResourceQuota): Promise<Run | undefined> {
    const written = await this.#update(quota);
    if (!written) return undefined;
    const key = keyOf(quota);
    let run = this.#runs.get(key);
    if (run?.last.metadata.resourceVersion === before.metadata.resourceVersion) run.last = written;
    else run = { last: written };
    this.#runs.set(key, run);
    return run;
  }

  #record(waiters: readonly Waiter[], name: string, run: Run): void {
    for (const { context, charges } of waiters) {
      const charge = charges.find(({ quota }) => quota.metadata.name === name);
      if (!charge) continue;
      this.#receipts.set(context, [...(this.#receipts.get(context) ?? []), { ...charge, run }]);
    }
  }
}

const takesOf = ({ charges }: Waiter, name: string): boolean =>
  charges.some(({ quota }) => quota.metadata.name === name);
