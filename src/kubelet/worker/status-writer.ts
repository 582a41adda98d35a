// Writes pods' statuses to the API: one write at a time per pod, the newest status only, tried again until it is there.
// Imports src/base, src/kinds, src/client.
import { type Clock, sleep } from "../../base/clock.ts";
import { StatusError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import type { Kind } from "../../kinds/kind.ts";
import type { Pod, PodStatus } from "../../kinds/types/core-v1.gen.ts";
import { mergeStatus, statusPatch } from "../pod/status-patch.ts";

interface Wanted {
  readonly status: PodStatus;
  readonly mayRun: boolean;
}
interface Entry {
  /** The newest version of the pod that is known. */
  api: Pod;
  wanted: Wanted | undefined;
  writing: Promise<void> | undefined;
  gone: boolean;
}

const retryMs = 200;
const retryMsMax = 10_000;

const versionOf = (pod: Pod): number => Number(pod.metadata.resourceVersion ?? 0);

export class StatusWriter {
  readonly #client: Client;
  readonly #pods: Kind<Pod>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();

  constructor(client: Client, pods: Kind<Pod>, clock: Clock, log: Log) {
    this.#client = client;
    this.#pods = pods;
    this.#clock = clock;
    this.#log = log;
  }

  /** The API's pod, as the informer or an answer gave it; a mirror pod is kept under its static pod's uid. */
  observe(pod: Pod, uid = pod.metadata.uid!): void {
    const entry = this.#entries.get(uid);
    if (!entry) this.#entries.set(uid, { api: pod, wanted: undefined, writing: undefined, gone: false });
    else if (versionOf(pod) >= versionOf(entry.api)) entry.api = pod;
  }

  forget(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry) entry.gone = true;
    this.#entries.delete(uid);
  }

  /** The status that the API is to have. `mayRun`: a last phase is held back. Returns at once. */
  set(uid: string, status: PodStatus, mayRun: boolean): void {
    const entry = this.#entries.get(uid);
    if (!entry || entry.gone) return;
    entry.wanted = { status, mayRun };
    this.#begin(entry);
  }

  #begin(entry: Entry): void {
    entry.writing ??= this.#write(entry).finally(() => {
      entry.writing = undefined;
      if (entry.wanted && !entry.gone) this.#begin(entry);
    });
  }

  /** Resolves when the last status that was set is written, or the pod is gone. */
  async flush(uid: string): Promise<void> {
    for (let writing = this.#entries.get(uid)?.writing; writing; writing = this.#entries.get(uid)?.writing) {
      await writing;
    }
  }

  /** The newest version of the pod that is known. */
  latest(uid: string): Pod | undefined {
    return this.#entries.get(uid)?.api;
  }

  /** DELETE with grace 0 of just this pod. Resolves to whether it is gone. */
  async delete(uid: string): Promise<boolean> {
    const entry = this.#entries.get(uid);
    if (!entry) return true;
    const { name, namespace } = entry.api.metadata;
    try {
      await this.#client.delete(this.#pods, name!, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      const gone = error instanceof StatusError && (error.code === 404 || error.code === 409);
      if (!gone) {
        this.#log.error("a finished pod could not be deleted", { pod: name, error });
        return false;
      }
    }
    return true;
  }

  async #write(entry: Entry): Promise<void> {
    let delayMs = retryMs;
    while (entry.wanted && !entry.gone) {
      const { wanted } = entry;
      entry.wanted = undefined;
      const { uid, name, namespace } = entry.api.metadata;
      const merged = mergeStatus(entry.api, wanted.status, wanted.mayRun);
      const patch = statusPatch(uid!, entry.api.status ?? {}, merged);
      if (!patch) continue;
      try {
        const options = { type: "strategic", subresource: "status" } as const;
        const answer = await this.#client.patch(this.#pods, name!, namespace, patch, options);
        if (versionOf(answer) >= versionOf(entry.api)) entry.api = answer;
        delayMs = retryMs;
      } catch (error) {
        if (error instanceof StatusError && (error.code === 404 || error.code === 409)) {
          // Gone, or another pod of the same name: there is nothing to write to.
          entry.gone = true;
          return;
        }
        this.#log.error("a pod's status could not be written", { pod: name, error });
        entry.wanted ??= wanted;
        await sleep(this.#clock, delayMs);
        delayMs = Math.min(delayMs * 2, retryMsMax);
      }
    }
  }
}
